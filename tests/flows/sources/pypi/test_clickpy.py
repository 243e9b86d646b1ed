"""Downloads from the public ClickHouse: what is asked, and every answer that is not the one asked for."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from flows.replay.clickhouse import cut_silently, exception, over_the_limit, too_slow
from flows.replay.pypi_recordings import recorded
from flows.replay.pypistats import CategoryDay, rate_limited
from flows.replay.server import Fault, instead, status, truncated
from flows.sources.errors import TerminalError
from tests.flows.sources.pypi.conftest import DAY, World, a_day, counted, read_until_error, world
from warehouse.rows import Download


class TestClickpy:
    def test_two_bases_as_pypistats_counts_them(self) -> None:
        day = date(2026, 9, 20)
        installers = {"pip": 5, "uv": 4, "": 2, "devpi": 3, "bandersnatch": 10, "Artifactory": 20, "z3c.pypimirror": 30}
        rows = tuple(a_day(day, downloads=count, installer=name) for name, count in installers.items())
        with world(clickpy=rows) as here:
            both, without = here.fetch("torch", day)
        assert both.rows == (counted("torch", day, "all", 74),)
        assert without.rows == (counted("torch", day, "without_mirrors", 9),)
        assert {both.service, without.service} == {"clickpy"}
        assert "fallback_because" not in both.state

    def test_a_day_of_mirrors_alone_is_zero_without_them_and_not_absent(self) -> None:
        day = date(2026, 9, 20)
        with world(clickpy=(a_day(day, installer="bandersnatch"),)) as here:
            _, without = here.fetch("torch", day)
        assert without.rows == (counted("torch", day, "without_mirrors", 0),)

    def test_the_recorded_series_comes_through_whole(self) -> None:
        expected = {
            date.fromisoformat(row["day"]): int(row["downloads"])
            for row in recorded("clickpy_daily")
            if row["package"] == "tensorboard"
        }
        with world() as here:
            answer = next(here.fetch("tensorboard", date(2024, 1, 1)))
        assert {row.period_start: row.downloads for row in answer.rows if isinstance(row, Download)} == expected
        assert len(expected) == 187

    @pytest.mark.parametrize("count", ["987654321098", 987654321098])
    def test_counts_come_as_strings_or_as_numbers(self, count: Any) -> None:
        with world() as here:
            here.server.misbehave("clickpy", instead(body([{"date": "2026-09-20", "downloads": count}])))
            answer = next(here.fetch("torch", date(2026, 9, 20)))
        assert answer.rows == (counted("torch", date(2026, 9, 20), "all", 987654321098),)

    def test_the_day_that_is_not_over_is_not_asked_for(self) -> None:
        with world(clickpy=(a_day(DAY - timedelta(1)), a_day(DAY))) as here:
            answer = next(here.fetch("torch", DAY - timedelta(3), DAY))
            asked = here.asked("clickpy")[0].query["param_last_day"]
        assert answer.window_end == DAY - timedelta(1)
        assert asked == "2026-09-27"
        assert [row.period_start for row in answer.rows if isinstance(row, Download)] == [DAY - timedelta(1)]

    def test_nothing_after_the_last_day_is_asked_for(self) -> None:
        with world(clickpy=(a_day(date(2026, 9, 15)), a_day(date(2026, 9, 16)))) as here:
            answer = next(here.fetch("torch", date(2026, 9, 1), date(2026, 9, 15)))
        assert answer.window_end == date(2026, 9, 15)

    def test_collected_at_of_another_time_zone_is_read_as_utc(self) -> None:
        with world(clickpy=(a_day(DAY - timedelta(2)),)) as here:
            here.collected_at = datetime.fromisoformat("2026-09-28T01:30:00+05:00")  # still the 27th in UTC
            answer = next(here.fetch("torch", DAY - timedelta(5)))
        assert answer.window_end == date(2026, 9, 26)

    def test_a_window_without_a_day_that_is_over_is_refused_in_words(self) -> None:
        with world() as here, pytest.raises(TerminalError, match="no day from 2026-09-28 on is over yet"):
            next(here.fetch("torch", DAY))

    @pytest.mark.parametrize("written", ["TensorFlow_CPU", "tensorflow.cpu", "Tensorflow-Cpu"])
    def test_names_are_asked_and_kept_by_the_standard(self, written: str) -> None:
        day = date(2026, 9, 20)
        with world(clickpy=(a_day(day, "tensorflow-cpu"),)) as here:
            answer = next(here.fetch(written, day))
        assert answer.entity == "tensorflow-cpu"
        assert answer.rows == (counted("tensorflow-cpu", day, "all", 7),)

    def test_values_are_bound_and_an_error_is_asked_for_in_place_of_a_cut(self) -> None:
        with world() as here:
            list(here.fetch("tensorboard", date(2026, 9, 1)))
            list(here.fetch("transformers", date(2026, 9, 1)))
            asked = here.asked("clickpy")
        assert len({request.body for request in asked}) == 2, "one text for each basis, whatever the package"
        assert all(request.query["read_overflow_mode"] == "throw" for request in asked)
        assert {request.query["param_project"] for request in asked} == {"tensorboard", "transformers"}

    def test_three_years_are_asked_in_parts_of_a_year_or_less(self) -> None:
        first, days = date(2023, 9, 1), (date(2023, 9, 1), date(2024, 9, 1), date(2026, 9, 27))
        with world(clickpy=tuple(a_day(day) for day in days)) as here:
            both, without = here.fetch("torch", first)
            asked = [(r.query["param_first_day"], r.query["param_last_day"]) for r in here.asked("clickpy")]
        parts = [(date.fromisoformat(start), date.fromisoformat(end)) for start, end in asked[: len(asked) // 2]]
        assert all((end - start).days < 366 for start, end in parts)
        assert parts[0][0] == first
        assert parts[-1][1] == both.window_end == date(2026, 9, 27)
        assert all(nxt[0] - end == timedelta(1) for (_, end), nxt in pairwise(parts))
        assert tuple(row.period_start for row in both.rows if isinstance(row, Download) and row.downloads) == days
        assert len(json.loads(without.request)["parameters"]) == len(parts)

    def test_a_request_is_the_same_wherever_the_service_is(self) -> None:
        with world() as here:
            first = [answer.request for answer in here.fetch("tensorboard", date(2026, 9, 1))]
        with world() as there:
            assert [answer.request for answer in there.fetch("tensorboard", date(2026, 9, 1))] == first


def body(data: Any, **changes: Any) -> dict[str, Any]:
    whole = {
        "meta": [{"name": "date", "type": "Date"}, {"name": "downloads", "type": "Int64"}],
        "data": data,
        "rows": len(data),
        "statistics": {"elapsed": 0.1, "rows_read": 10, "bytes_read": 10},
    }
    return {key: value for key, value in {**whole, **changes}.items() if value is not None}


A_ROW = {"date": "2026-09-20", "downloads": "5"}
ANOTHER = {"date": "2026-09-21", "downloads": "5"}
BROKEN = {
    "a day twice": (body([A_ROW, A_ROW]), "2026-09-20 comes twice"),
    "a negative count": (body([{**A_ROW, "downloads": "-5"}]), "not a day with a count"),
    "a fraction": (body([{**A_ROW, "downloads": 5.5}]), "not a day with a count"),
    "a truth value": (body([{**A_ROW, "downloads": True}]), "not a day with a count"),
    "over 64 bits": (body([{**A_ROW, "downloads": str(2**63)}]), "not a day with a count"),
    "over all that PyPI serves": (body([{**A_ROW, "downloads": str(10**12 + 1)}]), "not a day with a count"),
    "5,000 digits as text": (body([{**A_ROW, "downloads": "9" * 5000}]), "not a day with a count"),
    "digits of another script": (body([{**A_ROW, "downloads": "٣"}]), "not a day with a count"),
    "a row that is none": (body([None]), "not a day with a count"),
    "a day past the calendar": (body([{**A_ROW, "date": "10000-01-01"}]), "not a day with a count"),
    "a day that is a number": (body([{**A_ROW, "date": 20260920}]), "not a day with a count"),
    "a week for a day": (body([{**A_ROW, "date": "2026-W38-7"}]), "not a day with a count"),
    "no number": (body([{**A_ROW, "downloads": "many"}]), "not a day with a count"),
    "no day": (body([{**A_ROW, "date": "2026-09-31"}]), "not a day with a count"),
    "a day before the window": (body([{**A_ROW, "date": "2026-08-31"}]), "outside the days asked for"),
    "a day after the window": (body([{**A_ROW, "date": "2026-09-28"}]), "outside the days asked for"),
    "a column less": (body([A_ROW], meta=[{"name": "date", "type": "Date"}]), "without the columns"),
    "no columns": (body([A_ROW], meta=None), "without the columns"),
    "no statistics": (body([A_ROW], statistics=None), "without the columns"),
    "a list": ([], "without the columns"),
    "rows missing": (body([A_ROW], rows=2), "1 of 2 rows arrived"),
    "as many rows as may come": (body([A_ROW] * 10_000), "the answer is cut"),
    "as many rows read as may be": (body([A_ROW], statistics={"rows_read": 1_000_000_000}), "the answer is cut"),
}


class TestClickpyGoesWrong:
    """Each time pypistats answers, and the answer says why it was asked."""

    @pytest.fixture
    def here(self) -> Iterator[World]:
        spare = CategoryDay("torch", date(2026, 9, 20), "with_mirrors", 3)
        real = (a_day(date(2026, 9, 20)), a_day(date(2026, 9, 21)))
        with world(clickpy=real, pypistats=(spare,)) as here:
            yield here

    def fallback(self, here: World, fault: Fault, times: int = 1) -> str:
        here.server.misbehave("clickpy", fault, times)
        both, _ = here.fetch("torch", date(2026, 9, 1))
        assert (both.service, len(both.rows)) == ("pypistats", 1)
        assert not here.asked("lists")
        return str(both.state["fallback_because"])

    @pytest.mark.parametrize("name", BROKEN)
    def test_an_answer_that_is_not_what_was_asked_for(self, here: World, name: str) -> None:
        value, reason = BROKEN[name]
        assert reason in self.fallback(here, instead(value))

    @pytest.mark.parametrize("text", ["NaN", "1e999", "9" * 5000, "[" * 5000, "-1"])
    def test_a_body_that_cannot_be_read_falls_through(self, here: World, text: str) -> None:
        value = json.dumps(body([{**A_ROW, "downloads": "HERE"}])).replace('"HERE"', text)
        reason = self.fallback(here, status(200, value.encode(), {"Content-Type": "application/json"}), times=3)
        assert "clickpy: " in reason
        assert len(reason) < 300

    def test_an_error_with_a_good_status_is_no_answer(self, here: World) -> None:
        said = {"exception": "Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED) (version 26.9)"}
        assert "ClickHouse error 241 (MEMORY_LIMIT_EXCEEDED)" in self.fallback(here, instead(said), times=3)

    def test_an_error_without_a_code_is_no_answer(self, here: World) -> None:
        assert "ClickHouse error: 'server is going away'" in self.fallback(
            here, instead({"exception": "server is going away"})
        )

    def test_the_header_alone_tells_the_error(self, here: World) -> None:
        fault = status(500, b"{}", {"Content-Type": "application/json", "X-ClickHouse-Exception-Code": "158"})
        assert "ClickHouse error 158" in self.fallback(here, fault)
        assert len(here.asked("clickpy")) == 1

    def test_its_sixty_seconds_are_tried_again(self, here: World) -> None:
        assert "ClickHouse error 159 (TIMEOUT_EXCEEDED)" in self.fallback(here, too_slow(), times=3)

    def test_a_result_cut_silently_is_noticed(self, here: World) -> None:
        assert "1,001,456,181 rows read, limit 1,000,000,000" in self.fallback(here, cut_silently())

    def test_a_refusal_to_read_so_much_is_final(self, here: World) -> None:
        assert "ClickHouse error 158 (TOO_MANY_ROWS), status 500" in self.fallback(here, over_the_limit())
        assert len(here.asked("clickpy")) == 1

    @pytest.mark.parametrize(("code", "name"), [(241, "MEMORY_LIMIT_EXCEEDED"), (159, "TIMEOUT_EXCEEDED")])
    def test_a_passing_error_is_tried_again(self, here: World, code: int, name: str) -> None:
        here.server.misbehave("clickpy", exception(code, name))
        both, _ = here.fetch("torch", date(2026, 9, 1))
        assert (both.service, len(both.rows)) == ("clickpy", 2)

    def test_a_passing_error_that_stays_is_named(self, here: World) -> None:
        reason = self.fallback(here, exception(241, "MEMORY_LIMIT_EXCEEDED"), times=3)
        assert "ClickHouse error 241 (MEMORY_LIMIT_EXCEEDED)" in reason

    def test_a_refused_setting_is_final(self, here: World) -> None:
        assert "error 452" in self.fallback(here, exception(452, "SETTING_CONSTRAINT_VIOLATION"))

    def test_an_error_in_the_midst_of_a_good_status_is_no_answer(self, here: World) -> None:
        text = b'{"meta": [], "data": [\nCode: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)'
        fault = status(200, text, {"Content-Type": "application/json"})
        assert "error 241" in self.fallback(here, fault, times=3)

    def test_an_error_page_with_a_good_status_is_no_answer(self, here: World) -> None:
        assert "content type text/html" in self.fallback(here, status(200, b"<html>"), times=3)

    def test_a_body_that_breaks_off_is_asked_for_again(self, here: World) -> None:
        here.server.misbehave("clickpy", truncated(40))
        both, _ = here.fetch("torch", date(2026, 9, 1))
        assert (both.service, len(both.rows)) == ("clickpy", 2)

    def test_the_basis_that_came_stays_and_lists_are_not_asked_for_the_other(self, here: World) -> None:
        here.server.misbehave("clickpy", lambda request, upstream: upstream(request))
        here.server.misbehave("clickpy", over_the_limit())
        here.server.misbehave("pypistats", rate_limited(), times=3)
        answers, error = read_until_error(here.fetch("torch", date(2026, 9, 1)))
        assert [(answer.service, len(answer.rows)) for answer in answers] == [("clickpy", 2)]
        assert "clickpy: ClickHouse error 158" in str(error)
        assert "pypistats: " in str(error)
        assert not here.asked("lists")
