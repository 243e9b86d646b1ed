"""Downloads from pypistats.org, the first service asked when the ClickHouse has no answer."""

from datetime import date
from typing import Any

import pytest

from flows.replay.pypistats import CategoryDay, rate_limited
from flows.replay.server import instead, status
from flows.sources.errors import TerminalError
from flows.sources.pypi.downloads import download_clients
from tests.flows.sources.pypi.conftest import ROW, counted, read_until_error, world
from warehouse.rows import Download


class TestPypistats:
    def test_it_keeps_181_dates(self) -> None:
        with world(date(2023, 1, 11)) as here:
            answers = list(here.fetch("tensorflow", date(2020, 1, 1)))
        both = answers[2]
        days = [row.period_start for row in both.rows if isinstance(row, Download)]
        assert [answer.service for answer in answers] == ["clickpy", "clickpy", "pypistats", "pypistats"]
        assert (len(days), days[0], days[-1]) == (181, date(2022, 7, 14), date(2023, 1, 10))
        assert (both.window_start, both.window_end) == (days[0], days[-1])

    def test_a_service_without_the_package_is_known_too(self) -> None:
        with world(date(2023, 1, 11)) as here:
            empty, _, both, _ = here.fetch("tensorflow", date(2023, 1, 1))
        assert (empty.service, empty.rows, empty.window_start) == ("clickpy", (), date(2023, 1, 1))
        assert both.state["fallback_because"] == "clickpy: no row for tensorflow from 2023-01-01 to 2023-01-10"

    def test_both_categories_within_the_window(self) -> None:
        days = [date(2026, 9, number) for number in (1, 2, 3)]
        rows = [CategoryDay("torch", day, "with_mirrors", 10 + day.day) for day in days]
        rows += [CategoryDay("torch", day, "without_mirrors", day.day) for day in days]
        with world(pypistats=tuple(rows)) as here:
            _, _, both, without = here.fetch("torch", days[1], days[1])
        assert both.rows == (counted("torch", days[1], "all", 12),)
        assert without.rows == (counted("torch", days[1], "without_mirrors", 2),)

    def test_an_unknown_package_is_named_and_final(self) -> None:
        with world() as here:
            answers, error = read_until_error(here.fetch("no-such-package-xyz", date(2026, 9, 1)))
        assert isinstance(error, TerminalError)
        assert "pypistats: knows no package no-such-package-xyz; check the name in config.toml" in str(error)
        assert not any(answer.rows for answer in answers)

    def test_another_404_is_not_taken_for_an_unknown_package(self) -> None:
        with world() as here:
            here.server.misbehave("pypistats", status(404, b"<html>gone</html>"))
            answers = list(here.fetch("torch", date(2026, 1, 1), date(2026, 4, 10)))
        assert "has no page (status 404) for torch" in answers[-1].state["fallback_because"]

    def test_a_known_package_without_rows_is_absent_and_no_error(self) -> None:
        with world(date(2018, 2, 7)) as here:  # before the window of the first list is over, too
            here.server.misbehave("lists", instead({"last_update": "2018-02-07 13:16:01", "rows": [ROW]}))
            answers = list(here.fetch("torch", date(2018, 1, 1), date(2018, 1, 20)))
        assert {answer.service for answer in answers} == {"clickpy", "pypistats"}
        assert not any(answer.rows for answer in answers)

    def test_a_window_that_is_too_old_is_not_asked_for(self) -> None:
        with world() as here:
            answers = list(here.fetch("torch", date(2025, 1, 1), date(2025, 12, 31)))
            assert not here.asked("pypistats")
        assert "but it keeps 180 days: 2026-03-31 and later" in answers[-1].state["fallback_because"]

    def test_a_429_page_is_tried_again(self) -> None:
        with world(date(2023, 1, 11)) as here:
            here.server.misbehave("pypistats", rate_limited())
            answers = list(here.fetch("tensorflow", date(2023, 1, 1)))
        assert len(answers[2].rows) == 10
        assert [second for second in here.slept if second >= 1] == [30], "it names no time"

    def test_more_packages_than_it_answers_in_a_minute_all_come(self) -> None:
        seconds = [0.0]
        packages = [f"package-{number}" for number in range(40)]
        rows = tuple(CategoryDay(name, date(2026, 9, 20), "with_mirrors", 3) for name in packages)
        with world(pypistats=rows, pypistats_is={"clock": lambda: seconds[0]}) as here:
            here.clients = download_clients(here.settings, lambda wait: seconds.__setitem__(0, seconds[0] + wait))
            for name in packages:
                answers = list(here.fetch(name, date(2026, 9, 20)))
                assert any(answer.service == "pypistats" and answer.rows for answer in answers)
        assert 60 <= seconds[0] < 120

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            ([{"category": "with_mirrors", "date": "2026-09-20", "downloads": 1}] * 2, "a day twice"),
            ([{"category": "with_mirrors", "date": "2026-09-20", "downloads": -1}], "not a day with a count"),
            ([{"category": "with_mirrors", "date": "2026-09-20", "downloads": True}], "not a day with a count"),
            ([{"category": "with_mirrors", "date": "20.9.2026", "downloads": 1}], "not a day with a count"),
            ([{"category": "3.12", "date": "2026-09-20", "downloads": 1}], "not a day with a count"),
            ([{"category": "with_mirrors", "date": "2026-09-20", "downloads": 2**63}], "not a day with a count"),
            ([{"category": "with_mirrors", "date": "10000-01-01", "downloads": 1}], "not a day with a count"),
            ([{"category": ["with_mirrors"], "date": "2026-09-20", "downloads": 1}], "not a day with a count"),
            ([[]], "not a day with a count"),
            ({"last_day": 5}, "not of the type overall_downloads"),
        ],
    )
    def test_an_answer_of_another_shape_is_refused(self, data: Any, reason: str) -> None:
        with world() as here:
            here.server.misbehave("pypistats", instead({"data": data, "type": "overall_downloads"}))
            answers = list(here.fetch("torch", date(2026, 3, 1)))
        assert answers[-1].service == "top_pypi_packages"
        assert reason in answers[-1].state["fallback_because"]
