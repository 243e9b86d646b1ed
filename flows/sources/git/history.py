"""Commits of a repository's default branch, from a clone that holds commits and nothing else.

The clone is bare and treeless. The one danger of such a clone is that git fetches what is missing, file by file, as
soon as a command looks at a tree; so everything but clone and fetch runs with every transport forbidden. For the same
reason a .mailmap inside the repository is not read: it would be a file of a tree.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from fcntl import LOCK_EX, flock
from pathlib import Path
from tempfile import mkdtemp
from typing import TypeVar

from flows.config.settings import GitHistory
from flows.retry import again
from flows.sources.errors import TerminalError, TransientError
from flows.sources.git import command
from flows.sources.git.command import SOURCE, DamagedCloneError
from flows.sources.git.identities import Identities, author_key
from warehouse.rows import Answer, Commit

_FOLLOWED = "refs/heads/followed"  # whatever the default branch is called upstream, here it has this name
_ATTEMPTS = 3
_LONGEST_PROBE_SECONDS = 60.0
_MOST_PACKS = 20
_LAST_SECOND = 253402300799  # of the year 9999; the clocks of some committers are beyond it
_Said = TypeVar("_Said")
_COMMIT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class RemoteHead:
    """What the upstream's HEAD is: the default branch, if it has a name, and its tip."""

    branch: str | None
    tip: str


def fetch_commits(
    settings: GitHistory,
    *,
    repository: str,
    clone_dir: Path,
    since_tip: str | None,
    known_identities: str | None,
    identity_key: bytes,
    collected_at: datetime,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Answer]:
    """One answer with the commits of `repository` (owner/name): the new ones since `since_tip`, or all of them.

    All, with replaces_all, when `since_tip` is None or no ancestor of the new tip (history was rewritten), or when the
    list of identities or the mailmap is no longer the one of `known_identities`. No new commit is an answer without
    rows. `since_tip` and `known_identities` are "tip" and "identities" of the state of the answer before.
    `clone_dir` is made, brought up to date, and made again once when it is damaged.
    Raises TransientError (network, 429, 5xx, time, no commit at all) or TerminalError (no such repository, git, disk).
    """
    mailmap = _read_mailmap(settings.mailmap)
    clone = _Clone(settings, repository, clone_dir.absolute(), sleep)
    walk = _Walk(settings, repository, clone, mailmap, identity_key, collected_at)
    try:
        with _held(clone_dir):
            answer = walk.answer(since_tip, known_identities)
    except OSError as error:
        raise TerminalError(SOURCE, f"{clone_dir}: {error.strerror}", "check the data folder and the disk") from None
    yield answer


class _Walk:
    """From a clone to the answer."""

    def __init__(
        self,
        settings: GitHistory,
        repository: str,
        clone: _Clone,
        mailmap: bytes,
        identity_key: bytes,
        collected_at: datetime,
    ) -> None:
        self._repository = repository
        self._clone = clone
        self._key = identity_key
        self._collected_at = collected_at
        self._identities = Identities(settings.identities)
        self._fingerprint = self._identities.fingerprint(mailmap)
        self._authors: dict[tuple[str, str], tuple[str, str]] = {}

    def answer(self, since_tip: str | None, known_identities: str | None) -> Answer:
        """The answer, from a new clone when the one that was there is damaged."""
        head = self._clone.remote_head()
        wanted = since_tip if known_identities == self._fingerprint else None
        try:
            return self._of_commits(head, wanted)
        except DamagedCloneError:
            self._clone.remove()
        try:
            return self._of_commits(head, wanted)
        except DamagedCloneError as damage:
            what = f"{self._repository}: the clone is damaged again right after it was made: {damage}"
            raise TerminalError(SOURCE, what, "check the disk and the installation of git") from None

    def _of_commits(self, head: RemoteHead, since_tip: str | None) -> Answer:
        tip = self._clone.bring_up_to_date(head)
        since = since_tip if self._clone.is_ancestor(since_tip, tip) else None
        rows = tuple(self._row(*fields) for fields in self._clone.log(since, tip))
        count = len(rows) if since is None else self._clone.count(tip)
        self._clone.tidy()
        return self._made_of(head, tip, since, rows, count)

    def _made_of(self, head: RemoteHead, tip: str, since: str | None, rows: tuple[Commit, ...], count: int) -> Answer:
        request = {"repository": self._repository, "branch": head.branch, "since": since, "until": tip}
        return Answer(
            source=SOURCE,
            entity=self._repository,
            request=json.dumps(request),
            collected_at=self._collected_at,
            rows=rows,
            replaces_all=since is None,
            state={"tip": tip, "identities": self._fingerprint, "branch": head.branch, "commits": count},
        )

    def _row(self, sha: str, parents: str, name: str, email: str, authored: str, committed: str) -> Commit:
        key, kind = self._author(name, email)
        is_merge = " " in parents
        return Commit(self._repository, sha, key, kind, _moment(authored), _moment(committed), is_merge)

    def _author(self, name: str, email: str) -> tuple[str, str]:
        known = self._authors.get((name, email))
        if known is None:
            known = author_key(self._key, email), self._identities.kind(name, email)
            self._authors[name, email] = known
        return known


