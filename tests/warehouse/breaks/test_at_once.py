"""The steps of all days at once are those that are computed day by day."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from statistics import median

import pytest

from warehouse.breaks.at_once import same_season
from warehouse.breaks.detect import Point, _Track

FIRST = date(2019, 1, 1)


def series(missing: float, seed: int) -> list[Point]:
    """Two years of days with a jump, some of them missing."""
    random = Random(seed)
    days = [FIRST + timedelta(days=n) for n in range(730) if random.random() >= missing]
    return [Point(day, day, random.gauss(100, 9) * (3 if day > date(2020, 2, 1) else 1)) for day in days]


@pytest.mark.parametrize("missing", [0.0, 0.02, 0.4])
def test_steps_at_once_are_those_day_by_day(missing: float) -> None:
    track = _Track(series(missing, seed=7))
    at_once = track.steps()
    assert len(at_once) > {0.0: 600, 0.02: 100, 0.4: -1}[missing]
    for day, step in at_once.items():
        alone = track.step(day)
        assert (step is None) == (alone is None)
        if step and alone:
            assert (step.size, step.is_lasting, step.earliest) == (alone.size, alone.is_lasting, alone.earliest)
            assert step.mean == pytest.approx(alone.mean, rel=1e-12, abs=1e-12)


def test_windows_of_two_series_in_one_and_totals_are_left_to_be_computed_alone() -> None:
    days = series(0.0, seed=1)
    assert _Track([*days, *days[:3]]).steps() == {}
    assert _Track([Point(day.start, day.start + timedelta(days=29), day.value) for day in days]).steps() == {}


def test_the_same_season_is_the_nearest_day_of_each_other_year() -> None:
    values = {day.start: float(n) for n, day in enumerate(series(0.3, seed=3))}
    days = list(values)
    for day, season in zip(days, same_season(values, 10), strict=True):
        nearest = [
            min(days, key=lambda other: abs(other - wanted))
            for wanted in (day + timedelta(days=364 * years) for years in range(-10, 11) if years)
            if min(abs(other - wanted) for other in days) <= timedelta(days=10)
        ]
        assert season == (median(values[other] for other in nearest) if nearest else None)
    assert same_season({}, 10) == []
