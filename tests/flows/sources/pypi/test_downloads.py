import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from flows.config.settings import PypiDownloads
from flows.replay.clickhouse import ClickhouseReplay, InstallerDay, cut_silently, exception, over_the_limit
from flows.replay.pypi_recordings import recorded
from flows.replay.pypistats import CategoryDay, PypistatsReplay, rate_limited
from flows.replay.server import Fault, ReplayServer, Reply, instead, status, truncated
from flows.replay.top_packages import TopPackagesReplay
from flows.sources.errors import SourceError, TerminalError, TransientError
from flows.sources.pypi.downloads import fetch_control, fetch_downloads
from flows.sources.pypi.top_packages import known_lists
from warehouse.rows import Answer, Download

DAY = date(2026, 9, 28)


class World:
    """The three services on loopback as they were on a day, and a package that all of them are asked for."""

    def __init__(self, server: ReplayServer, as_of: date) -> None:
        self.server = server
        self.as_of = as_of
        self.collected_at = datetime.combine(as_of, datetime.min.time(), UTC) + timedelta(hours=2, minutes=30)
        self.slept: list[float] = []
        self.settings = PypiDownloads(
            base_url=server.url("clickpy"),
            pypistats_url=server.url("pypistats"),
            top_packages_url=server.url("lists"),
            top_packages_history_url=server.url("lists"),
            rate_per_minute=6000,
        )

    def fetch(self, package: str, first_day: date, last_day: date | None = None) -> Iterator[Answer]:
        return fetch_downloads(
            self.settings,
            package=package,
            first_day=first_day,
            last_day=last_day or self.as_of,
            collected_at=self.collected_at,
            as_of=self.as_of,
            sleep=self.slept.append,
        )

    def asked(self, name: str) -> list[Any]:
        return [request for upstream, request in self.server.requests if upstream == name]


@contextmanager
def world(
    as_of: date = DAY,
    *,
    clickpy: tuple[InstallerDay, ...] = (),
    pypistats: tuple[CategoryDay, ...] = (),
    later_lists: Mapping[datetime, Mapping[str, int]] | None = None,
) -> Iterator[World]:
    upstreams = {
        "clickpy": ClickhouseReplay(as_of, more=clickpy),
        "pypistats": PypistatsReplay(as_of, more=pypistats),
        "lists": TopPackagesReplay(as_of, later=later_lists),
    }
    with ReplayServer(upstreams) as server:
        yield World(server, as_of)


def a_day(day: date, package: str = "torch", downloads: int = 7, installer: str = "pip") -> InstallerDay:
    return InstallerDay(package, day, installer, downloads)


def counted(package: str, day: date, basis: str, downloads: int) -> Download:
    return Download(package, day, day, 1, basis, downloads)


def read_until_error(answers: Iterator[Answer]) -> tuple[list[Answer], SourceError]:
    """The answers that came before the error, and the error."""
    got: list[Answer] = []
    with pytest.raises(SourceError) as caught:
        got.extend(answers)
    return got, caught.value


class TestClickpy:
    def test_two_bases_as_pypistats_counts_them(self) -> None:
        day = date(2026, 9, 20)
        installers = {"pip": 5, "uv": 4, "": 2, "devpi": 3, "bandersnatch": 10, "Artifactory": 20, "z3c.pypimirror": 30}
        rows = tuple(a_day(day, downloads=count, installer=name) for name, count in installers.items())
        with world(clickpy=rows) as here:
            both, without = here.fetch("torch", day)
        assert both.rows == (counted("torch", day, "all", 74),)
        assert without.rows == (counted("torch", day, "without_mirrors", 9),)
        assert {both.source, without.source} == {"clickpy"}
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

    @pytest.mark.parametrize("count", ["1234567890123", 1234567890123])
    def test_counts_come_as_strings_or_as_numbers(self, count: Any) -> None:
        with world() as here:
            here.server.misbehave("clickpy", instead(body([{"date": "2026-09-20", "downloads": count}])))
            answer = next(here.fetch("torch", date(2026, 9, 20)))
        assert answer.rows == (counted("torch", date(2026, 9, 20), "all", 1234567890123),)

    def test_the_day_that_is_not_over_is_not_asked_for(self) -> None:
        with world(clickpy=(a_day(DAY - timedelta(1)), a_day(DAY))) as here:
            answer = next(here.fetch("torch", DAY - timedelta(3), DAY))
            asked = here.asked("clickpy")[0].query["param_last_day"]
        assert answer.window_end == DAY - timedelta(1)
        assert asked == "2026-09-27"
        assert [row.period_start for row in answer.rows if isinstance(row, Download)] == [DAY - timedelta(1)]

    def test_nothing_after_the_reporting_day_is_asked_for(self) -> None:
        with world(clickpy=(a_day(date(2026, 9, 10)),)) as here:
            here.as_of = date(2026, 9, 15)
            answer = next(here.fetch("torch", date(2026, 9, 1), date(2026, 9, 20)))
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
        assert tuple(row.period_start for row in both.rows if isinstance(row, Download)) == days
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
        assert (both.source, len(both.rows)) == ("pypistats", 1)
        assert not here.asked("lists")
        return str(both.state["fallback_because"])

    @pytest.mark.parametrize("name", BROKEN)
    def test_an_answer_that_is_not_what_was_asked_for(self, here: World, name: str) -> None:
        value, reason = BROKEN[name]
        assert reason in self.fallback(here, instead(value))

    def test_a_result_cut_silently_is_noticed(self, here: World) -> None:
        assert "1,001,456,181 rows read, limit 1,000,000,000" in self.fallback(here, cut_silently())

    def test_a_refusal_to_read_so_much_is_final(self, here: World) -> None:
        assert "ClickHouse error 158 (TOO_MANY_ROWS), status 500" in self.fallback(here, over_the_limit())
        assert len(here.asked("clickpy")) == 1

    @pytest.mark.parametrize(("code", "name"), [(241, "MEMORY_LIMIT_EXCEEDED"), (159, "TIMEOUT_EXCEEDED")])
    def test_a_passing_error_is_tried_again(self, here: World, code: int, name: str) -> None:
        here.server.misbehave("clickpy", exception(code, name))
        both, _ = here.fetch("torch", date(2026, 9, 1))
        assert (both.source, len(both.rows)) == ("clickpy", 2)

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
        assert (both.source, len(both.rows)) == ("clickpy", 2)

    def test_the_basis_that_came_stays_and_lists_are_not_asked_for_the_other(self, here: World) -> None:
        here.server.misbehave("clickpy", lambda request, upstream: upstream(request))
        here.server.misbehave("clickpy", over_the_limit())
        here.server.misbehave("pypistats", rate_limited(), times=3)
        answers, error = read_until_error(here.fetch("torch", date(2026, 9, 1)))
        assert [(answer.source, len(answer.rows)) for answer in answers] == [("clickpy", 2)]
        assert "clickpy: ClickHouse error 158" in str(error)
        assert "pypistats: " in str(error)
        assert not here.asked("lists")


