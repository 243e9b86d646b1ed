"""Queries whose rows are statements: SQL that is written from the names that a catalog holds."""

from __future__ import annotations

from typing import Any

import duckdb

from warehouse.open import run_statements_of
from warehouse.read.queries import query


def run_written(con: duckdb.DuckDBPyConnection, name: str, **values: object) -> None:
    """Run the statements that the query `name` writes, in their order."""
    run_statements_of(con, query(name), values or None)


def rows_written(con: duckdb.DuckDBPyConnection, name: str, **values: object) -> list[tuple[Any, ...]]:
    """The rows of all queries that the query `name` writes."""
    written = con.execute(query(name), values or None).fetchall()
    return [row for (statement,) in written for row in con.execute(statement).fetchall()]
