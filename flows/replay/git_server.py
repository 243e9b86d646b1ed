"""git over smart HTTP on loopback, from the anonymised commit logs, so that a real clone and a real fetch run on it.

Each log becomes one bare repository, built once with `git fast-import`; a day is a small repository beside it that
borrows its objects and whose branch ends with the last commit of that day. What is rebuilt and what is real is said in
recordings/github/README.md.
"""

from __future__ import annotations

import csv
import fcntl
import gzip
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from itertools import islice
from pathlib import Path
from tempfile import mkdtemp

from flows.replay.server import Reply, Request

BRANCH = "master"  # where nothing else is said; GitHub names new repositories' branches main
_LAYOUT = b"1"  # change it when repositories are built in another way, so that those in caches are built anew
_REQUEST = re.compile(r"/([A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+?)(?:\.git)?(/info/refs|/git-upload-pack)")
_NO_SUCH = Reply(
    401, b"Repository not found.", {"Content-Type": "text/plain", "WWW-Authenticate": 'Basic realm="GitHub"'}
)
_SERVED_WITH = {
    "safe.directory": "*",  # the cache may belong to another user, as in containers
    "uploadpack.allowFilter": "true",
    "uploadpack.allowAnySHA1InWant": "true",  # as on GitHub; lazy fetches need it
    "pack.window": "0",  # commits hardly resemble each other: looking for differences only costs time
}


@dataclass(frozen=True, slots=True)
class LoggedCommit:
    """A commit as the anonymised log has it; times in seconds since 1970, people as hashes."""

    sha: str
    authored: int
    committed: int
    author: str
    committer: str
    is_merge: bool


def read_log(path: Path) -> Iterator[LoggedCommit]:
    """The commits of a log, in order of committer time."""
    with gzip.open(path, "rt", encoding="ascii", newline="") as file:
        for sha, authored, committed, author, committer, is_merge in islice(csv.reader(file), 1, None):
            yield LoggedCommit(sha, _seconds(authored), _seconds(committed), author, committer, is_merge == "1")


class GitFolder:
    """The bare repositories root/owner/name.git over smart HTTP, for reading only. An upstream of ReplayServer.

    As GitHub does, it asks for a password where there is no such repository: it could be a private one.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def __call__(self, request: Request) -> Reply:
        match = _REQUEST.fullmatch(request.path)
        if match is None:
            return Reply(404, b"Not Found", {"Content-Type": "text/plain"})
        if "git-receive-pack" in request.raw_query:
            return Reply(403, b"this replay can only be read", {"Content-Type": "text/plain"})
        if not (self._root / f"{match[1]}.git").is_dir():
            return _NO_SUCH
        return _http_backend(self._root, f"/{match[1]}.git{match[2]}", request)


class GitReplay:
    """The recorded repositories as they stood at the end of the day `as_of`. An upstream of ReplayServer.

    recordings   the folder that holds commits/owner_name.csv.gz
    cache        where built repositories are kept: for all days, shared between processes, safe to delete
    branches     owner/name -> the name of its default branch, where that is not BRANCH
    """

    def __init__(self, recordings: Path, cache: Path, as_of: date, branches: Mapping[str, str] | None = None) -> None:
        logs = {_name_of(log): log for log in sorted((recordings / "commits").glob("*_*.csv.gz"))}
        self._rebuilt = {
            name: _Rebuilt(name, log, cache, (branches or {}).get(name, BRANCH)) for name, log in logs.items()
        }
        self._as_of = as_of

    def __call__(self, request: Request) -> Reply:
        match = _REQUEST.fullmatch(request.path)
        if match is None:
            return Reply(404, b"Not Found", {"Content-Type": "text/plain"})
        if match[1] not in self._rebuilt:
            return _NO_SUCH
        return GitFolder(self._rebuilt[match[1]].folder_of(self._as_of))(request)

    @property
    def repositories(self) -> tuple[str, ...]:
        """What there is, as owner/name."""
        return tuple(self._rebuilt)

    def advance(self, as_of: date) -> None:
        """From now on it is the end of that day: the commits up to it are there to fetch."""
        self._as_of = as_of

    def build(self) -> None:
        """Build every repository now rather than at its first request."""
        for rebuilt in self._rebuilt.values():
            rebuilt.folder_of(self._as_of)


@dataclass(frozen=True)
class _Rebuilt:
    """One repository made from a log: home/whole.git has every commit, home/<day>/owner/name.git those up to a day,
    home/<day>-<branch> the same with another name of the default branch."""

    name: str
    log: Path
    cache: Path
    branch: str

    @cached_property
    def home(self) -> Path:
        fingerprint = hashlib.sha256(_LAYOUT + self.log.read_bytes()).hexdigest()[:12]
        return self.cache / f"{self.name.replace('/', '_')}-{fingerprint}"

    def folder_of(self, day: date) -> Path:
        """The folder to serve, which holds owner/name.git as of the end of `day`; built when it is not there."""
        folder = self.home / (f"{day}" if self.branch == BRANCH else f"{day}-{self.branch}")
        if not folder.is_dir():
            with _only_builder(self.home):
                _build_once(self.home / "whole.git", self._import)
                _build_once(folder, lambda target: self._cut(target, day))
        return folder

    def _import(self, target: Path) -> None:
        _git("init", "--quiet", "--bare", "--template=", str(target))
        last_of_day = _fast_import(target, read_log(self.log))
        (target / "last_of_day").write_text("".join(f"{day} {sha}\n" for day, sha in last_of_day.items()))

    def _cut(self, target: Path, day: date) -> None:
        repository = target / f"{self.name}.git"
        _git("init", "--quiet", "--bare", "--template=", f"--initial-branch={self.branch}", str(repository))
        (repository / "objects/info").mkdir(exist_ok=True)
        (repository / "objects/info/alternates").write_text("../../../../whole.git/objects\n")
        tips = [line.split() for line in (self.home / "whole.git/last_of_day").read_text().splitlines()]
        tip = max((pair for pair in tips if pair[0] <= day.isoformat()), default=None)
        if tip:
            (repository / f"refs/heads/{self.branch}").write_text(f"{tip[1]}\n")


@contextmanager
def _only_builder(home: Path) -> Iterator[None]:
    """Let one process build at a time, and delete what a killed one left behind. A lock ends with its process."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left_behind in home.glob(".building-*"):
            shutil.rmtree(left_behind, ignore_errors=True)
        yield


