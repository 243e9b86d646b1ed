"""The longest honest comparison: windows worked out by hand for breaks, losses, gaps, leap years and short series."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from flows.sources.pypi.pypistats import ALL_PACKAGES
from reports.noise import log_range
from tests.warehouse.conftest import answered
from warehouse.rows import Answer, Break, Download, SearchPoint, StarDay

DAY = timedelta(days=1)
AT = datetime(2024, 3, 10, 3, tzinfo=UTC)
END = date(2024, 2, 29)  # the 24 months to this day begin on 1 March 2022 and have 731 days
FIRST, LAST = date(2022, 3, 1), date(2024, 3, 8)
Rows = list[tuple[Any, ...]]
Level = Callable[[date], int]


def days(first: date = FIRST, last: date = LAST, skip: tuple[date, ...] = ()) -> list[date]:
    return [day for n in range((last - first).days + 1) if (day := first + n * DAY) not in skip]


def told(
    when: list[date], level: int | Level = 1000, *, package: str = "torch", service: str = "clickpy", basis: str = "all"
) -> Answer:
    rows = [Download(package, day, day, 1, basis, level if isinstance(level, int) else level(day)) for day in when]
    return Answer(service, package, f"{basis} {when[0]}", AT, tuple(rows))


def broken(*on: date, ends_on: date | None = None, source: str = "pypi", metric: str = "pypi_downloads") -> list[Break]:
    kind = "loss" if ends_on else "counting"
    return [Break(source, metric, day, kind, f"change of {day}", "x", ends_on=ends_on) for day in on]


@pytest.fixture
def longest(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], configured: Callable[..., tuple[Answer, Answer]]
) -> Callable[..., Rows]:
    """Saves answers and breaks, and answers `columns` of the row of END, for downloads unless told otherwise."""

    def ask(answers: list[Answer], breaks: list[Break], columns: str, *, metric: str = "pypi_downloads") -> Rows:
        config = [*configured(at=AT, pytorch=["torch"]), Answer("config", "breaks", "{}", AT, tuple(breaks))]
        save(*config, *answers)
        query = f"SELECT {columns} FROM longest_comparison WHERE day = ? AND metric = ?"
        return answered(con, query, [END, metric])

    return ask


WINDOWS = "weeks, previous_start, previous_end, window_start, window_end, reason"


@pytest.mark.parametrize(
    ("when", "breaks", "weeks", "previous_start", "window_start", "window_end"),
    [
        # One break: 400 days before it, 331 from it on; 28 weeks are 196 days.
        (days(), broken(date(2023, 4, 5)), 28, date(2022, 3, 9), date(2022, 9, 21), date(2023, 4, 4)),
        # A break of the second day: 730 days from it on, the 29 February among them; 52 weeks are 364 days.
        (days(), broken(date(2022, 3, 2)), 52, date(2022, 3, 4), date(2023, 3, 3), END),
        # Runs of 184, 303 and 244 days.
        (
            days(), broken(date(2022, 9, 1), date(2023, 7, 1)),
            21, date(2022, 9, 10), date(2023, 2, 4), date(2023, 6, 30),
        ),
        # Runs of 349 and 347 days, of 24 weeks both: the later one.
        (days(date(2022, 4, 5)), broken(date(2023, 3, 20)), 24, date(2023, 3, 31), date(2023, 9, 15), END),
        # A day that is missing, and three that are lost: runs of 167, 420 and 140 days.
        (
            days(skip=(date(2022, 8, 15),)), broken(date(2023, 10, 10), ends_on=date(2023, 10, 12)),
            30, date(2022, 8, 16), date(2023, 3, 14), date(2023, 10, 9),
        ),
        # A young series without any break: 151 days, 10 weeks.
        (days(date(2023, 10, 2)), [], 10, date(2023, 10, 13), date(2023, 12, 22), END),
        # 56 days are just enough.
        (days(date(2024, 1, 5)), [], 4, date(2024, 1, 5), date(2024, 2, 2), END),
    ],
)  # fmt: skip
def test_windows_worked_out_by_hand(
    longest: Callable[..., Rows], when: list[date], breaks: list[Break], weeks: int,
    previous_start: date, window_start: date, window_end: date,
) -> None:  # fmt: skip
    assert (window_end - window_start).days + 1 == (window_start - previous_start).days == 7 * weeks
    assert longest([told(when)], breaks, WINDOWS) == [
        (weeks, previous_start, window_start - DAY, window_start, window_end, None)
    ]


@pytest.mark.parametrize(
    ("when", "breaks", "run"),
    [
        (days(date(2024, 1, 6)), [], "55 days"),
        (days(date(2023, 10, 20)), broken(*(date(2023, 11, 1) + 14 * n * DAY for n in range(9))), "14 days"),
        ([date(2024, 1, 2) + 2 * n * DAY for n in range(30)], [], "1 day"),
    ],
)
def test_less_than_four_and_four_weeks_is_none_with_the_reason(
    longest: Callable[..., Rows], when: list[date], breaks: list[Break], run: str
) -> None:
    reason = f"The longest run of whole days counted in one way has {run}, and two windows of four weeks need 56."
    assert longest([told(when)], breaks, f"{WINDOWS}, change, limits, basis, service") == [
        (None, None, None, None, None, reason, None, None, None, None)
    ]


def test_where_12_months_can_be_compared_there_is_no_row(longest: Callable[..., Rows]) -> None:
    assert longest([told(days())], [], "weeks") == []


def test_totals_over_windows_have_no_days(longest: Callable[..., Rows]) -> None:
    months = [date(2022, 3, 1), *(date(2023, n, 1) for n in range(3, 13)), date(2024, 2, 1)]
    rows = tuple(Download("torch", month, month + 27 * DAY, 28, "pip", 99) for month in months)
    assert longest([Answer("top_pypi_packages", "torch", "{}", AT, rows)], [], "weeks, reason") == [
        (None, "No day of these 24 months has a whole figure of its own.")
    ]


def test_two_services_or_bases_are_never_put_together(longest: Callable[..., Rows]) -> None:
    """300 days of one, then 431 of the other: 30 weeks of the second."""
    first, second = told(days(last=date(2022, 12, 25))), told(days(date(2022, 12, 26)), service="pypistats")
    assert longest([first, second], [], "weeks, window_end, service, basis") == [(30, END, "pypistats", "all")]


def test_values_change_and_the_range_by_chance(longest: Callable[..., Rows]) -> None:
    """10 weeks of 70 downloads a week after 10 of 140; nothing scatters, so chance alone makes the range."""
    answer = told(days(date(2023, 10, 2)), lambda day: 10 if day >= date(2023, 12, 22) else 20)
    [row] = longest([answer], [], "value, previous_value, change, ln(1 + change_low), ln(1 + change_high), limits")
    half = 1.96 * (1 / 700 + 1 / 1400) ** 0.5
    assert row[:3] == (700, 1400, -0.5)
    assert row[3:5] == pytest.approx((-0.693147 - half, -0.693147 + half), abs=1e-5)
    assert row[5] == "Season not removed. All packages of the index together are not known for these days."


def test_the_range_is_that_of_reports(longest: Callable[..., Rows]) -> None:
    """12 weeks beside 12: the rule that reports use for 12 pairs of months."""
    first = date(2023, 9, 15)  # 168 days to the end of February
    newer, older = [7 * (900 + 41 * n * n % 370) for n in range(12)], [7 * (800 + 53 * n * n % 290) for n in range(12)]
    answer = told(days(first), lambda day: [*older, *newer, 1, 1][(day - first).days // 7] // 7)
    [(low, high)] = longest([answer], [], "ln(1 + change_low), ln(1 + change_high)")
    half = log_range(newer[::-1], older[::-1], counts=(sum(newer), sum(older)))
    assert half is not None
    assert (high - low) / 2 == pytest.approx(half, rel=1e-3)
    assert half > 0.05


def test_an_earlier_window_of_none_gives_no_change(longest: Callable[..., Rows]) -> None:
    answer = told(days(date(2023, 10, 2)), lambda day: 10 if day >= date(2023, 12, 22) else 0)
    assert longest([answer], [], "value, previous_value, change, change_low, reason") == [
        (700, 0, None, None, "The earlier window counts none.")
    ]


# ---- the control ----------------------------------------------------------------------------------------------------


def control(when: list[date], *, basis: str = "all") -> Answer:
    """A quarter more from the newer window on."""
    return told(when, grown, package=ALL_PACKAGES, service="pypistats", basis=basis)


def grown(day: date) -> int:
    return 5000 if day >= date(2023, 12, 22) else 4000


def test_the_change_relative_to_all_packages(longest: Callable[..., Rows]) -> None:
    """Half of it, while the index grows by a quarter: 0.4 times as much beside it."""
    answer = told(days(date(2023, 10, 2)), lambda day: 500 if day >= date(2023, 12, 22) else 1000)
    columns = "change, control_change, relative_change, relative_low < relative_change, relative_high, limits"
    [row] = longest([answer, control(days(date(2023, 9, 1)))], [], columns)
    assert row[:4] == (-0.5, 0.25, pytest.approx(-0.6), True)
    assert -0.6 < row[4] < -0.59
    assert row[5] == "Season not removed."


@pytest.mark.parametrize(
    ("more", "breaks"),
    [
        ([], []),
        ([control(days(skip=(date(2024, 1, 9),)))], []),  # one day is missing
        ([control(days(date(2023, 10, 20)))], []),  # it begins later
        ([control(days(), basis="without_mirrors")], []),  # on another basis
        ([control(days())], broken(date(2023, 12, 1), source="pypistats")),  # a break of that service alone
    ],
)
def test_a_control_that_is_not_known_for_all_days_is_said_to_be_missing(
    longest: Callable[..., Rows], more: list[Answer], breaks: list[Break]
) -> None:
    columns = "weeks, control_change, relative_change, relative_low, relative_high, limits"
    limits = "Season not removed. All packages of the index together are not known for these days."
    assert longest([told(days(date(2023, 10, 2))), *more], breaks, columns) == [(10, None, None, None, None, limits)]


# ---- other metrics --------------------------------------------------------------------------------------------------


def test_search_interest_is_compared_by_whole_weeks(longest: Callable[..., Rows]) -> None:
    """A break on a Wednesday: the week that it lies in belongs to neither side, and windows end on Saturdays."""
    sundays = [date(2022, 1, 2) + 7 * n * DAY for n in range(113)]
    points = [
        SearchPoint("pytorch", day, "WEEK", 80 if day >= date(2023, 9, 17) else 64, False, True, False)
        for day in sundays
    ]
    broken_on = broken(date(2023, 3, 29), source="google_trends", metric="search_interest")
    columns = "weeks, previous_start, window_start, window_end, value, previous_value, change, limits"
    answer = Answer("google_trends", "pytorch", "{}", AT, tuple(points))
    # 55 weeks from Sunday 6 March 2022 to Saturday 25 March 2023; 47 from 2 April 2023 to 24 February 2024.
    assert longest([answer], broken_on, columns, metric="search_interest") == [
        (27, date(2022, 3, 13), date(2022, 9, 18), date(2023, 3, 25), 64, 64, 0, "Season not removed.")
    ]


def test_the_range_of_search_interest_is_at_least_that_of_the_draws(longest: Callable[..., Rows]) -> None:
    sundays = [date(2023, 7, 2) + 7 * n * DAY for n in range(35)]
    points = [SearchPoint("pytorch", day, "WEEK", 50, False, True, False) for day in sundays]
    answer = Answer("google_trends", "pytorch", "{}", AT, tuple(points))
    [row] = longest([answer], [], "change, change_low, change_high", metric="search_interest")
    margin = 2 * ((0.04 * 50) ** 2 + 1 / 12) ** 0.5  # of one draw, by the noise of repeated requests and rounding
    assert row == (
        0,
        pytest.approx((50 - margin) / (50 + margin) - 1),
        pytest.approx((50 + margin) / (50 - margin) - 1),
    )


def test_stars_of_a_young_repository(longest: Callable[..., Rows]) -> None:
    rows = tuple(
        StarDay("pytorch/pytorch", day, 5 if day >= date(2023, 12, 22) else 4) for day in days(date(2023, 10, 2))
    )
    columns = "weeks, value, previous_value, change, control_change, limits"
    answer = Answer("github", "pytorch/pytorch", "{}", AT, rows)
    assert longest([answer], [], columns, metric="stars") == [(10, 350, 280, 0.25, None, "Season not removed.")]


def test_the_change_of_12_months_stays_withheld(longest: Callable[..., Rows], con: duckdb.DuckDBPyConnection) -> None:
    assert longest([told(days())], broken(date(2023, 4, 5)), "change") == [(0,)]
    twice = "SELECT 1 FROM longest_comparison GROUP BY framework, metric, day HAVING count(*) > 1"
    assert answered(con, twice) == []
    assert answered(con, "SELECT change, is_comparable FROM rolling_12_months WHERE day = ?", [END]) == [(None, False)]
