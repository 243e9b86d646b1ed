"""A repository made commit by commit, served by real git on loopback."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flows.config.settings import GitHistory
from flows.replay.git_server import GitFolder
from flows.replay.server import ReplayServer
from flows.sources.git.history import fetch_commits
from flows.sources.git.identities import commit_key
from warehouse.rows import Answer, Commit

KEY = b"k" * 32
NOW = datetime(2021, 6, 25, 23, tzinfo=UTC)
NOON = int(datetime(2021, 6, 1, 12, tzinfo=UTC).timestamp())
ANN = b"Ann <ann@example.com>"
BOB = b"Bob <bob@example.com>"


MADE: dict[str, str] = {}
"""The ids of all commits that tests have made, by the key that an answer has of each."""


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
        message: bytes = b"x",
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
            b"mark :1",
            b"author %b %d +0000" % (author, committed if authored is None else authored),
            b"committer Carol <carol@example.com> %d +0000" % committed,
            b"data %d\n%b" % (len(message), message),
            *(
                b"%b %b" % (word, parent.encode())
                for word, parent in zip((b"from", b"merge", b"merge"), parents, strict=False)
            ),
            b"M 644 inline " + file,
            b"data %d\n%b" % (len(content), content),
            b"get-mark :1",  # so that its id is said
            b"done\n",
        ]
        return _made(
            f"--git-dir={self.path}",
            "fast-import",
            "--quiet",
            "--done",
            "--force",
            "--date-format=raw-permissive",
            stdin=b"\n".join(lines),
        )

    def written(self, head: bytes, message: bytes = b"x\n") -> str:
        """Add a commit whose author, committer and further lines are `head` to the letter; returns its id."""
        git_dir = f"--git-dir={self.path}"
        tree = git(git_dir, "hash-object", "-t", "tree", "-w", "--stdin")
        parent = git(git_dir, "for-each-ref", "--format=parent %(objectname)", "refs/heads/main").encode()
        lines = [b"tree " + tree.encode(), *filter(None, [parent]), head, b"", message]
        sha = _made(git_dir, "hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=b"\n".join(lines))
        git(git_dir, "update-ref", "refs/heads/main", sha)
        return sha

    def has(self, ref: str) -> bool:
        return (self.path / ref).is_file()


@dataclass
class Upstream:
    """The origin, the server it is fetched from, and the state of the answer before."""

    origin: Origin
    server: ReplayServer
    clone: Path
    settings: dict[str, Any] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)
    now: datetime = NOW
    people: list[Answer] = field(default_factory=list)

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
            collected_at=self.now,
            people_on=self.state.get("people_on"),
            sleep=self.waits.append,
        )
        answer, *self.people = answers
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


def _made(*arguments: str, stdin: bytes) -> str:
    sha = git(*arguments, stdin=stdin)
    MADE[commit_key(KEY, sha)] = sha
    return sha


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[Upstream]:
    root = tmp_path / "served"
    with ReplayServer({"git": GitFolder(root)}) as server:
        yield Upstream(Origin(root / "owner/name.git"), server, tmp_path / "data/git/owner/name.git")


def commits(answer: Answer) -> list[Commit]:
    """The one that was made last first."""
    made = {key: place for place, key in enumerate(MADE)}
    rows = [row for row in answer.rows if isinstance(row, Commit)]
    return sorted(rows, key=lambda row: made.get(row.commit_key, 0), reverse=True)


def sha_of(row: Commit) -> str:
    """The id of the commit that a row is of."""
    return MADE[row.commit_key]


def only(answer: Answer) -> Commit:
    [row] = commits(answer)
    return row
