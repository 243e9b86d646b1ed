"""Whatever ends a night, nothing of it goes on, and it says so in one line."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.process.own_prefect import ASKED_SERVER
from tests.flows.process.conftest import SmallNight, processes, told_of, until
from warehouse.ledger import begin_run
from warehouse.open import open_warehouse

pytestmark = pytest.mark.slow
STOPPED = "trends: stopped; what was loaded stays, the same command goes on from there"
ASKED = [(signal.SIGTERM, True), (signal.SIGINT, False), (signal.SIGHUP, False)]


def _in_the_flow(process: subprocess.Popen[str]) -> None:
    """Wait for the first step that is loaded: the flow is under way."""
    assert process.stderr
    assert process.stderr.readline().startswith(("ok", "fallback"))


@pytest.mark.parametrize(("number", "has_own_server"), ASKED)
def test_a_night_that_is_asked_to_stop_says_one_thing_and_leaves_nothing_running(
    small: SmallNight, prefect_api: str, number: signal.Signals, has_own_server: bool
) -> None:
    process = small.start(environment={} if has_own_server else {ASKED_SERVER: prefect_api})
    _in_the_flow(process)
    assert small.children() or not has_own_server
    process.send_signal(number)
    _, err = process.communicate(timeout=100)
    assert [line for line in err.splitlines() if not line.startswith(("ok", "fallback"))] == [STOPPED]
    assert process.returncode == 130
    assert small.has_left_nothing()
    assert small.statuses() == ["interrupted"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_nothing_runs_on_when_the_night_ends_while_its_prefect_starts(
    small: SmallNight, number: signal.Signals
) -> None:
    process = small.start()
    assert until(small.children, 60)
    process.send_signal(number)
    process.communicate(timeout=100)
    assert process.returncode == (130 if number == signal.SIGTERM else -number)
    assert small.has_left_nothing()


def test_nothing_runs_on_when_the_night_alone_is_killed(small: SmallNight) -> None:
    process = small.start()
    _in_the_flow(process)
    process.kill()
    assert small.has_left_nothing()


@pytest.fixture
def silent() -> Iterator[str]:
    """An upstream that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_git_does_not_outlive_the_night(
    tmp_path: Path, empty_warehouse: Path, prefect_api: str, silent: str, number: signal.Signals
) -> None:
    """Nor is it waited for: it is in a session of its own, and its upstream says nothing."""
    config = SmallNight(tmp_path).config.replace(
        "[sources.git_history]\nenabled = false",
        f'[sources.git_history]\nbase_url = "{silent}"\n[sources.pypi_releases]\nenabled = false\n'
        "[sources.github_repository]\nenabled = false",
    )
    (tmp_path / "data").mkdir()
    path = shutil.copy(empty_warehouse, tmp_path / "data" / "warehouse.duckdb")
    with open_warehouse(path) as con:  # after a run of today nobody is asked the time
        now = datetime.now(UTC)
        begin_run(con, run_id="r", flow="nightly", as_of=now.date(), started_at=now, program_version="test")
    process = _Live(tmp_path, config).start(environment={ASKED_SERVER: prefect_api})
    try:
        assert until(lambda: _who_names(silent), 60)
        process.send_signal(number)
        process.communicate(timeout=100)
        assert until(lambda: not _who_names(silent))
    finally:
        process.kill()
        process.communicate()


class _Live(SmallNight):
    @property
    def command(self) -> list[str]:
        return super().command[:-1]


def _who_names(url: str) -> list[str]:
    """The command lines that name this upstream: git, and what it starts."""
    return [line for process in processes() if url in (line := told_of(process, "cmdline"))]


def test_what_is_ignored_from_the_start_stays_ignored(tmp_path: Path) -> None:
    """As nohup does it: the terminal goes, the command goes on."""
    code = """if True:
        import os, signal
        from flows.cli import Invocation, main
        def settings(self):
            os.kill(os.getpid(), signal.SIGHUP)
            print("still here", flush=True)
            os.kill(os.getpid(), signal.SIGTERM)
        Invocation.settings = settings
        raise SystemExit(main(["doctor"]))"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )  # fmt: skip
    assert (done.stdout, done.stderr, done.returncode) == ("still here\n", f"{STOPPED}\n", 130)


def test_a_clean_up_that_hangs_is_ended(tmp_path: Path) -> None:
    """Nothing that a signal sets off may take longer than a few seconds, and a second signal does not disturb it."""
    code = """if True:
        import os, signal, time
        from flows.cli import Invocation, main
        from flows.process import signals
        signals.LONGEST_CLEAN_UP_SECONDS = 0.2
        def settings(self):
            try:
                os.kill(os.getpid(), signal.SIGTERM)
            finally:
                os.kill(os.getpid(), signal.SIGHUP)
                time.sleep(60)
        Invocation.settings = settings
        raise SystemExit(main(["doctor"]))"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=50)
    assert (done.stderr, done.returncode) == (f"{STOPPED}\n", 130)


def test_an_error_that_a_signal_turns_into_is_no_fault_of_the_program() -> None:
    """DuckDB ends the query that a signal interrupts with an error of its own."""
    code = """if True:
        import os, signal, threading
        import duckdb
        from flows.cli import Invocation, main
        def settings(self):
            threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM)).start()
            duckdb.connect().execute("SELECT count(*) FROM range(1000000000000) a").fetchall()
        Invocation.settings = settings
        raise SystemExit(main(["doctor"]))"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=100)
    assert (done.stderr, done.returncode) == (f"{STOPPED}\n", 130)
