"""Publish a consistent copy of the warehouse that readers can hold open while the next run writes.

An open writer locks everybody else out of its file, so readers get `published.duckdb`. It is filled into a file beside
the target, which then takes the target's place in one step: whoever has the old copy open keeps it.

The rows of the last copy are carried over and only what is new is evaluated and added, as long as program, migrations
and definitions are the same (see carry.py); without a copy, or on demand, all of it is.

In the copy the public views are tables, sorted, for the day of the last run. Schema "history" holds the views
themselves, which answer for any other day from the rows that the copy holds too.

The table of secrets is the one that is not filled. Deleting the key from a plain copy of the file would not do: its
bytes stay in a freed or shared block, and part of them in the statistics of the column.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import duckdb

from warehouse.faults import is_damaged, why_copy_is_unusable
from warehouse.open import shipped_definitions
from warehouse.publish import carry
from warehouse.publish.evaluate import evaluated
from warehouse.publish.statements import rows_written, run_written

# The way of writing files that DuckDB 1.4 and all later ones read. An older copy, written in a newer way, cannot be
# attached like that, so it is not carried over but written anew.
_ATTACH = "ATTACH ? AS publishing (STORAGE_VERSION 'v1.4.0')"


class PublishedError(Exception):
    """The published copy at `path` cannot be read; the message says why, in one line, and what to do."""

    def __init__(self, path: Path, message: str) -> None:
        self.path = path
        super().__init__(message)


class NothingPublishedError(PublishedError):
    """There is no published copy at this path yet."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, f"{path}: nothing has been published yet; run trends nightly first")


def publish(con: duckdb.DuckDBPyConnection, target: Path, *, full: bool = False) -> None:
    """Put a copy of everything committed to `con`'s warehouse at `target`, without the secrets, in one step.

    `full`: compute everything, although a copy of the last night is there. Readers that hold the old copy keep it.
    After a failure `target` is what it was and nothing is left behind; what a killed run left behind is removed first.
    """
    try:
        _put_in_place(prepare(con, target, full=full), target)
    finally:
        _remove_leftovers(target)


def prepare(con: duckdb.DuckDBPyConnection, target: Path, *, full: bool = False) -> Path:
    """Make the copy beside `target` and return where it lies: a report may read it before `finish` puts it in place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(target)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        with _writer(con) as (writer, warehouse):
            if full or not _carry(writer, warehouse, target, partial):
                with evaluated(writer, warehouse), _publishing(writer, warehouse, partial):
                    _fill(writer, warehouse)
    except BaseException:
        _remove_leftovers(target)
        raise
    return partial


def finish(con: duckdb.DuckDBPyConnection, prepared: Path, target: Path) -> None:
    """Add what the ledger has learned since `prepare` (how the run ended, reports, mails) and put the copy in place."""
    try:
        with _writer(con) as (writer, warehouse), _publishing(writer, warehouse, prepared):
            run_written(writer, "publish/ledger", warehouse=warehouse)
        _put_in_place(prepared, target)
    finally:
        _remove_leftovers(target)


@contextmanager
def reading_published(path: Path, as_of: date | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """open_published for a `with`: a part that turns out to be damaged is a PublishedError as well, and so is one
    that is missing because another version of this program made the copy.
    """
    with closing(open_published(path, as_of)) as con:
        try:
            yield con
        except duckdb.Error as error:
            if is_damaged(str(error)):
                raise PublishedError(path, why_copy_is_unusable(path, str(error))) from None
            if isinstance(error, duckdb.CatalogException | duckdb.BinderException) and _is_of_another_version(con):
                said = f"{path}: made by another version of this program; trends nightly makes it anew"
                raise PublishedError(path, said) from None
            raise


def _is_of_another_version(con: duckdb.DuckDBPyConnection) -> bool:
    return con.execute("SELECT definitions_version FROM published.raw.view_definitions").fetchall() != [
        (shipped_definitions(),)
    ]


def open_published(path: Path, as_of: date | None = None) -> duckdb.DuckDBPyConnection:
    """The published copy, read-only; `as_of` makes every public name answer as known on that day.

    Raises PublishedError. The file is attached rather than connected to: within one process DuckDB would hand
    out the copy that another connection already holds under this path, although a newer one has taken its place.
    """
    if not path.is_file():
        raise NothingPublishedError(path)
    con = duckdb.connect()
    try:
        con.execute("ATTACH ? AS published (READ_ONLY)", [str(path)])
        con.execute("USE published")
        if as_of is not None:
            answer_as_of(con, as_of)
    except duckdb.Error as error:
        con.close()
        raise PublishedError(path, why_copy_is_unusable(path, str(error))) from None
    except BaseException:
        con.close()
        raise
    return con


def answer_as_of(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Let an open copy answer as known on `as_of`: from its tables for their own day, from its views for another."""
    found = con.execute("SELECT as_of FROM core.clock").fetchone()
    con.execute("SET VARIABLE as_of = ?::DATE", [as_of])
    if found != (as_of,):
        con.execute("USE history")


