"""One upstream on loopback and a client whose sleep takes no time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from flows.replay.server import (
    ReplayServer,
    Reply,
    Request,
    json_reply,
)
from flows.sources.http import HttpClient

ANSWER = {"downloads": list(range(200))}
SECRET = "s3cr3t-t0ken"


def upstream(request: Request) -> Reply:
    if request.path == "/moved":
        return Reply(301, b"", {"Location": "/up/thing"})
    return json_reply(ANSWER)


@pytest.fixture
def server(replay: Callable[..., ReplayServer]) -> ReplayServer:
    return replay(up=upstream)


@pytest.fixture
def client(slept: list[float]) -> HttpClient:
    return HttpClient("clickpy", timeout_seconds=5, rate_per_minute=6000, sleep=slept.append)


def waits(slept: list[float]) -> list[float]:
    """The waits between tries, without the 10 ms that space the requests out."""
    return [seconds for seconds in slept if seconds > 0.1]


def ask(client: HttpClient, server: ReplayServer, **options: object) -> requests.Response:
    return client.get(f"{server.url('up')}/thing?key={SECRET}", **options)


def assert_tells_nothing(error: BaseException) -> None:
    assert SECRET not in str(error)
    assert SECRET not in repr(vars(error))
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
