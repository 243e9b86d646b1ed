"""One count, one reason: the days of 12 months are those of their months, and the reason is the true one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from tests.warehouse.conftest import answered
from warehouse.rows import Answer, Break, Commit, Download, SearchPoint, StarDay

DAY = timedelta(days=1)
AT = datetime(2024, 1, 5, 3, tzinfo=UTC)
REPOSITORY = "pytorch/pytorch"
Rows = list[tuple[Any, ...]]


@pytest.fixture
def loaded(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], configured: Callable[..., tuple[Answer, Answer]]
) -> Callable[..., Rows]:
    def load(*answers: Answer, breaks: tuple[Break, ...] = (), query: str) -> Rows:
        save(*configured(at=AT, pytorch=["torch"]), Answer("config", "breaks", "{}", AT, breaks), *answers)
        return answered(con, query)

    return load


def days(first: date, count: int) -> list[date]:
    return [first + n * DAY for n in range(count)]


def downloads(when: list[date]) -> Answer:
    return Answer("clickpy", "torch", "{}", AT, tuple(Download("torch", day, day, 1, "all", 10) for day in when))


def windows(*covered: tuple[date, int]) -> Answer:
    rows = tuple(Download("torch", first, first + (n - 1) * DAY, n, "pip", 10 * n) for first, n in covered)
    return Answer("top_pypi_packages", "torch", "{}", AT, rows)


def lost(first: date, last: date, source: str = "pypi", metric: str = "pypi_downloads", kind: str = "loss") -> Break:
    return Break(source, metric, first, kind, "The log lost rows", "seen", "*", last)


TWO_COUNTS = """
    SELECT years.metric, years.day, years.observed_days, sum(months.observed_days) AS of_the_months
    FROM rolling_12_months AS years
    INNER JOIN core.metrics AS metrics USING (metric)
    INNER JOIN monthly_metrics AS months
        ON years.framework = months.framework AND years.metric = months.metric
        AND months.month <= years.day AND months.month > years.day - INTERVAL 12 MONTH
    WHERE last_day(years.day) = years.day AND metrics.aggregate <> 'last'
    GROUP BY ALL
    HAVING {}
"""
DIFFERENT, ALL = "of_the_months <> years.observed_days", "true"


def test_the_days_of_a_year_are_those_of_its_months(
    loaded: Callable[..., Rows], con: duckdb.DuckDBPyConnection
) -> None:
    """With gaps, losses that lie over gaps, a young history, and weeks that lie in two months."""
    when = [day for day in days(date(2022, 1, 1), 729) if day.day != 7 or day.month % 5]
    stars = tuple(StarDay(REPOSITORY, day, 3) for day in when[40:])
    commits = tuple(Commit(REPOSITORY, f"{n}", "x", "person", day, False) for n, day in enumerate(when[300::9]))
    weeks = tuple(
        SearchPoint("pytorch", date(2022, 1, 2) + 7 * n * DAY, "WEEK", 50, False, True, False)
        for n in range(104)
        if n % 17
    )
    breaks = (
        lost(date(2023, 3, 30), date(2023, 4, 9)), lost(date(2023, 4, 1), date(2023, 4, 12)),
        lost(date(2023, 5, 2), date(2023, 6, 3), "git", "*"),
        lost(date(2023, 7, 30), date(2023, 8, 2), "google_trends", "*"),
        lost(date(2023, 9, 1), date(2023, 9, 9), "github", "stars", "own"),
    )  # fmt: skip
    told = loaded(
        downloads(when), Answer("github", REPOSITORY, "{}", AT, stars), Answer("git", REPOSITORY, "{}", AT, commits),
        Answer("google_trends", "pytorch", "{}", AT, weeks), breaks=breaks, query=TWO_COUNTS.format(DIFFERENT),
    )  # fmt: skip
    assert told == []
    found = answered(con, TWO_COUNTS.format(ALL))
    assert len(found) > 100
    assert {"search_interest", "pypi_downloads", "commits", "active_contributors", "stars"} <= {row[0] for row in found}
    assert len({row[2] for row in found}) > 30, "many counts, not all of them full"


def test_totals_over_windows_are_counted_once_too(loaded: Callable[..., Rows], con: duckdb.DuckDBPyConnection) -> None:
    """The year before has three months that windows cover for less than nine tenths."""
    months = [date(2022 + n // 12, n % 12 + 1, 1) for n in range(24)]
    thin = {months[2]: 20, months[3]: 26, months[7]: 17}
    told = loaded(
        windows(*((month, thin.get(month, 28)) for month in months)),
        query="SELECT value, previous_value, observed_days, reason FROM rolling_12_months WHERE day = '2023-12-31'",
    )
    observed = 9 * 28 + 20 + 26 + 17
    assert told == [
        (3650, None, 336, f"3 of the 12 months before are not complete, with {observed} of the 365 days observed.")
    ]
    assert answered(con, TWO_COUNTS.format(DIFFERENT)) == []
    complete = "SELECT count(*) FROM monthly_metrics WHERE month < '2023-01-01' AND NOT is_complete"
    assert answered(con, complete) == [(3,)]


def test_twelve_months_of_nine_tenths_are_compared(loaded: Callable[..., Rows]) -> None:
    months = [date(2022 + n // 12, n % 12 + 1, 1) for n in range(24)]
    assert loaded(
        windows(*((month, 28) for month in months)),
        query="SELECT value, previous_value, change, observed_days FROM rolling_12_months WHERE day = '2023-12-31'",
    ) == [(3650, 3650, 0, 336)]


@pytest.mark.parametrize("kind", ["loss", "own"])
def test_a_loss_is_called_one(loaded: Callable[..., Rows], kind: str) -> None:
    """Every day has a figure, so the break is the reason; the days of the loss do not count as observed."""
    assert loaded(
        downloads(days(date(2022, 1, 1), 730)),
        breaks=(lost(date(2023, 3, 30), date(2023, 4, 9), kind=kind),),
        query="SELECT value, change, observed_days, reason FROM rolling_12_months WHERE day = '2023-12-31'",
    ) == [(3650, None, 354, "Figures were lost from 2023-03-30 to 2023-04-09: The log lost rows.")]


def test_where_days_are_missing_too_the_number_is_that_of_whole_days(loaded: Callable[..., Rows]) -> None:
    when = [day for day in days(date(2022, 1, 1), 730) if day != date(2023, 8, 8)]
    assert loaded(
        downloads(when), breaks=(lost(date(2023, 3, 30), date(2023, 4, 9)),),
        query="SELECT observed_days, reason FROM rolling_12_months WHERE day = '2023-12-31'",
    ) == [(353, "353 of the 365 days of these 12 months were observed whole.")]  # fmt: skip
