"""The Trends upstream on loopback, and the places where a fault can be put in its way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
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
)
from flows.sources.google.client import trends_client
from flows.sources.google.trends import fetch_interest
from warehouse.rows import Answer

NOW = datetime(2021, 6, 25, 23, 0, tzinfo=UTC)
TOPICS = ["/g/11bwp1s2k3", "/g/11gd3905v1", "/g/11c1r2rvnp"]
JSON = {"Content-Type": "application/json; charset=UTF-8"}


@pytest.fixture
def server(replay: Callable[..., ReplayServer]) -> ReplayServer:
    return replay(trends=GoogleTrendsReplay(NOW))


@pytest.fixture
def fetch(server: ReplayServer, slept: list[float]) -> Callable[..., Iterator[Answer]]:
    def start(
        *queries: str, reference: str | None = None, labels: Mapping[str, str] | None = None, **settings: Any
    ) -> Iterator[Answer]:
        settings = {"base_url": server.url("trends"), "rate_per_minute": 6000, **settings}
        client = trends_client(GoogleTrends(**settings), slept.append)
        return fetch_interest(
            GoogleTrends(**settings), client, queries=queries, collected_at=NOW, reference=reference, labels=labels
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
