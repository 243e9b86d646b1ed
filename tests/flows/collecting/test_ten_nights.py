"""Ten nights, half of them bad, end with the figures of ten good ones; tests/bench/hundred_nights.py draws its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.bench.hundred_nights import GOOD, Fate, figures
from tests.flows.collecting.test_download_nights import DAY, START

BAD = [
    Fate({"newest": START - 3 * DAY}),
    Fate({}, kill_after=0),
    Fate({}, is_missed=True),
    Fate({"newest": START + 3 * DAY, "loaded": 0.1}, minutes_off=300),
    Fate({}, has_pypistats=False, kill_after=1),
]


def test_what_befell_nights_cannot_be_seen_in_the_figures(tmp_path: Path, empty_warehouse: Path) -> None:
    told = []
    for name, fates in (("bad", [GOOD, *BAD, *[GOOD] * 4]), ("good", [GOOD] * 10)):
        (tmp_path / name).mkdir()
        shutil.copy(empty_warehouse, tmp_path / name / "warehouse.duckdb")
        told.append(figures(tmp_path / name, fates))
    assert len(told[1]) > 100
    assert told[0] == told[1]


def test_what_has_not_healed_yet_can_be_seen(tmp_path: Path, empty_warehouse: Path) -> None:
    """Else the comparison above would say nothing: while a service stands still, another one stands in for it."""
    shutil.copy(empty_warehouse, tmp_path / "warehouse.duckdb")
    told = figures(tmp_path, [GOOD, *[BAD[0]] * 4])
    assert {service for _, service, _ in told} == {"clickpy", "pypistats"}
