"""Running git: no prompt, no configuration of machine or user, no hook, a time limit, and each failure classified."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import F_SETPIPE_SZ, fcntl
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event, Timer
from typing import IO

from flows.sources.errors import TerminalError, TransientError
from flows.sources.git import SOURCE
from flows.sources.git.environment import environment

OLDEST_GIT = (2, 32)  # the first that can be told to read no configuration of the user

_CONFIGURATION = (
    "credential.helper=",
    f"core.hooksPath={os.devnull}",
    "gc.auto=0",  # Clone.tidy puts packs together, at a time of our choice
    "maintenance.auto=false",
    "http.lowSpeedLimit=1",
    "http.lowSpeedTime=300",  # a transfer that stands still ends after five minutes
    "http.followRedirects=false",  # else to any host; see flows.sources.git.clone
    "mailmap.blob=",  # in a bare repository git would look for one in a tree
)
_PIECE = 2**21  # bytes
_WIDE_PIPE = 2**20  # bytes: git goes on writing while a piece is looked at
_MOVED = re.compile(r"returned error: 30[12378]")
_LOCAL_TROUBLE = re.compile(r"No space left|Permission denied|Read-only file system|Disk quota exceeded")
_NOT_TRUSTED = re.compile(r"certificate verification failed|SSL certificate problem|error setting certificate")
_REFUSED = re.compile(
    r"returned error: 4(?!08|25|29)\d\d|repository '.*' not found|could not read (Username|Password)|Authentication"
)
_NETWORK_TROUBLE = re.compile(
    r"unable to access|returned error|RPC failed|early EOF|hung up|disconnect|timed? ?out|Connection|resolve host"
    r"|is this a git repository|expected flush|protocol error|bad line length|remote error|invalid server response",
    re.IGNORECASE,
)


class DamagedCloneError(Exception):
    """A command failed, and neither network, disk nor upstream explains it: the clone must be damaged."""


class MovedError(TransientError):
    """The server sends on to another place; git does not follow, since it would follow to any host."""


class TimeLimitError(TransientError):
    """Not worth another try at once: it would take as long again."""


def check_version(limit: float) -> None:
    """Raises TerminalError when git is missing or too old."""
    found = re.search(r"(\d+)\.(\d+)[\d.]*", run(("version",), limit=limit))
    if found is None or (int(found[1]), int(found[2])) < OLDEST_GIT:
        wanted = ".".join(map(str, OLDEST_GIT))
        raise TerminalError(
            SOURCE, f"git is version {found[0] if found else 'unknown'}", f"install git {wanted} or later"
        )


def run(
    arguments: tuple[str, ...],
    *,
    limit: float,
    git_dir: Path | None = None,
    network: bool = False,
    packets: Path | None = None,
) -> str:
    """The output of a git command as text. Without `network` every transport is forbidden: nothing is fetched unasked.

    `limit` is in seconds; `packets` is for flows.sources.git.environment.
    Raises TransientError, TerminalError or, where `git_dir` is at fault, DamagedCloneError.
    """
    with _process(arguments, limit, git_dir, network, packets=packets) as process:
        assert process.stdout is not None
        return process.stdout.read().decode("utf-8", "replace")


def output(arguments: tuple[str, ...], *, limit: float, git_dir: Path, stdin: bytes) -> bytes:
    """The output of a local command that is told `stdin`. Raises as `run` does."""
    with _process(arguments, limit, git_dir, network=False, stdin=stdin) as process:
        assert process.stdout is not None
        return process.stdout.read()


def pieces(arguments: tuple[str, ...], *, limit: float, git_dir: Path) -> Iterator[bytes]:
    """The output of a local command as it comes, a few megabytes at a time. Raises as `run` does."""
    with _process(arguments, limit, git_dir, network=False) as process:
        assert process.stdout is not None
        with suppress(OSError):  # the user may have no more of that
            fcntl(process.stdout.fileno(), F_SETPIPE_SZ, _WIDE_PIPE)
        while piece := process.stdout.read(_PIECE):
            yield piece


@contextmanager
def _process(
    arguments: tuple[str, ...],
    limit: float,
    git_dir: Path | None,
    network: bool,
    *,
    packets: Path | None = None,
    stdin: bytes = b"",
) -> Iterator[subprocess.Popen[bytes]]:
    """A running git, in a process group of its own that ends with the context; its failure is raised at the end."""
    with TemporaryFile() as told, TemporaryFile() as complaints:
        told.write(stdin)
        told.seek(0)
        process = _start(_command(arguments, git_dir), environment(network=network, packets=packets), told, complaints)
        is_late = Event()
        timer = Timer(limit, _end_late, (process, is_late))
        timer.start()
        try:
            yield process
            process.wait()
        finally:
            timer.cancel()
            _kill(process)
            process.wait()
            if process.stdout:
                process.stdout.close()
        if process.returncode:
            complaints.seek(0)
            raise _fault(arguments[0], complaints.read(), git_dir, network, limit if is_late.is_set() else None)


def _command(arguments: tuple[str, ...], git_dir: Path | None) -> list[str]:
    where = [] if git_dir is None else [f"--git-dir={git_dir.absolute()}"]
    items = [part for item in _CONFIGURATION for part in ("-c", item)]
    return ["git", *where, *items, *arguments]


def _start(
    command: list[str], environment: dict[str, str], told: IO[bytes], complaints: IO[bytes]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            cwd=os.sep,  # else a repository around the working directory would lend its configuration
            env=environment,
            stdin=told,
            stdout=subprocess.PIPE,
            stderr=complaints,
            start_new_session=True,
        )
    except FileNotFoundError:
        raise TerminalError(SOURCE, "git is not installed", "install git and run again") from None


def _end_late(process: subprocess.Popen[bytes], is_late: Event) -> None:
    is_late.set()  # before the end of git, which others wait for
    _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill what still runs, helpers too."""
    if process.poll() is None:
        with suppress(ProcessLookupError):  # it ended by itself just now
            os.killpg(process.pid, signal.SIGKILL)


def _fault(
    command: str, complaints: bytes, git_dir: Path | None, network: bool, passed_limit: float | None
) -> Exception:
    text = re.sub(r"//[^/\s@]*@", "//", complaints.decode("utf-8", "replace"))  # no passwords out of URLs
    lines = [line for line in text.splitlines() if line.startswith(("fatal: ", "error: "))] or text.splitlines()
    what = f"git {command}: {lines[-1].strip() if lines else 'failed and did not say why'}"
    if passed_limit is not None:
        return TimeLimitError(SOURCE, f"git {command}: not done within {passed_limit:g} s", "raise timeout_seconds")
    if _LOCAL_TROUBLE.search(text):
        return TerminalError(SOURCE, what, "check the disk and the rights on the data folder")
    if network and _NOT_TRUSTED.search(text):
        next_step = "if a proxy of yours signs it, name its authority in REQUESTS_CA_BUNDLE"
        return TerminalError(SOURCE, f"git {command}: certificate not trusted", next_step)
    if network and _REFUSED.search(text):
        return TerminalError(SOURCE, what, "check the repository in config.toml; private ones cannot be read")
    if git_dir is None or (network and _NETWORK_TROUBLE.search(text)):
        kind = MovedError if _MOVED.search(text) else TransientError
        return kind(SOURCE, what, "check the network; it is tried again next time")
    return DamagedCloneError(what)
