"""Publish a consistent copy of the warehouse that readers can hold open while the next run writes.

An open writer locks everybody else out of its file, so readers get `published.duckdb`. It is filled table by table
into a file beside the target, which then takes the target's place in one step: whoever has the old copy open keeps it.
The table of secrets is the one that is not filled. Deleting the key from a plain copy of the file would not do: its
bytes stay in a freed or shared block, and part of them in the statistics of the column.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import duckdb

ALIAS = "publishing"
_FILL_STATEMENTS = """
    SELECT format('INSERT INTO {3}."{1}"."{2}" FROM "{0}"."{1}"."{2}"', replace(database_name, '"', '""'),
                  replace(schema_name, '"', '""'), replace(table_name, '"', '""'), $alias)
    FROM duckdb_tables()
    WHERE database_name = current_database() AND NOT internal AND NOT temporary
      AND NOT (schema_name = 'raw' AND table_name = 'secrets')
    ORDER BY schema_name, table_name"""
_COPY_SCHEMA = """
    SELECT format('COPY FROM DATABASE "{}" TO {} (SCHEMA)', replace(current_database(), '"', '""'), $alias)"""


class NothingPublishedError(Exception):
    """There is no published copy at this path yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{path}: nothing has been published yet; run trends nightly first")


def publish(con: duckdb.DuckDBPyConnection, target: Path) -> None:
    """Put a copy of everything committed to `con`'s warehouse at `target`, without the secrets, in one step.

    Readers that hold the old copy keep it. After a failure `target` is what it was and nothing is left behind;
    what a killed run left behind is removed first.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(target)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        _copy_without_secrets(con, partial)
        partial.replace(target)
    finally:
        _remove_leftovers(target)


def open_published(path: Path, as_of: date | None = None) -> duckdb.DuckDBPyConnection:
    """The published copy, read-only; `as_of` makes every view answer as known on that day.

    Raises NothingPublishedError. The file is attached rather than connected to: within one process DuckDB would hand
    out the copy that another connection already holds under this path, although a newer one has taken its place.
    """
    if not path.is_file():
        raise NothingPublishedError(path)
    con = duckdb.connect()
    try:
        con.execute("ATTACH ? AS published (READ_ONLY)", [str(path)])
        con.execute("USE published")
        if as_of is not None:
            con.execute("SET VARIABLE as_of = ?::DATE", [as_of])
    except BaseException:
        con.close()
        raise
    return con


def _copy_without_secrets(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    writer = con.cursor()  # its own transaction: what the caller has not committed is not published
    writer.execute("ATTACH ? AS " + ALIAS, [str(path)])
    try:
        _fill(writer)
        writer.execute("CHECKPOINT " + ALIAS)
    finally:
        writer.execute("DETACH " + ALIAS)
        writer.close()


def _fill(writer: duckdb.DuckDBPyConnection) -> None:
    alias = {"alias": ALIAS}
    writer.execute("BEGIN")
    try:
        statements = writer.execute(_COPY_SCHEMA, alias).fetchall() + writer.execute(_FILL_STATEMENTS, alias).fetchall()
        for (statement,) in statements:
            writer.execute(statement)
        writer.execute("COMMIT")
    except BaseException:
        writer.execute("ROLLBACK")
        raise


def _remove_leftovers(target: Path) -> None:
    """Whoever publishes holds the warehouse's lock, so every partial copy beside the target is a dead one."""
    for leftover in target.parent.glob(f".{target.name}.*.partial*"):
        leftover.unlink(missing_ok=True)
