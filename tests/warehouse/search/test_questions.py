"""The question of a draw as data, also of draws from before it was kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from tests.conftest import ROOT
from warehouse.rows import Answer, SearchPoint

AT = datetime(2021, 6, 25, 23, tzinfo=UTC)
MIGRATION = (ROOT / "warehouse/sql/migrations/0006_search_questions.sql").read_text(encoding="utf-8")
QUESTION = {"geo": "DE", "timeframe": "today 12-m", "match": "term", "category": 0, "property": ""}
POINT = SearchPoint("keras", date(2021, 6, 6), "WEEK", 50, False, True, False)


def request(geo: str, time: str, *terms: str) -> str:
    items = [{"keyword": term, "time": time, "geo": geo} for term in terms]
    return json.dumps({"explore": {"hl": "en-US", "req": {"comparisonItem": items, "category": 5, "property": ""}}})


def questions(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return con.execute(
        "SELECT entity, geo, timeframe, search_match, category, question FROM core.search_questions ORDER BY entity"
    ).fetchall()


def test_the_question_of_a_draw(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], answer: Callable[..., Answer]
) -> None:
    save(
        answer("google_trends", "keras", POINT, at=AT, state={"question": QUESTION}),
        answer("google_trends", "worldwide", POINT, at=AT, state={"question": {**QUESTION, "geo": ""}}),
        answer("github", "a/b", at=AT),
    )
    assert questions(con) == [
        ("keras", "DE", "today 12-m", "term", 0, "DE|today 12-m|term|0|"),
        ("worldwide", "", "today 12-m", "term", 0, "|today 12-m|term|0|"),
    ]


@pytest.mark.parametrize(("geo", "place"), [("", "worldwide"), ("US", "in US"), ("US-NY", "in US-NY")])
def test_texts_say_where_the_searches_were_made(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], answer: Callable[..., Answer], geo: str, place: str
) -> None:
    before = {**QUESTION, "geo": "JP"}
    save(
        answer("google_trends", "keras", POINT, at=AT, state={"question": {**QUESTION, "geo": geo}}),
        answer("google_trends", "keras", POINT, at=AT.replace(hour=1), state={"question": before}),
    )
    ((definition, basis),) = con.execute(
        "SELECT definition, basis FROM metric_definitions WHERE metric = 'search_interest'"
    ).fetchall()
    assert definition.startswith(f"Interest in the framework among Google searches {place}, relative to")
    assert place in basis
    assert ("worldwide" in definition + basis) == (place == "worldwide")


def test_draws_from_before_say_it_in_their_request(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], answer: Callable[..., Answer]
) -> None:
    save(
        answer("google_trends", "/g/1+b", POINT, at=AT, request=request("US", "today 5-y", "/g/1", "b")),
        answer("google_trends", "b+c", at=AT, request=request("", "all", "b", "c"), state={"empty": True}),
        answer("google_trends", "d", POINT, at=AT, request="{}"),
        answer("google_trends", "e", POINT, at=AT, request=request("US", "all", "e"), state={"question": QUESTION}),
    )
    con.execute(MIGRATION)
    assert questions(con) == [
        ("/g/1+b", "US", "today 5-y", "topic", 5, "US|today 5-y|topic|5|"),
        ("b+c", "", "all", "term", 5, "|all|term|5|"),
        ("d", "", "", "", 0, "|||0|"),
        ("e", "DE", "today 12-m", "term", 0, "DE|today 12-m|term|0|"),
    ]
    state = con.execute("SELECT state FROM raw.answers WHERE entity = 'b+c'").fetchall()[0][0]
    assert json.loads(state)["empty"] is True


def test_a_draw_of_the_replay_carries_its_question(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], tmp_path: Path
) -> None:
    from flows.config.settings import GoogleTrends
    from flows.replay.google_trends import GoogleTrendsReplay
    from flows.replay.server import ReplayServer
    from flows.sources.google.client import trends_client
    from flows.sources.google.trends import fetch_interest

    with ReplayServer({"trends": GoogleTrendsReplay(AT)}) as server:
        settings = GoogleTrends(base_url=server.url("trends"), rate_per_minute=6000, geo="JP", match="term")
        with trends_client(settings) as client:
            save(*fetch_interest(settings, client, queries=["keras"], collected_at=AT))
    assert questions(con) == [("keras", "JP", "today 5-y", "term", 0, "JP|today 5-y|term|0|")]


def test_draws_of_two_questions_never_mix_and_the_change_is_told(
    con: duckdb.DuckDBPyConnection,
    save: Callable[..., int],
    answer: Callable[..., Answer],
    configured: Callable[..., tuple[Answer, Answer]],
) -> None:
    def drawn(interest: int, day: int, **question: object) -> Answer:
        points = [SearchPoint("keras", date(2021, 5, 2 + 7 * n), "WEEK", interest, False, True, False) for n in (0, 1)]
        asked = {"question": {**QUESTION, **question}}
        return answer("google_trends", "keras", *points, at=AT.replace(day=day), state=asked)

    save(*configured(at=AT.replace(day=1), keras=["keras"]), drawn(100, 2), drawn(100, 3))
    for run, question in enumerate([{"geo": "US"}, {"timeframe": "today 5-y"}, {"match": "topic"}, {"category": 5}]):
        save(drawn(10 + run, 4 + run, **question), run_id=f"r{run}")
        weeks = con.execute("SELECT DISTINCT interest, draws FROM search_interest_weekly").fetchall()
        assert weeks == [(10 + run, 1)], question
    told = con.execute(
        "SELECT source, metric, effective_on, kind, what_changed LIKE '%US|today 12-m|term|0| in place of DE|%'"
        " FROM measurement_breaks ORDER BY effective_on"
    ).fetchall()
    assert [row[2].day for row in told] == [4, 5, 6, 7]
    assert told[0] == ("google_trends", "search_interest", date(2021, 6, 4), "question", True)
    assert con.execute("SELECT count(*) FROM core.series_breaks WHERE kind = 'question'").fetchall() == [(0,)]
