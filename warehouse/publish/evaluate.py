"""Compute every view once, from one evaluation of what they share.

The views of the warehouse are copied into a catalog in memory, in which one after the other becomes a table, first
those that others are made from: there a view that names another finds the table. So what several views share is
computed once, and what they say is what the same views say in the warehouse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb

from warehouse.open import order_of_views
from warehouse.publish import carry
from warehouse.publish.statements import run_written
from warehouse.read.queries import query


@contextmanager
def evaluated(con: duckdb.DuckDBPyConnection, warehouse: str, *, from_last: bool = False) -> Iterator[None]:
    """In this context catalog "evaluation" holds every view of the attached database `warehouse` as a table.

    `con` must not be in a transaction. The views answer for the variables that are set on it. `from_last`: what is not
    new is taken from the copy of the last night, which is attached as "publishing"; raises carry.NotCarriedError where
    it cannot be.
    """
    con.execute("ATTACH ':memory:' AS evaluation")
    try:
        run_written(con, "publish/copy_schema", warehouse=warehouse, catalog="evaluation")
        written = _in_order(con.execute(query("publish/evaluate"), {"warehouse": warehouse}).fetchall())
        if carry.can_be_kept({name for name, _ in written if name}):
            carry.begin(con, warehouse)
            _evaluate(con, warehouse, written, carry.STEPS if from_last else {})
            (carry.keep if from_last else carry.keep_all)(con)
        else:
            _evaluate(con, warehouse, written, {})
        run_written(con, "publish/forget")
        yield
    finally:
        con.execute("DETACH evaluation")


def _in_order(written: list[tuple[str | None, str]]) -> list[tuple[str | None, str]]:
    """Tables first, then the views that ship; one that does not ship is right at any place, at most evaluated twice."""
    order = order_of_views()
    return sorted(written, key=lambda item: -1 if item[0] is None else order.get(item[0], len(order)))


def _evaluate(
    con: duckdb.DuckDBPyConnection,
    warehouse: str,
    written: list[tuple[str | None, str]],
    steps: Mapping[str, carry.Step],
) -> None:
    for name, statement in written:
        if name is not None and name in steps:
            steps[name](con, warehouse, statement)
        else:
            con.execute(statement)
