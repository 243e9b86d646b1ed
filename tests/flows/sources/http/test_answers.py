"""HttpClient against a real server on loopback: every way an upstream can answer, and what each becomes."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from flows.replay.server import (
    Fault,
    ReplayServer,
    Reply,
    instead,
    redirected,
    status,
    too_many_requests,
    truncated,
)
from flows.sources import http
from flows.sources.errors import SourceError, TerminalError, TransientError
from flows.sources.http import HttpClient, json_of
from tests.flows.sources.http.conftest import ANSWER, SECRET, ask, assert_tells_nothing, waits


def test_gives_the_answer_with_its_body(client: HttpClient, server: ReplayServer, slept: list[float]) -> None:
    assert json_of("clickpy", ask(client, server)) == ANSWER
    assert waits(slept) == []
    assert server.requests[0][1].headers["user-agent"].startswith("framework-trends/")


@pytest.mark.parametrize(
    ("fault", "wait"),
    [
        (too_many_requests(), 1.0),
        (too_many_requests(content_type=None), 1.0),
        (too_many_requests(retry_after=7), 7.0),
        (too_many_requests(retry_after=0), None),
        (too_many_requests(retry_after=7, content_type=None), 7.0),
        (too_many_requests(retry_after="soon"), 1.0),
        (too_many_requests(retry_after="Fri, 25 Jun 2021 02:30:00 GMT"), None),
        (status(429, headers={"Retry-After": "9", "Date": "garbage"}), 9.0),
        (
            status(
                429,
                headers={
                    "Retry-After": "Fri, 25 Jun 2021 02:30:42 GMT",
                    "Date": "Fri, 25 Jun 2021 02:30:00 GMT",
                },
            ),
            42.0,
        ),
        (status(403, headers={"Retry-After": "5"}), 5.0),
        (status(500), 1.0),
        (status(502), 1.0),
        (status(503, headers={"Retry-After": "3"}), 3.0),
        (status(202), 1.0),
        (truncated(40), 1.0),
        (truncated(0), 1.0),
        (redirected("https://www.google.com/sorry/index?continue=x"), 1.0),
    ],
)
def test_asks_again_after_a_transient_answer(
    client: HttpClient, server: ReplayServer, slept: list[float], fault: Fault, wait: float | None
) -> None:
    server.misbehave("up", fault)
    assert json_of("clickpy", ask(client, server)) == ANSWER
    assert waits(slept) == ([] if wait is None else [wait])
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (too_many_requests(), "status 429"),
        (too_many_requests(retry_after=11), "status 429, asks to wait 11 s"),
        (status(503), "status 503"),
        (status(202), "status 202"),
        (truncated(40), "answer broken off"),
        (redirected(f"https://www.google.com/sorry/index?continue={SECRET}"), "sent on to www.google.com/sorry/index"),
        (redirected("http://[broken"), "sent on to (not a URL)"),
        (redirected("http://host:99999999/x"), "sent on to (not a URL)"),
    ],
)
def test_gives_up_after_the_attempts_allowed(
    client: HttpClient, server: ReplayServer, slept: list[float], fault: Fault, words: str
) -> None:
    server.misbehave("up", fault, times=9)
    with pytest.raises(TransientError) as caught:
        ask(client, server)
    assert words in str(caught.value)
    assert len(server.requests) == 3
    assert len(waits(slept)) == 2


def test_waits_double_where_the_upstream_names_no_time(server: ReplayServer, slept: list[float]) -> None:
    client = HttpClient("clickpy", attempts=5, rate_per_minute=6000, sleep=slept.append)
    server.misbehave("up", status(500), times=4)
    ask(client, server)
    assert waits(slept) == [1.0, 2.0, 4.0, 8.0]


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 451, 501])
def test_a_refusal_for_good_is_terminal_and_asked_once(client: HttpClient, server: ReplayServer, code: int) -> None:
    server.misbehave("up", status(code, b"<html>no</html>"))
    with pytest.raises(TerminalError, match=f"status {code}"):
        ask(client, server)
    assert len(server.requests) == 1


def test_too_long_a_wait_ends_at_once(client: HttpClient, server: ReplayServer, slept: list[float]) -> None:
    server.misbehave("up", too_many_requests(retry_after=3600), times=3)
    with pytest.raises(TransientError, match="asks to wait 3600 s") as caught:
        ask(client, server)
    assert caught.value.retry_after == 3600
    assert len(server.requests) == 1
    assert slept == []


def test_a_redirect_is_followed_only_when_asked(client: HttpClient, server: ReplayServer) -> None:
    moved = f"{server.url('up')}/moved"
    assert json_of("github", client.get(moved, follow=True)) == ANSWER
    with pytest.raises(TransientError, match="status 301, sent on to /up/thing"):
        client.get(moved)


def test_a_page_in_place_of_json_is_no_answer(client: HttpClient, server: ReplayServer) -> None:
    server.misbehave("up", status(200, b"<html>sorry</html>", {"Content-Type": "text/html; charset=utf-8"}))
    assert json_of("clickpy", ask(client, server, content_type="application/json")) == ANSWER
    server.misbehave("up", status(200, b"<html>sorry</html>", {"X": "no content type"}), times=3)
    with pytest.raises(TransientError, match="content type none, wanted application/json"):
        ask(client, server, content_type="application/json")


@pytest.mark.parametrize(("body", "words"), [(b"", "body is empty"), (b'{"a": 1', "body is not JSON")])
def test_a_body_that_is_not_json_is_transient(
    client: HttpClient, server: ReplayServer, body: bytes, words: str
) -> None:
    server.misbehave("up", status(200, body, {"Content-Type": "application/json"}))
    with pytest.raises(TransientError, match=words):
        json_of("clickpy", ask(client, server))


def test_other_statuses_can_be_wanted(client: HttpClient, server: ReplayServer) -> None:
    server.misbehave("up", status(304))
    assert ask(client, server, accept=frozenset({200, 304})).status_code == 304


def test_what_is_wanted_can_be_a_test_of_the_response(
    client: HttpClient, server: ReplayServer, slept: list[float]
) -> None:
    server.misbehave("up", status(404, headers={"Set-Cookie": "NID=1; path=/"}))
    server.misbehave("up", status(200))
    assert ask(client, server, accept=lambda response: "NID" in response.cookies).status_code == 404
    with pytest.raises(TransientError, match="status 200, but not the answer wanted"):
        ask(client, server, accept=lambda response: "NID" in response.cookies)


def test_requests_are_spaced_out(server: ReplayServer, slept: list[float]) -> None:
    client = HttpClient("clickpy", rate_per_minute=30, sleep=slept.append)
    began = time.monotonic()
    for _ in range(3):
        ask(client, server)
    assert len(slept) == 2
    assert 4.0 - (time.monotonic() - began) <= sum(slept) <= 4.0, "what the answers took is part of the space"


def test_tries_are_spaced_out_too(server: ReplayServer, slept: list[float]) -> None:
    client = HttpClient("clickpy", rate_per_minute=10, sleep=slept.append)
    server.misbehave("up", too_many_requests(retry_after=0))
    began = time.monotonic()
    ask(client, server)
    assert slept[0] == 0.0
    assert 6.0 - (time.monotonic() - began) <= sum(slept) <= 6.0


def test_too_large_a_body_is_terminal(
    client: HttpClient, server: ReplayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "LARGEST_BODY_BYTES", 100)
    with pytest.raises(TerminalError, match="body over 100 bytes"):
        ask(client, server)
    assert len(server.requests) == 1


def test_too_large_a_body_is_noticed_behind_compression(
    client: HttpClient, server: ReplayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "LARGEST_BODY_BYTES", 2**20)
    bomb = Reply(200, gzip.compress(bytes(2**24)), {"Content-Encoding": "gzip"})
    server.misbehave("up", lambda request, upstream: bomb)
    with pytest.raises(TerminalError, match="body over"):
        ask(client, server)


def test_compressed_bodies_are_read_and_cut_ones_noticed(client: HttpClient, server: ReplayServer) -> None:
    packed = Reply(200, gzip.compress(b'{"a": 1}'), {"Content-Encoding": "gzip"})
    server.misbehave("up", lambda request, upstream: replace(packed, cut_at=20))
    server.misbehave("up", lambda request, upstream: packed)
    assert json_of("clickpy", ask(client, server)) == {"a": 1}
    assert len(server.requests) == 2


def test_a_body_that_cannot_be_unpacked_is_transient(client: HttpClient, server: ReplayServer) -> None:
    server.misbehave("up", status(200, b"not gzip at all", {"Content-Encoding": "gzip"}), times=3)
    with pytest.raises(TransientError, match="answer broken off"):
        ask(client, server)


FAULTS: list[Fault] = [
    too_many_requests(),
    status(500, SECRET.encode()),
    status(401, SECRET.encode()),
    status(200, SECRET.encode(), {"Content-Type": "text/html"}),
    truncated(5),
    redirected(f"http://user:{SECRET}@example.org/login?token={SECRET}"),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_no_error_holds_the_query_or_a_token(client: HttpClient, server: ReplayServer, fault: Fault) -> None:
    server.misbehave("up", fault, times=3)
    with pytest.raises(SourceError) as caught:
        ask(client, server, headers={"Authorization": f"Bearer {SECRET}"}, content_type="json")
    assert_tells_nothing(caught.value)


def test_an_upstream_that_does_not_exist_is_404(client: HttpClient, server: ReplayServer) -> None:
    with pytest.raises(TerminalError, match="status 404"):
        client.get(server.url("other"))


def test_the_server_gives_another_value_when_told(client: HttpClient, server: ReplayServer) -> None:
    server.misbehave("up", instead([]))
    assert json_of("clickpy", ask(client, server)) == []
    assert json_of("clickpy", ask(client, server)) == ANSWER


def test_the_server_reads_bodies_of_both_kinds(client: HttpClient, replay: Callable[..., ReplayServer]) -> None:
    server = replay(echo=lambda request: Reply(200, request.body))
    for data in (b"with a length", iter([b"in ", b"chunks"])):
        assert client.request("POST", server.url("echo"), data=data).content in {b"with a length", b"in chunks"}
