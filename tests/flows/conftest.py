"""What the tests of the sources share: upstreams on loopback and a sleep that takes no time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from flows.replay.server import ReplayServer, Upstream

StartReplay = Callable[..., ReplayServer]


@pytest.fixture
def replay() -> Iterator[StartReplay]:
    """Starts upstreams on loopback, `replay(github=...)`; they stop with the test."""

    def start(**upstreams: Upstream) -> ReplayServer:
        return stack.enter_context(ReplayServer(upstreams))

    with ExitStack() as stack:
        yield start


@pytest.fixture
def slept() -> list[float]:
    """The seconds that were asked to be slept; give `slept.append` as sleep."""
    return []
