"""The clone of a repository: bare and treeless, so that it holds commits and nothing else.

The one danger of such a clone is that git fetches what is missing, file by file, as soon as a command looks at a tree;
so everything but clone and fetch runs with every transport forbidden. For the same reason a .mailmap inside the
repository is not read: it would be a file of a tree.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from pathlib import Path
from tempfile import NamedTemporaryFile, mkdtemp
from typing import TypeVar

from flows.config.settings import GitHistory
from flows.retry import again
from flows.sources.errors import TerminalError, TransientError
from flows.sources.git import SOURCE, command
from flows.sources.git.command import DamagedCloneError, MovedError
from flows.sources.git.log import COMMIT, PEOPLE, Header, Keyed, Log, People, read_headers, read_log, read_people
from flows.sources.http import HttpClient

_FOLLOWED = "refs/heads/followed"  # whatever the default branch is called upstream, here it has this name
_ATTEMPTS = 3
_LONGEST_PROBE_SECONDS = 60.0
_MOST_PACKS = 20
_REFS = "/info/refs?service=git-upload-pack"
_COMMIT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PLAIN = ("--no-show-signature", "--no-color", "--no-decorate", "--no-patch", "--encoding=UTF-8", "--no-mailmap")
_Said = TypeVar("_Said")


@dataclass(frozen=True, slots=True)
class RemoteHead:
    """The upstream's HEAD: the default branch, if it has a name, and its tip; `url`: where the repository is."""

    branch: str | None
    tip: str
    url: str


def clone_of(data: Path, repository: str) -> Path:
    """Where in the data folder the clone of a repository (owner/name) is kept."""
    return data / "git" / f"{repository}.git"


def remote_head(base_url: str, repository: str, limit: float) -> RemoteHead:
    """Ask a server for the HEAD of a repository (owner/name) in `limit` seconds, also where it moved on its host.

    Raises TransientError or TerminalError, the latter also for a server that offers plain files: with a filter git
    would call itself without end for what is missing there.
    """
    url = _url(base_url, repository)
    try:
        lines, is_smart = _head_lines(url, limit)
    except MovedError:
        url = _moved_to(url, limit)
        lines, is_smart = _head_lines(url, limit)
    values = [line.split("\t")[0] for line in lines if line.endswith("\tHEAD")]
    tip = next((value for value in values if _COMMIT_ID.fullmatch(value)), None)
    if tip is None:  # git takes any page with status 200 for an old server without branches: not to be believed
        what = f"{repository}: no commit on its default branch, or the answer is not that of git"
        raise TransientError(SOURCE, what, "look at the repository; commits known so far are kept")
    if not is_smart:
        what = f"{repository}: {base_url} offers plain files and does not speak git's smart protocol"
        raise TerminalError(SOURCE, what, "name another server in sources.git_history.base_url in config.toml")
    branch = next((value.removeprefix("ref: refs/heads/") for value in values if value.startswith("ref: ")), None)
    return RemoteHead(branch, tip, url)


def _head_lines(url: str, limit: float) -> tuple[list[str], bool]:
    """What git says of HEAD, and whether the server speaks git's smart protocol."""
    with NamedTemporaryFile() as packets:
        asked = ("ls-remote", "--symref", url, "HEAD")
        lines = command.run(asked, limit=limit, network=True, packets=Path(packets.name)).splitlines()
        return lines, bool(packets.read(1))


def _moved_to(url: str, limit: float) -> str:
    """Where the repository is that was at `url`. Git itself would follow to any host, so it is not let; we follow to
    the same host only. In version 2 of its protocol the answer is short."""
    with HttpClient(SOURCE, timeout_seconds=limit, attempts=1) as client:
        response = client.get(f"{url}{_REFS}", follow=True, headers={"Git-Protocol": "version=2"})
    if not response.url.endswith(_REFS):
        what = f"{url}: sent on to a page that is no repository"
        raise TransientError(SOURCE, what, "look at the repository; commits known so far are kept")
    return str(response.url.removesuffix(_REFS))


def _url(base_url: str, repository: str) -> str:
    return f"{base_url}/{repository}.git"