@contextmanager
def _writer(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """A cursor with transactions of its own, so that what the caller has not committed is not published."""
    with con.cursor() as writer:
        ((warehouse,),) = writer.execute("SELECT current_database()").fetchall()
        yield writer, warehouse


@contextmanager
def _publishing(writer: duckdb.DuckDBPyConnection, warehouse: str, path: Path) -> Iterator[None]:
    """`path` attached as "publishing", and all that is written to it in one transaction."""
    with _attached(writer, warehouse, path), _in_one_transaction(writer):
        yield


@contextmanager
def _attached(writer: duckdb.DuckDBPyConnection, warehouse: str, path: Path) -> Iterator[None]:
    writer.execute(_ATTACH, [str(path)])
    try:
        yield
    finally:
        run_written(writer, "publish/use", catalog=warehouse)  # the default catalog cannot be detached
        writer.execute("DETACH publishing")


@contextmanager
def _in_one_transaction(writer: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All of what is written to "publishing" or nothing, and in the end all of it in the file."""
    writer.execute("BEGIN")
    try:
        yield
    except BaseException:
        writer.execute("ROLLBACK")
        raise
    writer.execute("COMMIT")
    writer.execute("CHECKPOINT publishing")


def _carry(writer: duckdb.DuckDBPyConnection, warehouse: str, target: Path, partial: Path) -> bool:
    """Make `partial` of the copy of the last night and what is new. False, and nothing left, where that cannot be."""
    if not target.is_file():
        return False
    try:
        shutil.copyfile(target, partial)
        with _attached(writer, warehouse, partial):
            _refuse_another_make(writer, warehouse)
            with evaluated(writer, warehouse, from_last=True), _in_one_transaction(writer):
                _add_what_is_new(writer, warehouse)
    except (carry.NotCarriedError, duckdb.Error, OSError):
        _remove_leftovers(target)
        return False
    return True


def _refuse_another_make(writer: duckdb.DuckDBPyConnection, warehouse: str) -> None:
    ((is_same,),) = rows_written(writer, "publish/is_of_the_same_make", warehouse=warehouse, made_by=carry.made_by())
    if not is_same:
        raise carry.NotCarriedError("the copy of the last night is of another make")


def _add_what_is_new(writer: duckdb.DuckDBPyConnection, warehouse: str) -> None:
    run_written(writer, "publish/new_rows", warehouse=warehouse)
    if rows_written(writer, "publish/different_tables", warehouse=warehouse):
        raise carry.NotCarriedError("the copy of the last night holds what the warehouse no longer holds")
    carry.write(writer, warehouse)


def _fill(writer: duckdb.DuckDBPyConnection, warehouse: str) -> None:
    run_written(writer, "publish/copy_schema", warehouse=warehouse, catalog="publishing")
    run_written(writer, "publish/rows", warehouse=warehouse)
    writer.execute("CREATE SCHEMA publishing.history")
    writer.execute("USE publishing.history")
    run_written(writer, "publish/history", warehouse=warehouse)
    run_written(writer, "publish/use", catalog=warehouse)
    run_written(writer, "publish/public_tables", warehouse=warehouse)
    run_written(writer, "publish/carry/write/state_of_whole")


def _put_in_place(partial: Path, target: Path) -> None:
    """Nobody may write to the copy; a log beside it is of somebody who wrote to an older one, and would spoil this."""
    log = target.with_name(f"{target.name}.wal")
    partial.chmod(0o400)
    log.unlink(missing_ok=True)
    partial.replace(target)
    log.unlink(missing_ok=True)  # whoever holds the old copy may have begun it anew


def _remove_leftovers(target: Path) -> None:
    """Whoever publishes holds the warehouse's lock, so every partial copy beside the target is a dead one."""
    for leftover in target.parent.glob(f".{target.name}.*.partial*"):
        leftover.unlink(missing_ok=True)
