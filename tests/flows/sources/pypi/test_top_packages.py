"""Downloads from the monthly lists of top packages, the last service asked."""

from datetime import date, datetime
from typing import Any

import pytest

from flows.replay.server import instead, status
from flows.sources.errors import TransientError
from flows.sources.pypi.top_packages import known_lists
from tests.flows.sources.pypi.conftest import ROW, read_until_error, world
from warehouse.rows import Answer, Download


def windows(answers: list[Answer]) -> dict[date, tuple[int, str, int]]:
    """Of the monthly lists: end of the window -> days of it, basis, downloads."""
    return {
        row.period_end: (row.window_days, row.basis, row.downloads)
        for answer in answers
        if answer.service == "top_pypi_packages"
        for row in answer.rows
        if isinstance(row, Download)
    }


class TestTopPackages:
    def test_the_demo_gets_a_total_for_each_month(self) -> None:
        with world(date(2021, 6, 25)) as here:
            answers = list(here.fetch("torch", date(2019, 6, 1)))
        got = windows(answers)
        assert got[date(2021, 5, 31)] == (30, "pip", 3_681_830)
        assert {f"{end:%Y-%m}" for end in got} >= {f"2020-{month:02}" for month in range(2, 13)}
        assert answers[-1].window_end == date(2021, 5, 31), "not the day asked for: the lists do not reach it"
        assert max(end for end in got) <= date(2021, 6, 24)

    def test_windows_are_not_always_thirty_days(self) -> None:
        with world(date(2025, 9, 10)) as here:
            answers = list(here.fetch("torch", date(2024, 11, 1)))
        got = {end: found[:2] for end, found in windows(answers).items()}
        assert got == {
            date(2024, 11, 30): (29, "all"),
            date(2025, 1, 31): (29, "all"),
            date(2025, 2, 28): (28, "all"),
            date(2025, 3, 31): (28, "all"),
            date(2025, 4, 30): (24, "all"),
            date(2025, 6, 12): (22, "all"),
            date(2025, 6, 30): (30, "all"),
            date(2025, 7, 31): (31, "all"),
            date(2025, 8, 31): (31, "all"),
        }

    def test_pip_and_all_installers_never_share_an_answer(self) -> None:
        with world(date(2025, 2, 10)) as here:
            answers = [a for a in here.fetch("torch", date(2024, 9, 1)) if a.service == "top_pypi_packages"]
        assert [{row.basis for row in answer.rows if isinstance(row, Download)} for answer in answers] == [
            {"all"},
            {"pip"},
        ]
        assert answers[1].window_end == date(2024, 10, 31)

    def test_a_package_that_is_not_listed_has_no_row_and_is_not_zero(self) -> None:
        with world(date(2020, 5, 20)) as here:
            answer = list(here.fetch("tensorflow-cpu", date(2020, 1, 1)))[-1]
        assert [row.period_end for row in answer.rows if isinstance(row, Download)] == [
            date(2020, 2, 29),
            date(2020, 3, 31),
            date(2020, 4, 30),
        ]
        assert answer.state["not_listed_on"] == ["2020-01-17"]

    def test_a_night_gets_the_newest_list_although_it_ends_before_the_window(self) -> None:
        with world(date(2021, 6, 25)) as here:
            answer = list(here.fetch("torch", date(2021, 6, 11)))[-1]
            assert [request.path for request in here.asked("lists")] == ["/top-pypi-packages.json"]
        assert [row.period_end for row in answer.rows if isinstance(row, Download)] == [date(2021, 5, 31)]

    def test_windows_that_end_after_the_last_day_are_left_out(self) -> None:
        with world(date(2021, 6, 25)) as here:
            answers = list(here.fetch("torch", date(2021, 2, 1), date(2021, 3, 20)))
        assert set(windows(answers)) == {date(2021, 2, 28)}

    def test_lists_that_came_later_count_the_calendar_month_before(self) -> None:
        later = {datetime(2026, month, 1, 6, 34, 6): {"torch": month} for month in (5, 6, 8)}  # none in July
        with world(date(2026, 8, 20), later_lists=later) as here:
            answer = list(here.fetch("torch", date(2026, 3, 1)))[-1]
            asked = {request.path for request in here.asked("lists")}
        assert windows([answer]) | {date(2026, 3, 31): ()} == {
            date(2026, 3, 31): (),
            date(2026, 4, 30): (30, "all", 5),
            date(2026, 5, 31): (31, "all", 6),
            date(2026, 7, 31): (31, "all", 8),
        }
        assert answer.state["missing_lists"] == ["2026.07/top-pypi-packages.json"]
        assert "/2026.05/top-pypi-packages.json" in asked

    def test_the_first_list_is_its_rows_alone(self) -> None:
        with world(date(2018, 3, 1)) as here:
            here.server.misbehave("pypistats", status(503), times=3)
            answers = list(here.fetch("tensorflow", date(2018, 1, 1)))
        assert windows(answers)[date(2018, 2, 6)][:2] == (30, "pip")

    def test_a_list_from_the_future_is_refused(self) -> None:
        with world() as here:
            moment = "2026-10-01 06:00:00"
            here.server.misbehave("lists", instead({"last_update": moment, "source": "ClickHouse", "rows": [ROW]}))
            _, error = read_until_error(here.fetch("torch", date(2026, 9, 1)))
        assert "the list of 2026-10-01 is from the future, today is 2026-09-28" in str(error)

    def test_a_list_made_in_a_way_that_is_not_known_is_refused(self) -> None:
        with world() as here:
            here.server.misbehave("lists", instead({"last_update": "2026-09-01 06:00:00", "rows": [ROW]}))
            answers, error = read_until_error(here.fetch("torch", date(2026, 9, 1)))
        assert "the window that the list of 2026-09-01 counts is not known" in str(error)
        assert not any(answer.rows for answer in answers)

    @pytest.mark.parametrize(
        ("value", "reason"),
        [
            ([], "without the time of its last update"),
            ({"last_update": "2021-13-45 00:00:00", "rows": [ROW]}, "without the time of its last update"),
            ({"last_update": "9999-12-31 00:00:00", "rows": [ROW]}, "without the time of its last update"),
            ({"last_update": 5, "rows": [ROW]}, "without the time of its last update"),
            (
                {"last_update": "2021-06-01 14:30:21", "rows": [{**ROW, "download_count": 2**63}]},
                "not a package with a",
            ),
            ({"last_update": "2021-06-01 14:30:21", "rows": [{**ROW, "project": 5}]}, "not a package with a"),
            ({"last_update": "2021-06-01 14:30:21", "rows": [7]}, "not a package with a"),
            ({"last_update": "2021-06-01 14:30:21", "rows": []}, "without rows"),
            ({"last_update": "2021-06-01 14:30:21", "rows": [ROW, ROW]}, "has torch 2 times"),
            ({"last_update": "2021-06-01 14:30:21", "rows": [{**ROW, "download_count": -1}]}, "not a package with a"),
            ({"last_update": "2021-06-01 14:30:21", "rows": [{**ROW, "download_count": "5"}]}, "not a package with a"),
        ],
    )
    def test_a_list_of_another_shape_is_refused(self, value: Any, reason: str) -> None:
        with world(date(2021, 6, 25)) as here:
            here.server.misbehave("lists", instead(value))
            _, error = read_until_error(here.fetch("torch", date(2021, 6, 1)))
        assert reason in str(error)

    def test_what_was_read_before_a_failure_is_kept(self) -> None:
        with world(date(2021, 6, 25)) as here:
            here.server.misbehave("lists", lambda request, upstream: upstream(request), times=2)
            here.server.misbehave("lists", status(503), times=3)
            answers, error = read_until_error(here.fetch("torch", date(2021, 1, 1)))
        assert isinstance(error, TransientError)
        assert set(windows(answers)) == {date(2021, 5, 31), date(2021, 4, 30)}

    def test_a_list_in_the_place_of_another_is_noticed(self) -> None:
        with world(date(2021, 6, 25)) as here:
            other = instead({"last_update": "2021-03-01 15:30:13", "rows": [ROW]})
            here.server.misbehave("lists", lambda request, upstream: upstream(request))
            here.server.misbehave("lists", other)
            _, error = read_until_error(here.fetch("torch", date(2021, 4, 1)))
        assert "should end on 2021-04-30, not 2021-02-28" in str(error)

    def test_no_known_window_is_longer_than_its_dates(self) -> None:
        for listing in known_lists():
            dates = (listing.period_end - listing.period_start).days + 1
            assert 0 <= dates - listing.window_days <= 1, listing
            assert listing.period_end < listing.listed_on
        assert {listing.window_days for listing in known_lists()} == {22, 24, 28, 29, 30, 31}
