"""Nights in processes of their own, with as few steps as a night can have, and a look at what they leave running."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.process.own_prefect import ASKED_SERVER
from tests.conftest import ROOT, TRENDS, run_here

GONE_WITHIN_SECONDS = 60  # on a machine that has much else to do
CONFIG = """
[frameworks.keras]
packages    = ["keras"]
repository  = "keras-team/keras"
search_term = "Keras"

[sources.google_trends]
enabled = false
[sources.pypi_downloads]
enabled = false
[sources.git_history]
enabled = false
"""


def _minding_signals() -> None:
    """Where the tests run in the background, under nohup say, a child would ignore what it is here asked to mind."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


@dataclass
class SmallNight:
    """`trends nightly --replay` in `folder`; everything it starts can be found by the home of its Prefect."""

    folder: Path
    config: str = CONFIG
    environment: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def data(self) -> Path:
        return self.folder / "data" / "demo"

    @property
    def command(self) -> list[str]:
        config = self.folder / "config.toml"
        config.write_text(self.config, encoding="utf-8")
        return [*TRENDS, "--config", str(config), "--data", str(self.folder / "data"), "nightly", "--replay"]

    def start(self, **options: Any) -> subprocess.Popen[str]:
        environment = os.environ | self.environment | options.pop("environment", {})
        given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": ROOT} | options
        given = {"preexec_fn": _minding_signals} | given
        self.started.append(subprocess.Popen(self.command, env=environment, **given))
        return self.started[-1]

    def run_here(self) -> subprocess.CompletedProcess[str]:
        """The night in this process, where one of its own is not the point."""
        return run_here(*self.command[1:], **self.environment)

    def run(self, **options: Any) -> subprocess.CompletedProcess[str]:
        process = self.start(**options)
        out, err = process.communicate(timeout=100)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def children(self) -> list[int]:
        """What runs with the Prefect home of this night in its environment."""
        return [process for process in processes() if _environment(process).get("PREFECT_HOME") == self._home]

    def has_left_nothing(self) -> bool:
        return until(lambda: not self.children())

    @property
    def _home(self) -> str:
        return str(self.data / "prefect")

    def statuses(self, table: str = "runs") -> list[str]:
        with duckdb.connect(str(self.data / "warehouse.duckdb"), read_only=True) as con:
            return [status for (status,) in con.table(f"raw.{table}").select("status").fetchall()]


def until(condition: Callable[[], object], seconds: float = GONE_WITHIN_SECONDS) -> bool:
    """Whether `condition` comes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]


def told_of(process: int, what: str) -> str:
    """/proc/PROCESS/WHAT, its parts ended by NUL; nothing where the process has just ended."""
    try:
        return Path(f"/proc/{process}/{what}").read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""


def _environment(process: int) -> dict[str, str]:
    return dict(item.split("=", 1) for item in told_of(process, "environ").split("\0") if "=" in item)


def small_night(folder: Path, prefect_database: Path) -> SmallNight:
    """A place for small nights, where Prefect has its database already: making one takes longer than such a night."""
    night = SmallNight(folder)
    (night.data / "prefect").mkdir(parents=True)
    shutil.copy(prefect_database, night.data / "prefect" / "prefect.db")
    return night


def night_on_shared_server(folder: Path, prefect_api: str, empty_folder: Path) -> SmallNight:
    """A place for small nights that report to the server of the tests, with a warehouse that has no row yet."""
    night = SmallNight(folder, environment={ASKED_SERVER: prefect_api})
    shutil.copytree(empty_folder, night.data)
    return night


@pytest.fixture
def small(tmp_path: Path, prefect_database: Path, empty_folder: Path) -> Iterator[SmallNight]:
    """A place for small nights with a warehouse that has no row yet; what still runs at the end is killed."""
    night = small_night(tmp_path, prefect_database)
    shutil.copytree(empty_folder, night.data, dirs_exist_ok=True)
    yield night
    for process in night.started:
        process.kill()
        process.communicate()
