"""What doctor finds in the data folder: who may read it, who holds its files, what about them is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

import duckdb

from flows.diagnosis.finding import Finding
from flows.process.private import is_open_to_others
from warehouse import PUBLISHED, WAREHOUSE
from warehouse.faults import holder_of, is_held, storage_fault
from warehouse.open import WarehouseMissing, refuse_to_begin_anew
from warehouse.publish.snapshot import NothingPublishedError, PublishedError, reading_published


def looks(data: Path, now: datetime) -> Iterator[Callable[[], Finding]]:
    """One look for each thing; nothing to look at before the first night."""
    if data.is_dir():
        if (data / WAREHOUSE).exists():
            yield partial(_privacy, data)
        yield partial(_warehouse, data / WAREHOUSE)
        yield partial(_copy, data / PUBLISHED, now)


def _privacy(data: Path) -> Finding:
    if is_open_to_others(data):
        return Finding("warning", "data folder", f"others may read {data}", f"close it: chmod -R go= {data}")
    return Finding("ok", "data folder", "its owner's alone")


def _warehouse(path: Path) -> Finding:
    """Opened as a reader: a night that runs has it for itself, which is as it should be."""
    try:
        refuse_to_begin_anew(path)
        if path.exists():
            duckdb.connect(str(path), read_only=True).close()
    except WarehouseMissing as error:
        return Finding("problem", "warehouse", str(error))
    except duckdb.Error as error:
        if is_held(str(error)):
            return Finding("ok", "warehouse", f"in use by process {holder_of(str(error))}")
        return Finding("problem", "warehouse", storage_fault(str(error), path) or str(error).splitlines()[0])
    return Finding("ok", "warehouse", "can be opened" if path.exists() else "none yet")


def _copy(path: Path, now: datetime) -> Finding:
    """Readable, and of a day that has come: a run whose clock was wrong is corrected by the next one."""
    try:
        with reading_published(path) as con:
            ((day,),) = con.execute("SELECT as_of FROM core.clock").fetchall()
    except NothingPublishedError:
        return Finding("ok", "published copy", "none yet")
    except PublishedError as error:
        return Finding("problem", "published copy", str(error))
    if day > now.date():
        step = "set the clock of this machine; the next night publishes it anew"
        return Finding("problem", "published copy", f"of {day}, which has not come", step)
    return Finding("ok", "published copy", f"of {day}")
