"""fetch_interest through pytrends against the Trends upstream on loopback: rows, groups, and every known trap."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from flows.config.settings import GoogleTrends
from flows.replay.google_trends import RECORDINGS, GoogleTrendsReplay, error_page
from flows.replay.server import (
    Fault,
    ReplayServer,
    Reply,
    Request,
    Upstream,
    instead,
    redirected,
    status,
    too_many_requests,
    truncated,
)
from flows.sources.errors import SourceError, TerminalError, TransientError, UnreachableError
from flows.sources.google_trends import _groups, _Trends, _trends_client, fetch_interest
from warehouse.rows import Answer, SearchPoint

NOW = datetime(2021, 6, 25, 23, 0, tzinfo=UTC)
TOPICS = ["/g/11bwp1s2k3", "/g/11gd3905v1", "/g/11c1r2rvnp"]
JSON = {"Content-Type": "application/json; charset=UTF-8"}


@pytest.fixture
def server(replay: Callable[..., ReplayServer]) -> ReplayServer:
    return replay(trends=GoogleTrendsReplay(NOW))


@pytest.fixture
def fetch(server: ReplayServer, slept: list[float]) -> Callable[..., Iterator[Answer]]:
    def start(*queries: str, reference: str | None = None, **settings: Any) -> Iterator[Answer]:
        settings = {"base_url": server.url("trends"), "rate_per_minute": 6000, **settings}
        return fetch_interest(
            GoogleTrends(**settings), queries=queries, collected_at=NOW, reference=reference, sleep=slept.append
        )

    return start


def waits(slept: list[float]) -> list[float]:
    """The waits between tries, without the 10 ms that space the requests out."""
    return [seconds for seconds in slept if seconds > 0.1]


def paths(server: ReplayServer) -> list[str]:
    return [request.path.removeprefix("/trends/").removeprefix("api/") for _, request in server.requests]


def as_it_is(request: Request, upstream: Upstream) -> Reply:
    return upstream(request)


def on_explore(server: ReplayServer, *faults: Fault) -> None:
    """The cookie comes as always, then explore meets `faults`."""
    for fault in (as_it_is, *faults):
        server.misbehave("trends", fault)


def on_curve(server: ReplayServer, *faults: Fault) -> None:
    """Cookie and explore come as always, then the curve meets `faults`."""
    on_explore(server, as_it_is, *faults)


def with_timeline(change: Callable[[list[Any]], Any]) -> Fault:
    """The right curve, changed on its way."""

    def fault(request: Request, upstream: Upstream) -> Reply:
        answer = json.loads(upstream(request).body[6:])
        answer["default"]["timelineData"] = change(answer["default"]["timelineData"])
        return Reply(200, b")]}',\n" + json.dumps(answer).encode(), JSON)

    return fault


def with_widgets(change: Callable[[list[Any]], Any]) -> Fault:
    """The right widgets, changed on their way."""

    def fault(request: Request, upstream: Upstream) -> Reply:
        answer = json.loads(upstream(request).body[5:])
        answer["widgets"] = change(answer["widgets"])
        return Reply(200, b")]}'\n" + json.dumps(answer).encode(), JSON)

    return fault


def test_all_terms_are_asked_together_in_one_request(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer
) -> None:
    (answer,) = fetch(*TOPICS)
    assert paths(server) == ["explore/", "explore", "widgetdata/multiline"]
    assert answer.entity == "+".join(TOPICS)
    assert (answer.source, answer.collected_at, answer.replaces_all) == ("google_trends", NOW, False)
    assert (answer.window_start, answer.window_end) == (date(2016, 6, 25), date(2021, 6, 25))
    assert len(answer.rows) == 3 * 262
    assert [row.term for row in answer.rows[:3]] == TOPICS
    assert max(row.interest for row in answer.rows) == 100
    assert answer.state == {}


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


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("terms", "timeframe", "geo"),
    [
        (["pizza", "bagel"], "today 5-y", ""),
        (["pizza", "bagel"], "2021-01-01 2021-01-05", ""),
        (["youtube"], "today 12-m", "JP"),
    ],
)
def test_rows_agree_with_the_frame_that_pytrends_makes(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer, terms: list[str], timeframe: str, geo: str
) -> None:
    settings = GoogleTrends(base_url=server.url("trends"), rate_per_minute=6000)
    with _trends_client(settings, sleep=lambda _: None) as client:
        trends = _Trends(client, settings.base_url)
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
    (answer,) = fetch("pizza", "bagel", timeframe="2021-01-01 2021-01-05")
    bagel = [(row.interest, row.has_data, row.is_below_one) for row in answer.rows if row.term == "bagel"]
    assert bagel == [(0, False, False)] * 3 + [(20, True, False), (0, False, False)]
    assert {row.resolution for row in answer.rows} == {"DAY"}
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
    assert (answer.rows, answer.state, answer.entity) == ((), {"empty": True}, "jax")
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
    groups = _groups(queries, reference)
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


# ---- the cookie


@pytest.mark.parametrize("code", [200, 302, 404, 429])
def test_the_cookie_counts_whatever_the_status(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer, slept: list[float], code: int
) -> None:
    def answer(request: Request, upstream: Upstream) -> Reply:
        return Reply(code, b"<html>", {**upstream(request).headers, "Location": "https://consent.google.com/"})

    server.misbehave("trends", answer)
    assert len(list(fetch("keras"))) == 1
    assert waits(slept) == []


def test_too_many_requests_for_the_cookie_waits(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer, slept: list[float]
) -> None:
    server.misbehave("trends", too_many_requests(content_type=None))
    assert len(list(fetch("keras"))) == 1
    assert waits(slept) == [1.0]


def test_a_page_without_cookie_ends_it(fetch: Callable[..., Iterator[Answer]], server: ReplayServer) -> None:
    server.misbehave("trends", lambda request, upstream: error_page(404))
    with pytest.raises(TerminalError, match="trends/explore/: status 404"):
        list(fetch("keras"))


def new_cookie(value: str) -> Fault:
    return status(429, b"", {"Content-Type": "text/html", "Set-Cookie": f"NID={value}; path=/"})


def test_a_429_with_a_new_cookie_is_asked_again_at_once_with_it(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer, slept: list[float]
) -> None:
    on_explore(server, lambda request, upstream: GoogleTrendsReplay.__call__(upstream, without_cookie(request)))
    assert len(list(fetch("keras"))) == 1
    assert waits(slept) == []
    _, first, second, _ = (request.headers.get("cookie") for _, request in server.requests)
    assert first != second


def without_cookie(request: Request) -> Request:
    """As if the cookie had run out."""
    headers = {name: value for name, value in request.headers.items() if name != "cookie"}
    return Request(request.method, request.path, request.query, request.raw_query, headers, request.body)


def test_a_new_cookie_that_is_refused_too_means_too_many_requests(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer, slept: list[float]
) -> None:
    on_explore(server, new_cookie("1"), new_cookie("2"), new_cookie("3"))
    with pytest.raises(TransientError, match="status 429"):
        list(fetch("keras"))
    assert waits(slept) == [2.0]


# ---- answers that are none


@pytest.mark.parametrize(
    "fault",
    [
        too_many_requests(),
        too_many_requests(content_type=None),
        too_many_requests(retry_after=30),
        redirected("https://www.google.com/sorry/index?continue=https://trends.google.com/"),
        status(500),
        status(200, b"<html>captcha</html>", {"Content-Type": "text/html; charset=utf-8"}),
        status(200, b"{}", {"X-No": "content type"}),
        truncated(30),
        truncated(0),
    ],
)
@pytest.mark.parametrize("place", [on_explore, on_curve])
def test_transient_answers_are_asked_again(
    fetch: Callable[..., Iterator[Answer]],
    server: ReplayServer,
    slept: list[float],
    fault: Fault,
    place: Callable[..., None],
) -> None:
    place(server, fault)
    assert len(list(fetch("keras"))) == 1
    assert len(waits(slept)) == 1
    assert len(server.requests) == 4


def test_a_sorry_page_is_never_followed(fetch: Callable[..., Iterator[Answer]], server: ReplayServer) -> None:
    on_explore(server, *[redirected(f"{server.url('trends')}/sorry/index")] * 3)
    with pytest.raises(TransientError, match=r"sent on to .*/sorry/index"):
        list(fetch("keras"))
    assert "/sorry/index" not in paths(server)


def test_too_many_requests_end_as_transient(fetch: Callable[..., Iterator[Answer]], server: ReplayServer) -> None:
    on_explore(server, *[too_many_requests(content_type=None)] * 3)
    with pytest.raises(TransientError, match=r"google_trends: .*/trends/api/explore: status 429"):
        list(fetch("keras"))


def test_an_altered_token_is_terminal(fetch: Callable[..., Iterator[Answer]], server: ReplayServer) -> None:
    def alter(widgets: list[Any]) -> list[Any]:
        widgets[0]["token"] = widgets[0]["token"][::-1]
        return widgets

    on_explore(server, with_widgets(alter))
    with pytest.raises(TerminalError, match="widgetdata/multiline: status 401"):
        list(fetch("keras"))


def test_an_expired_token_is_terminal(replay: Callable[..., ReplayServer]) -> None:
    replays = iter([GoogleTrendsReplay(NOW.replace(day=23)), GoogleTrendsReplay(NOW)])
    early, late = replays
    server = replay(trends=lambda request: (late if "multiline" in request.path else early)(request))
    settings = GoogleTrends(base_url=server.url("trends"), rate_per_minute=6000)
    with pytest.raises(TerminalError, match="widgetdata/multiline: status 401"):
        list(fetch_interest(settings, queries=["keras"], collected_at=NOW))


@pytest.mark.parametrize("prefix", [b"", b")]}'\n", b")]}',\n", b")]}'\r\n", b")]}', anything\n"])
def test_the_prefix_is_dropped_up_to_the_line_feed(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer, prefix: bytes
) -> None:
    def other_prefix(request: Request, upstream: Upstream) -> Reply:
        return Reply(200, prefix + upstream(request).body.partition(b"\n")[2], JSON)

    on_explore(server, other_prefix, other_prefix)
    assert len(next(fetch("keras")).rows) == 262


@pytest.mark.parametrize("body", [b"", b")]}'\n", b")]}'", b"{", b")]}',\n{'a': 1}", "\N{SNOWMAN}".encode("utf-16")])
@pytest.mark.parametrize("place", [on_explore, on_curve])
def test_a_body_that_is_not_json_is_transient(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer, body: bytes, place: Callable[..., None]
) -> None:
    place(server, status(200, body, JSON))
    with pytest.raises(TransientError, match=r"body is (empty|not JSON)"):
        list(fetch("keras"))


def test_a_term_that_vanished_from_the_answer_is_transient(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer
) -> None:
    def drop_last(points: list[Any]) -> list[Any]:
        columns = ("value", "hasData", "formattedValue")
        return [{**point, **{name: point[name][:-1] for name in columns}} for point in points]

    on_curve(server, with_timeline(drop_last))
    with pytest.raises(TransientError, match="2 values for 3 terms on 2016-06-19; a term vanished"):
        list(fetch(*TOPICS))


def changed(**changes: Any) -> Callable[[list[Any]], list[Any]]:
    """The last point with other fields; None takes a field away."""

    def change(points: list[Any]) -> list[Any]:
        last = {name: value for name, value in {**points[-1], **changes}.items() if value is not None}
        return [*points[:-1], last]

    return change


@pytest.mark.parametrize(
    "change",
    [
        lambda points: None,
        lambda points: {"0": points},
        lambda points: [*points, None],
        lambda points: [*points, 7],
        changed(value=None),
        changed(hasData=None),
        changed(formattedValue=None),
        changed(time=None),
        changed(time="soon"),
        changed(time="9" * 30),
        changed(value=[101]),
        changed(value=[-1]),
        changed(value=["7"]),
        changed(value=[True]),
        changed(value=7),
    ],
)
def test_a_curve_of_another_shape_is_terminal(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer, change: Callable[[list[Any]], Any]
) -> None:
    on_curve(server, with_timeline(change))
    with pytest.raises(TerminalError, match=r"an answer of another shape: multiline: .*; Google may have changed"):
        list(fetch("keras"))


@pytest.mark.parametrize("value", [[], {}, {"default": []}, {"default": {}}, None, 3])
def test_a_curve_without_timeline_is_terminal(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer, value: Any
) -> None:
    on_curve(server, instead(value))
    with pytest.raises(TerminalError, match="multiline: no timelineData"):
        list(fetch("keras"))


def first_widget(**changes: Any) -> Fault:
    def change(widgets: list[Any]) -> list[Any]:
        first = {name: value for name, value in {**widgets[0], **changes}.items() if value is not None}
        return [first, *widgets[1:]]

    return with_widgets(change)


@pytest.mark.parametrize(
    "fault",
    [
        instead([]),
        instead({}),
        instead(None),
        instead({"widgets": None}),
        instead({"widgets": []}),
        instead({"widgets": [{"token": "x"}]}),
        instead({"widgets": ["TIMESERIES"]}),
        first_widget(id="SOMETHING_ELSE"),
        first_widget(token=None),
        first_widget(request=None),
        first_widget(request="later"),
    ],
)
def test_an_explore_answer_of_another_shape_is_terminal(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer, fault: Fault
) -> None:
    on_explore(server, fault)
    with pytest.raises(TerminalError, match="an answer of another shape: explore: "):
        list(fetch("keras"))


def test_the_widget_of_an_earlier_group_is_never_asked_again(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer
) -> None:
    answers = fetch(*"abcdef")
    next(answers)
    server.misbehave("trends", first_widget(id="SOMETHING_ELSE"))
    with pytest.raises(TerminalError, match="no widget TIMESERIES"):
        next(answers)


@pytest.mark.parametrize("window", [None, "", "today 5-y", "2021-01-01", "2021-01-01 2021-02-01 2021-03-01", 5])
def test_a_window_that_cannot_be_read_is_terminal(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer, window: Any
) -> None:
    replay = GoogleTrendsReplay(NOW)

    def change(request: Request, upstream: Upstream) -> Reply:
        answer = json.loads(upstream(request).body[5:])
        widget = answer["widgets"][0]
        widget["request"]["time"] = window
        widget["token"] = replay.token_for(widget["request"])
        return Reply(200, json.dumps(answer).encode(), JSON)

    def curve(request: Request, upstream: Upstream) -> Reply:
        return Reply(200, b'{"default": {"timelineData": []}}', JSON)

    on_explore(server, change, curve)
    with pytest.raises(TerminalError, match="explore: window"):
        list(fetch("keras"))


@pytest.mark.parametrize("resolution", ["HOUR", "MINUTE", "EIGHT_MINUTE", None])
def test_buckets_below_a_day_are_refused(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer, resolution: str | None
) -> None:
    replay = GoogleTrendsReplay(NOW)

    def change(request: Request, upstream: Upstream) -> Reply:
        answer = json.loads(upstream(request).body[5:])
        widget = answer["widgets"][0]
        widget["request"]["resolution"] = resolution
        widget["token"] = replay.token_for(widget["request"])
        return Reply(200, json.dumps(answer).encode(), JSON)

    on_explore(server, change, status(200, b'{"default": {"timelineData": []}}', JSON))
    with pytest.raises(
        TerminalError, match=f"resolution {resolution}, wanted one of DAY, MONTH, WEEK; set a timeframe"
    ):
        list(fetch("keras"))


@pytest.mark.parametrize(("timeframe", "resolution"), [("today 3-m", "DAY"), ("today 12-m", "WEEK"), ("all", "MONTH")])
def test_the_resolution_is_kept_as_google_chose_it(
    fetch: Callable[..., Iterator[Answer]], timeframe: str, resolution: str
) -> None:
    (answer,) = fetch("keras", timeframe=timeframe)
    assert {row.resolution for row in answer.rows} == {resolution}


def test_a_timeframe_that_google_refuses_is_terminal(fetch: Callable[..., Iterator[Answer]]) -> None:
    with pytest.raises(TerminalError, match="trends/api/explore: status 400"):
        list(fetch("keras", timeframe="2021-06-25 2021-06-25"))


@pytest.mark.parametrize(
    "term", ["日本語", "a+b", 'quo"te', "=cmd|' /C calc'!A0", "<script>", "x" * 300, "a&b=c#d", "\u202eabc"]
)
def test_terms_arrive_as_they_are(fetch: Callable[..., Iterator[Answer]], server: ReplayServer, term: str) -> None:
    (answer,) = fetch("keras", term)
    assert {row.term for row in answer.rows} == {"keras", term}
    explore = json.loads(server.requests[1][1].query["req"])
    assert [item["keyword"] for item in explore["comparisonItem"]] == ["keras", term]


def test_no_network_is_over_within_seconds(slept: list[float]) -> None:
    settings = GoogleTrends(base_url="http://127.0.0.1:9")
    with pytest.raises(UnreachableError, match=r"google_trends: 127\.0\.0\.1:9/trends/explore/: no connection"):
        list(fetch_interest(settings, queries=["keras"], collected_at=NOW, sleep=slept.append))
    assert sum(slept) < 20


def test_dead_proxies_of_the_environment_end_it(monkeypatch: pytest.MonkeyPatch, slept: list[float]) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    settings = GoogleTrends(base_url="https://trends.google.com")
    with pytest.raises(UnreachableError):
        list(fetch_interest(settings, queries=["keras"], collected_at=NOW, sleep=slept.append))


def test_requests_are_spaced_out_as_configured(fetch: Callable[..., Iterator[Answer]], slept: list[float]) -> None:
    list(fetch("keras", rate_per_minute=10))
    assert slept == pytest.approx([6.0, 6.0], abs=0.5)


@pytest.mark.parametrize("fault", [status(400), status(401), too_many_requests(), truncated(9)])
def test_no_error_holds_a_term_token_or_cookie(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer, fault: Fault
) -> None:
    on_curve(server, fault, fault, fault)
    with pytest.raises(SourceError) as caught:
        list(fetch("keras"))
    token = server.requests[-1][1].query["token"]
    assert token not in str(caught.value)
    assert "511=" not in str(caught.value)
    assert "?" not in str(caught.value)
