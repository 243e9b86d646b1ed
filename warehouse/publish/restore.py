"""A warehouse that is gone, made anew from its published copy with all that the copy holds.

The copy never held the key with which people and commits were hashed, so a new one is made. No commit has the key up to
which a history was read then, so the next night reads it whole, and every author gets a key of the new kind.
"""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import date
from pathlib import Path

import duckdb

from warehouse import PUBLISHED
from warehouse.faults import storage_fault
from warehouse.open import (
    WarehouseError,
    WarehouseTooNew,
    WarehouseUnreadable,
    apply_migration,
    open_warehouse,
    shipped_migrations,
    transaction,
)
from warehouse.read.queries import query


class WarehouseThere(WarehouseError):  # noqa: N818 - says what is the case; the family is WarehouseError
    """There is a warehouse; nothing is restored over it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, f"{path}: is there already and stays as it is; to restore the copy, move it away first")


def restore(path: Path) -> tuple[int, date]:
    """Make the warehouse at `path` from the copy beside it: how many answers it has now, and the day of the last night.

    It takes its place in one step. Raises WarehouseThere, WarehouseTooNew, or WarehouseUnreadable where there is no
    copy or none that can be read.
    """
    copy = path.with_name(PUBLISHED)
    if path.exists() and path.stat().st_size:
        raise WarehouseThere(path)
    if not copy.is_file():
        raise WarehouseUnreadable(copy, f"{copy}: no published copy, so there is nothing to restore from")
    folder = path.with_name(".restoring")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        found = _filled(folder / path.name, copy)
        path.with_name(f"{path.name}.wal").unlink(missing_ok=True)  # of the one that is gone
        (folder / path.name).replace(path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return found


def _filled(path: Path, copy: Path) -> tuple[int, date]:
    with closing(duckdb.connect(str(path))) as con:
        try:
            con.execute("ATTACH ? AS copy (READ_ONLY)", [str(copy)])
            _make_tables(con, copy)
            with transaction(con):
                for (statement,) in con.execute(query("restore/rows")).fetchall():
                    con.execute(statement)
        except duckdb.Error as error:
            why = storage_fault(str(error), copy) or (
                f"{copy}: cannot be read: {str(error).splitlines()[0]}; put back your last copy of the data folder"
            )
            raise WarehouseUnreadable(copy, why) from None
        con.execute("DETACH copy")
    with closing(open_warehouse(path)) as con:  # migrations that are younger than the copy, and the views
        ((answers, day),) = con.execute("SELECT (SELECT count(*) FROM raw.answers), as_of FROM core.clock").fetchall()
        con.execute("CHECKPOINT")
        return answers, day


def _make_tables(con: duckdb.DuckDBPyConnection, copy: Path) -> None:
    """As they were when the copy was made: by its migrations."""
    shipped = shipped_migrations()
    done = [number for (number,) in con.execute("SELECT number FROM copy.raw.migrations ORDER BY number").fetchall()]
    if unknown := sorted(set(done) - shipped.keys()):
        known = max(shipped)
        raise WarehouseTooNew(
            copy, f"{copy}: has migration {unknown[-1]}, this program knows {known} at most; update this program"
        )
    con.execute("CREATE SCHEMA raw; CREATE TABLE raw.migrations (number INTEGER, name VARCHAR)")
    for number in done:
        apply_migration(con, number, *shipped[number])
