"""The star history page by page: which pages a night asks for, and what it keeps of them."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from flows.replay.server import Fault, Reply, json_reply
from flows.sources.errors import TerminalError, TransientError
from flows.sources.github.repository import KnownStars
from flows.sources.github.stars import merged, newest_missing, pages_missing
from tests.flows.sources.github.conftest import (
    ALL,
    BEGINS,
    DAY,
    NEEDED_SINCE,
    NOTHING,
    TOTAL,
    Night,
    a_week,
    history_is,
    pages_of,
    stars_of,
)  # fmt: skip

YESTERDAY = DAY - timedelta(days=1)


def pages_are(*pages: list[Any]) -> Fault:
    """The star history has these pages, and empty ones after them."""

    def fault(request: Any, upstream: Any) -> Reply:
        if not request.path.endswith("/history"):
            return upstream(request)
        number = int(request.query["page"])
        return json_reply(pages[number - 1] if number <= len(pages) else [])

    return fault


def weeks_back(first: int, count: int, newest: date = date(2021, 6, 20)) -> list[Any]:
    return [a_week(newest - timedelta(weeks=number)) for number in range(first, first + count)]


# ---- The first nights ------------------------------------------------------------------------------------------------


def test_a_first_night_with_room_has_totals_and_the_whole_star_history(night: Night) -> None:
    totals, *pages = night.fetch(stars=NOTHING)
    assert totals.rows == (TOTAL,)
    days = stars_of(pages)
    assert days[date(2015, 3, 28)] == 92
    assert (min(days), max(days)) == (BEGINS, YESTERDAY)
    assert len(days) == (max(days) - min(days)).days + 1
    given_on_the_running_day = 12
    assert sum(days.values()) == TOTAL.stars - given_on_the_running_day
    assert pages_of(night) == list(range(1, 12))
    assert not any(answer.replaces_all for answer in (totals, *pages))
    assert [answer.state.get("history_begins") for answer in pages] == [None] * 10 + ["2015-03-22"]


def test_every_page_is_an_answer_of_its_own_that_says_what_it_covers(night: Night) -> None:
    _, first, second, *_ = night.fetch(stars=NOTHING)
    assert (first.window_start, first.window_end) == (date(2020, 11, 29), YESTERDAY)
    assert (second.window_start, second.window_end) == (date(2020, 5, 3), date(2020, 11, 28))
    assert second.request.count("/repos/keras-team/keras/stargazers/history?per_page=30&page=2") == 1
    assert len(second.rows) == 210


def test_pages_read_before_a_fault_are_kept_and_the_next_night_goes_on(night: Night) -> None:
    def third_page_fails(request: Any, upstream: Any) -> Reply:
        return Reply(502) if request.query.get("page") == "3" else upstream(request)

    night.server.misbehave("github", third_page_fails, times=9)
    error = night.fails(stars=NOTHING)
    assert isinstance(error, TransientError)
    read = stars_of(night.answers)
    assert (min(read), max(read)) == (date(2020, 5, 3), YESTERDAY)

    night.server.requests.clear()
    night.server._faults["github"].clear()
    rest = stars_of(night.fetch(stars=KnownStars([(min(read), max(read))], None, NEEDED_SINCE)))
    assert pages_of(night) == [1, *range(3, 12)]
    assert (read | rest).keys() == {BEGINS + timedelta(days=n) for n in range((YESTERDAY - BEGINS).days + 1)}


def test_pages_move_with_the_weeks(night: Night) -> None:
    """What was page 2 is on pages 2 and 3 five weeks later."""
    known = [(date(2020, 3, 29), date(2021, 5, 20))]
    answers = night.fetch(stars=KnownStars(known, None, NEEDED_SINCE))
    assert pages_of(night)[:2] == [1, 3]
    assert date(2020, 3, 28) in stars_of(answers[2:3])


def test_a_history_known_as_a_whole_costs_one_page(night: Night) -> None:
    totals, stars = night.fetch(stars=ALL)
    assert pages_of(night) == [1]
    assert len(stars.rows) == 29 * 7 + 5
    assert stars.state == totals.state


@pytest.mark.parametrize("weeks", [29, 30, 31, 60, 61])
def test_where_the_history_begins_is_found_once(night: Night, weeks: int) -> None:
    pages = [weeks_back(30 * number, min(30, weeks - 30 * number)) for number in range((weeks + 29) // 30)]
    night.server.misbehave("github", pages_are(*pages), times=99)
    answers = night.fetch(stars=NOTHING)
    begins = date(2021, 6, 20) - timedelta(weeks=weeks - 1)
    assert answers[-1].state["history_begins"] == begins.isoformat()
    assert min(stars_of(answers)) == begins

    night.server.requests.clear()
    night.fetch(stars=KnownStars([(begins, YESTERDAY)], begins, NEEDED_SINCE))
    assert pages_of(night) == [1]


def test_a_history_kept_from_before_its_beginning_was_noted_asks_for_its_end_only(night: Night) -> None:
    answers = night.fetch(stars=KnownStars([(BEGINS, YESTERDAY)], None, NEEDED_SINCE))
    assert pages_of(night) == [1, 11]
    assert answers[-1].state["history_begins"] == "2015-03-22"


def test_a_next_link_says_that_a_short_page_is_not_the_last(night: Night) -> None:
    def short(request: Any, upstream: Any) -> Reply:
        if request.query.get("page") != "1":
            return upstream(request)
        return json_reply(weeks_back(0, 29), headers={"Link": '<https://api.github.com/x?page=2>; rel="next"'})

    night.server.misbehave("github", short, times=99)
    answers = night.fetch(stars=NOTHING)
    assert pages_of(night)[:2] == [1, 2]
    assert answers[1].state.get("history_begins") is None


# ---- After a pause ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last_known", "pages"),
    [
        (date(2020, 11, 28), [1]),
        (date(2020, 11, 27), [1, 2]),
        (date(2020, 5, 1), [1, 2, 3]),
        (date(2018, 1, 1), [1, 2, 3, 4, 5, 6, 7]),
    ],
)
def test_the_weeks_missed_in_a_pause_are_asked_again(night: Night, last_known: date, pages: list[int]) -> None:
    answers = night.fetch(stars=KnownStars([(BEGINS, last_known)], BEGINS, NEEDED_SINCE))
    assert pages_of(night) == pages
    found = stars_of(answers)
    assert {last_known + timedelta(days=n) for n in range(1, (YESTERDAY - last_known).days + 1)} <= found.keys()


def test_a_gap_in_the_middle_is_asked_again(night: Night) -> None:
    known = [(BEGINS, date(2019, 1, 5)), (date(2019, 3, 17), YESTERDAY)]
    found = stars_of(night.fetch(stars=KnownStars(known, BEGINS, NEEDED_SINCE)))
    assert pages_of(night) == [1, 4, 5]
    assert {date(2019, 1, 6) + timedelta(days=n) for n in range(70)} <= found.keys()


def test_a_gap_that_github_does_not_fill_is_asked_once_a_night(night: Night) -> None:
    hole = [week for week in weeks_back(30, 30) if week["week"] != weeks_back(40, 1)[0]["week"]]
    pages = [weeks_back(0, 30), [*hole, *weeks_back(60, 1)], weeks_back(60, 30), weeks_back(90, 5)]
    night.server.misbehave("github", pages_are(*pages), times=99)
    night.fetch(stars=NOTHING)
    assert pages_of(night) == [1, 2, 3, 4]


# ---- Answers that cannot be ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stars", [NOTHING, ALL])
def test_empty_history_is_unavailable_not_zero(night: Night, stars: KnownStars) -> None:
    night.server.misbehave("github", history_is([]), times=2)
    error = night.fails(stars=stars)
    assert isinstance(error, TransientError)
    assert "unavailable rather than zero" in str(error)


def test_a_server_without_the_history_keeps_the_totals(night: Night) -> None:
    night.server.misbehave(
        "github", lambda request, upstream: Reply(404) if "history" in request.path else upstream(request), times=9
    )
    error = night.fails(stars=NOTHING)
    assert isinstance(error, TerminalError)
    assert error.what == "keras-team/keras: /stargazers/history has status 404, so this server does not tell it"
    assert [answer.rows for answer in night.answers] == [(TOTAL,)]


def test_upstream_that_ignores_the_page_is_noticed(night: Night) -> None:
    night.server.misbehave("github", history_is(weeks_back(0, 30)), times=200)
    assert "page 2 of the star history says nothing new" in str(night.fails(stars=NOTHING))
    assert len(night.server.requests) == 3


def test_a_history_without_end_ends(night: Night) -> None:
    def endless(request: Any, upstream: Any) -> Reply:
        if not request.path.endswith("/history"):
            return upstream(request)
        return json_reply(weeks_back(30 * (int(request.query["page"]) - 1), 30))

    night.replay.hourly_requests = 10**6
    night.server.misbehave("github", endless, times=999)
    assert "the answer is not weeks" in str(night.fails(stars=NOTHING))
    assert len(night.server.requests) < 70


def test_week_seen_twice_because_a_new_one_began_between_pages(night: Night) -> None:
    pages = [weeks_back(0, 30), weeks_back(29, 3)]
    night.server.misbehave("github", pages_are(*pages), times=99)
    assert len(stars_of(night.fetch(stars=NOTHING))) == 32 * 7 - 2  # two days of the running week are still to come


# ---- Which days and pages --------------------------------------------------------------------------------------------

DAYS = st.integers(min_value=0, max_value=3000).map(lambda number: date(2015, 1, 4) + timedelta(days=number))
SPANS = st.lists(st.tuples(DAYS, st.integers(min_value=0, max_value=400))).map(
    lambda pairs: [(first, first + timedelta(days=length)) for first, length in pairs]
)


def days_of(spans: list[tuple[date, date]]) -> set[date]:
    return {first + timedelta(days=n) for first, last in spans for n in range((last - first).days + 1)}


@hypothesis.given(SPANS)
def test_merged_spans_hold_the_same_days_and_do_not_touch(spans: list[tuple[date, date]]) -> None:
    result = merged(spans)
    assert days_of(result) == days_of(spans)
    assert all(later[0] - earlier[1] > timedelta(days=1) for earlier, later in pairwise(result))


@hypothesis.given(SPANS.filter(bool), DAYS)
def test_the_newest_missing_day_is_the_one_below_the_newest_run(spans: list[tuple[date, date]], begins: date) -> None:
    known, newest = days_of(spans), max(last for _, last in spans)
    missing = newest_missing(spans, begins)
    day = newest
    while day in known:
        day -= timedelta(days=1)
    assert missing == (day if day >= begins else None)


@pytest.mark.parametrize(
    ("known", "pages"),
    [
        ([], 5),
        ([(BEGINS, YESTERDAY)], 0),
        ([(date(2019, 1, 1), YESTERDAY)], 2),
        ([(BEGINS, date(2020, 12, 31))], 0),
        ([(BEGINS, date(2020, 6, 1))], 1),
        ([(date(2020, 6, 1), YESTERDAY)], 5),
    ],
)
def test_how_many_pages_a_report_needs(known: list[tuple[date, date]], pages: int) -> None:
    assert pages_missing(known, since=NEEDED_SINCE, before=DAY) == pages


@hypothesis.given(st.lists(st.integers(min_value=0, max_value=400), max_size=6))
@hypothesis.settings(max_examples=25, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_any_gaps_are_filled_in_one_night_with_room(night: Night, cuts: list[int]) -> None:
    """Whatever weeks are known, afterwards all days are, and as many pages were asked as had been counted."""
    weeks = [BEGINS + timedelta(weeks=number) for number in sorted(set(cuts)) if number < 320]
    known = [(start, start + timedelta(days=6)) for start in weeks]
    night.server.requests.clear()
    night.replay.used.clear()
    found = stars_of(night.fetch(stars=KnownStars(known, BEGINS, NEEDED_SINCE)))
    assert days_of(known) | found.keys() == days_of([(BEGINS, YESTERDAY)])
    assert len(pages_of(night)) - 1 == pages_missing(known, since=BEGINS, before=DAY)
