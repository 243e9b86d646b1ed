"""Compute every view once, from one evaluation of what they share.

The views of the warehouse are copied into a catalog in memory, in which one after the other, in the order they were
made, becomes a table: there a view that names another finds the table. So what several views share is computed once,
and what they say is what the same views say in the warehouse.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

from warehouse.read.queries import query


def run_written(con: duckdb.DuckDBPyConnection, name: str, **values: object) -> None:
    """Run the statements that the query `name` writes, in their order."""
    for (statement,) in con.execute(query(name), values or None).fetchall():
        con.execute(statement)


def rows_written(con: duckdb.DuckDBPyConnection, name: str, **values: object) -> list[tuple[Any, ...]]:
    """The rows of all queries that the query `name` writes."""
    written = con.execute(query(name), values or None).fetchall()
    return [row for (statement,) in written for row in con.execute(statement).fetchall()]


@contextmanager
def evaluated(con: duckdb.DuckDBPyConnection, warehouse: str) -> Iterator[None]:
    """In this context catalog "evaluation" holds every view of the attached database `warehouse` as a table.

    `con` must not be in a transaction. The views answer for the variables that are set on it.
    """
    con.execute("ATTACH ':memory:' AS evaluation")
    try:
        run_written(con, "publish/copy_schema", warehouse=warehouse, catalog="evaluation")
        run_written(con, "publish/evaluate", warehouse=warehouse)
        yield
    finally:
        con.execute("DETACH evaluation")
