"""What all tests share: no network, nothing of the user's, and one run of the demo whatever the number of processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import duckdb
import pytest
from filelock import FileLock
from hypothesis import settings

from warehouse.open import open_warehouse

ROOT = Path(__file__).parents[1]
OFFLINE = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1", "NO_COLOR": "1"}
os.environ.update(OFFLINE)  # before anything imports Prefect, which reads them once

settings.register_profile("local", deadline=None)  # both cores are busy; a slow example is no failure
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")

_outside = {"allowed": False}


def _refuse_outside(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: a connection that would leave this machine fails the test that makes it."""
    if event != "socket.connect" or _outside["allowed"]:
        return
    address = arguments[1]
    if isinstance(address, tuple) and not _is_this_machine(str(address[0])):
        raise RuntimeError(f"a test reaches out to {address[0]} port {address[1]}; tests run without a network")


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host.split("%", maxsplit=1)[0]).is_loopback
    except ValueError:
        return host == "localhost"


sys.addaudithook(_refuse_outside)


@pytest.fixture(autouse=True)
def _only_index_tests_reach_out(request: pytest.FixtureRequest) -> Iterator[None]:
    _outside["allowed"] = request.node.get_closest_marker("index") is not None
    yield
    _outside["allowed"] = False


@pytest.fixture(autouse=True)
def _nothing_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "SMTP_USERNAME", "SMTP_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def project() -> Path:
    """The root of the checkout."""
    return ROOT


@dataclass(frozen=True)
class Demo:
    """What `trends nightly --replay` left behind. Read-only: copy a file before changing it."""

    data: Path
    stdout: str
    stderr: str

    @property
    def warehouse(self) -> Path:
        return self.data / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        return self.data / "published.duckdb"


def run_trends(*arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """The installed command in a process of its own, as a user would start it."""
    command = [str(Path(sys.executable).parent / "trends"), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, timeout=300, check=False,
        env=os.environ | OFFLINE | environment,
    )  # fmt: skip


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A temporary folder that all test processes of this run see."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def demo(shared_folder: Path) -> Demo:
    """The demo's data folder after one night; the first test that needs it waits about half a minute."""
    data, said = shared_folder / "trends-demo", shared_folder / "trends-demo.said"
    with FileLock(shared_folder / "trends-demo.lock"):
        if not said.exists():
            run = run_trends("--data", str(data), "nightly", "--replay", PREFECT_HOME=str(shared_folder / "prefect"))
            assert run.returncode == 0, f"the demo ended with {run.returncode}\n{run.stdout}\n{run.stderr}"
            said.write_text(f"{run.stdout}\x00{run.stderr}", encoding="utf-8")
        stdout, stderr = said.read_text(encoding="utf-8").split("\x00")
    return Demo(data / "demo", stdout, stderr)


@pytest.fixture(scope="session")
def empty_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with every view and no row; tests copy it, because making the views takes longer than a test."""
    path = tmp_path_factory.mktemp("empty") / "warehouse.duckdb"
    open_warehouse(path).close()
    return path


@pytest.fixture
def con(tmp_path: Path, empty_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_warehouse(shutil.copy(empty_warehouse, tmp_path / "warehouse.duckdb")) as con:
        yield con
