"""Downloads of frameworks with several packages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from tests.warehouse.views.download_answers import Query, daily, loaded, window

__all__ = ["loaded"]  # a fixture


def test_packages_of_a_framework_are_added_and_half_a_family_is_no_figure(loaded: Callable[..., Query]) -> None:
    query = loaded(
        daily("tensorflow", date(2023, 12, 1), 5),
        daily("tensorflow-cpu", date(2023, 12, 2), 4, 1, skip=[date(2023, 12, 4)]),
        tensorflow=["tensorflow", "TensorFlow_CPU"],
    )
    assert query("SELECT day, value FROM daily_metrics ORDER BY day") == [
        (date(2023, 12, 1), 10),
        (date(2023, 12, 2), 11),
        (date(2023, 12, 3), 11),
        (date(2023, 12, 5), 11),
    ]


def test_a_package_counts_from_its_first_to_its_last_day(loaded: Callable[..., Query]) -> None:
    query = loaded(
        daily("tensorflow", date(2023, 9, 1), 120),
        daily("tensorflow-cpu", date(2023, 9, 11), 10, 1),  # retired: the rest goes on for months without it
        tensorflow=["tensorflow", "tensorflow-cpu"],
    )
    assert query("SELECT value, min(day), count(*) FROM daily_metrics GROUP BY value ORDER BY value") == [
        (10, date(2023, 9, 1), 110),
        (11, date(2023, 9, 11), 10),
    ]
    assert query("SELECT month, value, is_complete FROM monthly_metrics WHERE month = DATE '2023-10-01'") == [
        (date(2023, 10, 1), 310, True)
    ]


def test_a_package_that_is_late_holds_its_family_back(loaded: Callable[..., Query]) -> None:
    query = loaded(
        daily("tensorflow", date(2023, 12, 1), 30),
        daily("tensorflow-cpu", date(2023, 12, 1), 25, 1),
        tensorflow=["tensorflow", "tensorflow-cpu"],
    )
    assert query("SELECT max(day), min(value) FROM daily_metrics") == [(date(2023, 12, 25), 11)]


def test_half_a_family_is_no_month_either(loaded: Callable[..., Query]) -> None:
    months = [(date(2023, 7, 1), date(2023, 7, 31)), (date(2023, 8, 1), date(2023, 8, 31))]
    query = loaded(
        *(window("tensorflow", first, last, 310) for first, last in months),
        window("tensorflow", date(2023, 9, 1), date(2023, 9, 30), 300),
        *(window("tensorflow-cpu", first, last, 31) for first, last in months[1:]),
        tensorflow=["tensorflow", "tensorflow-cpu"],
    )
    assert query("SELECT month, value FROM monthly_metrics ORDER BY month") == [
        (date(2023, 7, 1), 310),  # before the first list that names the other
        (date(2023, 8, 1), 341),
    ]
