"""Short ways to make answers and to save them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pytest

from warehouse.ledger import begin_run
from warehouse.rows import Answer, FrameworkEntry, PackageEntry, Row
from warehouse.save import save_answers

NOON = datetime(2021, 6, 25, 12, tzinfo=UTC)


@pytest.fixture
def save(con: duckdb.DuckDBPyConnection) -> Callable[..., int]:
    """Save answers in one run, whose as_of is the day of the last of them."""

    def saver(*answers: Answer, run_id: str = "r1") -> int:
        last = max(answer.collected_at for answer in answers)
        begin_run(con, run_id=run_id, flow="nightly", as_of=last.date(), started_at=last, program_version="test")
        return save_answers(con, run_id, answers)

    return saver


@pytest.fixture
def answer() -> Callable[..., Answer]:
    return _answer


@pytest.fixture
def configured() -> Callable[..., tuple[Answer, Answer]]:
    return _configuration


@pytest.fixture(scope="module")
def make_configuration() -> Callable[..., tuple[Answer, Answer]]:
    """`configured` for fixtures of a module."""
    return _configuration


def _answer(service: str, entity: str, *rows: Row, at: datetime = NOON, **more: Any) -> Answer:
    return Answer(service, entity, more.pop("request", "{}"), at, rows, **more)


def _configuration(
    at: datetime = NOON,
    requires: dict[str, tuple[list[str], date | None]] | None = None,
    **frameworks: list[str],
) -> tuple[Answer, Answer]:
    """The two answers that config.toml makes: `pytorch=["torch"]` has repository pytorch/pytorch and term pytorch."""
    entries = [
        FrameworkEntry(key, key.title(), position, f"{key}/{key}", key, "term")
        for position, key in enumerate(frameworks)
    ]
    packages = [PackageEntry(key, name, "counted", None, "") for key, names in frameworks.items() for name in names]
    packages += [
        PackageEntry(key, name, "requires", since, "")
        for key, (names, since) in (requires or {}).items()
        for name in names
    ]
    return (
        _answer("config", "frameworks", *entries, at=at, replaces_all=True),
        _answer("config", "packages", *packages, at=at, replaces_all=True),
    )
