"""Commits over real git on loopback: what comes out, and every trap of a treeless clone."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from flows.config.settings import GitHistory, Identity
from flows.replay.git_server import GitFolder, GitReplay, read_log
from flows.replay.server import ReplayServer, Reply, instead, redirected, slow, status, too_many_requests, truncated
from flows.sources.errors import TerminalError, TransientError
from flows.sources.git import command, history
from flows.sources.git.history import fetch_commits
from flows.sources.git.identities import author_key
from warehouse.rows import Answer, Commit

RECORDINGS = Path(__file__).parents[4] / "flows/replay/recordings/github"
KEY = b"k" * 32
NOW = datetime(2021, 6, 25, 23, tzinfo=UTC)
NOON = int(datetime(2021, 6, 1, 12, tzinfo=UTC).timestamp())
ANN = b"Ann <ann@example.com>"
BOB = b"Bob <bob@example.com>"


@dataclass
class Origin:
    """A repository with files, to which commits are added with fast-import."""

    path: Path
    made: int = 0

    def __post_init__(self) -> None:
        git("init", "--quiet", "--bare", "--initial-branch=main", str(self.path))

    def commit(
        self,
        author: bytes = ANN,
        *,
        authored: int | None = None,
        committed: int | None = None,
        parents: tuple[str, ...] | None = None,
        branch: str = "main",
        file: bytes = b"file.txt",
    ) -> str:
        """Add a commit to the tip of `branch`, or on `parents`; returns its id."""
        self.made += 1
        committed = NOON + self.made * 60 if committed is None else committed
        ref = f"refs/heads/{branch}"
        if parents is None:
            parents = (ref + "^0",) if self.has(ref) else ()
        content = f"content {self.made}\n".encode()
        lines = [
            b"reset " + ref.encode(),  # without parents the commit is a root
            b"commit " + ref.encode(),
            b"author %b %d +0000" % (author, committed if authored is None else authored),
            b"committer Carol <carol@example.com> %d +0000" % committed,
            b"data 1\nx",
            *(
                b"%b %b" % (word, parent.encode())
                for word, parent in zip((b"from", b"merge", b"merge"), parents, strict=False)
            ),
            b"M 644 inline " + file,
            b"data %d\n%b" % (len(content), content),
            b"done\n",
        ]
        git_dir = f"--git-dir={self.path}"
        git(
            git_dir,
            "fast-import",
            "--quiet",
            "--done",
            "--force",
            "--date-format=raw-permissive",
            stdin=b"\n".join(lines),
        )
        return git(git_dir, "rev-parse", ref)

    def has(self, ref: str) -> bool:
        return bool(git(f"--git-dir={self.path}", "for-each-ref", ref))


@dataclass
class Upstream:
    """The origin, the server it is fetched from, and the state of the answer before."""

    origin: Origin
    server: ReplayServer
    clone: Path
    settings: dict[str, Any] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)

    def fetch(self, **settings: Any) -> Answer:
        """A night."""
        values = {"base_url": self.server.url("git"), "timeout_seconds": 60, **self.settings, **settings}
        answers = fetch_commits(
            GitHistory(**values),
            repository="owner/name",
            clone_dir=self.clone,
            since_tip=self.state.get("tip"),
            known_identities=self.state.get("identities"),
            identity_key=KEY,
            collected_at=NOW,
            sleep=self.waits.append,
        )
        [answer] = answers
        self.state = dict(answer.state)
        return answer

    def objects(self) -> int:
        lines = git(f"--git-dir={self.clone}", "count-objects", "-v").splitlines()
        counts = dict(line.split(": ") for line in lines)
        return int(counts["count"]) + int(counts["in-pack"])


def git(*arguments: str, stdin: bytes = b"") -> str:
    done = subprocess.run(["git", *arguments], input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[Upstream]:
    root = tmp_path / "served"
    with ReplayServer({"git": GitFolder(root)}) as server:
        yield Upstream(Origin(root / "owner/name.git"), server, tmp_path / "data/git/owner/name.git")


def commits(answer: Answer) -> list[Commit]:
    return [row for row in answer.rows if isinstance(row, Commit)]


def only(answer: Answer) -> Commit:
    [row] = commits(answer)
    return row


# ---- What a night brings ---------------------------------------------------------------------------------------------


def test_first_night_brings_everything_later_ones_what_is_new(upstream: Upstream) -> None:
    first, second = upstream.origin.commit(ANN), upstream.origin.commit(BOB)
    whole = upstream.fetch()
    assert whole.replaces_all
    assert {row.commit_sha for row in commits(whole)} == {first, second}
    assert whole.state == {**whole.state, "tip": second, "branch": "main", "commits": 2}

    third = upstream.origin.commit(ANN)
    new = upstream.fetch()
    assert not new.replaces_all
    assert only(new).commit_sha == third
    assert (new.state["tip"], new.state["commits"]) == (third, 3)


def test_no_new_commit_is_an_answer_without_rows(upstream: Upstream) -> None:
    upstream.origin.commit()
    state = upstream.fetch().state
    again = upstream.fetch()
    assert again.rows == ()
    assert not again.replaces_all
    assert again.state == state
    assert again.collected_at == NOW


def test_row_holds_both_times_and_the_author_not_the_committer(upstream: Upstream) -> None:
    years_before, moment = NOON - 4 * 365 * 86400, NOON
    sha = upstream.origin.commit(ANN, authored=years_before, committed=moment)
    assert only(upstream.fetch()) == Commit(
        "owner/name", sha, author_key(KEY, "ann@example.com"), "person",
        datetime.fromtimestamp(years_before, UTC), datetime.fromtimestamp(moment, UTC), is_merge=False,
    )  # fmt: skip


def test_author_time_later_than_committer_time_is_kept(upstream: Upstream) -> None:
    upstream.origin.commit(authored=NOON + 3600, committed=NOON)
    row = only(upstream.fetch())
    assert (row.authored_at - row.committed_at).total_seconds() == 3600


def test_clocks_beyond_the_calendar_are_brought_to_its_end(upstream: Upstream) -> None:
    upstream.origin.commit(authored=2**61, committed=NOON)
    assert only(upstream.fetch()).authored_at.year >= 1970


def test_merges_have_more_than_one_parent(upstream: Upstream) -> None:
    root = upstream.origin.commit()
    side = upstream.origin.commit(parents=(root,), branch="side")
    main = upstream.origin.commit()
    merge = upstream.origin.commit(parents=(main, side))
    octopus = upstream.origin.commit(parents=(merge, side, root))
    rows = {row.commit_sha: row.is_merge for row in commits(upstream.fetch())}
    assert rows == {root: False, side: False, main: False, merge: True, octopus: True}


def test_new_commits_are_all_that_the_old_tip_did_not_know_whatever_their_dates(upstream: Upstream) -> None:
    root = upstream.origin.commit(committed=NOON)
    main = upstream.origin.commit(committed=NOON + 60)
    upstream.fetch()
    old_work = upstream.origin.commit(parents=(root,), branch="side", committed=NOON - 10**7)
    merge = upstream.origin.commit(parents=(main, old_work), committed=NOON + 120)
    assert {row.commit_sha for row in commits(upstream.fetch())} == {old_work, merge}


def test_strange_names_break_no_row(upstream: Upstream) -> None:
    authors = [
        b" <>",
        b"-n --stat <--output=x@example.com>",
        b"a\x1fb\x1e\t%H%x00 <odd@example.com>",
        b"\xff\xfe latin <\xe9@example.com>",
        "名前 🎉 \u202e <ann@example.com>".encode(),
        b"'; DROP TABLE raw.answers; -- <ann@example.com>",
        b"n" * 5000 + b" <ann@example.com>",
    ]
    shas = [upstream.origin.commit(author) for author in authors]
    rows = commits(upstream.fetch())
    assert [row.commit_sha for row in rows] == shas[::-1]
    assert len({row.author_key for row in rows}) == 5


def test_no_name_and_no_address_leaves_the_collector(upstream: Upstream) -> None:
    upstream.origin.commit(b"Confidential Person <secret.person@example.com>")
    answer = repr(upstream.fetch())
    plain_hash = hashlib.sha256(b"secret.person@example.com").hexdigest()
    assert "Confidential" not in answer
    assert "secret" not in answer
    assert plain_hash[:16] not in answer


# ---- Who -------------------------------------------------------------------------------------------------------------


def test_kind_of_author(upstream: Upstream) -> None:
    kinds = {
        b"Ann <ann@example.com>": "person",
        b"A. Unique TensorFlower <Gardener@TensorFlow.org >": "masked",
        b"Person 7d2dec7a <7d2dec7a63879f76@example.invalid>": "masked",
        b"Person 14c7e99c <14c7e99c32bbc2a1@example.invalid>": "masked",
        b"Person 3c205d8f <3c205d8fc749f729@example.invalid>": "bot",
        b"Person 012a4f40 <012a4f40db5d3f36@example.invalid>": "person",
        b"dependabot <49699333+dependabot[bot]@users.noreply.github.com>": "bot",
        b"someone <12+new-machine[bot]@users.noreply.github.com>": "bot",
        b"pre-commit-ci[bot] <ci@example.com>": "bot",
        b"Abbot <abbot@example.com>": "person",
        b"GitHub <noreply@github.com>": "bot",
    }
    shas = {upstream.origin.commit(author): author for author in kinds}
    assert {shas[row.commit_sha]: row.author_kind for row in commits(upstream.fetch())} == kinds


def test_config_adds_identities_and_every_commit_is_judged_again(upstream: Upstream) -> None:
    upstream.origin.commit(b"Robot <Robot@example.com>")
    assert only(upstream.fetch()).author_kind == "person"
    extra = (Identity(email="robot@EXAMPLE.com", kind="bot"),)
    judged_again = upstream.fetch(identities=extra)
    assert judged_again.replaces_all
    assert only(judged_again).author_kind == "bot"
    assert upstream.fetch(identities=extra).rows == ()


def test_case_space_and_number_of_a_hidden_address_make_no_other_person(upstream: Upstream) -> None:
    upstream.origin.commit(b"Ann <ANN@users.noreply.github.com>")
    upstream.origin.commit(b"Ann B. <123+ann@users.noreply.github.com >")
    upstream.origin.commit(b"Ann <123+ann@example.com>")
    keys = [row.author_key for row in commits(upstream.fetch())]
    assert keys[1] == keys[2]
    assert keys[0] != keys[1]


def test_key_of_the_warehouse_decides_the_hash(upstream: Upstream) -> None:
    assert author_key(b"a" * 32, "ann@example.com") != author_key(b"b" * 32, "ann@example.com")
    assert author_key(KEY, " Ann@Example.com ") == author_key(KEY, "ann@example.com")


def test_mailmap_joins_addresses_and_a_change_of_it_walks_again(upstream: Upstream, tmp_path: Path) -> None:
    upstream.origin.commit(b"Ann <ann@old.example>")
    upstream.origin.commit(b"Ann <ann@example.com>")
    assert len({row.author_key for row in commits(upstream.fetch())}) == 2
    mailmap = tmp_path / "mailmap"
    mailmap.write_text("Ann <ann@example.com> <ann@old.example>\n")
    joined = upstream.fetch(mailmap=mailmap)
    assert joined.replaces_all
    assert {row.author_key for row in commits(joined)} == {author_key(KEY, "ann@example.com")}
    assert upstream.fetch(mailmap=mailmap).rows == ()


def test_missing_mailmap_is_named(upstream: Upstream, tmp_path: Path) -> None:
    with pytest.raises(TerminalError, match=r"absent.*git_history\.mailmap"):
        upstream.fetch(mailmap=tmp_path / "absent")


@pytest.mark.parametrize("with_mailmap", [False, True])
def test_mailmap_inside_the_repository_is_not_looked_for(
    upstream: Upstream, tmp_path: Path, with_mailmap: bool
) -> None:
    mailmap = tmp_path / "mailmap"
    mailmap.write_text("# none\n")
    sha = upstream.origin.commit(file=b".mailmap")
    assert only(upstream.fetch(mailmap=mailmap if with_mailmap else None)).commit_sha == sha
    assert upstream.objects() == 1


# ---- Nothing but commits ---------------------------------------------------------------------------------------------


def test_clone_and_fetch_hold_one_object_a_commit(upstream: Upstream) -> None:
    for _ in range(5):
        upstream.origin.commit()
    upstream.fetch()
    assert upstream.objects() == 5
    for _ in range(3):
        upstream.origin.commit()
    upstream.fetch()
    assert upstream.objects() == 8


def test_command_that_needs_a_tree_fails_and_fetches_nothing(upstream: Upstream) -> None:
    upstream.origin.commit()
    upstream.origin.commit()
    upstream.fetch()
    asked = len(upstream.server.requests)
    with pytest.raises(command.DamagedCloneError):
        command.run(("log", "-1", "--stat"), limit=30, git_dir=upstream.clone)
    assert (len(upstream.server.requests), upstream.objects()) == (asked, 2)

    command.run(("log", "-1", "--stat"), limit=30, git_dir=upstream.clone, network=True)
    assert len(upstream.server.requests) > asked, "the trap is real: with the network git fetches by itself"
    assert upstream.objects() > 2


def test_many_nights_do_not_pile_up_packs(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_MOST_PACKS", 3)
    shas = []
    for _ in range(5):
        shas.append(upstream.origin.commit())
        upstream.fetch()
    assert len(list(upstream.clone.glob("objects/pack/*.pack"))) == 2
    assert upstream.objects() == 5
    upstream.state = {}
    assert [row.commit_sha for row in commits(upstream.fetch())] == shas[::-1]


# ---- The upstream changes --------------------------------------------------------------------------------------------


def test_rewritten_history_is_walked_again(upstream: Upstream) -> None:
    root = upstream.origin.commit()
    gone = upstream.origin.commit()
    upstream.fetch()
    inode = upstream.clone.stat().st_ino
    new = upstream.origin.commit(BOB, parents=(root,))
    answer = upstream.fetch()
    assert answer.replaces_all
    assert {row.commit_sha for row in commits(answer)} == {root, new}
    assert gone not in repr(answer.rows)
    assert upstream.clone.stat().st_ino == inode, "fetched, not cloned again"


def test_tip_that_went_back_is_a_rewritten_history(upstream: Upstream) -> None:
    root = upstream.origin.commit()
    upstream.origin.commit()
    upstream.fetch()
    git(f"--git-dir={upstream.origin.path}", "update-ref", "refs/heads/main", root)
    answer = upstream.fetch()
    assert answer.replaces_all
    assert only(answer).commit_sha == root


def test_renamed_default_branch_is_followed(upstream: Upstream) -> None:
    upstream.origin.commit()
    upstream.fetch()
    inode = upstream.clone.stat().st_ino
    at = f"--git-dir={upstream.origin.path}"
    git(at, "branch", "-m", "main", "trunk")
    sha = upstream.origin.commit(branch="trunk")
    answer = upstream.fetch()
    assert only(answer).commit_sha == sha
    assert answer.state["branch"] == "trunk"
    assert upstream.clone.stat().st_ino == inode, "fetched, not cloned again"


def test_only_the_default_branch_counts(upstream: Upstream) -> None:
    sha = upstream.origin.commit()
    upstream.origin.commit(branch="side")
    git(f"--git-dir={upstream.origin.path}", "tag", "v1", "side")
    assert only(upstream.fetch()).commit_sha == sha
    assert upstream.objects() == 1


def test_head_that_names_no_branch(upstream: Upstream) -> None:
    sha = upstream.origin.commit()
    (upstream.origin.path / "HEAD").write_text(f"{sha}\n")
    answer = upstream.fetch()
    assert only(answer).commit_sha == sha
    assert answer.state["branch"] is None


def test_no_commit_at_all_is_unavailable_not_zero(upstream: Upstream) -> None:
    with pytest.raises(TransientError, match="no commit on its default branch"):
        upstream.fetch()
    upstream.origin.commit()
    assert upstream.fetch().replaces_all


def test_repository_that_became_empty_is_no_news(upstream: Upstream) -> None:
    upstream.origin.commit()
    upstream.fetch()
    git(f"--git-dir={upstream.origin.path}", "update-ref", "-d", "refs/heads/main")
    with pytest.raises(TransientError, match="known so far are kept"):
        upstream.fetch()


def test_other_server_for_the_same_repository(upstream: Upstream, tmp_path: Path) -> None:
    upstream.origin.commit()
    upstream.fetch()
    sha = upstream.origin.commit()
    with ReplayServer({"git": GitFolder(tmp_path / "served")}) as moved:
        upstream.server = moved
        assert only(upstream.fetch()).commit_sha == sha


# ---- Faults ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        too_many_requests(),
        status(503),
        status(500),
        status(202),
        status(200, b"<title>Sorry</title>", {"Content-Type": "text/html"}),
        truncated(20),
        truncated(0),
    ],
)
def test_passing_trouble_is_asked_again(upstream: Upstream, fault: Any) -> None:
    sha = upstream.origin.commit()
    upstream.server.misbehave("git", fault)
    assert only(upstream.fetch()).commit_sha == sha
    assert upstream.waits == [1.0]


@pytest.mark.parametrize("fault", [too_many_requests(), status(502), truncated(20), status(202), instead([])])
def test_lasting_trouble_is_transient_and_leaves_nothing_half(upstream: Upstream, fault: Any) -> None:
    upstream.origin.commit()
    upstream.server.misbehave("git", fault, times=20)
    with pytest.raises(TransientError):
        upstream.fetch()
    assert upstream.waits == [1.0, 2.0]
    assert [path.name for path in upstream.clone.parent.iterdir()] == [".name.git.lock"]


def cut_packs(request: Any, serve: Any) -> Reply:
    """Drops the connection in the middle of a pack, and only there."""
    reply: Reply = serve(request)
    is_pack = request.method == "POST" and b"PACK" in reply.body
    return Reply(reply.status, reply.body, reply.headers, cut_at=len(reply.body) // 2) if is_pack else reply


def test_clone_cut_in_mid_pack_leaves_nothing_half(upstream: Upstream) -> None:
    for _ in range(20):
        upstream.origin.commit()
    upstream.server.misbehave("git", cut_packs, times=20)
    with pytest.raises(TransientError):
        upstream.fetch()
    assert [path.name for path in upstream.clone.parent.iterdir()] == [".name.git.lock"]


def test_fetch_cut_in_mid_pack_keeps_the_clone(upstream: Upstream) -> None:
    upstream.origin.commit()
    upstream.fetch()
    inode = upstream.clone.stat().st_ino
    sha = upstream.origin.commit()
    upstream.server.misbehave("git", cut_packs, times=50)
    with pytest.raises(TransientError):
        upstream.fetch()
    upstream.server._faults.clear()
    assert only(upstream.fetch()).commit_sha == sha
    assert upstream.clone.stat().st_ino == inode


@pytest.mark.parametrize("code", [401, 403, 404])
def test_refusal_is_terminal_and_asked_once(upstream: Upstream, code: int) -> None:
    upstream.origin.commit()
    upstream.server.misbehave("git", status(code), times=9)
    with pytest.raises(TerminalError, match=r"config\.toml"):
        upstream.fetch()
    assert upstream.waits == []


def test_moved_repository_is_followed(upstream: Upstream) -> None:
    sha = upstream.origin.commit()
    target = upstream.server.url("git") + "/owner/name.git/info/refs?service=git-upload-pack"
    upstream.server.misbehave("git", redirected(target))
    assert only(upstream.fetch()).commit_sha == sha


def test_nobody_listens(upstream: Upstream) -> None:
    with pytest.raises(TransientError, match="check the network"):
        upstream.fetch(base_url="http://127.0.0.1:9")


def test_time_limit_holds_and_is_not_tried_again(upstream: Upstream) -> None:
    upstream.origin.commit()
    upstream.server.misbehave("git", slow(1.0), times=9)
    with pytest.raises(TransientError, match="not done within 1 s"):
        upstream.fetch(timeout_seconds=1)
    assert upstream.waits == []


def test_password_in_a_url_is_not_repeated() -> None:
    with pytest.raises(TransientError, match=r"127\.0\.0\.1") as caught:
        command.run(("ls-remote", "http://someone:hunter2@127.0.0.1:9/x"), limit=30, network=True)
    assert "hunter2" not in repr(caught.value)


# ---- The machine -----------------------------------------------------------------------------------------------------


def test_git_is_missing(upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TerminalError, match="git is not installed; install git"):
        upstream.fetch()


def test_git_is_too_old(upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "bin/git"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho git version 2.17.1\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}:{os.environ['PATH']}")
    with pytest.raises(TerminalError, match=r"version 2\.17\.1; install git 2\.32 or later"):
        upstream.fetch()


def test_configuration_of_user_and_environment_takes_no_part(
    upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = upstream.origin.commit()
    home = tmp_path / "home"
    (home / "hooks").mkdir(parents=True)
    hook = home / "hooks/reference-transaction"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hook-ran\n")
    hook.chmod(0o755)
    (home / ".gitconfig").write_text(
        '[url "http://127.0.0.1:9/"]\ninsteadOf = http://127.0.0.1\n'
        "[log]\nshowSignature = true\nmailmap = true\n[format]\npretty = fuller\n"
        f"[core]\nhooksPath = {home}/hooks\n"
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "url.http://127.0.0.1:9/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "http://127.0.0.1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert only(upstream.fetch()).commit_sha == sha
    assert not (tmp_path / "hook-ran").exists()


def test_repository_around_the_working_directory_takes_no_part(
    upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = upstream.origin.commit()
    around = tmp_path / "around"
    git("init", "--quiet", str(around))
    git("-C", str(around), "config", "url.http://127.0.0.1:9/.insteadOf", "http://127.0.0.1")
    monkeypatch.chdir(around)
    assert only(upstream.fetch()).commit_sha == sha


def without_packs(clone: Path) -> None:
    shutil.rmtree(clone / "objects/pack")


def with_a_cut_pack(clone: Path) -> None:
    [pack] = clone.glob("objects/pack/*.pack")
    pack.chmod(0o644)
    pack.write_bytes(pack.read_bytes()[:40])


def with_a_lock_left_behind(clone: Path) -> None:
    (clone / "refs/heads/followed.lock").touch()


def without_a_tip(clone: Path) -> None:
    for ref in (*clone.glob("refs/heads/*"), clone / "packed-refs"):
        ref.unlink(missing_ok=True)


def not_a_repository(clone: Path) -> None:
    shutil.rmtree(clone)
    (clone / "objects").mkdir(parents=True)


@pytest.mark.parametrize(
    "damage", [without_packs, with_a_cut_pack, with_a_lock_left_behind, without_a_tip, not_a_repository]
)
@pytest.mark.parametrize("as_a_first_run", [False, True])
def test_damaged_clone_is_made_again(upstream: Upstream, damage: Any, as_a_first_run: bool) -> None:
    first = upstream.origin.commit()
    upstream.fetch()
    second = upstream.origin.commit()
    damage(upstream.clone)
    if as_a_first_run:
        upstream.state = {}
    answer = upstream.fetch()
    assert {row.commit_sha for row in commits(answer)} == {second, *([first] if as_a_first_run else [])}
    assert answer.replaces_all == as_a_first_run
    assert upstream.objects() == 2


def test_lost_clone_is_made_again_and_only_new_commits_are_told(upstream: Upstream) -> None:
    upstream.origin.commit()
    upstream.fetch()
    shutil.rmtree(upstream.clone)
    sha = upstream.origin.commit()
    assert only(upstream.fetch()).commit_sha == sha


def test_two_at_once_take_turns(upstream: Upstream) -> None:
    shas = [upstream.origin.commit() for _ in range(30)]
    others = [replace(upstream, state={}) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(Upstream.fetch, others))
    assert [len(answer.rows) for answer in answers] == [len(shas)] * 4
    clones = [request for _, request in upstream.server.requests if b"filter tree:0" in request.body]
    assert len(clones) == 1


def test_what_a_killed_clone_left_behind_goes(upstream: Upstream) -> None:
    upstream.origin.commit()
    left = upstream.clone.parent / ".name.git.cloning-abc/objects"
    left.mkdir(parents=True)
    upstream.fetch()
    assert {path.name for path in upstream.clone.parent.iterdir()} == {"name.git", ".name.git.lock"}


def test_data_folder_that_cannot_be_written(upstream: Upstream) -> None:
    upstream.clone.parent.parent.mkdir(parents=True)
    upstream.clone.parent.write_text("a file where a folder should be")
    with pytest.raises(TerminalError, match="check the data folder"):
        upstream.fetch()


# ---- The recordings --------------------------------------------------------------------------------------------------


def test_every_recorded_commit_comes_back_as_it_was(tmp_path: Path) -> None:
    replay = GitReplay(RECORDINGS, tmp_path / "cache", date(2021, 6, 25))
    with ReplayServer({"git": replay}) as server:
        [answer] = fetch_commits(
            GitHistory(base_url=server.url("git")),
            repository="keras-team/keras",
            clone_dir=tmp_path / "keras.git",
            since_tip=None,
            known_identities=None,
            identity_key=KEY,
            collected_at=NOW,
        )
    end_of_day = datetime(2021, 6, 26, tzinfo=UTC).timestamp()
    logged = [row for row in read_log(RECORDINGS / "commits/keras-team_keras.csv.gz") if row.committed < end_of_day]
    key_of = {name: author_key(KEY, f"{name}@example.invalid") for name in {row.author for row in logged}}
    assert sorted(
        (row.committed_at.timestamp(), row.authored_at.timestamp(), row.author_key, row.is_merge)
        for row in commits(answer)
    ) == sorted((row.committed, row.authored, key_of[row.author], row.is_merge) for row in logged)
    assert len(logged) == 5603
    assert sum(row.author_kind == "masked" for row in commits(answer)) == 20
