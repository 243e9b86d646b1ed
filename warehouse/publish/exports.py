"""The public views as files, for whoever has no DuckDB: CSV, JSON, Parquet."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import duckdb

from warehouse.read.queries import query

FORMS = ("csv", "json", "parquet")


def export_views(con: duckdb.DuckDBPyConnection, folder: Path, forms: Collection[str]) -> None:
    """Write each public view of a copy that is open (`open_published`) as `folder`/VIEW.FORM, each file in one step.

    Files of views or forms that are no more are taken away. Raises OSError, duckdb.IOException.
    """
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / ".partial"
    partial.mkdir(exist_ok=True)
    asked = con.execute(query("publish/exports"), {"folder": str(partial), "forms": list(forms)}).fetchall()
    for name, statement in asked:
        con.execute(statement)
        (partial / name).replace(folder / name)
    partial.rmdir()
    written = {name for name, _ in asked}
    for path in folder.iterdir():
        if path.suffix.removeprefix(".") in FORMS and path.name not in written:
            path.unlink()
