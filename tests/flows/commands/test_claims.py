"""`trends claims` on what the demo leaves behind, and the badges that its night wrote."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import duckdb
import pytest

from flows.report_folder import make_badges
from tests.conftest import Demo, run_here


def test_claims_for_people_and_for_programs(demo: Demo) -> None:
    data = ("--data", str(demo.data), "claims")
    table = run_here(*data)
    assert table.returncode == 0
    assert "contributors-2400" in table.stdout
    assert "Reached on 2019-05-31, right until 2019-06-27; 3,525 on 2021-06-24." in table.stdout
    rows = json.loads(run_here(*data, "--format", "json").stdout)
    assert {row["claim"]: row["verdict"] for row in rows if "merges" not in row["reading"]} == {
        "trend-of-12-months": "not checkable",
        "downloads-76-million": "not checkable",  # the demo asks for one list a month
        "contributors-2400": "outdated",
        "open-source-since-2019": "contradicted",
    }
    lines = run_here(*data, "--format", "csv").stdout.splitlines()
    assert next(csv.reader(lines)) == list(rows[0])
    assert len(lines) == len(rows) + 1


def test_badges_are_written_by_the_night_and_on_demand(demo: Demo, tmp_path: Path) -> None:
    names = [
        "contributors-2400.svg",
        "downloads-76-million.svg",
        "open-source-since-2019.svg",
        "trend-of-12-months.svg",
    ]
    assert sorted(path.name for path in (demo.data / "reports" / "badges").iterdir()) == names
    (tmp_path / "of-a-claim-that-is-gone.svg").touch()
    told = run_here("--data", str(demo.data), "claims", "--badge", "--out", str(tmp_path))
    assert sorted(told.stdout.splitlines()) == [str(tmp_path / name) for name in names]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    for name in names:
        assert (tmp_path / name).read_bytes() == (demo.data / "reports" / "badges" / name).read_bytes()


def test_before_anything_was_claimed_there_is_nothing(demo: Demo, tmp_path: Path) -> None:
    assert make_badges(demo.published, date(2021, 6, 20), tmp_path / "none") == []
    assert (
        run_here("--data", str(demo.data), "claims", "--as-of", "2021-06-20", "--format", "json").stdout.strip() == "[]"
    )


def test_out_is_for_badges(demo: Demo) -> None:
    assert run_here("--data", str(demo.data), "claims", "--out", "x").returncode == 2


@pytest.mark.parametrize("name", ["claims", "claim_lineage", "cumulative_metrics", "milestones"])
def test_the_views_are_published_and_exported(demo: Demo, name: str) -> None:
    files = [demo.data / "reports" / "data" / f"{name}.{form}" for form in ("csv", "json", "parquet")]
    assert all(file.stat().st_size > 100 for file in files)
    with duckdb.connect() as con:
        assert con.execute("SELECT count(*) > 0 FROM read_parquet(?)", [str(files[2])]).fetchall() == [(True,)]
