"""How large the parts of a data folder are, how they grow, and what doctor and status say of that."""

from __future__ import annotations

import shutil
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.diagnosis.sizes import KEPT, Part, parts, remember
from flows.doctor import _disk
from flows.status import read_status
from tests.conftest import open_few_rows
from warehouse.publish.snapshot import publish

DAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two nights: the clones grew by 1,000 bytes, the warehouse stayed."""
    (tmp_path / "git" / "a").mkdir(parents=True)
    (tmp_path / "warehouse.duckdb").write_bytes(bytes(500))
    (tmp_path / "git" / "a" / "pack").write_bytes(bytes(1000))
    (tmp_path / "somebody-elses").write_bytes(bytes(10**6))
    remember(tmp_path, DAY - timedelta(days=10))
    (tmp_path / "git" / "more").write_bytes(bytes(1000))
    (tmp_path / "git" / "link").symlink_to("/dev/zero")
    return tmp_path


def test_parts_grow_by_what_came_since_the_oldest_night(data: Path) -> None:
    link = (data / "git" / "link").lstat().st_size
    git, log, warehouse = sorted(parts(data, DAY), key=lambda part: part.name)
    assert git == Part("git", 2000 + link, (1000 + link) / 10)
    assert warehouse == Part("warehouse.duckdb", 500, 0)
    assert log.name == "log"


def test_before_two_nights_nobody_knows_how_they_grow(data: Path) -> None:
    shutil.rmtree(data / "log")
    remember(data, DAY)
    assert {part.bytes_a_night for part in parts(data, DAY)} == {None}


@pytest.mark.parametrize("broken", ["", "[]", '{"soon": 1}', '{"2026-11-12": 7}'])
def test_sizes_that_cannot_be_read_are_begun_anew(data: Path, broken: str) -> None:
    (data / "log" / "sizes.json").write_text(broken)
    assert {part.bytes_a_night for part in parts(data, DAY)} == {None}
    remember(data, DAY - timedelta(days=1))
    assert None not in {part.bytes_a_night for part in parts(data, DAY)}


def test_a_year_of_nights_is_kept_and_none_of_a_wrong_clock(data: Path) -> None:
    for day in (DAY + timedelta(days=400), DAY - KEPT, DAY - KEPT - timedelta(days=1), DAY):
        remember(data, day)
    kept = (data / "log" / "sizes.json").read_text()
    assert [str(day) in kept for day in (DAY + timedelta(days=400), DAY - KEPT, DAY)] == [False, False, True]


def test_sizes_that_cannot_be_kept_cost_themselves_alone(data: Path) -> None:
    shutil.rmtree(data / "log")
    (data / "log").write_text("in the way")
    remember(data, DAY)


def test_doctor_says_when_the_disk_will_be_full(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 0, 10**11))
    assert _disk(data, NOW).state == "ok"
    monkeypatch.setattr("flows.doctor.parts", lambda *_: [Part("reports", 10**10, 10**9)])
    found = _disk(data, NOW)
    assert found.state == "warning"
    assert found.found.endswith("full in 100 nights as it grows now, 1000 MB a night")
    assert "trends status" in found.next_step


def test_status_shows_each_part(empty_warehouse: Path, tmp_path: Path) -> None:
    with open_few_rows(shutil.copy(empty_warehouse, tmp_path / "warehouse.duckdb")) as con:
        publish(con, tmp_path / "published.duckdb")
    rows: Any = read_status(tmp_path, DAY).sections["sizes"]
    assert {row["part"] for row in rows} == {"warehouse.duckdb", "published.duckdb"}
    assert all(row["megabytes"] > 0 and row["megabytes_a_night"] is None for row in rows)
