"""What doctor says of a data folder, well and ill."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from flows.diagnosis.data_folder import looks
from flows.diagnosis.finding import Finding
from tests.conftest import open_few_rows
from tests.flows.process.test_trouble import held
from warehouse.ledger import begin_run
from warehouse.publish.snapshot import publish

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def well(tmp_path_factory: pytest.TempPathFactory, empty_folder: Path) -> Path:
    """A folder with a warehouse, and its copy as of NOW. Read-only: tests copy it."""
    folder = shutil.copytree(empty_folder, tmp_path_factory.mktemp("well") / "data")
    folder.chmod(0o700)
    _published(folder, NOW)
    return folder


@pytest.fixture
def data(tmp_path: Path, well: Path) -> Path:
    return shutil.copytree(well, tmp_path / "data")


def _published(folder: Path, now: datetime) -> None:
    with open_few_rows(folder / "warehouse.duckdb") as con:
        begin_run(con, run_id=str(now), flow="nightly", as_of=now.date(), started_at=now, program_version="test")
        publish(con, folder / "published.duckdb")


def found(data: Path) -> dict[str, Finding]:
    return {finding.what: finding for finding in (look() for look in looks(data, NOW))}


def ill(data: Path, what: str) -> str:
    """What is said of the one thing that is not well."""
    findings = found(data)
    assert [finding.what for finding in findings.values() if finding.state != "ok"] == [what]
    return f"{findings[what].state}: {findings[what].found}; {findings[what].next_step}"


def test_a_folder_that_is_well(data: Path) -> None:
    assert {finding.state for finding in found(data).values()} == {"ok"}
    assert found(data)["published copy"].found == "of 2026-11-22"


def test_there_is_nothing_to_look_at_before_the_first_night(tmp_path: Path) -> None:
    assert found(tmp_path / "none") == {}


def test_a_folder_that_others_may_read(data: Path) -> None:
    data.chmod(0o755)
    assert ill(data, "data folder") == f"warning: others may read {data}; close it: chmod -R go= {data}"


def test_a_warehouse_that_a_night_holds_is_well(data: Path) -> None:
    with held(data / "warehouse.duckdb") as pid:
        assert found(data)["warehouse"] == Finding("ok", "warehouse", f"in use by process {pid}")


def test_a_copy_that_somebody_holds_for_writing(data: Path) -> None:
    (data / "published.duckdb").chmod(0o600)
    with held(data / "published.duckdb") as pid:
        assert f"process {pid} has opened it for writing" in ill(data, "published copy")


def test_a_disk_that_is_not_mounted(data: Path) -> None:
    (data / "warehouse.duckdb").unlink()
    assert "missing or empty, but published.duckdb beside it" in ill(data, "warehouse")


def test_files_that_are_none(data: Path) -> None:
    for name in ("warehouse.duckdb", "published.duckdb"):
        (data / name).unlink()
        (data / name).write_bytes(b"x" * 20_000)
    findings = found(data)
    assert [findings[what].state for what in ("warehouse", "published copy")] == ["problem", "problem"]


def test_a_copy_of_a_day_that_has_not_come(data: Path) -> None:
    _published(data, datetime(2030, 1, 1, tzinfo=UTC))
    assert f"of {date(2030, 1, 1)}, which has not come" in ill(data, "published copy")
