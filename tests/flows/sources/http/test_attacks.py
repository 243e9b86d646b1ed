"""Upstreams that mean harm: whatever they send, an exchange is over at its deadline and takes little memory.

Deadlines are short and what is asserted of time is generous, so that a busy machine changes no outcome.
"""

from __future__ import annotations

import gzip
import itertools
import socket
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Event, Thread

import pytest

from flows.replay.server import ReplayServer, Reply, Request, json_reply, redirected
from flows.sources import http, transport
from flows.sources.errors import SourceError, TerminalError, TransientError, UnreachableError
from flows.sources.http import HttpClient, json_of

DEADLINE, LONG_AFTER = 0.5, 20.0
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
Sends = Callable[[], Iterator[bytes]]
Attack = Callable[..., str]


@pytest.fixture
def attack() -> Iterator[Attack]:
    """Starts a server that answers each connection with what `sends` yields, `pause` seconds apart; gives its URL."""
    with ExitStack() as stack:
        yield lambda sends, pause=0.0: stack.enter_context(dripping(sends, pause))


@contextmanager
def dripping(sends: Sends, pause: float, *, speaks_first: bool = False) -> Iterator[str]:
    """A server that answers each connection with what `sends` yields, `pause` seconds apart; its URL."""
    over = Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while not over.is_set():
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    connection.settimeout(LONG_AFTER)
                    if not speaks_first:
                        connection.recv(2**16)
                    for piece in sends():
                        if over.wait(pause):
                            return
                        connection.sendall(piece)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        over.set()
        with suppress(OSError):
            socket.create_connection(listener.getsockname(), timeout=1).close()
        thread.join(LONG_AFTER)


@pytest.fixture
def client(slept: list[float]) -> Iterator[HttpClient]:
    with HttpClient("up", timeout_seconds=DEADLINE, attempts=1, rate_per_minute=6000, sleep=slept.append) as client:
        yield client


def ends(client: HttpClient, url: str, **options: object) -> SourceError:
    """The error of an exchange that is over in time."""
    began = time.monotonic()
    with pytest.raises(SourceError) as caught:
        client.get(url, **options)
    assert time.monotonic() - began < LONG_AFTER
    return caught.value


def forever(piece: bytes, *first: bytes) -> Sends:
    return lambda: itertools.chain(first, itertools.repeat(piece))


