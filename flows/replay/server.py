"""The upstreams on loopback: one real HTTP server, an upstream mounted under each first part of the path.

with ReplayServer({"github": GithubReplay(...)}) as server:
    settings.sources.github_repository.base_url = server.url("github")
    server.misbehave("github", too_many_requests(retry_after=1))     # the next request only
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """`path` is relative to the mount; `query` has the first value of each name; names of headers in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    raw_query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """`cut_at`: bytes after which the connection drops; `seconds_per_chunk`: a body that drips, 64 bytes at a time."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_at: int | None = None
    seconds_per_chunk: float = 0.0


Upstream = Callable[[Request], Reply]
Fault = Callable[[Request, Upstream], Reply]


class ReplayServer:
    """Serves `upstreams` on a free port of 127.0.0.1 while the context is open. `requests` records what was asked."""

    def __init__(self, upstreams: Mapping[str, Upstream]) -> None:
        self._upstreams = dict(upstreams)
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._lock = Lock()
        self.requests: list[tuple[str, Request]] = []
        self._http = _Http(self)

    def __enter__(self) -> Self:
        Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def url(self, name: str) -> str:
        """The base URL of an upstream."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/{name}"

    def misbehave(self, name: str, fault: Fault, times: int = 1) -> None:
        """The next `times` requests to `name` meet `fault`."""
        self._faults[name].extend([fault] * times)

    def answer(self, name: str, request: Request) -> Reply:
        """What `name` says to `request`, faults first."""
        with self._lock:
            self.requests.append((name, request))
            upstream = self._upstreams.get(name)
            fault = self._faults[name].popleft() if self._faults[name] else None
        if upstream is None:
            return Reply(404, b"no such upstream")
        return fault(request, upstream) if fault else upstream(request)


def json_reply(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A JSON body as the services send it."""
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json", **(headers or {})})


def too_many_requests(retry_after: int | str | None = None, content_type: str | None = "text/html") -> Fault:
    """429; with or without Retry-After (seconds, or a date as text) and Content-Type."""
    headers = {"Retry-After": str(retry_after)} if retry_after is not None else {}
    if content_type:
        headers["Content-Type"] = content_type
    return lambda request, upstream: Reply(429, b"<title>Error 429 (Too Many Requests)!!1</title>", headers)


def status(code: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Fault:
    """Any status: 5xx, 202, 401."""
    return lambda request, upstream: Reply(code, body, headers or {"Content-Type": "text/html"})


def redirected(location: str) -> Fault:
    """302 to a page, as to a "sorry" page that would answer 200."""
    return lambda request, upstream: Reply(302, b"", {"Location": location, "Content-Type": "text/html"})


def truncated(at: int = 40) -> Fault:
    """The right answer, cut after `at` bytes by a dropped connection."""
    return lambda request, upstream: replace(upstream(request), cut_at=at)


def slow(seconds_per_chunk: float = 0.2) -> Fault:
    """The right answer as a drip of bytes."""
    return lambda request, upstream: replace(upstream(request), seconds_per_chunk=seconds_per_chunk)


def late(seconds: float) -> Fault:
    """The right answer after `seconds` of silence."""

    def answer(request: Request, upstream: Upstream) -> Reply:
        time.sleep(seconds)
        return upstream(request)

    return answer


def instead(value: Any) -> Fault:
    """200 with another JSON value, for example an empty list."""
    return lambda request, upstream: json_reply(value)


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, replay: ReplayServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replay = replay

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no fault of the server; anything else is, and goes to stderr."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: with it each answer would take 40 ms longer
    server: _Http

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        _, name, *rest = parts.path.split("/", 2)
        query = {key: values[0] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
        headers = {key.lower(): value for key, value in self.headers.items()}
        request = Request(self.command, "/" + "".join(rest), query, parts.query, headers, self._body())
        self._send(self.server.replay.answer(name, request))

    def do_POST(self) -> None:
        self.do_GET()

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send(self, reply: Reply) -> None:
        if "Date" in reply.headers:
            self.send_response_only(reply.status)
        else:
            self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 304:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if reply.seconds_per_chunk:
            self._drip(reply)
        else:
            self.wfile.write(reply.body[: reply.cut_at])
        self.close_connection = self.close_connection or reply.cut_at is not None

    def _drip(self, reply: Reply) -> None:
        for start in range(0, len(reply.body), 64):
            self.wfile.write(reply.body[start : start + 64])
            time.sleep(reply.seconds_per_chunk)

    def log_message(self, *_: Any, **__: Any) -> None:
        """Requests are recorded in `ReplayServer.requests`, not on the terminal."""
