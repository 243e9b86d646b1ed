"""Connections on which no upstream can take more time or memory than an exchange may have.

The time limits of requests and urllib3 are for a single read, and start anew with every byte that drips in; of heads,
of "100 Continue" and of sizes of chunks they read without end. Here each read takes what is left of one deadline, and
every byte counts, whatever it belongs to. Resolving a name is the one thing that cannot be cut short; the resolver of
the machine has limits of its own.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from contextvars import ContextVar
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError


class TooMuchError(OSError):
    """An answer is longer than it may be."""


class Budget:
    """What is left for one exchange: seconds until its deadline, and bytes, first for all heads, then for the body."""

    def __init__(self, seconds: float, most_bytes: int) -> None:
        self._until = time.monotonic() + seconds
        self._bytes_left = most_bytes
        self.in_body = False
        self.is_overdrawn = False

    def begin_body(self, most_bytes: int) -> None:
        """From now on it is the body that comes."""
        self._bytes_left = most_bytes
        self.in_body = True

    def seconds_left(self) -> float:
        """More than 0. Raises TimeoutError at the deadline."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("deadline")
        return left

    def spend(self, count: int) -> None:
        """Raises TooMuchError when more bytes came than are left."""
        self._bytes_left -= count
        if self._bytes_left < 0:
            self.is_overdrawn = True
            raise TooMuchError("too many bytes")


# Connections are made and kept by urllib3, out of reach of whoever asks; so the budget lies where they find it.
BUDGET: ContextVar[Budget] = ContextVar("BUDGET")


class MeteredSession(requests.Session):
    """A session on MeteredAdapter. It knows no redirects: even to one that is not followed requests reads all of the
    body, unpacked, and where it follows one it adds what ~/.netrc holds for the new host."""

    def __init__(self) -> None:
        super().__init__()
        for scheme in ("http://", "https://"):
            self.mount(scheme, MeteredAdapter())

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002  (the name is that of requests)
        return None


class MeteredAdapter(HTTPAdapter):
    """An adapter for requests whose connections live on BUDGET."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> ProxyManager:
        manager: ProxyManager = super().proxy_manager_for(*arguments, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager


class Metered(io.RawIOBase):
    """The reading end of a connection: each read within the deadline, each byte counted."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, budget: Budget) -> None:
        self._raw = raw
        self._sock = sock
        self.budget = budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self.budget.seconds_left())
        count: int | None = self._raw.readinto(buffer)
        self.budget.spend(count or 0)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """The answer from its first byte on, also that of a proxy."""

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(Metered(raw, sock, BUDGET.get()))


class _Connection(HTTPConnection):
    response_class = _Response

    def _new_conn(self) -> socket.socket:
        """Try the addresses of the host in turn, all within the one time limit that urllib3 would give to each."""
        name, limit = self._dns_host, self.timeout
        until = time.monotonic() + float(limit or 0)
        try:
            for address in _addresses(name, self.port):
                self._dns_host, self.timeout = address, max(until - time.monotonic(), 0.001)
                try:
                    return super()._new_conn()
                except (NewConnectionError, ConnectTimeoutError) as error:
                    failure = error
            raise failure
        finally:
            self._dns_host, self.timeout = name, limit


class _SecureConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS = {"http": _Pool, "https": _SecurePool}


def _addresses(name: str, port: int) -> list[str]:
    """The addresses of `name`, or the name itself where it has none: urllib3 says best what is wrong with it."""
    try:
        found = socket.getaddrinfo(name.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        found = []
    return list(dict.fromkeys(str(address[0]) for *_, address in found)) or [name]