@pytest.mark.parametrize(
    "sends",
    [
        forever(b"H"),
        forever(b"x", OK + b"X-Slow: "),
        forever(b"X-Slow: 1\r\n", OK),
        forever(b"HTTP/1.1 100 Continue\r\n\r\n"),
        forever(b"X-Slow: 1\r\n", b"HTTP/1.1 100 Continue\r\n"),
        forever(b"0", CHUNKED),
        forever(b"1\r\nx\r\n", CHUNKED),
        forever(b"X-Slow: 1\r\n", CHUNKED + b"1\r\nx\r\n0\r\n"),
        forever(b"x", OK + b"Content-Length: 1000000\r\n\r\n"),
        forever(b"x", OK + b"\r\n"),
        forever(b"x", b"HTTP/1.1 500 Oh\r\n\r\n"),
        forever(b"x", b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n"),
    ],
)
def test_a_drip_ends_at_the_deadline_wherever_it_drips(client: HttpClient, attack: Attack, sends: Sends) -> None:
    error = ends(client, attack(sends, pause=0.05))
    assert isinstance(error, TransientError)
    assert "within 0.5 s" in str(error) or "broken off" in str(error)


@pytest.mark.parametrize(
    "sends",
    [
        forever(b"HTTP/1.1 100 Continue\r\n\r\n" * 500),
        forever(b"X-More: 1\r\n" * 500, OK),
        forever(b"x" * 9000, OK + b"X-Long: "),
        forever(b"x" * 9000),
        forever(b"0" * 9000, CHUNKED),
        forever(b"X-More: 1\r\n" * 500, CHUNKED + b"0\r\n"),
        forever(b"1\r\nx\r\n" * 500, CHUNKED),
        forever(b"x" * 9000, OK + b"\r\n"),
        forever(b"x" * 9000, b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n"),
    ],
)
def test_a_flood_is_cut_off_whatever_it_is_of(
    slept: list[float], attack: Attack, monkeypatch: pytest.MonkeyPatch, sends: Sends
) -> None:
    monkeypatch.setattr(http, "LARGEST_HEAD_BYTES", 2**17)
    monkeypatch.setattr(http, "LARGEST_BODY_BYTES", 2**17)
    with HttpClient("up", timeout_seconds=LONG_AFTER, attempts=1, sleep=slept.append) as client:
        tracemalloc.start()
        error = ends(client, attack(sends))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert "over 131,072 bytes" in str(error) or "broken off" in str(error)
    assert most < 2**24


def packed(levels: int) -> bytes:
    body = bytes(2**26)
    for _ in range(levels):
        body = gzip.compress(body)
    return body


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_what_unpacks_without_end_is_cut_off(
    client: HttpClient, replay: Callable[..., ReplayServer], monkeypatch: pytest.MonkeyPatch, levels: int
) -> None:
    monkeypatch.setattr(http, "LARGEST_BODY_BYTES", 2**20)
    bomb = packed(levels)
    headers = {"Content-Encoding": ", ".join(["gzip"] * levels)}
    server = replay(up=lambda request: Reply(200, bomb, headers))
    client._timeout = LONG_AFTER
    tracemalloc.start()
    error = ends(client, server.url("up"))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(error, TerminalError)
    assert "body over 1,048,576 bytes" in str(error)
    assert most < 2**24


# ---- Redirects -------------------------------------------------------------------------------------------------------


def moved(location: str, body: bytes = b"", **headers: str) -> Reply:
    return Reply(301, body, {"Location": location, **headers})


@pytest.mark.parametrize("follow", [True, False])
def test_a_bomb_in_a_redirect_is_never_unpacked(
    client: HttpClient, replay: Callable[..., ReplayServer], monkeypatch: pytest.MonkeyPatch, follow: bool
) -> None:
    monkeypatch.setattr(http, "LARGEST_BODY_BYTES", 2**20)
    bomb = moved("/up/there", packed(1), **{"Content-Encoding": "gzip"})
    server = replay(up=lambda request: json_reply(1) if request.path == "/there" else bomb)
    client._timeout = LONG_AFTER
    tracemalloc.start()
    if follow:
        assert json_of("up", client.get(server.url("up"), follow=True)) == 1
    else:
        assert "body over" in str(ends(client, server.url("up")))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2**24


def test_an_endless_body_in_a_redirect_that_is_followed_is_left_alone(client: HttpClient, attack: Attack) -> None:
    answers = itertools.chain([b"HTTP/1.1 301 Moved\r\nLocation: /x\r\n\r\n"], itertools.repeat(b"x" * 9000))
    heads = itertools.chain([answers], itertools.repeat([OK + b"Content-Length: 1\r\n\r\n7"]))
    client._timeout = LONG_AFTER
    assert json_of("up", client.get(attack(lambda: next(heads)), follow=True)) == 7


def test_redirects_without_end_are_few(client: HttpClient, replay: Callable[..., ReplayServer]) -> None:
    server = replay(up=lambda request: moved(f"/up{request.path}x"))
    client._timeout = LONG_AFTER
    assert "sent on to" in str(ends(client, server.url("up"), follow=True))
    assert len(server.requests) == http.MOST_REDIRECTS + 1


def test_redirects_share_one_deadline(client: HttpClient, replay: Callable[..., ReplayServer]) -> None:
    def slow_and_moved(request: Request) -> Reply:
        time.sleep(0.3)
        return moved(f"/up{request.path}x")

    server = replay(up=slow_and_moved)
    assert "no answer within 0.5 s" in str(ends(client, server.url("up"), follow=True))
    assert len(server.requests) < http.MOST_REDIRECTS + 1


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://localhost:{port}/up/x",
        "http://127.0.0.1:{other}/up/x",
        "//localhost/x",
        "http://[broken",
        "http://host:99999999/x",
        "https://127.0.0.1:{port}/x",
    ],
)
def test_a_redirect_to_another_host_is_not_followed(
    client: HttpClient, replay: Callable[..., ReplayServer], elsewhere: str
) -> None:
    other = replay(up=lambda request: json_reply(1))
    server = replay(up=lambda request: json_reply(1))
    port, other_port = (one.url("up").split(":")[2].split("/")[0] for one in (server, other))
    server.misbehave("up", redirected(elsewhere.format(port=port, other=other_port)))
    client._timeout = LONG_AFTER
    error = ends(client, server.url("up"), follow=True, headers={"Authorization": "Bearer mine"})
    assert isinstance(error, TransientError)
    assert "sent on to another host" in str(error)
    assert "mine" not in str(error)
    assert (len(server.requests), other.requests) == (1, [])


