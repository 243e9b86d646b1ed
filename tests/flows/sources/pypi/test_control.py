"""The series of all packages together: asked once a night, whoever needs it first."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from flows.replay.pypistats import CategoryDay
from flows.replay.server import late, status
from flows.sources.errors import TransientError
from flows.sources.pypi.control import Control
from tests.flows.sources.pypi.conftest import DAY, World, counted, read_until_error, world
from warehouse.rows import Answer


def ago(days: int) -> date:
    return DAY - timedelta(days)


@pytest.fixture
def here() -> Iterator[World]:
    rows = [CategoryDay("__all__", ago(n), "with_mirrors", 10**9) for n in (1, 2, 4, 30)]
    with world(pypistats=tuple(rows)) as here:
        yield here


def control(here: World, known: frozenset[date] = frozenset()) -> Control:
    return Control(
        here.settings,
        here.clients.pypistats,
        first_day=ago(10),
        last_day=DAY,
        collected_at=here.collected_at,
        known=known,
    )


def test_it_is_all_packages_together_for_the_days_of_the_night(here: World) -> None:
    answers = list(control(here).fetch())
    assert {answer.entity for answer in answers} == {"__all__"}
    assert [row for answer in answers for row in answer.rows] == [
        counted("__all__", ago(n), "all", 10**9) for n in (4, 2, 1)
    ]
    assert here.asked("pypistats")[0].path == "/api/packages/__all__/overall"


def test_it_knows_the_days_of_this_night_and_of_those_before(here: World) -> None:
    asked = control(here, known=frozenset({ago(8), ago(7)}))
    assert [asked.has(ago(n)) for n in (9, 8, 7, 6, 4, 3, 2, 1, 0)] == [
        None, True, True, False, True, False, True, True, None,
    ]  # fmt: skip


def test_many_threads_ask_once(here: World) -> None:
    here.server.misbehave("pypistats", late(0.2))
    asked = control(here)

    def whatever(number: int) -> list[Answer] | bool | None:
        return asked.has(ago(number)) if number else list(asked.fetch())

    with ThreadPoolExecutor(max_workers=8) as pool:
        found = list(pool.map(whatever, [1, 2, 3, 4, 0, 1, 2, 3]))
    assert found[:4] == [True, True, False, True]
    assert len(here.asked("pypistats")) == 1


def test_where_it_fails_it_says_what_that_means_and_what_was_known_still_holds(here: World) -> None:
    here.server.misbehave("pypistats", status(503), times=3)
    asked = control(here, known=frozenset({ago(8), ago(6)}))
    assert [asked.has(ago(n)) for n in (8, 7, 6, 1)] == [True, False, True, None]
    for _ in range(2):
        answers, error = read_until_error(asked.fetch())
        assert answers == []
        assert isinstance(error, TransientError)
        assert str(error).startswith("pypistats: the control series of all packages: 127.0.0.1")
        assert str(error).endswith("; no figure of a framework is missing for it")
    assert len(here.asked("pypistats")) == 3


def test_before_any_night_nothing_is_known(here: World) -> None:
    here.server.misbehave("pypistats", status(503), times=3)
    assert control(here).has(ago(1)) is None
