"""Families of packages: who is due on a day is read from all services, and half a family is no figure from any."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from warehouse.rows import Answer, Download

AT = datetime(2024, 1, 5, 3, tzinfo=UTC)
DAY = timedelta(days=1)
Query = Callable[[str], list[tuple[Any, ...]]]


def daily(package: str, first: date, days: int, downloads: int, service: str = "clickpy", basis: str = "all") -> Answer:
    rows = tuple(Download(package, day, day, 1, basis, downloads) for day in (first + n * DAY for n in range(days)))
    return Answer(service, package, f'{{"basis": "{basis}", "first": "{first}"}}', AT, rows)


def listed(package: str, first: date, last: date, downloads: int) -> Answer:
    row = Download(package, first, last, (last - first).days + 1, "pip", downloads)
    return Answer("top_pypi_packages", package, f"{last}", AT, (row,))


@pytest.fixture
def family(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], configured: Callable[..., tuple[Answer, Answer]]
) -> Callable[..., Query]:
    """Load answers about TensorFlow, which counts tensorflow and tensorflow-cpu."""

    def load(*answers: Answer, **more: Any) -> Query:
        save(*configured(at=AT, tensorflow=["tensorflow", "tensorflow-cpu"], **more), *answers)
        return lambda query: con.execute(query).fetchall()

    return load


BY_VALUE = "SELECT metric, value, min(day), count(*) FROM daily_metrics GROUP BY metric, value ORDER BY min(day)"


def test_a_package_that_comes_back_after_months_counts_in_both_stretches(family: Callable[..., Query]) -> None:
    query = family(
        daily("tensorflow", date(2022, 1, 1), 730, 100),
        daily("tensorflow-cpu", date(2022, 1, 1), 100, 1),
        daily("tensorflow-cpu", date(2023, 6, 1), 214, 2),
    )
    assert query(BY_VALUE) == [
        ("pypi_downloads", 101, date(2022, 1, 1), 100),
        ("pypi_downloads", 100, date(2022, 4, 11), 416),
        ("pypi_downloads", 102, date(2023, 6, 1), 214),
    ]
    assert query("SELECT value, observed_days FROM rolling_12_months WHERE day = '2023-12-31'") == [(36500 + 428, 365)]


def test_a_package_missing_for_weeks_is_lost_and_not_gone(family: Callable[..., Query]) -> None:
    query = family(
        daily("tensorflow", date(2023, 1, 1), 365, 100),
        daily("tensorflow-cpu", date(2023, 1, 1), 59, 1),
        daily("tensorflow-cpu", date(2023, 4, 1), 275, 1),  # March is missing
    )
    assert query(BY_VALUE) == [("pypi_downloads", 101, date(2023, 1, 1), 59 + 275)]


def test_a_stand_in_for_one_package_is_no_figure_of_the_family(family: Callable[..., Query]) -> None:
    query = family(
        daily("tensorflow", date(2023, 11, 1), 30, 100),
        daily("tensorflow", date(2023, 12, 1), 31, 90, "pypistats"),
        daily("tensorflow-cpu", date(2023, 11, 1), 61, 7),
    )
    assert query(BY_VALUE) == [("pypi_downloads", 107, date(2023, 11, 1), 30)]


def test_a_list_asked_for_one_package_is_no_month_of_the_family(family: Callable[..., Query]) -> None:
    month = listed("tensorflow", date(2023, 11, 1), date(2023, 11, 30), 3000)
    companion = daily("tensorflow-cpu", date(2023, 11, 1), 61, 7)
    query = family(month, companion)
    assert query("SELECT count(*) FROM monthly_metrics") == [(0,)]


def test_a_package_that_a_list_does_not_name_does_not_hold_its_family_back(family: Callable[..., Query]) -> None:
    query = family(
        listed("tensorflow", date(2023, 11, 1), date(2023, 11, 30), 3000),
        Answer("top_pypi_packages", "tensorflow-cpu", "{}", AT, ()),
        daily("tensorflow-cpu", date(2023, 11, 1), 61, 7),
    )
    assert query("SELECT month, value FROM monthly_metrics") == [(date(2023, 11, 1), 3000)]


def test_a_package_counts_on_every_basis_of_its_family(family: Callable[..., Query]) -> None:
    query = family(
        daily("tensorflow", date(2023, 11, 1), 30, 100),
        daily("tensorflow", date(2023, 11, 1), 30, 90, basis="without_mirrors"),
        daily("tensorflow-cpu", date(2023, 11, 1), 30, 7),
    )
    assert query(BY_VALUE) == [("pypi_downloads", 107, date(2023, 11, 1), 30)]


@pytest.mark.parametrize(("was_asked", "days"), [(False, 0), (True, 30)])
def test_a_package_that_was_never_asked_for_is_missing_and_one_that_was_not_found_is_none(
    family: Callable[..., Query], was_asked: bool, days: int
) -> None:
    nothing = [Answer("clickpy", "tensorflow-cpu", "{}", AT, ())] if was_asked else []
    query = family(daily("tensorflow", date(2023, 11, 1), 30, 100), *nothing)
    assert query("SELECT count(*) FROM daily_metrics") == [(days,)]


def test_a_lower_bound_needs_every_package_that_installs_it(family: Callable[..., Query]) -> None:
    query = family(
        daily("tensorflow", date(2023, 11, 1), 30, 100),
        daily("tensorflow-cpu", date(2023, 11, 1), 30, 7),
        daily("keras", date(2023, 11, 1), 30, 40),
        requires={"tensorflow": (["keras", "tf-models-official"], None)},
    )
    assert query(BY_VALUE) == [("pypi_downloads", 107, date(2023, 11, 1), 30)]
