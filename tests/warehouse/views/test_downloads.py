"""Downloads through the public views: bases, services, windows, coverage, breaks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import duckdb
import pytest

from tests.warehouse.views.download_answers import DAY, Query, daily, loaded, window
from warehouse.breaks.known import known_breaks
from warehouse.rows import Answer, Break

__all__ = ["loaded"]  # a fixture


def test_bases_are_metrics_of_their_own(loaded: Callable[..., Query]) -> None:
    query = loaded(
        daily("torch", date(2023, 12, 1), 1, 10),
        daily("torch", date(2023, 12, 1), 1, 7, basis="without_mirrors"),
    )
    assert query("SELECT metric, value, basis FROM daily_metrics ORDER BY metric") == [
        ("pypi_downloads", 10, "all"),
        ("pypi_downloads_without_mirrors", 7, "without_mirrors"),
    ]


def test_the_preferred_service_wins_day_by_day_and_the_whole_month_wins_month_by_month(
    loaded: Callable[..., Query],
) -> None:
    query = loaded(
        daily("torch", date(2023, 11, 11), 25, 10),
        daily("torch", date(2023, 11, 1), 35, 20, service="pypistats"),
    )
    assert query("SELECT service, count(*), sum(value) FROM daily_metrics GROUP BY service ORDER BY service") == [
        ("clickpy", 25, 250),
        ("pypistats", 10, 200),
    ]
    assert query("SELECT month, service, value FROM monthly_metrics ORDER BY month") == [
        (date(2023, 11, 1), "pypistats", 600),
        (date(2023, 12, 1), "clickpy", 50),
    ]


def test_a_repair_supersedes_and_the_day_before_it_is_answered_as_it_was(
    loaded: Callable[..., Query], con: duckdb.DuckDBPyConnection
) -> None:
    early, late = datetime(2024, 1, 3, 3, tzinfo=UTC), datetime(2024, 1, 5, 3, tzinfo=UTC)
    query = loaded(
        daily("torch", date(2024, 1, 1), 1, 99, at=late),
        daily("torch", date(2024, 1, 1), 1, 10, at=early),
    )
    assert query("SELECT value FROM daily_metrics") == [(99,)]
    con.execute("SET VARIABLE as_of = DATE '2024-01-04'")
    assert query("SELECT value FROM daily_metrics") == []  # the configuration came on the 5th
    con.execute("SET VARIABLE as_of = DATE '2024-01-05'")
    assert query("SELECT value FROM daily_metrics") == [(99,)]
    assert query("SELECT downloads FROM raw.pypi_downloads ORDER BY 1") == [(10,), (99,)]


def test_absent_zero_late_and_running_are_told_apart(loaded: Callable[..., Query]) -> None:
    query = loaded(
        daily("torch", date(2023, 10, 1), 31, 0),
        daily("torch", date(2023, 11, 1), 30, 10, skip=[date(2023, 11, 9)]),
        daily("torch", date(2023, 12, 1), 30, 10),
    )
    assert query(
        "SELECT value, daily_mean, observed_days, expected_days, is_complete, state FROM monthly_metrics ORDER BY month"
    ) == [
        (0, 0, 31, 31, True, "complete"),
        (290, 10, 29, 30, False, "gaps"),
        (300, 10, 30, 31, False, "late"),
    ]


def test_the_month_that_runs_is_not_complete(loaded: Callable[..., Query]) -> None:
    query = loaded(daily("torch", date(2024, 1, 1), 10))
    assert query("SELECT value, coverage, is_complete, state FROM monthly_metrics") == [(40, 4 / 31, False, "running")]


def test_the_day_of_collection_is_left_out(loaded: Callable[..., Query]) -> None:
    query = loaded(daily("torch", date(2024, 1, 1), 5))
    assert query("SELECT max(day) FROM daily_metrics") == [(date(2024, 1, 4),)]


def test_the_lower_bound_takes_away_what_installs_it_and_never_more_than_there_is(
    loaded: Callable[..., Query],
) -> None:
    query = loaded(
        daily("keras", date(2023, 12, 1), 3, 10),
        daily("tensorflow", date(2023, 12, 1), 1, 4),
        daily("tensorflow", date(2023, 12, 2), 2, 40),
        keras=["keras"],
        requires={"keras": (["tensorflow"], date(2023, 12, 1))},
    )
    assert query("SELECT value FROM daily_metrics WHERE metric = 'pypi_downloads_lower_bound' ORDER BY day") == [
        (6,),
        (0,),
        (0,),
    ]
    assert query("SELECT DISTINCT kind, effective_on, entity FROM measurement_breaks") == [
        ("dependency", date(2023, 12, 1), "keras")
    ]


def test_there_is_no_lower_bound_before_the_dependency(loaded: Callable[..., Query]) -> None:
    query = loaded(
        daily("keras", date(2023, 12, 1), 3),
        daily("tensorflow", date(2023, 12, 1), 3),
        keras=["keras"],
        requires={"keras": (["tensorflow"], date(2023, 12, 3))},
    )
    assert query("SELECT day FROM daily_metrics WHERE metric = 'pypi_downloads_lower_bound'") == [(date(2023, 12, 3),)]


def test_without_a_day_of_the_dependency_the_lower_bound_is_there_from_the_beginning(
    loaded: Callable[..., Query],
) -> None:
    query = loaded(
        daily("keras", date(2023, 12, 1), 3, 10),
        daily("tensorflow", date(2023, 12, 1), 3, 4),
        window("keras", date(2023, 10, 1), date(2023, 10, 31), 310),
        window("tensorflow", date(2023, 10, 1), date(2023, 10, 31), 62),
        keras=["keras"],
        requires={"keras": (["tensorflow"], None)},
    )
    bound = "metric = 'pypi_downloads_lower_bound'"
    assert query(f"SELECT day, value FROM daily_metrics WHERE {bound} ORDER BY day") == [
        (date(2023, 12, day), 6) for day in (1, 2, 3)
    ]
    assert query(f"SELECT value FROM monthly_metrics WHERE {bound} AND month = DATE '2023-10-01'") == [(248,)]
    assert query("SELECT * FROM measurement_breaks") == []
    assert query("SELECT required_by, required_by_since FROM frameworks") == [(["tensorflow"], None)]


def test_a_total_over_a_window_is_spread_by_its_own_length(loaded: Callable[..., Query]) -> None:
    query = loaded(
        window("torch", date(2023, 10, 2), date(2023, 10, 31), 300),
        window("torch", date(2023, 11, 1), date(2023, 12, 1), 600, days=30),
        window("torch", date(2023, 9, 20), date(2023, 10, 19), 9999),
    )
    assert query(
        "SELECT month, value, daily_mean, coverage, is_complete, basis, service FROM monthly_metrics ORDER BY month"
    ) == [
        (date(2023, 10, 1), 310, 10, 30 / 31, True, "pip", "top_pypi_packages"),
        (date(2023, 11, 1), 600, 20, 1, True, "pip", "top_pypi_packages"),
    ]
    assert query("SELECT count(*) FROM daily_metrics") == [(0,)]


def test_a_window_over_most_of_a_month_is_told_as_incomplete(loaded: Callable[..., Query]) -> None:
    query = loaded(
        window("torch", date(2023, 10, 6), date(2023, 10, 31), 260),
        window("torch", date(2023, 11, 1), date(2023, 11, 14), 140),
    )
    assert query("SELECT month, value, observed_days, is_complete, state FROM monthly_metrics ORDER BY month") == [
        (date(2023, 10, 1), 310, 26, False, "gaps")
    ]
    assert query("SELECT count(*) FROM rolling_12_months") == [(0,)]


def month_windows(first: date, months: int, basis: str = "pip") -> list[Answer]:
    starts = [
        date(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1, 1) for n in range(months + 1)
    ]
    return [window("torch", start, end - DAY, 31 * n, basis) for n, (start, end) in enumerate(pairwise(starts), 1)]


def test_a_year_of_window_totals_is_twelve_months_of_them(loaded: Callable[..., Query]) -> None:
    query = loaded(*month_windows(date(2021, 12, 1), 24))
    rows = query(
        "SELECT value, previous_value, change, is_comparable, reason FROM rolling_12_months WHERE day = '2023-11-30'"
    )
    assert rows == [(31 * sum(range(13, 25)), 31 * sum(range(1, 13)), pytest.approx(222 / 78 - 1), True, None)]


def test_a_change_of_basis_inside_the_windows_is_not_compared(loaded: Callable[..., Query]) -> None:
    query = loaded(*month_windows(date(2021, 12, 1), 18), *month_windows(date(2023, 6, 1), 6, "all"))
    assert query("SELECT change, is_comparable, reason FROM rolling_12_months WHERE day = '2023-11-30'") == [
        (None, False, "Source or basis is another one since 2023-06-01: now top_pypi_packages, all.")
    ]


def test_a_full_year_is_compared_with_the_year_before(loaded: Callable[..., Query]) -> None:
    query = loaded(daily("torch", date(2022, 1, 1), 365, 10), daily("torch", date(2023, 1, 1), 365, 15))
    assert query(
        "SELECT value, previous_value, change, is_comparable, observed_days FROM rolling_12_months"
        " WHERE day = '2023-12-31' AND metric = 'pypi_downloads'"
    ) == [(15 * 365, 3650, 0.5, True, 365)]


def test_a_missing_day_makes_the_windows_incomparable_and_names_the_number(loaded: Callable[..., Query]) -> None:
    query = loaded(daily("torch", date(2022, 1, 1), 730, skip=[date(2022, 5, 5)]))
    rows = query(
        "SELECT day, change, is_comparable, reason FROM rolling_12_months WHERE day IN ('2023-05-04', '2023-12-31')"
    )
    assert sorted(rows) == [
        (date(2023, 5, 4), None, False, "364 of the 365 days of these 12 months were observed."),
        (date(2023, 12, 31), None, False, "364 of the 365 days of the 12 months before were observed."),
    ]


def test_a_year_that_is_hardly_observed_has_no_value(loaded: Callable[..., Query]) -> None:
    query = loaded(daily("torch", date(2023, 11, 1), 60))
    assert query("SELECT DISTINCT value IS NULL, change IS NULL, is_comparable FROM rolling_12_months") == [
        (True, True, False)
    ]


def test_a_change_of_service_inside_the_windows_is_not_compared(loaded: Callable[..., Query]) -> None:
    query = loaded(daily("torch", date(2022, 1, 1), 365, service="pypistats"), daily("torch", date(2023, 1, 1), 365))
    assert query("SELECT change, is_comparable, reason FROM rolling_12_months WHERE day = '2023-12-31'") == [
        (None, False, "Source or basis is another one since 2023-01-01: now clickpy, all.")
    ]


@pytest.mark.parametrize(
    ("effective_on", "ends_on", "comparable"),
    [
        (date(2022, 1, 1), None, True),  # the first day of the earlier window: all is counted the new way
        (date(2022, 1, 2), None, False),
        (date(2023, 12, 31), None, False),
        (date(2024, 1, 1), None, True),
        (date(2021, 12, 1), date(2021, 12, 31), True),
        (date(2021, 12, 1), date(2022, 1, 1), False),
    ],
)
def test_windows_that_straddle_a_break_are_not_compared(
    loaded: Callable[..., Query], effective_on: date, ends_on: date | None, comparable: bool
) -> None:
    at = datetime(2024, 1, 5, 3, tzinfo=UTC)
    told = Break("pypi", "pypi_downloads", effective_on, "counting", "something else is counted", "seen", "*", ends_on)
    query = loaded(
        daily("torch", date(2022, 1, 1), 365, 10),
        daily("torch", date(2023, 1, 1), 365, 15),
        Answer("config", "breaks", "{}", at, (told,), replaces_all=True),
    )
    reason = None if comparable else f"Counted differently since {effective_on}: something else is counted."
    assert query("SELECT change, is_comparable, reason FROM rolling_12_months WHERE day = '2023-12-31'") == [
        (0.5 if comparable else None, comparable, reason)
    ]


@pytest.mark.parametrize(
    ("source", "metric", "entity"),
    [
        ("git", "*", "*"),
        ("git_history", "*", "*"),
        ("*", "commits", "*"),
        ("*", "*", "keras"),
        ("pypistats", "pypi_downloads", "*"),
    ],
)
def test_a_break_of_something_else_does_not_matter(
    loaded: Callable[..., Query], source: str, metric: str, entity: str
) -> None:
    at = datetime(2024, 1, 5, 3, tzinfo=UTC)
    told = Break(source, metric, date(2023, 6, 1), "counting", "x", "y", entity)
    query = loaded(
        daily("torch", date(2022, 1, 1), 730),
        Answer("config", "breaks", "{}", at, (told,), replaces_all=True),
        pytorch=["torch"],
        keras=["keras"],
    )
    assert query("SELECT is_comparable FROM rolling_12_months WHERE day = '2023-12-31'") == [(True,)]


@pytest.mark.parametrize("kind", ["loss", "own"])  # of config.toml are those that ended
def test_days_on_which_a_service_lost_events_make_no_month_whole(loaded: Callable[..., Query], kind: str) -> None:
    at = datetime(2024, 1, 5, 3, tzinfo=UTC)
    lost = Break(
        "pypi", "pypi_downloads", date(2023, 10, 30), kind, "the log lost rows", "seen", "*", date(2023, 11, 10)
    )
    query = loaded(
        daily("torch", date(2023, 10, 1), 92), Answer("config", "breaks", "{}", at, (lost,), replaces_all=True)
    )
    assert query(
        "SELECT month, observed_days, round(coverage, 2), is_complete, state FROM monthly_metrics ORDER BY month"
    ) == [
        (date(2023, 10, 1), 29, 0.94, False, "gaps"),
        (date(2023, 11, 1), 20, 0.67, False, "gaps"),
        (date(2023, 12, 1), 31, 1.0, True, "complete"),
    ]


def test_the_breaks_that_ship_are_told_with_their_evidence(loaded: Callable[..., Query]) -> None:
    at = datetime(2024, 1, 5, 3, tzinfo=UTC)
    query = loaded(Answer("config", "known_breaks", "{}", at, known_breaks(), replaces_all=True))
    rows = query("SELECT source, effective_on, what_changed, evidence FROM measurement_breaks")
    assert len(rows) == len(known_breaks()) == 15
    assert all(len(what) > 20 and len(evidence) > 10 for _, _, what, evidence in rows)
    assert sum(source == "pypi" for source, *_ in rows) == 7
    assert ("pypi", date(2026, 8, 24)) in {row[:2] for row in rows}


def test_a_break_taken_out_of_the_configuration_is_gone(loaded: Callable[..., Query], save: Callable[..., int]) -> None:
    at = datetime(2024, 1, 5, 3, tzinfo=UTC)
    told = Break("pypi", "*", date(2023, 6, 1), "counting", "x", "y")
    query = loaded(Answer("config", "breaks", "{}", at, (told,), replaces_all=True))
    assert query("SELECT count(*) FROM measurement_breaks") == [(1,)]
    save(Answer("config", "breaks", "{}", at + timedelta(hours=1), (), replaces_all=True), run_id="r2")
    assert query("SELECT count(*) FROM measurement_breaks") == [(0,)]


@pytest.mark.parametrize(
    ("service", "last", "status"),
    [
        ("clickpy", date(2024, 1, 2), "fresh"),
        ("clickpy", date(2023, 12, 29), "late"),
        ("clickpy", date(2023, 12, 20), "stale"),
        ("top_pypi_packages", date(2023, 11, 30), "fresh"),
        ("top_pypi_packages", date(2023, 10, 31), "late"),
        ("top_pypi_packages", date(2023, 9, 30), "stale"),
    ],
)
def test_freshness_is_by_the_age_of_the_last_day(
    loaded: Callable[..., Query], service: str, last: date, status: str
) -> None:
    one = daily("torch", last, 1) if service == "clickpy" else window("torch", last.replace(day=1), last, 5)
    query = loaded(one)
    assert query(
        "SELECT service, entity, last_day, age_days, status FROM freshness WHERE signal = 'pypi_downloads'"
    ) == [(service, "torch", last, (date(2024, 1, 5) - last).days, status)]


def test_a_fallback_that_is_behind_is_not_reported_as_stale(loaded: Callable[..., Query]) -> None:
    query = loaded(daily("torch", date(2024, 1, 1), 2), daily("torch", date(2023, 6, 1), 2, service="pypistats"))
    assert query("SELECT service FROM freshness WHERE signal = 'pypi_downloads'") == [("clickpy",)]
