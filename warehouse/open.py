"""Open the warehouse and bring it up to date: migrations, views, one transaction at a time.

WarehouseError                 the file cannot be used; the message says what to do next
├── WarehouseBusy              another process holds it; carries pid and path
├── WarehouseTooNew            a newer program wrote it; carries path
├── WarehouseMissing           it was there once, because a copy of it has been published; carries path
└── WarehouseUnreadable        not a DuckDB file, no permission, no folder; carries path
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import cache
from hashlib import sha256
from operator import attrgetter
from pathlib import Path

import duckdb

from warehouse import PUBLISHED
from warehouse.catalogue import metrics, services
from warehouse.faults import holder_of, is_held, storage_fault

_LOCK = struct.Struct("hhqqi")  # struct flock: type, whence, start, length, process

_DROP_DEFINITIONS = """
    SELECT format('DROP VIEW "{}"."{}"', replace(schema_name, '"', '""'), replace(view_name, '"', '""'))
    FROM duckdb_views() WHERE NOT internal AND schema_name IN ('core', 'main')
    UNION ALL
    SELECT format('DROP TABLE core."{}"', replace(table_name, '"', '""'))
    FROM duckdb_tables() WHERE schema_name = 'core'"""

_PUT_EMPTY_TABLE = """
    SELECT format(
        'CREATE TABLE {0}.being_made AS FROM {0}.{1} LIMIT 0; DROP VIEW {0}.{1}; '
        || 'ALTER TABLE {0}.being_made RENAME TO {1}',
        $schema, $name
    )"""
_DROP_EMPTY_TABLE = "SELECT format('DROP TABLE {}.{}', $schema, $name)"
_CREATED = re.compile(r"CREATE VIEW ([\w.]+) AS")

_FILL_METRICS = "INSERT INTO core.metrics BY NAME SELECT unnest(entry) FROM (SELECT unnest($entries) AS entry)"
_FILL_SERVICES = "INSERT INTO core.services BY NAME SELECT unnest(entry) FROM (SELECT unnest($entries) AS entry)"


class WarehouseError(Exception):
    """The warehouse file `path` cannot be used."""

    def __init__(self, path: Path, message: str) -> None:
        self.path = path
        super().__init__(message)


class WarehouseBusy(WarehouseError):  # noqa: N818 - says what is the case; the family is WarehouseError
    """Process `pid` holds the warehouse; None where DuckDB did not say which."""

    def __init__(self, pid: int | None, path: Path) -> None:
        self.pid = pid
        holder = f"process {pid}" if pid else "another process"
        super().__init__(path, f"{path}: in use by {holder}; wait until it ends, or stop it")


class WarehouseTooNew(WarehouseError):  # noqa: N818 - says what is the case; the family is WarehouseError
    """A newer version of this program, or of DuckDB, wrote the file."""


class WarehouseMissing(WarehouseError):  # noqa: N818 - says what is the case; the family is WarehouseError
    """No warehouse beside a published copy: a disk that is not mounted. An empty one would replace the copy."""

    def __init__(self, path: Path, copy: Path) -> None:
        super().__init__(
            path,
            f"{path}: missing or empty, but {copy.name} beside it shows that there was one; mount the disk or put back "
            f"your last copy of the data folder; trends restore makes it anew from {copy.name}; to begin anew, move "
            f"{copy.name} away",
        )


class WarehouseUnreadable(WarehouseError):  # noqa: N818 - says what is the case; the family is WarehouseError
    """The file is no warehouse, or may not be opened."""


@contextmanager
def writing_warehouse(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """open_warehouse for a `with`: a full disk or a damaged file is a WarehouseError whenever it turns out."""
    try:
        with open_warehouse(path) as con:
            yield con
    except duckdb.Error as error:
        fault = storage_fault(str(error), path)
        if fault is None:
            raise
        raise WarehouseUnreadable(path, fault) from None


def open_warehouse(path: Path) -> duckdb.DuckDBPyConnection:
    """The one connection that may write. Creates and migrates the file; raises a WarehouseError."""
    con = _connect(path)
    try:
        con.execute("SET TimeZone = 'UTC'")
        _migrate(con, path)
        _refresh_views(con)
    except BaseException:
        con.close()
        raise
    return con


def _connect(path: Path) -> duckdb.DuckDBPyConnection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        refuse_to_begin_anew(path)
        _refuse_question_mark(path)
        return _beside_readers(path)
    except duckdb.Error as error:
        raise _opening_error(path, str(error)) from None
    except OSError as error:
        raise WarehouseUnreadable(path, f"{path}: cannot be created: {error.strerror}") from None


def _beside_readers(path: Path) -> duckdb.DuckDBPyConnection:
    """Connected, also where others read the file: they keep the old one, a copy takes its place. Raises duckdb.Error.

    DuckDB itself lets nobody write a file that another process has open, if only to read.
    """
    try:
        return duckdb.connect(str(path))
    except duckdb.IOException as error:
        if not is_held(str(error)):
            raise
        # Of two that find readers, the second finds what the first has put in place. Where there is no room for a copy,
        # the readers are named.
        with alone_in(path.parent), suppress(OSError):
            if _is_only_read(path):
                _leave_to_readers(path)
            return duckdb.connect(str(path))
        raise


def _is_only_read(path: Path) -> bool:
    """Whether other processes hold locks on `path`, and all of them for reading. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        asked = _LOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind, *_ = _LOCK.unpack(fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
    finally:
        os.close(descriptor)
    return bool(kind == fcntl.F_RDLCK)


def _leave_to_readers(path: Path) -> None:
    """Put a copy of `path` in its place; who has the old file open keeps it. Raises OSError; then nothing changed."""
    copy = path.with_name(f".{path.name}.copy")
    try:
        shutil.copy2(path, copy)
        with copy.open("rb") as file:
            os.fsync(file.fileno())
        copy.replace(path)
    finally:
        copy.unlink(missing_ok=True)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """One process at a time is in this context; the folder is made where there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _refuse_question_mark(path: Path) -> None:
    """DuckDB takes what follows a ? in a path for options, and would look for its log elsewhere."""
    if "?" in str(path):
        raise WarehouseUnreadable(path, f"{path}: there may be no ? in this path; give the data folder another name")


def refuse_to_begin_anew(path: Path) -> None:
    """Raises WarehouseMissing where there is a published copy, but no warehouse of which it is one."""
    copy = path.with_name(PUBLISHED)
    if copy.exists() and not (path.exists() and path.stat().st_size):
        raise WarehouseMissing(path, copy)


def _opening_error(path: Path, message: str) -> WarehouseError:
    if is_held(message):
        return WarehouseBusy(holder_of(message), path)
    if "version" in message and "newer" in message:
        return WarehouseTooNew(
            path, f"{path}: written by a newer DuckDB than {duckdb.__version__}; update this program"
        )
    return WarehouseUnreadable(
        path, storage_fault(message, path) or f"{path}: cannot be opened as a warehouse: {message.splitlines()[0]}"
    )


def _migrate(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    shipped = shipped_migrations()
    with transaction(con):
        con.execute("CREATE SCHEMA IF NOT EXISTS raw")
        con.execute("CREATE TABLE IF NOT EXISTS raw.migrations (number INTEGER, name VARCHAR)")
        con.execute("CREATE TABLE IF NOT EXISTS raw.view_definitions (definitions_version VARCHAR)")
    done = {number for (number,) in con.execute("SELECT number FROM raw.migrations").fetchall()}
    if done - shipped.keys():
        raise WarehouseTooNew(
            path,
            f"{path}: has migration {max(done)}, this program knows {max(shipped)} at most; update this program",
        )
    for number in sorted(shipped.keys() - done):
        apply_migration(con, number, *shipped[number])


def apply_migration(con: duckdb.DuckDBPyConnection, number: int, name: str, sql: str) -> None:
    """Run one migration and record it, both or neither. Raises ValueError when it has run already."""
    with transaction(con):
        if con.execute("SELECT 1 FROM raw.migrations WHERE number = ?", [number]).fetchone():
            raise ValueError(f"migration {number} ({name}) has run already")
        con.execute(sql)
        con.execute("INSERT INTO raw.migrations VALUES (?, ?)", [number, name])


def shipped_migrations() -> dict[int, tuple[str, str]]:
    """Number -> name and SQL. Raises ValueError when two files share a number."""
    shipped: dict[int, tuple[str, str]] = {}
    for name, sql in _sql_files("migrations"):
        number = int(name.split("_", 1)[0])
        if number in shipped:
            raise ValueError(f"migrations {shipped[number][0]} and {name} share the number {number}")
        shipped[number] = (name, sql)
    return shipped


def _refresh_views(con: duckdb.DuckDBPyConnection) -> None:
    """Replace all views and the catalogue together when what ships is not what is in the file."""
    version = shipped_definitions()
    if con.execute("SELECT 1 FROM raw.view_definitions WHERE definitions_version = ?", [version]).fetchone():
        return
    with transaction(con):
        run_statements_of(con, _DROP_DEFINITIONS)
        for _, sql in _sql_files("catalogue"):
            con.execute(sql)
        con.execute(_FILL_METRICS, {"entries": [asdict(metric) for metric in metrics.METRICS.values()]})
        con.execute(_FILL_SERVICES, {"entries": [asdict(service) for service in services.SERVICES.values()]})
        _create_views(con)
        con.execute("DELETE FROM raw.view_definitions")
        con.execute("INSERT INTO raw.view_definitions VALUES (?)", [version])


def _create_views(con: duckdb.DuckDBPyConnection) -> None:
    """Create each view while those that it names are empty tables, and comment them all.

    DuckDB plans a view when it is created, with all that it is made of: the upper layers would take longest.
    """
    created = []
    comments = []
    for statement in _statements_of_views(con):
        found = _CREATED.search(statement)
        if found is None:
            comments.append(statement)
            continue
        con.execute(statement)
        schema, _, name = found[1].rpartition(".")
        view = {"schema": schema or "main", "name": name}
        run_statements_of(con, _PUT_EMPTY_TABLE, view)
        created.append((view, statement))
    for view, statement in reversed(created):
        run_statements_of(con, _DROP_EMPTY_TABLE, view)
        con.execute(statement)
    for comment in comments:
        con.execute(comment)


def run_statements_of(con: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, object] | None = None) -> None:
    """Run the statements that the query `sql` writes, in their order."""
    for (statement,) in con.execute(sql, values).fetchall():
        con.execute(statement)


def _statements_of_views(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """The statements that make and comment the views, in their order. The rows of a query are statements too."""
    for _, sql in _sql_files("views"):
        for statement in con.extract_statements(sql):
            if statement.type == duckdb.StatementType.SELECT:
                yield from (written for (written,) in con.execute(statement).fetchall())
            else:
                yield statement.query


def shipped_definitions() -> str:
    """The version of the definitions that this program has; each file holds that of the program that made it."""
    definitions = [sql for folder in ("catalogue", "views") for _, sql in _sql_files(folder)]
    return sha256("".join([metrics.TEXT, services.TEXT, *definitions]).encode()).hexdigest()[:12]


def _sql_files(folder: str) -> Iterator[tuple[str, str]]:
    """Name and text of every SQL file in or below `folder`, in the order of the numbers that their names begin with."""
    entries = Path(__file__).with_name("sql").joinpath(folder).rglob("*.sql")
    for entry in sorted(entries, key=attrgetter("name")):
        yield entry.stem, entry.read_text(encoding="utf-8")


@cache
def order_of_views() -> Mapping[str, int]:
    """Schema and name of every view that ships -> its place: after those that it is made from.

    A warehouse does not keep that order: DuckDB lists the views of a file by their names.
    """
    made = [name for _, sql in _sql_files("views") for name in _CREATED.findall(sql)]
    return {name if "." in name else f"main.{name}": place for place, name in enumerate(made)}


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All or nothing: commits at the end, rolls back whatever is raised."""
    con.begin()
    try:
        yield
    except BaseException:
        con.rollback()
        raise
    con.commit()


def identity_key(con: duckdb.DuckDBPyConnection) -> bytes:
    """The 32 random bytes that turn people into keyed hashes; made with the warehouse, never leave it."""
    with transaction(con):
        found = con.execute("SELECT value FROM raw.secrets WHERE name = 'identity_key'").fetchone()
        if found:
            return bytes.fromhex(found[0])
        key = secrets.token_bytes(32)
        con.execute("INSERT INTO raw.secrets VALUES ('identity_key', ?)", [key.hex()])
    return key
