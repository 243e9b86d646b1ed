"""HttpClient and the connection: names, proxies, certificates, time limits."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
import trustme

from flows.replay.server import (
    ReplayServer,
    Reply,
    late,
    slow,
)
from flows.sources import http
from flows.sources.errors import SourceError, TerminalError, TransientError, UnreachableError
from flows.sources.http import AUTHORITIES, HttpClient, json_of
from tests.flows.sources.http.conftest import ANSWER, SECRET, ask, assert_tells_nothing, waits


def test_a_drip_of_bytes_ends_at_the_deadline(server: ReplayServer, slept: list[float]) -> None:
    client = HttpClient("clickpy", timeout_seconds=0.3, attempts=1, sleep=slept.append)
    body = Reply(200, bytes(10**6), seconds_per_chunk=0.05)  # a quarter of an hour, and never 0.3 s of silence
    server.misbehave("up", lambda request, upstream: body)
    with pytest.raises(TransientError, match=r"(body not complete|no answer) within 0\.3 s"):
        ask(client, server)


def test_silence_ends_at_the_time_limit(server: ReplayServer, slept: list[float]) -> None:
    client = HttpClient("clickpy", timeout_seconds=0.2, attempts=2, sleep=slept.append)
    server.misbehave("up", late(30), times=2)
    with pytest.raises(TransientError, match=r"no answer within 0\.2 s"):
        ask(client, server)
    assert len(server.requests) == 2


def test_silence_in_the_middle_of_a_body_ends_at_the_time_limit(server: ReplayServer, slept: list[float]) -> None:
    client = HttpClient("clickpy", timeout_seconds=0.2, attempts=1, sleep=slept.append)
    server.misbehave("up", slow(seconds_per_chunk=30))
    with pytest.raises(TransientError, match=r"no answer within 0\.2 s|body not complete within 0\.2 s"):
        ask(client, server)


def test_a_port_where_nobody_listens_is_unreachable(nobody_listens: str, slept: list[float]) -> None:
    client = HttpClient("clickpy", sleep=slept.append, rate_per_minute=6000)
    with pytest.raises(UnreachableError, match=f"{nobody_listens}/x: no connection; check the network"):
        client.get(f"http://{nobody_listens}/x")
    assert sum(waits(slept)) <= 3


def test_a_name_that_does_not_resolve_is_unreachable(client: HttpClient) -> None:
    with pytest.raises(UnreachableError, match=r"nowhere\.invalid/x: no connection"):
        client.get("http://nowhere.invalid/x")


def test_connecting_that_takes_long_is_tried_once(monkeypatch: pytest.MonkeyPatch, slept: list[float]) -> None:
    monkeypatch.setattr(http, "LONGEST_CONNECT_SECONDS", 0.2)
    with full_backlog() as (host, port), pytest.raises(UnreachableError):
        HttpClient("clickpy", sleep=slept.append).get(f"http://{host}:{port}/")
    assert slept == []


class full_backlog:  # noqa: N801  (reads as a function)
    """An address on loopback where connecting hangs: the queue of connections waiting to be accepted is full."""

    def __enter__(self) -> tuple[str, int]:
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0)
        self._waiting = [socket.socket() for _ in range(4)]
        for waiting in self._waiting:
            waiting.setblocking(False)
            waiting.connect_ex(self._listener.getsockname())
        time.sleep(0.05)  # the kernel completes the connections that fit
        host, port = self._listener.getsockname()
        return host, port

    def __exit__(self, *_: object) -> None:
        for one in [self._listener, *self._waiting]:
            one.close()


def test_no_error_of_the_connection_holds_the_query_or_a_token(client: HttpClient, nobody_listens: str) -> None:
    for url in (f"http://user:{SECRET}@{nobody_listens}/x?k={SECRET}", f"http://nowhere.invalid/?k={SECRET}"):
        with pytest.raises(SourceError) as caught:
            client.get(url)
        assert_tells_nothing(caught.value)


@pytest.mark.parametrize("url", ["http://", "ftp://example.org/x", "http://*.example.org/"])
def test_a_url_that_cannot_be_asked_is_terminal(client: HttpClient, url: str) -> None:
    with pytest.raises(TerminalError, match="not a URL that can be asked"):
        client.get(url)


def test_a_proxy_of_the_environment_is_not_used_for_loopback(
    client: HttpClient, server: ReplayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert json_of("clickpy", ask(client, server)) == ANSWER
    with pytest.raises(UnreachableError):
        client.get("http://example.org/")


def test_netrc_never_takes_the_place_of_a_token(
    client: HttpClient, server: ReplayServer, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    ask(client, server, headers={"Authorization": "Bearer mine"})
    ask(client, server)
    assert server.requests[0][1].headers["authorization"] == "Bearer mine"
    assert "authorization" not in server.requests[1][1].headers


def test_connections_are_kept_and_closed_with_the_client(server: ReplayServer, slept: list[float]) -> None:
    with HttpClient("clickpy", rate_per_minute=6000, sleep=slept.append) as client:
        for _ in range(3):
            ask(client, server)
        pools = client.session.get_adapter(server.url("up")).poolmanager.pools
        pool = pools[next(iter(pools.keys()))]
        assert (pool.num_requests, pool.num_connections) == (3, 1)


@pytest.fixture
def https_server() -> Iterator[tuple[trustme.CA, int]]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None: ...

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield authority, server.server_address[1]
        server.shutdown()


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_an_authority_of_ones_own_holds_for_http_as_for_git(
    https_server: tuple[trustme.CA, int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    authority, port = https_server
    for other in AUTHORITIES:
        monkeypatch.delenv(other, raising=False)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv(name, str(tmp_path / "authority.pem"))
    with HttpClient("clickpy", attempts=1) as client:
        assert client.get(f"https://localhost:{port}/").json() == {}


@pytest.mark.parametrize("name", AUTHORITIES)
def test_an_authority_that_is_not_there_is_told_as_by_git(
    https_server: tuple[trustme.CA, int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    for other in AUTHORITIES:
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, str(tmp_path / "none.pem"))
    with HttpClient("clickpy", attempts=1) as client, pytest.raises(TerminalError, match=f"{name} names .* not exist"):
        client.get(f"https://localhost:{https_server[1]}/")


def test_certificates_are_verified(
    client: HttpClient, https_server: tuple[trustme.CA, int], monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    authority, port = https_server
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    with pytest.raises(TerminalError, match=r"certificate not trusted; .* REQUESTS_CA_BUNDLE"):
        client.get(f"https://localhost:{port}/")
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authority.pem"))
    assert client.get(f"https://localhost:{port}/").json() == {}
