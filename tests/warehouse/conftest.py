"""Short ways to make answers and to save them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pytest

from warehouse.ledger import begin_run
from warehouse.publish.evaluate import evaluated_for
from warehouse.rows import Answer, FrameworkEntry, PackageEntry, Row
from warehouse.save import save_answers

NOON = datetime(2021, 6, 25, 12, tzinfo=UTC)


_LAYERED = re.compile(r"\b(monthly_metrics|rolling_12_months|longest_comparison|lineage)\b")


def answered(con: duckdb.DuckDBPyConnection, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """The rows of `query`; where it is about public views of many layers, from an evaluation of what they share.

    As they are published: DuckDB plans a view as often as it is named, layer upon layer, which takes two to four times
    as long. That tables and views say the same is tested in published/test_public_tables.py.
    """
    if not _LAYERED.search(query):
        return con.execute(query, values or None).fetchall()
    with evaluated_for(con, *_below(con, query)):
        return con.execute(query, values or None).fetchall()


def _below(con: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    """The query, and the texts of all public views that it names, and that these name."""
    views = con.execute("SELECT view_name, sql FROM duckdb_views() WHERE schema_name = 'main' AND NOT internal")
    texts = dict(views.fetchall())
    public = re.compile(rf"(?<![.\w])({'|'.join(texts)})\b")
    told, named = [query], public.findall(query)
    while named:
        text = texts.pop(named.pop(), "")
        told.append(text)
        named += public.findall(text)
    return told


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
