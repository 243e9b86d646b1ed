"""Windows that overlap become one series without drift: real daily windows against a weekly series asked by itself."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise
from statistics import fmean, median

import pytest

from tests.conftest import ROOT
from warehouse.search.windows import agree, chain

SERIES = ROOT / "tests/fixtures/series"
DAY = timedelta(days=1)


def rows(name: str) -> list[dict[str, str]]:
    with (SERIES / f"flu_vaccine_gb_{name}.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["is_partial"] == "False"]


def series(name: str) -> dict[date, float]:
    return {date.fromisoformat(row["date"]): float(row["value"]) for row in rows(name)}


@pytest.fixture(scope="module")
def windows() -> list[dict[date, float]]:
    told: dict[str, dict[date, float]] = defaultdict(dict)
    for row in rows("daily_6_overlapping_windows"):
        told[row["window"]][date.fromisoformat(row["date"])] = float(row["value"])
    return [told[number] for number in sorted(told)]


def by_week(days: Mapping[date, float]) -> dict[date, float]:
    told = defaultdict(list)
    for day, value in days.items():
        told[day - DAY * (day.isoweekday() % 7)].append(value)
    return {week: fmean(values) for week, values in told.items() if len(values) == 7}


def error(days: Mapping[date, float]) -> float:
    """The mean absolute error of the weeks, in points of the weekly series, on the scale that makes both sums equal."""
    weekly, found = series("weekly"), by_week(days)
    weeks = weekly.keys() & found.keys()
    assert len(weeks) == 168
    scale = sum(weekly[week] for week in weeks) / sum(found[week] for week in weeks)
    return fmean(abs(scale * found[week] - weekly[week]) for week in weeks)


def one_after_the_other(windows: list[dict[date, float]]) -> dict[date, float]:
    """What is done plainly: the median of the ratios in each overlap, the later window laid over the earlier."""
    days, scale = dict(windows[0]), 1.0
    for before, after in pairwise(windows):
        shared = [day for day in before.keys() & after.keys() if before[day] and after[day]]
        scale *= median(before[day] / after[day] for day in shared)
        days |= {day: scale * value for day, value in after.items()}
    return days


def test_six_windows_become_one_series_without_drift(windows: list[dict[date, float]]) -> None:
    """Of the 0.67 left with the months beside, rounding of the weekly series alone takes 0.25."""
    plain = error(one_after_the_other(windows))
    alone, held = chain(windows), chain(windows, series("monthly"))
    assert plain == pytest.approx(1.51, abs=0.02)
    assert error(alone.values) < 1.0
    assert error(held.values) < 0.68
    assert max(held.values.values()) == 100
    assert min(held.values.values()) > 0, "a 0 is anything under the least figure told"
    assert max(alone.errors) > 0.2, "two links through weeks of hardly any searches"
    assert max(held.errors) < 0.03
    for window, scale in zip(windows, held.scales, strict=True):  # the last season against the first: no drift
        weekly, found = series("weekly"), by_week(window)
        weeks = [week for week in found if week in weekly and weekly[week] >= 20]
        ratio = sum(weekly[week] for week in weeks) / sum(found[week] for week in weeks) if weeks else None
        assert ratio is None or scale / ratio * 2.01 == pytest.approx(1, abs=0.06)


def test_overlaps_of_small_figures_say_so(windows: list[dict[date, float]]) -> None:
    notes = chain(windows).notes
    assert [note[:67] for note in notes] == [
        "the windows from 2022-11-14 and from 2023-05-16 overlap in 83 figur",
        "the windows from 2023-11-15 and from 2024-05-16 overlap in 83 figur",
    ]
    assert all("of 100 on average, under 10: their scales may be off by 3" in note for note in notes)
    assert chain(windows[:2]).notes == ()


def test_the_order_of_windows_does_not_matter(windows: list[dict[date, float]]) -> None:
    assert chain(windows[::-1]).values == chain(windows).values


def test_exact_windows_are_chained_exactly() -> None:
    true = {date(2024, 1, 1) + DAY * n: 20.0 + 15 * (n % 7) + n / 10 for n in range(300)}
    cut = [dict(list(true.items())[start : start + 120]) for start in (0, 90, 180)]
    scaled = [{day: 100 * value / max(part.values()) for day, value in part.items()} for part in cut]
    found = chain(scaled)
    highest = max(true.values())
    assert found.values == pytest.approx({day: 100 * value / highest for day, value in true.items()})
    assert found.notes == ()
    assert found.scales[-1] == pytest.approx(100 / highest * max(cut[-1].values()) / 100)


def test_windows_that_nothing_links_are_refused() -> None:
    first = {date(2024, 1, 1) + DAY * n: 50.0 for n in range(10)}
    apart = {date(2024, 3, 1) + DAY * n: 50.0 for n in range(10)}
    with pytest.raises(ValueError, match="do not all overlap, and no longer answer links them; ask for one between"):
        chain([first, apart])
    with pytest.raises(ValueError, match="the window from 2024-01-01 has no figure above 0; leave it out"):
        chain([dict.fromkeys(first, 0.0), apart])


def test_a_longer_answer_links_windows_that_do_not_overlap() -> None:
    days = {date(2024, month, day): 10.0 * month for month in (1, 2, 4, 5) for day in range(1, 30)}
    months = {date(2024, month, 1): 10.0 * month for month in range(1, 7)}
    january, april = ({day: value for day, value in days.items() if day.month in pair} for pair in ((1, 2), (4, 5)))
    january |= {date(2024, 1, 30): 10.0, date(2024, 1, 31): 10.0}
    april |= {date(2024, 4, 30): 40.0, date(2024, 5, 30): 50.0, date(2024, 5, 31): 50.0}
    found = chain([january, {day: 2 * value for day, value in april.items()}], months)
    assert found.values[date(2024, 5, 1)] / found.values[date(2024, 1, 1)] == pytest.approx(5)
    assert found.notes == ("no overlap between the windows from 2024-01-01 and from 2024-04-01",)


def test_days_agree_with_the_weekly_backbone_and_keep_their_shape(windows: list[dict[date, float]]) -> None:
    weekly, days = series("weekly"), windows[0]
    found = agree(days, weekly)
    assert found.keys() == days.keys()
    weeks = by_week(found)
    assert {week: weeks[week] for week in weeks} == pytest.approx({week: weekly[week] for week in weeks})
    week = [date(2022, 10, 9) + DAY * n for n in range(7)]
    assert max(week, key=found.__getitem__) == max(week, key=days.__getitem__)


def test_weeks_agree_with_months_by_the_days_that_both_hold() -> None:
    """Weeks over the border of two months belong to neither, so they are only carried along."""
    weeks = {date(2023, 1, 1) + 7 * DAY * n: 40.0 for n in range(8)}
    backbone = {date(2023, 1, 1): 20.0, date(2023, 1, 29): 60.0, date(2023, 2, 26): 1.0}
    found = agree(weeks, backbone)
    assert fmean(list(found.values())[:4]) == pytest.approx(20)
    assert fmean(list(found.values())[4:]) == pytest.approx(60)
    assert list(found.values()) == sorted(found.values())
    assert agree(weeks, {}) == weeks
