"""Answers of Google Trends of another shape than the one known: each is named, none becomes a wrong row."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from flows.config.settings import GoogleTrends
from flows.replay.google_trends import GoogleTrendsReplay
from flows.replay.server import (
    Fault,
    ReplayServer,
    Reply,
    Request,
    Upstream,
    instead,
    status,
)
from flows.sources.errors import TerminalError, TransientError
from flows.sources.google.client import trends_client
from flows.sources.google.trends import fetch_interest
from tests.flows.sources.google.conftest import (
    JSON,
    NOW,
    TOPICS,
    on_curve,
    on_explore,
    with_timeline,
    with_widgets,
)
from warehouse.rows import Answer


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
        list(fetch_interest(settings, trends_client(settings), queries=["keras"], collected_at=NOW))


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


@pytest.mark.parametrize("resolution", ["DAY", "MONTH", "HOUR", "EIGHT_MINUTE", None, ["WEEK"], "x" * 500])
def test_only_weeks_are_taken(fetch: Callable[..., Iterator[Answer]], server: ReplayServer, resolution: Any) -> None:
    replay = GoogleTrendsReplay(NOW)

    def change(request: Request, upstream: Upstream) -> Reply:
        answer = json.loads(upstream(request).body[5:])
        widget = answer["widgets"][0]
        widget["request"]["resolution"] = resolution
        widget["token"] = replay.token_for(widget["request"])
        return Reply(200, json.dumps(answer).encode(), JSON)

    on_explore(server, change)
    with pytest.raises(TerminalError, match=r"^google_trends: resolution .{1,70} for the timeframe 'today 5-y'"):
        list(fetch("keras"))
    assert len(server.requests) == 2
