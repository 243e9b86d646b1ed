"""The one way to ask a named query: its SQL is in sql/queries, its values are bound by name, its rows are typed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

import duckdb

Row = TypeVar("Row")


@cache
def query(name: str) -> str:
    """The SQL of sql/queries/`name`.sql; its values are bound by name."""
    return files("warehouse").joinpath("sql", "queries", f"{name}.sql").read_text(encoding="utf-8")


def ask(con: duckdb.DuckDBPyConnection, name: str, row_type: Callable[..., Row], **values: object) -> list[Row]:
    """Every row of the query `name`, its columns given to `row_type` in their order."""
    return [row_type(*row) for row in con.execute(query(name), values or None).fetchall()]


def ask_one(con: duckdb.DuckDBPyConnection, name: str, **values: object) -> tuple[Any, ...] | None:
    """The first row of the query `name`, None where it has none."""
    found = con.execute(query(name), values or None).fetchall()  # all: a result left unfinished blocks the connection
    return found[0] if found else None


def ask_dicts(con: duckdb.DuckDBPyConnection, name: str, **values: object) -> list[dict[str, Any]]:
    """Every row of the query `name` as column name -> value."""
    found = con.execute(query(name), values or None)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