class TestPypistats:
    def test_it_keeps_181_dates(self) -> None:
        with world(date(2023, 1, 11)) as here:
            answers = list(here.fetch("tensorflow", date(2020, 1, 1)))
        both = answers[2]
        days = [row.period_start for row in both.rows if isinstance(row, Download)]
        assert [answer.source for answer in answers] == ["clickpy", "clickpy", "pypistats", "pypistats"]
        assert (len(days), days[0], days[-1]) == (181, date(2022, 7, 14), date(2023, 1, 10))
        assert (both.window_start, both.window_end) == (days[0], days[-1])

    def test_a_service_without_the_package_is_known_too(self) -> None:
        with world(date(2023, 1, 11)) as here:
            empty, _, both, _ = here.fetch("tensorflow", date(2023, 1, 1))
        assert (empty.source, empty.rows, empty.window_start) == ("clickpy", (), date(2023, 1, 1))
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
        with world(date(2018, 1, 20)) as here:  # before the first list, too
            here.server.misbehave("lists", instead({"last_update": "2018-02-07 13:16:01", "rows": [ROW]}))
            answers = list(here.fetch("torch", date(2018, 1, 1)))
        assert {answer.source for answer in answers} == {"clickpy", "pypistats"}
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
        assert any(second >= 1 for second in here.slept)

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            ([{"category": "with_mirrors", "date": "2026-09-20", "downloads": 1}] * 2, "a day twice"),
            ([{"category": "with_mirrors", "date": "2026-09-20", "downloads": -1}], "not a day with a count"),
            ([{"category": "with_mirrors", "date": "2026-09-20", "downloads": True}], "not a day with a count"),
            ([{"category": "with_mirrors", "date": "20.9.2026", "downloads": 1}], "not a day with a count"),
            ([{"category": "3.12", "date": "2026-09-20", "downloads": 1}], "not a day with a count"),
            ({"last_day": 5}, "not of the type overall_downloads"),
        ],
    )
    def test_an_answer_of_another_shape_is_refused(self, data: Any, reason: str) -> None:
        with world() as here:
            here.server.misbehave("pypistats", instead({"data": data, "type": "overall_downloads"}))
            answers = list(here.fetch("torch", date(2026, 3, 1)))
        assert answers[-1].source == "top_pypi_packages"
        assert reason in answers[-1].state["fallback_because"]

    def test_the_control_series_is_all_packages_together(self) -> None:
        day = date(2026, 9, 20)
        with world(pypistats=(CategoryDay("__all__", day, "with_mirrors", 10**9),)) as here:
            both, _ = fetch_control(
                here.settings, first_day=day, last_day=DAY, collected_at=here.collected_at, as_of=DAY
            )
            assert here.asked("pypistats")[0].path == "/api/packages/__all__/overall"
        assert (both.entity, both.rows) == ("__all__", (counted("__all__", day, "all", 10**9),))


ROW = {"download_count": 5, "project": "torch"}


def windows(answers: list[Answer]) -> dict[date, tuple[int, str, int]]:
    """Of the monthly lists: end of the window -> days of it, basis, downloads."""
    return {
        row.period_end: (row.window_days, row.basis, row.downloads)
        for answer in answers
        if answer.source == "top_pypi_packages"
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
            answers = [a for a in here.fetch("torch", date(2024, 9, 1)) if a.source == "top_pypi_packages"]
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


def test_when_all_fail_one_line_names_each() -> None:
    with world(date(2021, 6, 25)) as here:
        here.server.misbehave("clickpy", over_the_limit())
        here.server.misbehave("pypistats", rate_limited(), times=3)
        here.server.misbehave("lists", status(502), times=3)
        answers, error = read_until_error(here.fetch("torch", date(2021, 6, 1)))
    assert answers == []
    assert isinstance(error, TransientError)
    assert error.source == "pypi_downloads"
    assert "\n" not in str(error)
    for part in ("torch: clickpy: ClickHouse error 158", "| pypistats: ", "status 429", "| top_pypi_packages: "):
        assert part in str(error)


def test_a_reply_without_a_body_is_no_answer() -> None:
    with world(date(2023, 1, 11)) as here:
        empty: Fault = lambda request, upstream: Reply(200, b"", {"Content-Type": "application/json"})  # noqa: E731
        here.server.misbehave("clickpy", empty)
        answers = list(here.fetch("tensorflow", date(2023, 1, 1)))
    assert "clickpy: " in answers[0].state["fallback_because"]
    assert answers[0].source == "pypistats"
