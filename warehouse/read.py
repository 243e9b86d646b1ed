"""Reads that a run needs before it asks the sources: where the last run got to. The SQL is in sql/queries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import duckdb

from warehouse.rows import RepositoryTotal


@cache
def query(name: str) -> str:
    """The SQL of sql/queries/`name`.sql; its values are bound by name."""
    return files("warehouse").joinpath("sql", "queries", f"{name}.sql").read_text(encoding="utf-8")


def _one(con: duckdb.DuckDBPyConnection, name: str, **values: object) -> tuple[Any, ...] | None:
    return con.execute(query(name), values).fetchone()


@contextmanager
def known_before(con: duckdb.DuckDBPyConnection, moment: datetime) -> Iterator[None]:
    """Within this context the views know only what was collected before `moment`.

    A night that is run again at the same moment then asks the same questions, and the answers change nothing.
    """
    con.execute("SET VARIABLE known_before = ?::TIMESTAMP", [moment.astimezone(UTC).replace(tzinfo=None)])
    try:
        yield
    finally:
        con.execute("RESET VARIABLE known_before")


def latest_state(con: duckdb.DuckDBPyConnection, source: str, entity: str) -> dict[str, Any]:
    """What the last answer of this source about this entity left for the next request; {} before the first.

    Answers that a check holds back do not count: what they brought has to be asked for again.
    """
    found = _one(con, "state_latest", source=source, entity=entity)
    return dict(json.loads(found[0])) if found else {}


def first_and_last_day(
    con: duckdb.DuckDBPyConnection, source: str, entity: str, basis: str | None = None
) -> tuple[date, date] | None:
    """First and last day of the downloads or stars that `source` has told of `entity`; None before the first."""
    found = _one(con, "state_days", source=source, entity=entity, basis=basis)
    return (found[0], found[1]) if found and found[0] else None


def last_day(con: duckdb.DuckDBPyConnection, *, entity: str) -> date | None:
    """Last day that the preferred service has told of package `entity` on each of its bases; None before the first.

    Days from a fallback do not count: they reach back less far, so the preferred service still owes its history.
    """
    found = _one(con, "state_last_download", entity=entity)
    return found[0] if found else None


def has_rows(con: duckdb.DuckDBPyConnection, source: str, entity: str) -> bool:
    """Whether any row of this source about this entity is known."""
    return _one(con, "state_has_rows", source=source, entity=entity, row_type=None) is not None


def has_star_history(con: duckdb.DuckDBPyConnection, repository: str) -> bool:
    """Whether the stars of each day are known, so that only the last weeks have to be asked for."""
    return _one(con, "state_has_rows", source="github", entity=repository, row_type="repository_stars") is not None


def previous_total(con: duckdb.DuckDBPyConnection, repository: str) -> RepositoryTotal | None:
    """The last totals of a repository: what an answer "not modified" repeats."""
    found = _one(con, "state_previous_total", repository=repository)
    return RepositoryTotal(*found) if found else None


def has_data(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether there is any figure to report."""
    return _one(con, "state_has_data") is not None


def steps_of(con: duckdb.DuckDBPyConnection, run_id: str) -> list[dict[str, Any]]:
    """The steps of a run in the order they began, days and times as text."""
    result = con.execute(query("ledger_steps"), {"run_id": run_id})
    names = [name for name, *_ in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def freshness(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The view freshness, the most worrying first."""
    result = con.execute(query("state_freshness"))
    names = [name for name, *_ in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def definitions_version(con: duckdb.DuckDBPyConnection) -> str:
    """Twelve hex digits that change with the definition of any view of this warehouse."""
    found = _one(con, "state_definitions_version")
    return str(found[0]) if found else ""
