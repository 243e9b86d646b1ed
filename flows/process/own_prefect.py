"""The Prefect that nights run on is the program's own: its home in the data folder, its settings, its server.

Nothing of the user's Prefect is read: no profile, no PREFECT_* variable, no database. A home that is broken is made
anew, and so is a database that has grown large: the record of the runs is the ledger in the warehouse, not this one.
TRENDS_PREFECT_API_URL names a server to report to instead, for those who run one.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from select import select
from uuid import uuid4

from flows.children import MARK, end_marked
from flows.process.companion import READY

ASKED_SERVER = "TRENDS_PREFECT_API_URL"
LARGEST_DATABASE_BYTES = 16 * 2**20  # some 60 nights
LONGEST_START_SECONDS, LONGEST_STOP_SECONDS = 120.0, 3.0
NO_ANALYTICS = {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
_FOR_ASKED_SERVER = {"PREFECT_API_KEY", "PREFECT_API_AUTH_STRING", "PREFECT_CLIENT_CUSTOM_HEADERS"}
_DATABASE = "prefect.db"
_FOR_ONE_NIGHT = {"PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}
_FOR_MANY_NIGHTS = {
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false",  # flows/scheduling says when a night is due
}


class Prefect:
    """Prefect's API for one night, or for many: a child process on loopback, or the server that was asked for.

    `tell` gets one line for each thing that was not as it should be; `how` is what the server is told besides.
    """

    def __init__(self, home: Path, asked_server: str | None, tell: Callable[[str], None], how: dict[str, str]) -> None:
        self.api_url = asked_server or ""
        self._home = home
        self._how = how
        self._asked = asked_server
        self._tell = tell
        self._child: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Start the child and go on at once; what it needs is put in order first."""
        broken = _what_is_broken(self._home)
        if broken:
            self._tell(f"{broken}; made anew")
        if broken or _is_large(self._home / _DATABASE):
            _remove(self._home)
        self._start()

    def is_ready(self) -> bool:
        """Wait until a flow can report. A home with which no server starts is made anew, once."""
        if self._asked or self._has_started():
            return True
        self._tell(f"no server starts from {self._home}, see {self._home / 'server.log'}; made anew")
        self.stop()
        _remove(self._home)
        self._start()
        return self._has_started()

    def has_ended(self) -> bool:
        """Whether the child is gone, which nobody has stopped."""
        return self._child is not None and self._child.poll() is not None

    def stop(self) -> None:
        """End the child, with a few seconds for what it still has to write."""
        if self._child is None:
            return
        child, self._child = self._child, None
        child.terminate()
        with suppress(subprocess.TimeoutExpired):
            child.wait(LONGEST_STOP_SECONDS)
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                pipe.close()

    def _start(self) -> None:
        try:
            self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
            with closing(socket.create_server(("127.0.0.1", 0))) as listening:
                if not self._asked:
                    self.api_url = f"http://127.0.0.1:{listening.getsockname()[1]}/api"
                os.environ |= _settings(self._home, self.api_url)
                self._child = _companion(self._home, None if self._asked else listening.fileno(), self._how)
        except OSError as error:
            self._tell(f"cannot be started: {error}")

    def _has_started(self) -> bool:
        if self._child is None or self._child.stdout is None:
            return False
        ready, _, _ = select([self._child.stdout], [], [], LONGEST_START_SECONDS)
        return bool(ready) and self._child.stdout.readline() == READY


def prefect_of_night(data: Path, tell: Callable[[str], None]) -> AbstractContextManager[Prefect]:
    """Prefect for the time of a night, without the services that plan nights to come."""
    return _prefect_in(data.absolute() / "prefect", tell, _FOR_ONE_NIGHT)


def prefect_of_schedule(home: Path, tell: Callable[[str], None]) -> AbstractContextManager[Prefect]:
    """Prefect for as long as nights are scheduled; it forgets runs and events that are old."""
    return _prefect_in(home.absolute(), tell, _FOR_MANY_NIGHTS)


@contextmanager
def _prefect_in(home: Path, tell: Callable[[str], None], how: dict[str, str]) -> Iterator[Prefect]:
    """Prefect for this context, and the end of everything that was started within it.

    To be entered before Prefect is imported, because it reads its settings then.
    """
    before = dict(os.environ)
    mark = os.environ[MARK] = uuid4().hex
    prefect = Prefect(home, _answering_server(before, tell), tell, how)
    _forget_settings(keep=_FOR_ASKED_SERVER if prefect.api_url else set())
    prefect.begin()
    try:
        yield prefect
    finally:
        prefect.stop()
        end_marked(mark)
        os.environ.clear()
        os.environ.update(before)


def _answering_server(environ: Mapping[str, str], tell: Callable[[str], None]) -> str | None:
    """The server that was asked for, if anybody answers there."""
    asked = environ.get(ASKED_SERVER)
    if not asked:
        return None
    from flows.sources.errors import SourceError
    from flows.sources.http import HttpClient

    with HttpClient("prefect", timeout_seconds=5, attempts=1) as client:
        try:
            client.get(f"{asked.rstrip('/')}/health", accept=lambda _: True)
        except SourceError as error:
            named = re.sub(r"//[^/]*@", "//", asked)  # without a password that stands in it
            tell(f"{ASKED_SERVER} names {named}: {error.what}; this night uses a server of its own")
            return None
    return asked


def _forget_settings(keep: set[str]) -> None:
    for name in [name for name in os.environ if name.startswith("PREFECT_") and name not in keep]:
        del os.environ[name]


def _settings(home: Path, api_url: str) -> dict[str, str]:
    """What Prefect is told in this process and in the child: no call to any outside service, nothing of the user's."""
    return NO_ANALYTICS | {
        "PREFECT_HOME": str(home),
        "PREFECT_PROFILES_PATH": str(home / "profiles.toml"),
        "PREFECT_API_URL": api_url,
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",  # or Prefect would start a second server when the first fails
        "PREFECT_CLIENT_MAX_RETRIES": "1",
        "PREFECT_LOGGING_LEVEL": "CRITICAL",  # the terminal shows our own lines, the ledger keeps errors
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
    }


def _companion(home: Path, descriptor: int | None, how: dict[str, str]) -> subprocess.Popen[bytes]:
    """The child. It works in its home, so that no file beside the user's work steers it, and in a session of its own,
    so that Ctrl-C reaches the night alone.
    """
    with (home / "server.log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - a list of arguments for this interpreter, no shell
            [sys.executable, "-P", "-m", "flows.process.companion", "" if descriptor is None else str(descriptor)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            pass_fds=() if descriptor is None else (descriptor,),
            cwd=home,
            start_new_session=True,
            env=os.environ
            | {
                "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{_DATABASE}",
                "PREFECT_SERVER_UI_ENABLED": "false",
            }
            | how,
        )


def _what_is_broken(home: Path) -> str | None:
    """What about the home keeps a server from starting, as far as can be seen without starting one."""
    database = home / _DATABASE
    if os.path.lexists(home) and not home.is_dir():
        return f"{home} is no folder"
    if not os.path.lexists(database):
        return None
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True, timeout=1)) as con:
            found = con.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        return f"{database}: {error}"
    return None if found == ("ok",) else f"{database} is damaged"


def _is_large(database: Path) -> bool:
    return database.exists() and database.stat().st_size > LARGEST_DATABASE_BYTES


def _remove(home: Path) -> None:
    if home.is_dir() and not home.is_symlink():
        shutil.rmtree(home, ignore_errors=True)
    else:
        home.unlink(missing_ok=True)