def _build_once(target: Path, build: Callable[[Path], None]) -> None:
    """Build beside `target`, then rename: whatever has the name is whole."""
    if not target.is_dir():
        folder = Path(mkdtemp(prefix=".building-", dir=target.parent))
        build(folder)
        folder.rename(target)


def _fast_import(repository: Path, commits: Iterable[LoggedCommit]) -> dict[str, str]:
    """Import `commits` as one line of history; returns the id of the last commit of each UTC day."""
    marks = repository / "marks"
    days: dict[str, int] = {}
    stream = bytearray()
    for mark, commit in enumerate(commits, start=1):
        days[_day(commit.committed)] = mark
        stream += _import_lines(mark, commit)
    stream += b"done\n"
    _git(f"--git-dir={repository}", "fast-import", "--quiet", "--done", f"--export-marks={marks}", stdin=bytes(stream))
    ids = dict(line.split() for line in marks.read_text().splitlines())
    marks.unlink()
    return {day: ids[f":{mark}"] for day, mark in days.items()}


def _import_lines(mark: int, commit: LoggedCommit) -> bytes:
    """The commit for fast-import: an empty tree, the recorded id as its message, the commit before as its parent."""
    parents = f"from :{mark - 1}\n" if mark > 1 else ""
    if commit.is_merge:
        parents += f"merge :{mark - 2}\n"
    return (
        f"commit refs/heads/{BRANCH}\n"
        f"mark :{mark}\n"
        f"author {_person(commit.author)} {commit.authored} +0000\n"
        f"committer {_person(commit.committer)} {commit.committed} +0000\n"
        f"data {len(commit.sha)}\n{commit.sha}\n"
        f"{parents}"
    ).encode("ascii")


def _person(identity_hash: str) -> str:
    return f"Person {identity_hash[:8]} <{identity_hash}@example.invalid>"


def _http_backend(root: Path, path: str, request: Request) -> Reply:
    """What git's own CGI program says."""
    environment = _environment() | {
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": path,
        "REQUEST_METHOD": request.method,
        "QUERY_STRING": request.raw_query,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
        "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
        "GIT_CONFIG_COUNT": str(len(_SERVED_WITH)),
    }
    for number, (key, value) in enumerate(_SERVED_WITH.items()):
        environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    done = subprocess.run(
        ["git", "http-backend"], input=request.body, capture_output=True, env=environment, check=False
    )
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    if not head:
        return Reply(500, done.stderr, {"Content-Type": "text/plain"})
    headers = dict(line.split(": ", 1) for line in head.decode("latin-1").splitlines())
    return Reply(int(headers.pop("Status", "200").split()[0]), body, headers)


def _git(*arguments: str, stdin: bytes = b"") -> None:
    done = subprocess.run(["git", *arguments], input=stdin, capture_output=True, env=_environment(), check=False)
    if done.returncode:
        raise RuntimeError(f"git {arguments[-1]} failed: {done.stderr.decode(errors='replace').strip()}")


def _environment() -> dict[str, str]:
    """No configuration of the machine or the user takes part."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "LC_ALL": "C",
    }


def _name_of(log: Path) -> str:
    return log.name.removesuffix(".csv.gz").replace("_", "/", 1)


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