@pytest.mark.parametrize(
    ("url", "target", "is_same"),
    [
        ("https://a.org/x", "https://a.org/y", True),
        ("https://a.org/x", "https://a.org:443/y", True),
        ("http://a.org/x", "https://a.org/y", True),
        ("https://A.org/x", "https://a.ORG/y", True),
        ("https://a.org/x", "http://a.org/y", False),
        ("http://a.org:8080/x", "https://a.org/y", False),
        ("https://a.org/x", "https://b.a.org/y", False),
        ("https://a.org/x", "https://a.org@b.org/y", False),
        ("https://a.org/x", "https://a.org:99999999/y", False),
        ("https://a.org/x", "ftp://a.org/y", False),
    ],
)
def test_which_hosts_are_the_same(url: str, target: str, is_same: bool) -> None:
    assert http._is_same_host(url, target) is is_same


def test_what_netrc_holds_goes_nowhere_after_a_redirect_either(
    client: HttpClient, replay: Callable[..., ReplayServer], monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    (tmp_path / "netrc").write_text("default login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server = replay(up=lambda request: moved("/up/there") if request.path == "/" else json_reply(1))
    client._timeout = LONG_AFTER
    client.get(server.url("up"), follow=True)
    client.get(server.url("up"), follow=True, headers={"Authorization": "Bearer mine"})
    sent = [request.headers.get("authorization") for _, request in server.requests]
    assert sent == [None, None, "Bearer mine", "Bearer mine"]


# ---- Connecting ------------------------------------------------------------------------------------------------------


def test_many_addresses_that_never_answer_share_one_time_limit(
    client: HttpClient, attack: Attack, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as stack:
        addresses = [f"127.0.0.{number}" for number in range(2, 42)]
        port = stack.enter_context(_never_accepting(addresses))
        monkeypatch.setattr(transport, "_addresses", lambda name, port: addresses)
        assert isinstance(ends(client, f"http://many.invalid:{port}/"), UnreachableError)


@contextmanager
def _never_accepting(addresses: list[str]) -> Iterator[int]:
    """Each with a full queue of connections that wait to be accepted."""
    with ExitStack() as stack:
        port = 0
        for address in addresses:
            listener = stack.enter_context(socket.socket())
            listener.bind((address, port))
            listener.listen(0)
            port = listener.getsockname()[1]
            for _ in range(4):
                waiting = stack.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex((address, port))
        time.sleep(0.05)  # the kernel completes the connections that fit
        yield port


def test_an_address_that_refuses_is_followed_by_the_next(
    client: HttpClient, replay: Callable[..., ReplayServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = replay(up=lambda request: json_reply(1))
    monkeypatch.setattr(transport, "_addresses", lambda name, port: ["127.0.0.2", "127.0.0.1"])
    client._timeout = LONG_AFTER
    url = server.url("up").replace("127.0.0.1", "two.invalid")
    assert json_of("up", client.get(url)) == 1
    assert server.requests[0][1].headers["host"].startswith("two.invalid:")


@pytest.mark.parametrize(
    ("sends", "pause"), [(forever(b"\x16"), 0.05), (lambda: iter([]), 5), (forever(b"x" * 9000), 0)]
)
def test_no_handshake_takes_longer(client: HttpClient, attack: Attack, sends: Sends, pause: float) -> None:
    ends(client, attack(sends, pause).replace("http://", "https://"))


@pytest.mark.parametrize(
    ("sends", "pause"),
    [(forever(b"X-More: 1\r\n" * 500, OK), 0), (forever(b"X-Slow: 1\r\n", OK), 0.05), (forever(b"H"), 0.05)],
)
def test_no_proxy_takes_longer(
    client: HttpClient, attack: Attack, monkeypatch: pytest.MonkeyPatch, sends: Sends, pause: float
) -> None:
    monkeypatch.setattr(http, "LARGEST_HEAD_BYTES", 2**17)
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, attack(sends, pause))
    ends(client, "https://nowhere.invalid/x")
