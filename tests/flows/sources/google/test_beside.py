"""Small terms are asked for beside terms of their size, and groups of all sizes are linked: no giant is lost."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, timedelta
from statistics import fmean

import duckdb
import pytest

from flows.config.settings import GoogleTrends
from flows.replay.server import Fault, ReplayServer, Reply, Request, Upstream
from flows.sources.errors import TerminalError
from flows.sources.google.beside import ENOUGH, MOST_REQUESTS, Past, ladder, reference_by_level, sizes_of
from flows.sources.google.client import trends_client
from flows.sources.google.night import ask_all, groups_of
from flows.sources.google.notes import anchor_notes, levels_of
from flows.sources.google.trends import fetch_search
from tests.bench.search_estimate import TRENDECON, requests
from tests.flows.sources.google.conftest import JSON, NOW, paths
from tests.flows.sources.google.searches import QUESTION, WEEK, World
from warehouse.breaks.suspected import suspected_breaks
from warehouse.ledger import begin_run
from warehouse.read.state import search_requests
from warehouse.rows import Answer, FrameworkEntry, SearchPoint
from warehouse.save import save_answers

THREE = {"pytorch": 20.0, "tensorflow": 11.0, "keras": 0.4}
SEVEN = {"ref": 0.5, "a": 0.3, "b": 0.4, "c": 0.6, "d": 0.2, "e": 0.5, "giant": 200.0}


def loaded(con: duckdb.DuckDBPyConnection, world: World, terms: Mapping[str, float], *nights: list[Answer]) -> None:
    entries = tuple(FrameworkEntry(term, term, n, term, term, "term") for n, term in enumerate(terms))
    at = nights[-1][-1].collected_at
    begin_run(con, run_id="r", flow="nightly", as_of=at.date(), started_at=at, program_version="t")
    configured = Answer("config", "frameworks", "{}", at, entries, replaces_all=True)
    save_answers(con, "r", [configured, *(answer for night in nights for answer in night)])


def estimates(con: duckdb.DuckDBPyConnection) -> dict[str, dict[date, tuple[float, float, float]]]:
    found: dict[str, dict[date, tuple[float, float, float]]] = {}
    for term, week, *values in con.execute(
        "SELECT framework, week_start, interest, interest_low, interest_high FROM core.search_weeks"
    ).fetchall():
        found.setdefault(term, {})[week] = tuple(values)
    return found


def linked(answers: list[Answer], term: str) -> float:
    """The smallest level on the best way from the first request to one in which `term` stands well."""
    requests = [levels_of(answer.rows) for answer in answers]
    best = {0: 100.0}
    for _ in requests:
        for here, level in list(best.items()):
            for there, levels in enumerate(requests):
                shared = max(
                    (min(requests[here][t], levels[t]) for t in requests[here].keys() & levels.keys()), default=0
                )
                best[there] = max(best.get(there, 0.0), min(level, shared))
    return max(min(best.get(n, 0.0), levels.get(term, 0.0)) for n, levels in enumerate(requests))


def test_a_small_term_is_asked_for_beside_one_of_its_size_and_linked_through_terms_between() -> None:
    world = World(THREE)
    answers = world.night(list(THREE))
    assert world.requests[0] == ("", ("pytorch", "tensorflow", "keras"))
    assert linked(answers[:1], "keras") < 3
    assert linked(answers, "keras") > 7
    (anchored,) = [answer for answer in answers if answer.state.get("role") == "anchored"]
    assert levels_of(anchored.rows)["keras"] >= 12
    assert len(answers) == 6


def test_terms_of_a_size_are_asked_together_and_no_more() -> None:
    assert World({"a": 3, "b": 2, "c": 1}).nights(["a", "b", "c"], 3) == [1, 1, 1]
    assert World({"a": 3}).nights(["a"], 2) == [1, 1]
    assert World({}).nights([], 1) == [0]


def test_the_ladder_is_asked_once_and_checked_every_30_days_and_a_term_until_its_draws_are_enough() -> None:
    asked = World(THREE).nights(list(THREE), 32)
    assert asked[0] == 6
    assert asked[1:ENOUGH] == [2] * (ENOUGH - 1)
    assert asked[ENOUGH:30] == [1] * (30 - ENOUGH)
    assert asked[30] == 5, "the four requests of the ladder again"
    assert asked[31] == 1


@pytest.mark.parametrize("frameworks", [3, 6, 30])
def test_a_week_asks_a_tenth_of_what_is_asked_elsewhere(frameworks: int) -> None:
    asked = requests(frameworks, nights=7)
    assert sum(asked) / frameworks < TRENDECON / 10 / 2
    assert max(asked) <= len(groups_of([str(n) for n in range(frameworks)], None)) * 2 + MOST_REQUESTS
    assert asked[1:] == [asked[1]] * 6


def test_a_term_that_is_not_seen_at_all_is_looked_for_further_down() -> None:
    terms = {"giant": 500.0, "dwarf": 0.05}
    answers = World(terms).night(list(terms))
    assert levels_of(answers[0].rows)["dwarf"] == 0
    assert linked(answers, "dwarf") > 7
    assert len(answers) < MOST_REQUESTS


@pytest.mark.parametrize("reference", [None, "ref"])
def test_seven_terms_with_a_small_reference_never_lose_a_giant(
    con: duckdb.DuckDBPyConnection, reference: str | None
) -> None:
    """It is 400 times the reference: before it was not there at all, or at a fifth of what it is."""
    world = World(SEVEN)
    day = world.day
    answers = world.night(list(SEVEN), reference=reference)
    loaded(con, world, SEVEN, answers)
    found = estimates(con)
    assert found.keys() == SEVEN.keys()
    last = day - timedelta(days=day.isoweekday() % 7) - WEEK
    weeks = [n for n in range(world.weeks) if last - WEEK * n in found["giant"]]
    unit = fmean(found["giant"][last - WEEK * n][0] / world.true("giant", n) for n in weeks)
    for term in SEVEN:
        level = fmean(found[term][last - WEEK * n][0] for n in weeks)
        assert level == pytest.approx(unit * fmean(world.true(term, n) for n in weeks), rel=0.06), term
        hits = [
            low <= unit * world.true(term, n) <= high for n in weeks for _, low, high in [found[term][last - WEEK * n]]
        ]
        assert fmean(hits) > 0.85, term
    assert 85 < max(value for value, _, _ in found["giant"].values()) <= 100


def test_share_and_control_stand_beside_the_level(con: duckdb.DuckDBPyConnection) -> None:
    world = World(THREE)
    loaded(con, world, THREE, world.night(list(THREE)), world.night(list(THREE)))
    rows = con.execute(
        "SELECT week_start, sum(share), count(*), sum(interest) FILTER (framework = 'keras'), any_value(control)"
        " FROM search_interest_weekly GROUP BY week_start"
    ).fetchall()
    ((control,),) = con.execute("SELECT DISTINCT term FROM core.search_control").fetchall()
    ratio = world.sizes["keras"] / world.sizes[control]
    assert len(rows) > 50
    for _, shares, frameworks, keras, level in rows:
        assert (shares, frameworks) == (pytest.approx(1), 3)
        assert keras / level == pytest.approx(ratio, rel=0.45), "both go up and down by 15 %"


def test_without_small_terms_there_is_no_control(con: duckdb.DuckDBPyConnection) -> None:
    world = World({"a": 3, "b": 2})
    loaded(con, world, {"a": 3, "b": 2}, world.night(["a", "b"]))
    assert con.execute("SELECT DISTINCT control FROM search_interest_weekly").fetchall() == [(None,)]


def test_a_shift_that_frameworks_and_control_share_is_suspected_and_no_popularity(
    con: duckdb.DuckDBPyConnection,
) -> None:
    world = World(THREE, weeks=150)
    world.shift = (40, 2.0)
    loaded(con, world, THREE, world.night(list(THREE)))
    suspected = [found for found in suspected_breaks(con) if found.metric == "search_interest"]
    assert [found.effective_on for found in suspected] == [date(2025, 6, 22) - 39 * WEEK]
    assert "all series of this source rose together to about 1.98 " in suspected[0].what_changed
    assert re.search(r"control series: /m/\w+ (1\.[89]|2\.[01])", suspected[0].evidence)


def test_without_the_ladder_what_cannot_be_linked_is_not_there_and_is_never_at_a_wrong_height(
    con: duckdb.DuckDBPyConnection,
) -> None:
    world = World(SEVEN)
    answers = world.night(list(SEVEN), reference="ref")
    loaded(con, world, SEVEN, [answer for answer in answers if not answer.state.get("role")])
    assert estimates(con).keys() < SEVEN.keys()


def test_the_next_night_knows_what_the_warehouse_keeps(con: duckdb.DuckDBPyConnection) -> None:
    world = World(THREE)
    night = world.night(list(THREE))
    loaded(con, world, THREE, night)
    past = [Past(*request) for request in search_requests(con, QUESTION, world.day)]
    assert sorted(tuple(request.levels) for request in past) == sorted(terms for _, terms in world.requests)
    assert {(request.role, request.draws) for request in past} == {("", 1), ("ladder", 1), ("anchored", 1)}
    for request, answer in ((r, a) for r in past for a in night if "+".join(r.levels) == a.entity):
        assert request.levels == pytest.approx({t: levels_of(answer.rows).get(t, 0) for t in request.levels})
    world.requests.clear()
    world.night(list(THREE), past)
    assert world.requests == [("", ("pytorch", "tensorflow", "keras")), ("anchored", ("/m/035bfz", "keras"))]
    assert search_requests(con, {**QUESTION, "geo": "DE"}, world.day) == []
    assert search_requests(con, QUESTION, world.day + timedelta(days=80)) == []


def test_the_reference_is_chosen_by_level_and_kept_as_long_as_it_links_well() -> None:
    assert reference_by_level({"a": 100, "b": 21, "c": 19}) == "b"
    assert sizes_of([{"a": 50, "b": 100}, {"a": 10, "c": 100}, {"a": 0, "d": 90}], "a") == {
        "a": 50, "b": 100, "c": 500, "d": 9000,
    }  # fmt: skip
    world = World(SEVEN)
    first = world.night(list(SEVEN))
    assert [terms[0] for role, terms in world.requests if not role] == ["ref", "ref", "giant", "giant"]
    past = [
        Past(str(answer.state.get("role", "")), {t: levels_of(answer.rows).get(t, 0) for t in answer.entity.split("+")},
             date(2025, 7, 1), 1)
        for answer in first
    ]  # fmt: skip
    world.requests.clear()
    world.night(list(SEVEN), past)
    assert [terms[0] for role, terms in world.requests if not role] == ["giant", "giant"]


def test_a_group_that_no_rung_can_link_is_told_after_all_that_could_be_asked() -> None:
    world = World({**SEVEN, **dict.fromkeys((rung.term for rung in ladder()), 1e-9)})
    came = []
    with pytest.raises(TerminalError, match="nothing puts the terms beside giant on one scale with the others"):
        came.extend(ask_all(world, list(SEVEN), today=world.day, reference="ref", past=[]))
    assert world.requests[:2] == [("", ("ref", "a", "b", "c", "d")), ("", ("ref", "e", "giant"))]
    assert len(world.requests) < MOST_REQUESTS


def test_what_stays_small_where_it_is_to_be_linked_says_so() -> None:
    points = [
        SearchPoint(term, date(2025, 6, 1), "WEEK", value, value == 0, True, False)
        for term, value in (("/m/1", 90), ("keras", 5), ("speck", 0))
    ]
    assert anchor_notes(points, {"/m/1": "/m/1", "keras": "Keras", "speck": "Speck"}) == [
        "Keras stands at 5 of 100 beside /m/1 and Speck, which is to link it with the other frameworks: "
        "its level may be off by 10 %",
        "Speck stays under 1 of 100 beside /m/1 and Keras: too little to be measured there",
    ]
    assert anchor_notes(points[:1], {"/m/1": "/m/1"}) == []


def of_sizes(sizes: Mapping[str, float]) -> Fault:
    """The curve of terms of these sizes, on its way from Google."""

    def fault(request: Request, upstream: Upstream) -> Reply:
        items = json.loads(request.query["req"])["comparisonItem"]
        terms = [item["complexKeywordsRestriction"]["keyword"][0]["value"] for item in items]
        largest = max(sizes[term] for term in terms)
        values = [round(100 * sizes[term] / largest) for term in terms]
        points = [
            {
                "time": str(1_614_470_400 + 7 * 86_400 * n),
                "value": values,
                "hasData": [True] * len(terms),
                "formattedValue": [str(value) if value else "<1" for value in values],
            }
            for n in range(3)
        ]
        return Reply(200, b")]}',\n" + json.dumps({"default": {"timelineData": points}}).encode(), JSON)

    return lambda request, upstream: (
        fault(request, upstream) if request.path.endswith("multiline") else upstream(request)
    )


def test_a_night_asks_google_for_all_of_it_through_pytrends(server: ReplayServer) -> None:
    world = World(THREE)
    server.misbehave("trends", of_sizes(world.sizes), times=99)
    settings = GoogleTrends(base_url=server.url("trends"), rate_per_minute=6000)
    with trends_client(settings, sleep=lambda _: None) as client:
        answers = list(fetch_search(settings, client, queries=list(THREE), collected_at=NOW, labels={"keras": "Keras"}))
    roles = [answer.state.get("role", "") for answer in answers]
    assert roles == ["", "ladder", "ladder", "anchored", *["ladder"] * (len(roles) - 4)]
    assert len(paths(server)) == 1 + 2 * len(answers)
    assert {json.dumps(answer.state["question"]) for answer in answers} == {json.dumps(answers[0].state["question"])}
    rung, term = answers[3].entity.split("+")
    assert (rung in {rung.term for rung in ladder()}, term) == (True, "keras")
    assert answers[3].state["notes"] == []
