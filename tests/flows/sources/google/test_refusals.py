"""The cookie of Google Trends, refusals that pass and refusals that stay."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
import requests

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
from flows.sources.errors import ExhaustedError, SourceError, TerminalError, UnreachableError
from flows.sources.google.client import nid_of, trends_client
from flows.sources.google.trends import fetch_interest
from tests.flows.sources.google.conftest import (
    NOW,
    as_it_is,
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


@pytest.mark.parametrize(
    "fault",
    [
        too_many_requests(content_type=None),
        status(404, b"<html>", {"Content-Type": "text/html"}),
        status(500),
        status(200, b"<html>", {"Content-Type": "text/html"}),
        redirected("https://consent.google.com/m?continue=x"),
        truncated(0),
        status(429, b"", {"Set-Cookie": "AEC=1; path=/; domain=.google.com; Secure"}),
        status(429, b"", {"Set-Cookie": "NID=; path=/"}),
    ],
)
def test_a_start_page_that_fails_is_not_fatal_for_explore_hands_out_a_cookie_too(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer, slept: list[float], fault: Fault
) -> None:
    server.misbehave("trends", on_start_page(fault), times=99)
    assert len(list(fetch("keras"))) == 1
    explore = [request for _, request in server.requests if request.path == "/trends/api/explore"]
    assert ["cookie" in request.headers for request in explore] == [False, True]
    assert sum(waits(slept)) < 10


def on_start_page(fault: Fault) -> Fault:
    """`fault` for the start page alone."""
    return lambda request, upstream: (
        fault(request, upstream) if request.path == "/trends/explore/" else upstream(request)
    )


def test_the_cookie_is_sent_whatever_domain_it_is_for(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer
) -> None:
    list(fetch("keras"))
    first, explore, _ = (request for _, request in server.requests)
    assert "cookie" not in first.headers
    assert explore.headers["cookie"].startswith("NID=511=")


@pytest.mark.parametrize(
    ("header", "value"),
    [
        (
            "NID=511=a-b_c; expires=Wed, 25-Dec-2030 00:00:00 GMT; path=/; domain=.google.com; Secure; HttpOnly",
            "511=a-b_c",
        ),
        ("AEC=x; path=/; SameSite=lax, NID=5=y; Secure", "5=y"),
        ("XNID=3; path=/", None),
        ("NID=; path=/", None),
        ("NID=a b; path=/", None),
        ("NID=" + "x" * 5000, None),
        ("", None),
    ],
)
def test_the_cookie_is_read_from_its_header(header: str, value: str | None) -> None:
    response = requests.Response()
    response.headers["Set-Cookie"] = header
    assert nid_of(response) == value


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
    on_explore(server, *(new_cookie(f"{number}") for number in range(9)))
    with pytest.raises(ExhaustedError, match="status 429, too many requests; it is tried again the next night"):
        list(fetch("keras"))
    assert waits(slept) == [60.0, 300.0, 900.0]
    assert paths(server) == ["explore/", *["explore"] * 5]


# ---- answers that are none


@pytest.mark.parametrize(
    "fault",
    [
        too_many_requests(),
        too_many_requests(content_type=None),
        too_many_requests(retry_after=30),
        redirected("https://consent.google.com/m?continue=https://trends.google.com/"),
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


SORRY = "https://www.google.com/sorry/index?continue=https://trends.google.com/"


@pytest.mark.parametrize("location", [SORRY, "/trends/sorry/index", "https://www.google.com/sorry?x=1"])
@pytest.mark.parametrize("code", [302, 303, 307])
@pytest.mark.parametrize(("before", "asked"), [(0, 1), (1, 2), (2, 3)])
def test_after_the_way_to_a_sorry_page_nothing_more_is_asked(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer, slept: list[float], location: str, code: int,
    before: int, asked: int,
) -> None:  # fmt: skip
    for _ in range(before):
        server.misbehave("trends", as_it_is)
    server.misbehave("trends", status(code, b"", {"Location": location, "Set-Cookie": "NID=1; path=/"}), times=9)
    with pytest.raises(TerminalError, match=f"status {code}, sent on to a sorry page; Google takes the address"):
        list(fetch(*"abcdefghij"))
    assert len(server.requests) == asked
    assert not any("/sorry" in path for path in paths(server))
    assert waits(slept) == []


def test_a_night_waits_for_minutes_when_google_wants_fewer_requests(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer, slept: list[float]
) -> None:
    on_explore(server, *[too_many_requests(content_type=None)] * 2)
    assert len(list(fetch("keras"))) == 1
    assert waits(slept) == [60.0, 300.0]


def test_its_patience_is_that_of_a_night_not_of_a_request(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer, slept: list[float]
) -> None:
    answers = fetch(*"abcdef")
    on_explore(server, *[error_page_of(429)] * 2)
    next(answers)
    server.misbehave("trends", error_page_of(429), times=9)
    with pytest.raises(ExhaustedError):
        next(answers)
    assert waits(slept) == [60.0, 300.0, 900.0]


def error_page_of(code: int) -> Fault:
    return lambda request, upstream: error_page(code)


def test_a_wait_that_google_names_is_kept_unless_it_is_longer_than_a_night_has(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer, slept: list[float]
) -> None:
    on_explore(server, too_many_requests(retry_after=100), too_many_requests(retry_after=7200))
    with pytest.raises(ExhaustedError):
        list(fetch("keras"))
    assert waits(slept) == [100.0]


def test_without_patience_too_many_requests_end_at_once(server: ReplayServer, slept: list[float]) -> None:
    settings = GoogleTrends(base_url=server.url("trends"), rate_per_minute=6000)
    on_explore(server, *[too_many_requests()] * 3)
    client = trends_client(settings, slept.append, patience=())
    with client, pytest.raises(ExhaustedError, match=r"google_trends: .*/trends/api/explore: status 429"):
        list(fetch_interest(settings, client, queries=["keras"], collected_at=NOW))
    assert (waits(slept), len(server.requests)) == ([], 2)


def test_a_question_that_google_refuses_is_terminal(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer
) -> None:
    on_explore(server, status(400))
    with pytest.raises(TerminalError, match="trends/api/explore: status 400"):
        list(fetch("keras"))


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
    on_curve(server, *[fault] * 9)
    with pytest.raises(SourceError) as caught:
        list(fetch("keras"))
    token = server.requests[-1][1].query["token"]
    assert token not in str(caught.value)
    assert "511=" not in str(caught.value)
    assert "?" not in str(caught.value)