class Clone:
    """The treeless clone of `repository` in `folder`."""

    def __init__(
        self, settings: GitHistory, repository: str, folder: Path, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._repository = repository
        self._base_url = settings.base_url
        self.folder = folder.absolute()
        self._limit = settings.timeout_seconds
        self._sleep = sleep

    def remote_head(self) -> RemoteHead:
        """Ask the upstream for its HEAD; before that, whether git is there and new enough."""
        limit = min(self._limit, _LONGEST_PROBE_SECONDS)
        command.check_version(limit)
        return self._again(lambda: remote_head(self._base_url, self._repository, limit))

    def bring_up_to_date(self, head: RemoteHead) -> str:
        """Clone or fetch; returns the tip, which may be newer than that of `head`."""
        if not self.folder.exists():
            self._make(head.url)
        elif self.tip() != head.tip:
            self._local("config", "remote.origin.url", head.url)
            fetch = ("fetch", "--quiet", "--filter=tree:0", "--no-tags", "--no-write-fetch-head")
            self._ask(*fetch, "origin", f"+HEAD:{_FOLLOWED}", git_dir=self.folder)
        return self.tip()

    def _make(self, url: str) -> None:
        """Clone beside the folder, then rename: whatever has the name is whole."""
        for left_behind in self.folder.parent.glob(f".{self.folder.name}.cloning-*"):
            shutil.rmtree(left_behind, ignore_errors=True)
        folder = Path(mkdtemp(prefix=f".{self.folder.name}.cloning-", dir=self.folder.parent))
        clone = ("clone", "--quiet", "--bare", "--single-branch", "--no-tags", "--filter=tree:0", "--template=")
        try:
            self._ask(*clone, url, str(folder))
            self._local("update-ref", _FOLLOWED, "HEAD", git_dir=folder)
            self._local("symbolic-ref", "HEAD", _FOLLOWED, git_dir=folder)
            folder.rename(self.folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def remove(self) -> None:
        """Delete the clone."""
        shutil.rmtree(self.folder)

    def is_ancestor(self, since: str | None, tip: str) -> bool:
        """Whether `since` is part of the history of `tip`. A commit that is not there is not."""
        if since is None or not _COMMIT_ID.fullmatch(since):
            return False
        try:
            self._local("merge-base", "--is-ancestor", since, tip)
        except DamagedCloneError:
            return False
        return True

    def tidy(self) -> None:
        """Every fetch adds a pack: make one of many."""
        if sum(1 for _ in self.folder.glob("objects/pack/*.pack")) > _MOST_PACKS:
            self._local("repack", "-a", "-d", "--quiet")

    def log(self, since: str | None, tip: str, keyed: Keyed = iter) -> Log:
        """The commits of `tip` that `since` does not have, the newest first; `keyed` is for read_log.

        Where git log cannot tell author or time, the commit's own head may.
        """
        log = read_log(self._pieces(COMMIT, since, tip), keyed)
        unclear = log.commits["sha"].filter(log.unclear()).to_pylist()
        return log.corrected(self._headers(unclear)) if unclear else log

    def commits(self, tip: str) -> list[str]:
        """The ids of the commits of `tip`."""
        return self._local("rev-list", tip, "--").split()

    def people(self, tip: str) -> tuple[People, int]:
        """Everybody who takes part in the commits of `tip`, and how many these are."""
        return read_people(self._pieces(PEOPLE, None, tip))

    def _headers(self, commits: Iterable[str]) -> dict[str, Header]:
        """What the commits of these ids say at their head, as it was written."""
        asked = "".join(f"{commit}\n" for commit in commits).encode()
        said = command.output(("cat-file", "--batch"), limit=self._limit, git_dir=self.folder, stdin=asked)
        return dict(read_headers(said))

    def _pieces(self, placeholders: tuple[str, ...], since: str | None, tip: str) -> Iterator[bytes]:
        line = f"--format=tformat:{'%x00'.join(placeholders)}"
        arguments = ("log", "-z", line, *_PLAIN, f"{since}..{tip}" if since else tip, "--")
        return command.pieces(arguments, limit=self._limit, git_dir=self.folder)

    def tip(self) -> str:
        """The last commit that was fetched."""
        return self._local("rev-parse", "--verify", "--quiet", f"{_FOLLOWED}^{{commit}}").strip()

    def _local(self, *arguments: str, git_dir: Path | None = None) -> str:
        return command.run(arguments, limit=self._limit, git_dir=git_dir or self.folder)

    def _ask(self, *arguments: str, git_dir: Path | None = None) -> None:
        """A command that asks the upstream for commits."""
        self._again(lambda: command.run(arguments, limit=self._limit, git_dir=git_dir, network=True))

    def _again(self, ask: Callable[[], _Said]) -> _Said:
        """`ask`, and again while the fault is one of the network."""
        return again(ask, attempts=_ATTEMPTS, passes=lambda error: type(error) is TransientError, sleep=self._sleep)


@contextmanager
def held(clone_dir: Path) -> Iterator[None]:
    """Let one process use a clone at a time. A lock ends with its process."""
    clone_dir.parent.mkdir(parents=True, exist_ok=True)
    with clone_dir.with_name(f".{clone_dir.name}.lock").open("w") as lock:
        flock(lock, LOCK_EX)
        yield
