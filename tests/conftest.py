"""What all tests share: no network, nothing of the user's, one run of the demo and one Prefect server for them all."""

from __future__ import annotations

import gc
import io
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import duckdb
import pytest
import requests
from filelock import FileLock
from hypothesis import HealthCheck, settings

from flows.process.own_prefect import ASKED_SERVER
from tests import background
from warehouse.open import open_warehouse

ROOT = Path(__file__).parents[1]
TRENDS = [str(Path(sys.executable).parent / "trends")]
OFFLINE = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1", "NO_COLOR": "1"}
os.environ.update(OFFLINE)  # before anything imports Prefect, which reads them once
# DuckDB takes this for the number of cores. With a few rows there is no work for a second thread, which costs a tenth
# more; the demo's night has all cores there are.
CORES = "SLURM_CPUS_ON_NODE"
os.environ[CORES] = "1"
for name in ("GITHUB_TOKEN", "GH_TOKEN", "SMTP_USERNAME", "SMTP_PASSWORD"):
    os.environ.pop(name, None)  # the user's own have no place in a test

# Both cores are busy: neither a slow example nor slow data is a failure.
settings.register_profile("local", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("local"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")

_outside = {"allowed": False}


def _refuse_outside(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: no name but localhost resolves, and a connection that would leave this machine fails its test."""
    if _outside["allowed"]:
        return
    if event == "socket.getaddrinfo" and not _is_this_machine(_text(arguments[0])):
        raise socket.gaierror(socket.EAI_NONAME, "tests run without a network")
    if event == "socket.connect" and isinstance(arguments[1], tuple) and not _is_this_machine(str(arguments[1][0])):
        raise RuntimeError(f"a test reaches out to {arguments[1]}; tests run without a network")


def _text(host: str | bytes | None) -> str:
    return host.decode() if isinstance(host, bytes) else host or "localhost"


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


@pytest.fixture
def nobody_listens() -> Iterator[str]:
    """A host and port that refuse every connection: the port is held, so that nobody else can listen there either."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{held.getsockname()[1]}"


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
    return subprocess.run(
        [*TRENDS, *arguments], capture_output=True, text=True, cwd=cwd, timeout=300, check=False,
        env=os.environ | OFFLINE | environment,
    )  # fmt: skip


def run_here(*arguments: str, now: datetime | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command in this process, where one of its own is not the point: that would load longer than it works.

    now    what it takes for the time; left out: what the clock says
    """
    from flows import cli

    answer = io.BytesIO()
    out = io.TextIOWrapper(answer, encoding="utf-8", write_through=True)
    with environment(variables), redirect_stdout(out), redirect_stderr(io.StringIO()) as err:
        code = cli.main(list(arguments), now)
    return subprocess.CompletedProcess(arguments, code, answer.getvalue().decode(), err.getvalue())


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Within this context the environment has `variables` too, and no word of the user's."""
    before = dict(os.environ)
    os.environ |= OFFLINE | variables
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A temporary folder that all test processes of this run see."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


gc.disable()  # while some thousand tests are collected there is hardly any garbage, and much to look through


def pytest_collection_finish() -> None:
    gc.freeze()  # modules and tests stay to the end
    gc.enable()


def pytest_sessionfinish() -> None:
    gc.unfreeze()  # else libraries miss what they have made when they are taken down


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that wait for the demo come last, since it is under way; of the others, slow ones come first."""
    waiting = {item.path for item in items if "demo" in _fixtures_of(item)}
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path in waiting, item.path not in slow))


def _fixtures_of(item: pytest.Item) -> list[str]:
    return getattr(item, "fixturenames", [])


@pytest.fixture(scope="session", autouse=True)
def _started_before_they_are_needed(request: pytest.FixtureRequest, shared_folder: Path, worker_id: str) -> None:
    """Start what takes long and is needed later; it ends with the pytest that was called."""
    needed = {name for item in request.session.items for name in _fixtures_of(item)}
    owner = os.getpid() if worker_id == "master" else os.getppid()
    with FileLock(shared_folder / "background.lock"):
        if not (shared_folder / "background").exists():  # else another test process has started them
            (shared_folder / "background").mkdir()
            if needed & {"demo", "prefect_api"}:
                url = _start_prefect(shared_folder / "background", owner)
                if "demo" in needed:
                    _start_demo(shared_folder / "background", owner, url)


def _start_demo(folder: Path, owner: int, prefect_api: str) -> None:
    """It reports to the server that the tests share, since making a database of its own would take it four seconds."""
    command = [*TRENDS, "--data", str(folder / "data"), "nightly", "--replay"]
    environment = {name: value for name, value in os.environ.items() if name != CORES} | {ASKED_SERVER: prefect_api}
    background.start(folder / "demo", command, owner=owner, environment=environment, after=f"{prefect_api}/health")


def _start_prefect(folder: Path, owner: int) -> str:
    """As a night starts its own: on a socket that is open, and takes requests, before the server is up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, "-m", "uvicorn", "--factory", "prefect.server.api.server:create_app",
                   "--fd", str(listener.fileno()), "--log-level", "error", "--lifespan", "on"]  # fmt: skip
        environment = os.environ | {
            "PREFECT_HOME": str(folder / "prefect"), "PREFECT_UI_ENABLED": "0",
            "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1",
        }  # fmt: skip
        background.start(
            folder / "prefect", command, owner=owner, environment=environment, keep_open=[listener.fileno()]
        )
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/api"
        (folder / "prefect.url").write_text(url, encoding="utf-8")
        return url


@pytest.fixture(scope="session")
def demo(shared_folder: Path) -> Demo:
    """The demo's data folder after one night; the first test that needs it waits until the night is over."""
    run = background.result(shared_folder / "background" / "demo")
    assert run.returncode == 0, f"the demo ended with {run.returncode}\n{run.stdout}\n{run.stderr}"
    return Demo(shared_folder / "background" / "data" / "demo", run.stdout, run.stderr)


@pytest.fixture(scope="session")
def prefect_api(shared_folder: Path) -> str:
    """The address of a Prefect server for nights to report to: one of its own takes each of them six seconds."""
    url = (shared_folder / "background" / "prefect.url").read_text(encoding="utf-8")
    assert requests.get(f"{url}/health", timeout=background.LONGEST_SECONDS).ok
    return url


@pytest.fixture(scope="session")
def prefect_database(shared_folder: Path, prefect_api: str) -> Path:
    """A database as Prefect's server makes it at its first start, which takes it four seconds; to be copied."""
    made = shared_folder / "background" / "empty-prefect.db"
    with FileLock(f"{made}.lock"):
        if not made.exists():
            partial = made.with_suffix(".partial")
            source = shared_folder / "background" / "prefect" / "prefect.db"
            with closing(sqlite3.connect(source)) as used, closing(sqlite3.connect(partial)) as empty:
                used.backup(empty)
                empty.execute("DELETE FROM flow_run")
                empty.commit()
            partial.replace(made)
    return made


@pytest.fixture(scope="session")
def empty_folder(shared_folder: Path) -> Path:
    """A data folder with nothing but the empty warehouse, which is made once for all test processes; to be copied."""
    folder = shared_folder / "empty"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            partial = folder.with_suffix(".partial")
            open_warehouse(partial / "warehouse.duckdb").close()
            partial.replace(folder)
    return folder


@pytest.fixture(scope="session")
def empty_warehouse(empty_folder: Path) -> Path:
    """A warehouse with every view and no row; tests copy it, because making the views takes longer than a test."""
    return empty_folder / "warehouse.duckdb"


@contextmanager
def open_few_rows(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse on one thread: with a few rows there is no work for a second one, which costs a fifth more."""
    with open_warehouse(path) as con:
        con.execute("SET threads = 1")
        yield con


@pytest.fixture
def con(tmp_path: Path, empty_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_few_rows(shutil.copy(empty_warehouse, tmp_path / "warehouse.duckdb")) as con:
        yield con
