"""Commits over real git on loopback: what a night brings, also after the upstream has changed."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from flows.config.settings import GitHistory
from flows.replay.git_server import GitFolder, GitReplay, read_log
from flows.replay.server import ReplayServer
from flows.sources.errors import TransientError
from flows.sources.git.history import fetch_commits
from flows.sources.git.identities import author_key, commit_key
from tests.flows.sources.git.conftest import ANN, BOB, KEY, NOON, NOW, Upstream, commits, git, only, sha_of
from warehouse.rows import Commit

RECORDINGS = Path(__file__).parents[4] / "flows/replay/recordings/github"


# ---- What a night brings ---------------------------------------------------------------------------------------------


def test_the_first_night_brings_every_commit_and_later_ones_the_new_ones(upstream: Upstream) -> None:
    first, second = upstream.origin.commit(ANN), upstream.origin.commit(BOB)
    whole = upstream.fetch()
    assert whole.replaces_all
    assert {sha_of(row) for row in commits(whole)} == {first, second}
    assert whole.state == {**whole.state, "tip": commit_key(KEY, second), "branch": "main", "commits": 2}

    third = upstream.origin.commit(ANN)
    new = upstream.fetch()
    assert not new.replaces_all
    assert sha_of(only(new)) == third
    assert (new.state["tip"], new.state["commits"]) == (commit_key(KEY, third), 3)


def test_no_new_commit_is_an_answer_without_rows(upstream: Upstream) -> None:
    upstream.origin.commit()
    state = upstream.fetch().state
    again = upstream.fetch()
    assert again.rows == ()
    assert not again.replaces_all
    assert again.state == state
    assert again.collected_at == NOW


def test_row_holds_the_day_of_the_committer_and_the_author_not_the_committer(upstream: Upstream) -> None:
    years_before, moment = NOON - 4 * 365 * 86400, NOON
    sha = upstream.origin.commit(ANN, authored=years_before, committed=moment)
    assert only(upstream.fetch()) == Commit(
        "owner/name", commit_key(KEY, sha), author_key(KEY, "ann@example.com"), "person",
        datetime.fromtimestamp(moment, UTC).date(), is_merge=False,
    )  # fmt: skip


def test_days_are_those_of_utc(upstream: Upstream) -> None:
    late = int(datetime.fromisoformat("2021-06-20T23:30:00-05:00").timestamp())
    upstream.origin.written(b"author %b %d -0500\ncommitter C <c@x> %d -0500" % (ANN, late, late))
    assert only(upstream.fetch()).committed_on == date(2021, 6, 21)


def test_merges_have_more_than_one_parent(upstream: Upstream) -> None:
    root = upstream.origin.commit()
    side = upstream.origin.commit(parents=(root,), branch="side")
    main = upstream.origin.commit()
    merge = upstream.origin.commit(parents=(main, side))
    octopus = upstream.origin.commit(parents=(merge, side, root))
    rows = {sha_of(row): row.is_merge for row in commits(upstream.fetch())}
    assert rows == {root: False, side: False, main: False, merge: True, octopus: True}


def test_new_commits_are_all_that_the_old_tip_did_not_know_whatever_their_dates(upstream: Upstream) -> None:
    root = upstream.origin.commit(committed=NOON)
    main = upstream.origin.commit(committed=NOON + 60)
    upstream.fetch()
    old_work = upstream.origin.commit(parents=(root,), branch="side", committed=NOON - 10**7)
    merge = upstream.origin.commit(parents=(main, old_work), committed=NOON + 120)
    assert {sha_of(row) for row in commits(upstream.fetch())} == {old_work, merge}


def test_strange_names_of_authors_do_no_harm(upstream: Upstream) -> None:
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
    assert [sha_of(row) for row in rows] == shas[::-1]
    assert len({row.author_key for row in rows}) == 5


def test_no_name_and_no_address_is_in_an_answer(upstream: Upstream) -> None:
    upstream.origin.commit(b"Confidential Person <secret.person@example.com>")
    answer = repr(upstream.fetch())
    plain_hash = hashlib.sha256(b"secret.person@example.com").hexdigest()
    assert "Confidential" not in answer
    assert "secret" not in answer
    assert plain_hash[:16] not in answer


# ---- The upstream changes --------------------------------------------------------------------------------------------


def test_rewritten_history_is_walked_again(upstream: Upstream) -> None:
    root = upstream.origin.commit()
    gone = upstream.origin.commit()
    upstream.fetch()
    inode = upstream.clone.stat().st_ino
    new = upstream.origin.commit(BOB, parents=(root,))
    answer = upstream.fetch()
    assert answer.replaces_all
    assert {sha_of(row) for row in commits(answer)} == {root, new}
    assert gone not in repr(answer.rows)
    assert upstream.clone.stat().st_ino == inode, "fetched, not cloned again"


def test_a_tip_that_went_back_is_a_rewritten_history(upstream: Upstream) -> None:
    root = upstream.origin.commit()
    upstream.origin.commit()
    upstream.fetch()
    git(f"--git-dir={upstream.origin.path}", "update-ref", "refs/heads/main", root)
    answer = upstream.fetch()
    assert answer.replaces_all
    assert sha_of(only(answer)) == root


def test_renamed_default_branch_is_followed(upstream: Upstream) -> None:
    upstream.origin.commit()
    upstream.fetch()
    inode = upstream.clone.stat().st_ino
    at = f"--git-dir={upstream.origin.path}"
    git(at, "branch", "-m", "main", "trunk")
    sha = upstream.origin.commit(branch="trunk")
    answer = upstream.fetch()
    assert sha_of(only(answer)) == sha
    assert answer.state["branch"] == "trunk"
    assert upstream.clone.stat().st_ino == inode, "fetched, not cloned again"


def test_only_the_default_branch_counts(upstream: Upstream) -> None:
    sha = upstream.origin.commit()
    upstream.origin.commit(branch="side")
    git(f"--git-dir={upstream.origin.path}", "tag", "v1", "side")
    assert sha_of(only(upstream.fetch())) == sha
    assert upstream.objects() == 1


def test_commits_are_read_from_a_head_that_names_no_branch(upstream: Upstream) -> None:
    sha = upstream.origin.commit()
    (upstream.origin.path / "HEAD").write_text(f"{sha}\n")
    answer = upstream.fetch()
    assert sha_of(only(answer)) == sha
    assert answer.state["branch"] is None


def test_head_that_names_a_branch_that_is_gone_is_no_news(upstream: Upstream) -> None:
    sha = upstream.origin.commit()
    upstream.origin.commit(branch="side")
    upstream.fetch()
    git(f"--git-dir={upstream.origin.path}", "symbolic-ref", "HEAD", "refs/heads/gone")
    with pytest.raises(TransientError, match="known so far are kept"):
        upstream.fetch()
    git(f"--git-dir={upstream.origin.path}", "symbolic-ref", "HEAD", "refs/heads/side")
    other = upstream.fetch()
    assert (other.state["branch"], other.replaces_all) == ("side", True)
    assert sha not in {sha_of(row) for row in commits(other)}


def test_no_commit_at_all_is_unavailable_not_zero(upstream: Upstream) -> None:
    with pytest.raises(TransientError, match="no commit on its default branch"):
        upstream.fetch()
    upstream.origin.commit()
    assert upstream.fetch().replaces_all


def test_a_repository_that_became_empty_keeps_what_is_known(upstream: Upstream) -> None:
    upstream.origin.commit()
    upstream.fetch()
    git(f"--git-dir={upstream.origin.path}", "update-ref", "-d", "refs/heads/main")
    with pytest.raises(TransientError, match="known so far are kept"):
        upstream.fetch()


def test_another_server_may_serve_the_same_repository(upstream: Upstream, tmp_path: Path) -> None:
    upstream.origin.commit()
    upstream.fetch()
    sha = upstream.origin.commit()
    with ReplayServer({"git": GitFolder(tmp_path / "served")}) as moved:
        upstream.server = moved
        assert sha_of(only(upstream.fetch())) == sha


# ---- The recordings --------------------------------------------------------------------------------------------------


def test_every_recorded_commit_comes_back_as_it_was(tmp_path: Path) -> None:
    replay = GitReplay(RECORDINGS, tmp_path / "cache", date(2021, 6, 25))
    with ReplayServer({"git": replay}) as server:
        answer, _ = fetch_commits(
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
    assert sorted((row.committed_on, row.author_key, row.is_merge) for row in commits(answer)) == sorted(
        (datetime.fromtimestamp(row.committed, UTC).date(), key_of[row.author], row.is_merge) for row in logged
    )
    assert len({row.commit_key for row in commits(answer)}) == len(logged) == 5603
    assert sum(row.author_kind == "masked" for row in commits(answer)) == 20
