"""A night's Prefect is its own: nothing of the user's steers it or stops it, and what is broken is made anew."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import requests

from flows.children import MARK, end_marked
from flows.process.own_prefect import ASKED_SERVER, LARGEST_DATABASE_BYTES, prefect_of_night
from flows.replay.server import Reply, Request
from tests.conftest import ROOT
from tests.flows.conftest import StartReplay
from tests.flows.process.conftest import SmallNight

pytestmark = pytest.mark.slow


def _states(home: Path) -> list[str]:
    with closing(sqlite3.connect(home / "prefect.db")) as con:
        return [state for (state,) in con.execute("SELECT state_name FROM flow_run")]


def _garbage(home: Path) -> None:
    home.mkdir()
    (home / "prefect.db").write_bytes(os.urandom(100_000))


def _damaged_page(home: Path) -> None:
    """A database of which a page in the middle is lost, as bad disks do."""
    home.mkdir()
    with closing(sqlite3.connect(home / "prefect.db")) as con:
        con.execute("CREATE TABLE log AS WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n WHERE i < 9999)"
                    " SELECT i, hex(randomblob(20)) AS text FROM n")  # fmt: skip
        con.execute("CREATE INDEX of_text ON log (text)")
        con.commit()
    with (home / "prefect.db").open("r+b") as file:
        file.seek(40 * 4096)
        file.write(b"\xff" * 4096)


def _folder_in_its_place(home: Path) -> None:
    (home / "prefect.db" / "x").mkdir(parents=True)


def _file_in_place_of_the_home(home: Path) -> None:
    home.write_text("?")


def _link_to_nowhere(home: Path) -> None:
    home.symlink_to("/proc/nowhere")


def _written_by_a_newer_prefect(home: Path) -> None:
    """Sound for SQLite, but the server cannot start with it."""
    home.mkdir()
    with closing(sqlite3.connect(home / "prefect.db")) as con:
        con.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        con.execute("INSERT INTO alembic_version VALUES ('of the future')")
        con.commit()


@pytest.mark.parametrize(
    "break_it", [_garbage, _damaged_page, _folder_in_its_place, _file_in_place_of_the_home, _link_to_nowhere]
)
def test_a_broken_home_is_made_anew_and_told_in_one_line(tmp_path: Path, break_it: Callable[[Path], None]) -> None:
    """Seen before a server is started, so that none has to be waited for."""
    break_it(tmp_path / "prefect")
    lines: list[str] = []
    with prefect_of_night(tmp_path, lines.append):
        assert not (tmp_path / "prefect" / "prefect.db").is_dir()
        assert lines == [line for line in lines if line.endswith("; made anew")]
    (line,) = lines
    assert str(tmp_path / "prefect") in line


def test_a_home_with_which_no_server_starts_is_made_anew_once(tmp_path: Path) -> None:
    _written_by_a_newer_prefect(tmp_path / "prefect")
    lines: list[str] = []
    with prefect_of_night(tmp_path, lines.append) as prefect:
        assert prefect.is_ready()
        assert requests.post(f"{prefect.api_url}/flow_runs/count", json={}, timeout=60).json() == 0
    (line,) = lines
    assert line.endswith("; made anew")
    assert _states(tmp_path / "prefect") == []


def test_a_database_that_has_grown_large_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "prefect").mkdir()
    database = tmp_path / "prefect" / "prefect.db"
    with closing(sqlite3.connect(database)) as con:
        con.execute("CREATE TABLE large AS SELECT zeroblob(?) AS bytes", [LARGEST_DATABASE_BYTES])
        con.commit()
    lines: list[str] = []
    with prefect_of_night(tmp_path, lines.append):
        assert not database.exists() or database.stat().st_size < LARGEST_DATABASE_BYTES / 4
    assert lines == []


def test_a_server_that_cannot_be_started_costs_only_the_record_in_prefect(
    small: SmallNight, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a machine without memory for one more process: the night has its report all the same."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    run = small.run_here()
    assert run.stdout.endswith("report.html\n"), run.stderr
    assert "prefect: cannot be started: " in run.stderr
    assert "Traceback" not in run.stderr
    assert small.statuses() == ["ok"]


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """As on a disk that takes nothing: in /proc nobody can make a folder."""
    lines: list[str] = []
    with prefect_of_night(Path("/proc/nowhere"), lines.append) as prefect:
        assert not prefect.is_ready()
    assert lines[0].startswith("cannot be started: ")


def test_a_server_that_dies_costs_only_the_record_in_prefect(small: SmallNight) -> None:
    process = small.start()
    assert process.stderr
    process.stderr.readline()
    for child in small.children():
        os.kill(child, 9)
    out, err = process.communicate(timeout=100)
    assert out.endswith("report.html\n"), err
    assert "Traceback" not in err


def test_the_server_that_was_asked_for_gets_the_night(small: SmallNight, prefect_api: str) -> None:
    shutil.rmtree(small.data / "prefect")
    small.environment = {ASKED_SERVER: prefect_api}
    run = small.run_here()
    assert run.stdout.endswith("report.html\n"), run.stderr
    told = [
        item["description"] or ""
        for item in requests.post(f"{prefect_api}/artifacts/filter", json={}, timeout=60).json()
    ]
    assert len([text for text in told if str(small.data) in text]) == 1, "other nights may report to it as well"
    assert not (small.data / "prefect" / "prefect.db").exists()


def test_a_server_that_was_asked_for_and_is_dead_is_told_once_and_done_without(
    tmp_path: Path, nobody_listens: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = f"http://{nobody_listens}/api"
    monkeypatch.setenv(ASKED_SERVER, dead.replace("//", "//ada:s3cret@"))
    lines: list[str] = []
    with prefect_of_night(tmp_path, lines.append) as prefect:
        assert prefect.api_url not in ("", dead)
    (line,) = lines
    assert dead in line
    assert "s3cret" not in line


def test_a_server_that_was_asked_for_gets_no_password_of_the_user_and_no_proxy(
    tmp_path: Path, replay: StartReplay, nobody_listens: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Request] = []

    def health(request: Request) -> Reply:
        asked.append(request)
        return Reply(200)

    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ada password secret", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", f"http://{nobody_listens}")
    server = replay(prefect=health).url("prefect")
    monkeypatch.setenv(ASKED_SERVER, server)
    lines: list[str] = []
    with prefect_of_night(tmp_path, lines.append) as prefect:
        assert prefect.api_url == server
    assert lines == []
    assert [name for request in asked for name in request.headers if name.lower() == "authorization"] == []
    assert asked


def test_the_environment_is_as_before_when_the_night_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    before = dict(os.environ)
    with prefect_of_night(tmp_path, print) as prefect:
        assert os.environ["PREFECT_API_URL"] == prefect.api_url
        assert os.environ["DO_NOT_TRACK"] == "1"
    assert dict(os.environ) == before


def test_only_what_carries_the_mark_is_ended() -> None:
    command = [sys.executable, "-c", "input()"]
    ours, other = (
        subprocess.Popen(command, stdin=subprocess.PIPE, env=os.environ | {MARK: mark}, cwd=ROOT)
        for mark in ("of-this-test", "of-this-test-too")
    )
    try:
        end_marked("of-this-test")
        assert ours.wait(60) == -9
        assert other.poll() is None
    finally:
        for process in (ours, other):
            process.kill()
            process.communicate()
