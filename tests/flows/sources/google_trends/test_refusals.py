"""The cookie of Google Trends, refusals that pass and refusals that stay."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from flows.config.settings import GoogleTrends
from flows.replay.google_trends import GoogleTrendsReplay, error_page
from flows.replay.server import (
    Fault,
    ReplayServer,
    Reply,
    Request,
    Upstream,
    redirected,
    status,
    too_many_requests,
    truncated,
)
from flows.sources.errors import SourceError, TerminalError, TransientError, UnreachableError
from flows.sources.google_trends import fetch_interest, trends_client
from tests.flows.sources.google_trends.conftest import (
    NOW,
    on_curve,
    on_explore,
    paths,
    waits,
)
from warehouse.rows import Answer

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


def test_a_timeframe_that_google_refuses_is_terminal(fetch: Callable[..., Iterator[Answer]]) -> None:
    with pytest.raises(TerminalError, match="trends/api/explore: status 400"):
        list(fetch("keras", timeframe="2021-06-25 2021-06-25"))


def test_no_network_is_over_within_seconds(nobody_listens: str, slept: list[float]) -> None:
    settings = GoogleTrends(base_url=f"http://{nobody_listens}")
    with pytest.raises(UnreachableError, match=f"google_trends: {nobody_listens}/trends/explore/: no connection"):
        list(fetch_interest(settings, trends_client(settings, slept.append), queries=["keras"], collected_at=NOW))
    assert sum(slept) < 20


def test_dead_proxies_of_the_environment_end_it(
    nobody_listens: str, monkeypatch: pytest.MonkeyPatch, slept: list[float]
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{nobody_listens}")
    settings = GoogleTrends(base_url="https://trends.google.com")
    with pytest.raises(UnreachableError):
        list(fetch_interest(settings, trends_client(settings, slept.append), queries=["keras"], collected_at=NOW))


def test_requests_are_spaced_out_as_configured(fetch: Callable[..., Iterator[Answer]], slept: list[float]) -> None:
    began = time.monotonic()
    list(fetch("keras", rate_per_minute=10))
    assert len(slept) == 2
    assert 12.0 - (time.monotonic() - began) <= sum(slept) <= 12.0, "what the answers took is part of the space"


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
