"""Compute every view once, from one evaluation of what they share.

The views of the warehouse are copied into a catalog in memory, in which one after the other becomes a table, first
those that others are made from: there a view that names another finds the table. So what several views share is
computed once, and what they say is what the same views say in the warehouse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb

from warehouse.open import order_of_views
from warehouse.publish import carry
from warehouse.publish.statements import run_written
from warehouse.read.queries import query

_NAMED = re.compile(r"\bcore\.\w+")


@contextmanager
def evaluated(con: duckdb.DuckDBPyConnection, warehouse: str, *, from_last: bool = False) -> Iterator[None]:
    """In this context catalog "evaluation" holds every view of the attached database `warehouse` as a table.

    `con` must not be in a transaction. The views answer for the variables that are set on it. `from_last`: what is not
    new is taken from the copy of the last night, which is attached as "publishing"; raises carry.NotCarriedError where
    it cannot be.
    """
    with views_copied(con, warehouse):
        written = evaluating(con, warehouse)
        if carry.can_be_kept({name for name, _ in written if name}):
            carry.begin(con, warehouse)
            _evaluate(con, warehouse, written, carry.STEPS if from_last else {})
            (carry.keep if from_last else carry.keep_all)(con)
        else:
            _evaluate(con, warehouse, written, {})
        run_written(con, "publish/evaluation/forget")
        run_written(con, "publish/use", catalog=warehouse)
        yield


@contextmanager
def evaluated_for(con: duckdb.DuckDBPyConnection, *queries: str) -> Iterator[None]:
    """In this context `queries` are answered by tables: each view that they are made from is evaluated once.

    `con` must not be in a transaction.
    """
    ((warehouse,),) = con.execute("SELECT current_database()").fetchall()
    with views_copied(con, warehouse):
        written = evaluating(con, warehouse)
        needed = _made_from(con, *queries)
        _evaluate(con, warehouse, [item for item in written if item[0] is None or item[0] in needed], {})
        yield


@contextmanager
def views_copied(con: duckdb.DuckDBPyConnection, warehouse: str) -> Iterator[None]:
    """In this context catalog "evaluation" has the views of `warehouse` and is in use.

    A name without a schema is then that of the table there: the view in the warehouse would be evaluated once more.
    """
    con.execute("ATTACH ':memory:' AS evaluation")
    try:
        run_written(con, "publish/copy_schema", warehouse=warehouse, catalog="evaluation")
        con.execute("USE evaluation")
        yield
    finally:
        run_written(con, "publish/use", catalog=warehouse)
        con.execute("DETACH evaluation")


def _made_from(con: duckdb.DuckDBPyConnection, *queries: str) -> set[str]:
    """The views of schema core that `queries` name, and those that these name in turn."""
    texts = dict(con.execute(query("publish/evaluation/texts")).fetchall())
    found: set[str] = set()
    named = {name for text in queries for name in _NAMED.findall(text)}
    while named:
        found |= named
        named = {name for view in named for name in _NAMED.findall(texts.get(view, ""))} - found
    return found


def evaluating(con: duckdb.DuckDBPyConnection, warehouse: str) -> list[tuple[str | None, str]]:
    """The statements that evaluate the views of `warehouse`, each with the name of its view; None for tables.

    Tables first, then the views that ship; one that does not ship is right at any place, at most evaluated twice.
    """
    order = order_of_views()
    written = con.execute(query("publish/evaluation/evaluate"), {"warehouse": warehouse}).fetchall()
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
