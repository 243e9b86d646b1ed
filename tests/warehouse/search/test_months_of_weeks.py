"""A week of search interest counts whole, in the month and the 12 months that hold its Wednesday."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import duckdb
import pytest

from tests.warehouse.conftest import answered
from warehouse.read.report import read_search_bands
from warehouse.rows import Answer, SearchPoint

DAY = timedelta(days=1)
WEEK = 7 * DAY
FIRST = date(2018, 12, 30)  # a Sunday
Asked = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def collected(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], configured: Callable[..., tuple[Answer, Answer]]
) -> Callable[..., Asked]:
    """The draw of a night: every week that was over, its figure the day of the month of its Wednesday."""

    def load(night: date, *, answered_to: date = date.max) -> Asked:
        at = datetime.combine(night, time(5), UTC)
        starts = [FIRST + n * WEEK for n in range(300)]
        over = [day for day in starts if day + 6 * DAY < night and day <= answered_to]
        rows = tuple(SearchPoint("pytorch", day, "WEEK", (day + 3 * DAY).day, False, True, False) for day in over)
        save(*configured(at=at, pytorch=["torch"]), Answer("google_trends", "pytorch", "{}", at, rows))
        con.execute("SET VARIABLE as_of = ?::DATE", [night])
        return lambda query, *values: answered(con, query, values)

    return load


MONTH = "SELECT value, coverage, is_complete, observed_days, expected_days, state FROM monthly_metrics WHERE month = ?"

# Months whose last days are a Sunday to a Saturday, and the first day on which their last week is over.
ENDS = [
    (date(2021, 1, 31), date(2021, 2, 1)),
    (date(2021, 5, 31), date(2021, 6, 1)),
    (date(2021, 8, 31), date(2021, 9, 1)),
    (date(2021, 6, 30), date(2021, 7, 4)),
    (date(2021, 9, 30), date(2021, 10, 3)),
    (date(2021, 4, 30), date(2021, 5, 2)),
    (date(2021, 7, 31), date(2021, 8, 1)),
]


def _nights_of(end: date, whole_on: date) -> list[date]:
    """The day after the month, the days before and at which it is whole, and one after all of it."""
    return sorted({day for day in (end + DAY, whole_on - DAY, whole_on, end + WEEK + DAY) if day > end})


@pytest.mark.parametrize(("end", "whole_on"), ENDS)
def test_a_month_is_whole_once_its_weeks_are_over(collected: Callable[..., Asked], end: date, whole_on: date) -> None:
    month = end.replace(day=1)
    wednesdays = [day for n in range(end.day) if (day := month + n * DAY).isoweekday() == 3]
    for night in _nights_of(end, whole_on):
        known = [day.day for day in wednesdays if day + 3 * DAY < night]
        is_whole = night >= whole_on
        assert collected(night)(MONTH, month) == [
            (
                sum(known) / len(known),
                len(known) / len(wednesdays),
                is_whole,
                7 * len(known),
                7 * len(wednesdays),
                "complete" if is_whole else "late",
            )
        ], night


def test_the_12_months_and_their_band_are_of_the_weeks_whose_wednesday_they_hold(
    con: duckdb.DuckDBPyConnection, collected: Callable[..., Asked]
) -> None:
    ends = [*(end for end, _ in ENDS), date(2021, 6, 17)]
    asked = collected(max(ends) + WEEK)
    query = "SELECT day, value, is_comparable, observed_days, expected_days FROM rolling_12_months WHERE day IN ?"
    years = {day: (value, *more) for day, value, *more in asked(query, ends)}
    bands = {row.day: row for row in read_search_bands(con, first_day=min(ends), last_day=max(ends))}
    assert years.keys() == set(ends)
    assert bands.keys() & set(ends) == dict(ENDS).keys(), "drawn at month ends, and on Sundays"
    for end in ends:
        start = end.replace(year=end.year - 1) + DAY
        wednesdays = [day for n in range((end - start).days + 1) if (day := start + n * DAY).isoweekday() == 3]
        mean = sum(day.day for day in wednesdays) / len(wednesdays)
        days = 7 * len(wednesdays)
        assert years[end] == (pytest.approx(mean), True, days, days), end
        weekly = "SELECT avg(interest_low), avg(interest_high) FROM search_interest_weekly WHERE week_start IN ?"
        ((low, high),) = asked(weekly, [day - 3 * DAY for day in wednesdays])
        assert low < mean < high
        if end in bands:
            found = (bands[end].interest_low, bands[end].interest_high)
            assert found == (pytest.approx(low), pytest.approx(high)), end


def test_an_answer_that_stops_early_is_late_and_not_zero(collected: Callable[..., Asked]) -> None:
    asked = collected(date(2021, 6, 10), answered_to=date(2021, 5, 9))
    assert asked(MONTH, date(2021, 5, 1)) == [(8.5, 0.5, False, 14, 28, "late")]
    assert asked(MONTH, date(2021, 6, 1)) == []
