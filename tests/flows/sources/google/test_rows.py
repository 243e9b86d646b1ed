"""fetch_interest through pytrends against the Trends upstream on loopback: rows, terms and groups."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date

import hypothesis
import pytest
from hypothesis import strategies as st

from flows.config.settings import GoogleTrends
from flows.replay.google_trends import RECORDINGS
from flows.replay.server import (
    ReplayServer,
    status,
)
from flows.sources.errors import TerminalError
from flows.sources.google.client import trends_client
from flows.sources.google.night import groups_of
from flows.sources.google.payloads import Trends
from tests.flows.sources.google.conftest import (
    JSON,
    NOW,
    TOPICS,
    on_curve,
    paths,
)
from warehouse.rows import Answer, SearchPoint


def test_all_terms_are_asked_together_in_one_request(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer
) -> None:
    (answer,) = fetch(*TOPICS)
    assert paths(server) == ["explore/", "explore", "widgetdata/multiline"]
    assert answer.entity == "+".join(TOPICS)
    assert (answer.service, answer.collected_at, answer.replaces_all) == ("google_trends", NOW, False)
    assert (answer.window_start, answer.window_end) == (date(2016, 6, 25), date(2021, 6, 25))
    assert len(answer.rows) == 3 * 262
    assert [row.term for row in answer.rows[:3]] == TOPICS
    assert max(row.interest for row in answer.rows) == 100
    assert answer.state == {
        "question": {"geo": "", "timeframe": "today 5-y", "match": "topic", "category": 0, "property": ""},
        "terms": {
            topic: {"name": name, "type": "Software"}
            for topic, name in zip(TOPICS, ("TensorFlow", "PyTorch", "Keras"), strict=True)
        },
        "notes": [],
    }


def test_the_question_is_kept_with_the_draw(fetch: Callable[..., Iterator[Answer]]) -> None:
    (answer,) = fetch("keras", geo="DE", timeframe="today 12-m", match="term")
    assert answer.state["question"] == {
        "geo": "DE", "timeframe": "today 12-m", "match": "term", "category": 0, "property": "",
    }  # fmt: skip
    request = json.loads(answer.request)["explore"]["req"]
    assert (request["category"], request["property"]) == (0, "")
    assert request["comparisonItem"] == [{"keyword": "keras", "time": "today 12-m", "geo": "DE"}]


def test_only_explore_is_sent_the_cookie_that_came_first(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer
) -> None:
    list(fetch("keras"))
    first, explore, _ = (request for _, request in server.requests)
    assert "cookie" not in first.headers
    assert explore.headers["cookie"].startswith("NID=511=")
    assert explore.method == "POST"
    assert explore.headers["accept-language"] == "en-US"


def test_recorded_weeks_become_rows(fetch: Callable[..., Iterator[Answer]]) -> None:
    (answer,) = fetch("pizza", "bagel")
    body = json.loads((RECORDINGS / "multiline_week_2kw_today5y_partial.json").read_text())["response"]["body"]
    assert answer.body == body
    assert answer.is_synthetic is False
    assert (answer.window_start, answer.window_end) == (date(2018, 3, 26), date(2023, 3, 26))
    assert len(answer.rows) == 2 * 260
    assert answer.rows[0] == SearchPoint(
        term="pizza",
        bucket_start=date(2018, 4, 1),
        resolution="WEEK",
        interest=81,
        is_below_one=False,
        has_data=True,
        is_partial=False,
    )
    assert {row.bucket_start.isoweekday() for row in answer.rows} == {7}
    partial = [(row.term, row.bucket_start, row.interest) for row in answer.rows if row.is_partial]
    assert partial == [("pizza", date(2023, 3, 19), 58), ("bagel", date(2023, 3, 19), 2)]


def test_pandas_is_loaded_only_where_google_is_asked() -> None:
    """It takes longer to load than most nights need to plan."""
    code = "import sys, flows.sources.google.trends; raise SystemExit('pandas' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.filterwarnings("error", "default::ResourceWarning")  # what others left open is not ours
@pytest.mark.parametrize(
    ("terms", "timeframe", "geo"),
    [
        (["pizza", "bagel"], "today 5-y", ""),
        (["youtube"], "today 12-m", "JP"),
    ],
)
def test_rows_agree_with_the_frame_that_pytrends_makes(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer, terms: list[str], timeframe: str, geo: str
) -> None:
    settings = GoogleTrends(base_url=server.url("trends"), rate_per_minute=6000)
    with trends_client(settings, sleep=lambda _: None) as client:
        trends = Trends(client, settings.base_url)
        trends.build_payload(terms, timeframe=timeframe, geo=geo)
        frame = trends.interest_over_time()
    (answer,) = fetch(*terms, timeframe=timeframe, geo=geo)
    theirs = [
        (term, moment.date(), int(row[term]), bool(row["isPartial"]))
        for moment, row in frame.iterrows()
        for term in terms
    ]
    assert [(row.term, row.bucket_start, row.interest, row.is_partial) for row in answer.rows] == theirs


def test_no_data_is_told_from_zero(fetch: Callable[..., Iterator[Answer]], server: ReplayServer) -> None:
    recorded = json.loads((RECORDINGS / "multiline_day_2kw_news_hasdata_false.json").read_text())["response"]["body"]
    on_curve(server, status(200, recorded.encode(), JSON))
    (answer,) = fetch("pizza", "bagel")
    bagel = [(row.interest, row.has_data, row.is_below_one) for row in answer.rows if row.term == "bagel"]
    assert bagel == [(0, False, False)] * 3 + [(20, True, False), (0, False, False)]
    assert not any(row.is_partial for row in answer.rows)


def test_below_one_is_told_from_zero(fetch: Callable[..., Iterator[Answer]]) -> None:
    (answer,) = fetch("tensorflow", "pytorch")
    zeros = {(row.is_below_one, row.has_data) for row in answer.rows if row.interest == 0}
    assert zeros == {(True, True), (False, False)}
    assert not any(row.is_below_one for row in answer.rows if row.interest > 0)


def test_made_up_answers_are_marked(fetch: Callable[..., Iterator[Answer]]) -> None:
    (answer,) = fetch("keras")
    assert answer.is_synthetic is True


def test_a_recorded_answer_after_a_made_up_one_is_not_marked(fetch: Callable[..., Iterator[Answer]]) -> None:
    assert [fetched.is_synthetic for terms in (["keras"], ["pizza", "bagel"]) for fetched in fetch(*terms)] == [
        True,
        False,
    ]


def test_an_obscure_term_beside_others_has_rows_without_data(fetch: Callable[..., Iterator[Answer]]) -> None:
    (answer,) = fetch("keras", "jax")
    assert {(row.interest, row.has_data) for row in answer.rows if row.term == "jax"} == {(0, False)}


def test_no_points_at_all_is_an_empty_answer(fetch: Callable[..., Iterator[Answer]]) -> None:
    (answer,) = fetch("jax")
    assert (answer.rows, answer.state, answer.entity) == ((), answer.state, "jax")
    assert answer.state["empty"] is True
    assert answer.body == ")]}',\n" + '{"default":{"timelineData":[],"averages":[]}}'


def test_the_request_can_be_repeated_and_holds_no_secret(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer
) -> None:
    (answer,) = fetch("keras", "pytorch", geo="DE", timeframe="today 12-m")
    request = json.loads(answer.request)
    items = request["explore"]["req"]["comparisonItem"]
    assert [(item["keyword"], item["geo"], item["time"]) for item in items] == [
        ("keras", "DE", "today 12-m"),
        ("pytorch", "DE", "today 12-m"),
    ]
    assert request["widget"]["time"] == "2020-06-25 2021-06-25"
    assert request["widget"]["resolution"] == "WEEK"
    token = server.requests[-1][1].query["token"]
    assert "token" not in answer.request
    assert token not in answer.request + answer.body
    assert "511=" not in answer.request + answer.body


def test_the_request_is_the_same_for_every_draw(fetch: Callable[..., Iterator[Answer]]) -> None:
    assert next(fetch("keras")).request == next(fetch("keras")).request


def test_more_than_five_terms_are_split_around_the_reference(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer
) -> None:
    answers = list(fetch("a", "b", "c", "d", "e", "keras", "f", reference="keras"))
    assert [answer.entity for answer in answers] == ["keras+a+b+c+d", "keras+e+f"]
    assert paths(server) == ["explore/"] + ["explore", "widgetdata/multiline"] * 2
    assert all({row.term for row in answer.rows} == set(answer.entity.split("+")) for answer in answers)


def test_five_terms_stay_together(fetch: Callable[..., Iterator[Answer]]) -> None:
    assert [answer.entity for answer in fetch("keras", "a", "b", "c", "d", reference="c")] == ["keras+a+b+c+d"]


@hypothesis.given(
    st.lists(st.text(min_size=1), min_size=1, max_size=30, unique_by=lambda term: term.strip().casefold()), st.data()
)
def test_every_term_is_in_a_group_and_groups_share_the_reference(queries: list[str], data: st.DataObject) -> None:
    reference = data.draw(st.sampled_from([*queries, None]))
    groups = groups_of(queries, reference)
    assert {term for group in groups for term in group} == set(queries)
    assert all(len(group) == len(set(group)) <= 5 for group in groups)
    if len(groups) > 1:
        assert {group[0] for group in groups} == {reference or queries[0]}
        assert sum(len(group) - 1 for group in groups) == len(queries) - 1


def test_what_came_before_an_error_counts(fetch: Callable[..., Iterator[Answer]], server: ReplayServer) -> None:
    answers = fetch("keras", "b", "c", "d", "e", "f")
    assert next(answers).entity == "keras+b+c+d+e"
    server.misbehave("trends", status(400))
    with pytest.raises(TerminalError, match="status 400"):
        next(answers)


@pytest.mark.parametrize("queries", [("keras", "keras"), ("Keras", "pytorch", "keras "), tuple("abcdefa")])
def test_duplicates_are_refused_before_asking(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer, queries: tuple[str, ...]
) -> None:
    with pytest.raises(TerminalError, match=r"asked twice for '(keras|a)'; give each framework a search_term"):
        list(fetch(*queries))
    assert server.requests == []


def test_a_reference_that_is_not_asked_is_refused_before_asking(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer
) -> None:
    with pytest.raises(TerminalError, match="reference 'z' is none of the terms"):
        list(fetch(*"abcdef", reference="z"))
    assert server.requests == []


def test_nothing_to_ask_asks_nothing(fetch: Callable[..., Iterator[Answer]]) -> None:
    assert list(fetch()) == []


@pytest.mark.parametrize(
    "term", ["日本語", "a+b", 'quo"te', "=cmd|' /C calc'!A0", "<script>", "x" * 300, "a&b=c#d", "\u202eabc"]
)
def test_terms_arrive_as_they_are(fetch: Callable[..., Iterator[Answer]], server: ReplayServer, term: str) -> None:
    (answer,) = fetch("keras", term)
    assert {row.term for row in answer.rows} == {"keras", term}
    explore = json.loads(server.requests[1][1].query["req"])
    assert [item["keyword"] for item in explore["comparisonItem"]] == ["keras", term]