class _Clone:
    """The treeless clone of `repository` in `folder`."""

    def __init__(self, settings: GitHistory, repository: str, folder: Path, sleep: Callable[[float], None]) -> None:
        self._repository = repository
        self._url = f"{settings.base_url}/{repository}.git"
        self._folder = folder
        self._limit = settings.timeout_seconds
        self._mailmap = settings.mailmap
        self._sleep = sleep

    def remote_head(self) -> RemoteHead:
        """Ask the upstream for its HEAD; before that, whether git is there and new enough."""
        limit = min(self._limit, _LONGEST_PROBE_SECONDS)
        command.check_version(limit)
        return self._again(lambda: self._remote_head(limit))

    def _remote_head(self, limit: float) -> RemoteHead:
        asked = ("ls-remote", "--symref", self._url, "HEAD")
        lines = command.run(asked, limit=limit, network=True).splitlines()
        values = [line.split("\t")[0] for line in lines if line.endswith("\tHEAD")]
        tip = next((value for value in values if _COMMIT_ID.fullmatch(value)), None)
        if tip is None:  # git takes any page with status 200 for an old server without branches: not to be believed
            what = f"{self._repository}: no commit on its default branch, or the answer is not that of git"
            raise TransientError(SOURCE, what, "look at the repository; commits known so far are kept")
        branch = next((value.removeprefix("ref: refs/heads/") for value in values if value.startswith("ref: ")), None)
        return RemoteHead(branch, tip)

    def bring_up_to_date(self, head: RemoteHead) -> str:
        """Clone or fetch; returns the tip, which may be newer than that of `head`."""
        if not self._folder.exists():
            self._make()
        elif self._tip() != head.tip:
            self._local("config", "remote.origin.url", self._url)
            fetch = ("fetch", "--quiet", "--filter=tree:0", "--no-tags", "--no-write-fetch-head")
            self._ask(*fetch, "origin", f"+HEAD:{_FOLLOWED}", git_dir=self._folder)
        return self._tip()

    def _make(self) -> None:
        """Clone beside the folder, then rename: whatever has the name is whole."""
        for left_behind in self._folder.parent.glob(f".{self._folder.name}.cloning-*"):
            shutil.rmtree(left_behind, ignore_errors=True)
        folder = Path(mkdtemp(prefix=f".{self._folder.name}.cloning-", dir=self._folder.parent))
        clone = ("clone", "--quiet", "--bare", "--single-branch", "--no-tags", "--filter=tree:0", "--template=")
        try:
            self._ask(*clone, self._url, str(folder))
            self._local("update-ref", _FOLLOWED, "HEAD", git_dir=folder)
            self._local("symbolic-ref", "HEAD", _FOLLOWED, git_dir=folder)
            folder.rename(self._folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def remove(self) -> None:
        """Away with it."""
        shutil.rmtree(self._folder)

    def is_ancestor(self, since: str | None, tip: str) -> bool:
        """Whether `since` is part of the history of `tip`. A commit that is not there is not."""
        if since is None or not _COMMIT_ID.fullmatch(since):
            return False
        try:
            self._local("merge-base", "--is-ancestor", since, tip)
        except DamagedCloneError:
            return False
        return True

    def count(self, tip: str) -> int:
        """How many commits the history of `tip` has."""
        return int(self._local("rev-list", "--count", tip))

    def tidy(self) -> None:
        """Every fetch adds a pack: make one of many."""
        if sum(1 for _ in self._folder.glob("objects/pack/*.pack")) > _MOST_PACKS:
            self._local("repack", "-a", "-d", "--quiet")

    def log(self, since: str | None, tip: str) -> Iterator[tuple[str, ...]]:
        """id, parents, author name, author address, author time, committer time of each commit; read as it comes.

        NUL ends every field: the one byte that none can hold.
        """
        plain = ("--no-show-signature", "--no-color", "--no-decorate", "--no-patch", "--encoding=UTF-8")
        author, option = "%an%x00%ae", "--no-mailmap"
        configuration: tuple[str, ...] = ()
        if self._mailmap is not None:
            author, option = "%aN%x00%aE", "--mailmap"
            configuration = (f"mailmap.file={self._mailmap.absolute()}",)
        line = f"--format=tformat:%H%x00%P%x00{author}%x00%at%x00%ct"
        arguments = ("log", "-z", line, *plain, option, f"{since}..{tip}" if since else tip, "--")
        fields = command.fields(arguments, limit=self._limit, git_dir=self._folder, configuration=configuration)
        return zip(*[fields] * 6, strict=True)

    def _tip(self) -> str:
        return self._local("rev-parse", "--verify", "--quiet", f"{_FOLLOWED}^{{commit}}").strip()

    def _local(self, *arguments: str, git_dir: Path | None = None) -> str:
        return command.run(arguments, limit=self._limit, git_dir=git_dir or self._folder)

    def _ask(self, *arguments: str, git_dir: Path | None = None) -> None:
        """A command that asks the upstream for commits."""
        self._again(lambda: command.run(arguments, limit=self._limit, git_dir=git_dir, network=True))

    def _again(self, ask: Callable[[], _Said]) -> _Said:
        """`ask`, and again while the fault is one of the network."""
        return again(ask, attempts=_ATTEMPTS, passes=lambda error: type(error) is TransientError, sleep=self._sleep)


@contextmanager
def _held(clone_dir: Path) -> Iterator[None]:
    """One user of a clone at a time, over processes too. The lock dies with its holder."""
    clone_dir.parent.mkdir(parents=True, exist_ok=True)
    with clone_dir.with_name(f".{clone_dir.name}.lock").open("w") as lock:
        flock(lock, LOCK_EX)
        yield


def _read_mailmap(path: Path | None) -> bytes:
    try:
        return b"" if path is None else path.read_bytes()
    except OSError as error:
        what = f"mailmap {path}: {error.strerror}"
        raise TerminalError(SOURCE, what, "correct sources.git_history.mailmap in config.toml") from None


def _moment(seconds: str) -> datetime:
    """UTC. What git cannot read is the first moment, what is past the calendar the last: in no window either."""
    return datetime.fromtimestamp(min(max(int(seconds or 0), 0), _LAST_SECOND), UTC)
