"""The upstreams on loopback: one real HTTP server, an upstream mounted under each first part of the path.

with ReplayServer({"github": GithubReplay(...)}) as server:
    settings.sources.github_repository.base_url = server.url("github")
    server.misbehave("github", too_many_requests(retry_after=1))     # the next request only
"""

from __future__ import annotations

import json
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
    """`path` starts with a slash, relative to the mount; `query` has the first value of each name; headers in lower case."""

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
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._http.daemon_threads = True

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


def too_many_requests(retry_after: int | None = None, content_type: str | None = "text/html") -> Fault:
    """429; with or without Retry-After (seconds) and Content-Type."""
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


def instead(value: Any) -> Fault:
    """200 with another JSON value, for example an empty list."""
    return lambda request, upstream: json_reply(value)


def _handler_for(server: ReplayServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            _, name, *rest = parts.path.split("/", 2)
            query = {key: values[0] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
            headers = {key.lower(): value for key, value in self.headers.items()}
            request = Request(self.command, "/" + "".join(rest), query, parts.query, headers, self._body())
            self._send(server.answer(name, request))

        do_POST = do_GET

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
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status != 304:
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            try:
                self._send_body(reply)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def _send_body(self, reply: Reply) -> None:
            if reply.seconds_per_chunk:
                for start in range(0, len(reply.body), 64):
                    self.wfile.write(reply.body[start : start + 64])
                    self.wfile.flush()
                    time.sleep(reply.seconds_per_chunk)
                return
            self.wfile.write(reply.body if reply.cut_at is None else reply.body[: reply.cut_at])
            if reply.cut_at is not None:
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            """Requests are recorded in `ReplayServer.requests`, not on the terminal."""

    return Handler
