"""Files of the data folder that are held, damaged, in the way or gone: a line each, and the night goes on."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import pytest

from reports.index import report_folders
from tests.conftest import run_here, run_trends
from tests.flows.process.conftest import SmallNight, night_on_shared_server
from warehouse.open import open_warehouse

pytestmark = pytest.mark.slow
READERS = [["sql", "FROM releases"], ["sql", "--describe", "releases"], ["status"], ["report"]]
HOLD = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('held', flush=True); input()"
LEAVE_LOG = """
import duckdb, os, sys
con = duckdb.connect(sys.argv[1])
con.execute("CREATE TABLE t AS SELECT 1 AS i; CHECKPOINT; INSERT INTO t VALUES (2)")
os._exit(0)
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, prefect_api: str, empty_folder: Path) -> SmallNight:
    """What one night has left. Read-only: every test works on a copy."""
    night = night_on_shared_server(tmp_path_factory.mktemp("kept"), prefect_api, empty_folder)
    run = night.run_here()
    assert run.stdout.endswith("report.html\n"), run.stderr
    return night


class Copy(SmallNight):
    """A copy of `kept` with the commands that read it."""

    def ask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """What a reader says."""
        return run_here(*self._words(*arguments))

    def ask_apart(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run_trends(*self._words(*arguments))

    def _words(self, *arguments: str) -> list[str]:
        return ["--config", str(self.folder / "config.toml"), "--data", str(self.data), *arguments]

    @property
    def published(self) -> Path:
        return self.data / "published.duckdb"

    @property
    def warehouse(self) -> Path:
        return self.data / "warehouse.duckdb"

    def answers(self) -> bool:
        return self.ask("sql", "SELECT count(*) AS n FROM releases", "--format", "csv").stdout == "n\n50\n"


@pytest.fixture
def copy(kept: SmallNight, tmp_path: Path) -> Copy:
    shutil.copytree(kept.folder, tmp_path / "copy", symlinks=True)
    return Copy(tmp_path / "copy", environment=kept.environment)


def refused(copy: Copy, *arguments: str) -> str:
    """The one line of a reader that can do nothing."""
    asked = copy.ask(*arguments)
    assert (asked.stdout, asked.returncode) == ("", 3), asked.stderr
    (line,) = asked.stderr.splitlines()
    return line


@contextmanager
def held(path: Path) -> Iterator[int]:
    """Another process has it open for writing, as most tools do."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process.pid
        process.kill()


# ---- the published copy ----------------------------------------------------------------------------------------------


def test_nobody_opens_the_copy_for_writing_by_accident(copy: Copy) -> None:
    assert copy.published.stat().st_mode & 0o777 == 0o400


def test_a_copy_that_is_held_for_writing_is_told_by_each_reader_and_replaced_by_the_night(copy: Copy) -> None:
    copy.published.chmod(0o600)
    with held(copy.published) as pid:
        for reader in READERS:
            assert refused(copy, *reader).startswith(f"trends: {copy.published} cannot be opened: process {pid} ")
        night = copy.run_here()
        assert night.stdout.endswith("report.html\n"), night.stderr
        assert "Traceback" not in night.stderr
        assert copy.answers()


def test_a_log_that_somebody_left_beside_the_copy_is_told_by_each_reader_and_removed_by_the_night(copy: Copy) -> None:
    other = copy.folder / "other.duckdb"
    subprocess.run([sys.executable, "-c", LEAVE_LOG, str(other)], check=True)
    log = Path(f"{copy.published}.wal")
    Path(f"{other}.wal").rename(log)
    for reader in READERS:
        assert refused(copy, *reader).endswith("has left published.duckdb.wal beside it; delete that file")
    assert copy.run_here().stdout.endswith("report.html\n")
    assert not log.exists()
    assert copy.answers()


def _junk(path: Path) -> None:
    path.write_bytes(b"x" * 20_000)


def _cut_short(path: Path) -> None:
    os.truncate(path, 20_000)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _damaged_blocks(path: Path) -> None:
    """Every block of data is damaged, the headers are whole."""
    with path.open("r+b") as file:
        for block in range(3 * 4096 + 1000, path.stat().st_size, 262_144):
            file.seek(block)
            file.write(os.urandom(64))


@pytest.mark.parametrize("spoil", [_junk, _cut_short, _empty, _damaged_blocks])
def test_a_damaged_copy_is_told_by_each_reader(copy: Copy, spoil: Callable[[Path], None]) -> None:
    copy.published.chmod(0o600)
    spoil(copy.published)
    for reader in (["sql", "FROM releases"], ["status"], ["report"]):
        assert refused(copy, *reader).startswith(f"trends: {copy.published} cannot be opened: ")


def test_a_damaged_copy_is_replaced_by_the_night(copy: Copy) -> None:
    copy.published.chmod(0o600)
    _damaged_blocks(copy.published)
    assert copy.run_here().stdout.endswith("report.html\n")
    assert copy.answers()


# ---- the warehouse ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lose", [Path.unlink, _empty])
def test_a_disk_that_is_not_mounted_costs_nothing(copy: Copy, lose: Callable[[Path], None]) -> None:
    """No warehouse, but the copy of one: an empty one must not take its place."""
    lose(copy.warehouse)
    before = copy.published.read_bytes()
    night = copy.run_here()
    assert night.returncode == 3
    (line,) = night.stderr.splitlines()
    assert "missing or empty, but published.duckdb beside it shows that there was one" in line
    assert copy.published.read_bytes() == before
    assert not copy.warehouse.exists() or copy.warehouse.stat().st_size == 0
    report = copy.ask("report")
    assert report.stdout.endswith("report.html\n")
    assert "its hash is not written down" in report.stderr


@pytest.mark.parametrize("place", [0.2, 0.5, 0.8])
def test_a_damaged_block_of_the_warehouse_is_a_line_and_the_copy_stays(copy: Copy, place: float) -> None:
    blocks = (copy.warehouse.stat().st_size - 3 * 4096) // 262_144
    with copy.warehouse.open("r+b") as file:
        file.seek(3 * 4096 + int(blocks * place) * 262_144 + 1000)
        file.write(os.urandom(64))
    night = copy.run_here()
    assert "Traceback" not in night.stderr
    assert night.returncode in {0, 1, 3}
    if night.returncode:
        assert str(copy.warehouse) in night.stderr
        assert "put back your last copy of the data folder" in night.stderr
    assert copy.answers()


@pytest.mark.parametrize("room", [4096, 3_000_000])
def test_a_full_disk_is_a_line_and_the_copy_stays(copy: Copy, room: int) -> None:
    """No file grows beyond `room`: nothing can be written at all, or no new copy.

    In a process of its own, so that the next night reads the file as this one has left it.
    """
    assert copy.published.stat().st_size > 3_000_000
    night = copy.run(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)))
    assert "Traceback" not in night.stderr, night.stderr
    assert night.returncode == 3
    assert "; make room and run it again" in night.stderr
    assert copy.answers()
    assert copy.run_here().stdout.endswith("report.html\n")


def test_a_report_beside_a_running_night_is_built(copy: Copy) -> None:
    with open_warehouse(copy.warehouse):
        report = copy.ask_apart("report")
    assert report.returncode == 0, report.stderr
    assert report.stdout.endswith("report.html\n")
    (line,) = report.stderr.splitlines()
    assert f"in use by process {os.getpid()}" in line


# ---- the reports -----------------------------------------------------------------------------------------------------


def test_a_folder_in_place_of_the_link_to_the_newest_report_is_told_and_left_alone(copy: Copy) -> None:
    latest = copy.data / "reports" / "latest"
    latest.unlink()
    latest.mkdir()
    (latest / "mine.txt").write_text("mine")
    said = f"{latest}: is a folder, so it cannot lead to the newest report; move it away"
    night = copy.run_here()
    assert (night.returncode, night.stdout[-12:]) == (1, "report.html\n")
    assert said in night.stderr
    report = copy.ask("report")
    assert (report.returncode, report.stdout[-12:]) == (1, "report.html\n")
    assert report.stderr == f"trends: {said}\n"
    assert (latest / "mine.txt").read_text() == "mine"


def test_folders_of_days_that_no_report_can_be_of_are_none(copy: Copy) -> None:
    """What a night with a wrong clock left behind is not the newest report, either."""
    reports = copy.data / "reports"
    for day in ("0001-01-01", "1970-01-01", "9999-12-31"):
        shutil.copytree(reports / "2021-06-25", reports / day)
    assert copy.ask("report").returncode == 0
    assert (reports / "latest").resolve().name == "2021-06-25"
    index = (reports / "index.html").read_text()
    assert "2021-06-25" in index
    assert not [day for day in ("0001", "1970", "9999") if f"{day}-" in index]
    assert set(report_folders(reports, date(2021, 6, 24))) == set()


def test_two_reports_of_one_day_at_once_are_one_after_the_other(copy: Copy) -> None:
    command = [sys.executable, "-c", "from flows.cli import main; raise SystemExit(main())"]
    command += ["--config", str(copy.folder / "config.toml"), "--data", str(copy.data), "report"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for one in both:
        out, err = one.communicate(timeout=100)
        assert out.endswith("report.html\n"), err
        assert "Traceback" not in err


def test_what_is_published_holds_what_the_warehouse_holds(copy: Copy) -> None:
    """The copies of these tests are worth looking at: the night left both with the same releases."""
    with duckdb.connect(str(copy.warehouse), read_only=True) as con:
        assert con.execute("SELECT count(*) FROM releases").fetchall() == [(50,)]
    assert copy.answers()
