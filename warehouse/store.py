"""Writes: open the warehouse, bring it up to date, save answers in one transaction, keep the ledger of runs.

WarehouseError                 the file cannot be used; the message says what to do next
├── WarehouseBusy              another process holds it; carries pid and path
├── WarehouseTooNew            a newer program wrote it; carries path
└── WarehouseUnreadable        not a DuckDB file, no permission, no folder; carries path
"""

from __future__ import annotations

import json
import re
import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from datetime import UTC, date, datetime
from hashlib import sha256
from importlib.resources import files
from operator import attrgetter
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from warehouse.rows import (
    Answer,
    Break,
    Commit,
    Download,
    FrameworkEntry,
    PackageEntry,
    Release,
    ReportIssue,
    RepositoryTotal,
    Row,
    SearchPoint,
    StarDay,
)

TABLES: dict[type[Row], str] = {
    SearchPoint: "search_points",
    Download: "pypi_downloads",
    Release: "pypi_releases",
    Commit: "git_commits",
    StarDay: "repository_stars",
    RepositoryTotal: "repository_totals",
    FrameworkEntry: "frameworks",
    PackageEntry: "framework_packages",
    Break: "breaks",
}

_ARROW_TYPES = {
    str: pa.string(),
    int: pa.int64(),
    bool: pa.bool_(),
    date: pa.date32(),
    datetime: pa.timestamp("us", tz="UTC"),
}
_UNIT, _RECORD, _NULL = "\x1f", "\x1e", "\x00"

_ANSWERS = pa.schema(
    [
        *(
            (name, pa.string())
            for name in ("answer_id", "run_id", "source", "entity", "row_type", "request", "content_id")
        ),
        *((name, pa.string()) for name in ("state", "body_id")),
        ("window_start", pa.date32()),
        ("window_end", pa.date32()),
        ("collected_at", pa.timestamp("us")),
        ("row_count", pa.int64()),
        ("replaces_all", pa.bool_()),
        ("is_synthetic", pa.bool_()),
    ]
)


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


class WarehouseUnreadable(WarehouseError):  # noqa: N818 - says what is the case; the family is WarehouseError
    """The file is no warehouse, or may not be opened."""


# ---- open and migrate ------------------------------------------------------------------------------------------------


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
        return duckdb.connect(str(path))
    except duckdb.Error as error:
        raise _opening_error(path, str(error)) from None
    except OSError as error:
        raise WarehouseUnreadable(path, f"{path}: cannot be created: {error.strerror}") from None


def _opening_error(path: Path, message: str) -> WarehouseError:
    if "Could not set lock on file" in message:
        pid = re.search(r"\(PID (\d+)\)", message)
        return WarehouseBusy(int(pid[1]) if pid else None, path)
    if "version" in message and "newer" in message:
        return WarehouseTooNew(
            path, f"{path}: written by a newer DuckDB than {duckdb.__version__}; update this program"
        )
    return WarehouseUnreadable(path, f"{path}: cannot be opened as a warehouse: {message.splitlines()[0]}")


def _migrate(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    shipped = _shipped_migrations()
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


def _shipped_migrations() -> dict[int, tuple[str, str]]:
    """Number -> name and SQL. Raises ValueError when two files share a number."""
    shipped: dict[int, tuple[str, str]] = {}
    for name, sql in _sql_files("migrations"):
        number = int(name.split("_", 1)[0])
        if number in shipped:
            raise ValueError(f"migrations {shipped[number][0]} and {name} share the number {number}")
        shipped[number] = (name, sql)
    return shipped


def _refresh_views(con: duckdb.DuckDBPyConnection) -> None:
    """Replace all views together when the SQL that ships is not the SQL in the file."""
    view_files = list(_sql_files("views"))
    version = sha256("".join(sql for _, sql in view_files).encode()).hexdigest()[:12]
    if con.execute("SELECT 1 FROM raw.view_definitions WHERE definitions_version = ?", [version]).fetchone():
        return
    with transaction(con):
        for schema, view in con.execute(
            "SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal AND schema_name IN ('core', 'main')"
        ).fetchall():
            con.execute(f'DROP VIEW "{schema}"."{view}"')
        for _, sql in view_files:
            con.execute(sql)
        con.execute("DELETE FROM raw.view_definitions")
        con.execute("INSERT INTO raw.view_definitions VALUES (?)", [version])


def _sql_files(folder: str) -> Iterator[tuple[str, str]]:
    entries = files("warehouse").joinpath("sql", folder).iterdir()
    for entry in sorted((entry for entry in entries if entry.name.endswith(".sql")), key=attrgetter("name")):
        yield entry.name.removesuffix(".sql"), entry.read_text(encoding="utf-8")


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


# ---- the ledger of runs ----------------------------------------------------------------------------------------------


def begin_run(
    con: duckdb.DuckDBPyConnection,
    *,
    run_id: str,
    flow: str,
    as_of: date,
    started_at: datetime,
    program_version: str,
) -> None:
    """Enter a run. There is one writer, so runs and steps still "running" were killed: they become "interrupted"."""
    with transaction(con):
        con.execute("UPDATE raw.runs SET status = 'interrupted' WHERE status = 'running'")
        con.execute("UPDATE raw.run_steps SET status = 'interrupted' WHERE status = 'running'")
        con.execute(
            "INSERT INTO raw.runs BY NAME SELECT ? AS run_id,"
            " (SELECT coalesce(max(run_number), 0) + 1 FROM raw.runs) AS run_number,"
            " ? AS flow, ? AS as_of, ? AS started_at, 'running' AS status, ? AS program_version",
            [run_id, flow, as_of, _naive_utc(started_at), program_version],
        )


def finish_run(
    con: duckdb.DuckDBPyConnection, run_id: str, *, finished_at: datetime, status: str, error: str | None = None
) -> None:
    """Close a run with its status: ok, partial, failed."""
    con.execute(
        "UPDATE raw.runs SET finished_at = ?, status = ?, error = ? WHERE run_id = ?",
        [_naive_utc(finished_at), status, error, run_id],
    )


def begin_step(
    con: duckdb.DuckDBPyConnection,
    *,
    run_id: str,
    source: str,
    entity: str,
    window_start: date | None,
    window_end: date | None,
    started_at: datetime,
) -> None:
    """Enter one source and entity of a run; a second try of the same step replaces the first."""
    with transaction(con):
        con.execute(
            "DELETE FROM raw.run_steps WHERE run_id = ? AND source = ? AND entity = ?", [run_id, source, entity]
        )
        con.execute(
            "INSERT INTO raw.run_steps BY NAME SELECT ? AS run_id, ? AS source, ? AS entity, ? AS window_start,"
            " ? AS window_end, ? AS started_at, 'running' AS status",
            [run_id, source, entity, window_start, window_end, _naive_utc(started_at)],
        )


def finish_step(
    con: duckdb.DuckDBPyConnection,
    *,
    run_id: str,
    source: str,
    entity: str,
    finished_at: datetime,
    status: str,
    rows: int,
    error: str | None = None,
) -> None:
    """Close a step: how many new rows it brought, and what went wrong."""
    con.execute(
        'UPDATE raw.run_steps SET finished_at = ?, status = ?, "rows" = ?, error = ?'
        " WHERE run_id = ? AND source = ? AND entity = ?",
        [_naive_utc(finished_at), status, rows, error, run_id, source, entity],
    )


def save_report_issue(con: duckdb.DuckDBPyConnection, issue: ReportIssue) -> None:
    """Record an artefact of a report; the same artefact of the same report again replaces the record."""
    values = asdict(issue) | {"sent_at": issue.sent_at and _naive_utc(issue.sent_at)}
    with transaction(con):
        con.execute(
            "DELETE FROM raw.report_issues WHERE report_id = ? AND artefact = ?", [issue.report_id, issue.artefact]
        )
        con.execute(
            "INSERT INTO raw.report_issues BY NAME SELECT $report_id AS report_id, $as_of AS as_of,"
            " $definitions_version AS definitions_version, $artefact AS artefact, $sha256 AS sha256,"
            " $query_texts AS query_texts, $recipients AS recipients, $sent_at AS sent_at",
            values,
        )


# ---- answers ---------------------------------------------------------------------------------------------------------


def save_answers(con: duckdb.DuckDBPyConnection, run_id: str, answers: Iterable[Answer]) -> int:
    """Save answers and their rows in one transaction; returns how many rows were new.

    Rows are kept once per content and answers once per answer_id, so saving the same answers again writes nothing.
    Raises ValueError for an answer with rows of two types or with a time that names no time zone.
    """
    with transaction(con):
        known_answers = _known(con, "SELECT answer_id FROM raw.answers")
        known_contents = _known(con, "SELECT DISTINCT content_id FROM raw.answers")
        got = set()
        ledger: list[dict[str, Any]] = []
        payloads: dict[str, list[pa.Table]] = defaultdict(list)
        bodies: dict[str, str] = {}
        for answer in answers:
            content = _Content(answer)
            record = _answer_record(run_id, answer, content)
            got.add(record["answer_id"])
            if record["answer_id"] in known_answers:
                continue
            known_answers.add(record["answer_id"])
            ledger.append(record)
            if answer.body is not None:
                bodies[record["body_id"]] = answer.body
            if content.content_id not in known_contents and content.table is not None:
                known_contents.add(content.content_id)
                payloads[content.table].append(content.payload(run_id, answer.source))
        _insert_bodies(con, bodies)
        _remember(con, run_id, got)
        if ledger:
            _insert(con, "answers", pa.Table.from_pylist(ledger, schema=_ANSWERS))
        return sum(_insert(con, table, pa.concat_tables(parts)) for table, parts in payloads.items())


class _Content:
    """The rows of an answer as an Arrow table without duplicates, and the hash that names them."""

    def __init__(self, answer: Answer) -> None:
        types = {type(row) for row in answer.rows}
        if len(types) > 1:
            raise ValueError(f"{answer.source}: the rows of an answer must be of one type, these are {len(types)}")
        row_type = types.pop() if types else None
        self.table = TABLES[row_type] if row_type else None
        self.rows = _arrow_table(row_type, answer.rows) if row_type else pa.table({})
        lines = _lines(self.rows)
        if self.rows.num_rows > 1:
            self.rows, lines = _without_duplicates(self.rows, lines)
        digest = sha256(f"{answer.source}{_UNIT}{self.table}{_RECORD}".encode())
        digest.update(_RECORD.join(lines.sort().to_pylist()).encode())
        self.content_id = digest.hexdigest()

    def payload(self, run_id: str, source: str) -> pa.Table:
        rows = self.rows
        for name, value in (("content_id", self.content_id), ("source", source), ("run_id", run_id)):
            rows = rows.append_column(name, pa.repeat(value, rows.num_rows))
        return rows


def _arrow_table(row_type: type[Row], rows: tuple[Row, ...]) -> pa.Table:
    hints = get_type_hints(row_type)
    columns = {}
    for item in fields(row_type):
        plain = next((kind for kind in get_args(hints[item.name]) if kind is not NoneType), hints[item.name])
        values = pa.array(map(attrgetter(item.name), rows), type=_ARROW_TYPES[plain], size=len(rows))
        columns[item.name] = values.cast(pa.timestamp("us")) if plain is datetime else values
    return pa.table(columns)


def _lines(rows: pa.Table) -> pa.Array:
    """One text per row that holds all its values; the order of the fields is that of the row type."""
    if not rows.num_columns:
        return pa.array([], pa.string())
    texts = [column.combine_chunks().cast(pa.string()) for column in rows.itercolumns()]
    return pc.binary_join_element_wise(*texts, _UNIT, null_handling="replace", null_replacement=_NULL)


def _without_duplicates(rows: pa.Table, lines: pa.Array) -> tuple[pa.Table, pa.Array]:
    encoded = lines.dictionary_encode()
    if len(encoded.dictionary) == len(lines):
        return rows, lines
    first = (
        pa.table({"code": encoded.indices, "at": pa.array(range(len(lines)))})
        .group_by("code")
        .aggregate([("at", "min")])
    )
    return rows.take(first["at_min"]), encoded.dictionary


def _answer_record(run_id: str, answer: Answer, content: _Content) -> dict[str, Any]:
    collected_at = _naive_utc(answer.collected_at)
    identity = (answer.source, answer.entity, answer.request, collected_at.isoformat(), content.content_id)
    return {
        "answer_id": sha256(_UNIT.join(identity).encode()).hexdigest(),
        "run_id": run_id,
        "source": answer.source,
        "entity": answer.entity,
        "row_type": content.table or "",
        "request": answer.request,
        "window_start": answer.window_start,
        "window_end": answer.window_end,
        "collected_at": collected_at,
        "content_id": content.content_id,
        "row_count": content.rows.num_rows,
        "replaces_all": answer.replaces_all,
        "is_synthetic": answer.is_synthetic,
        "state": json.dumps(answer.state, sort_keys=True),
        "body_id": None if answer.body is None else sha256(answer.body.encode()).hexdigest(),
    }


def _remember(con: duckdb.DuckDBPyConnection, run_id: str, answer_ids: set[str]) -> None:
    """Which answers a run got, also those that were known: checks look at all of them."""
    found = con.execute("SELECT answer_id FROM raw.run_answers WHERE run_id = ?", [run_id]).fetchall()
    fresh = sorted(answer_ids - {answer_id for (answer_id,) in found})
    if fresh:
        _insert(con, "run_answers", pa.table({"run_id": [run_id] * len(fresh), "answer_id": fresh}))


def _insert_bodies(con: duckdb.DuckDBPyConnection, bodies: dict[str, str]) -> None:
    known = _known(con, "SELECT body_id FROM raw.bodies") if bodies else set()
    fresh = sorted(bodies.keys() - known)
    if fresh:
        _insert(con, "bodies", pa.table({"body_id": fresh, "body": [bodies[name] for name in fresh]}))


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> int:
    """Append to raw.`table`, matching columns by name; a name from TABLES, never from outside."""
    columns = [name for name, *_ in con.table(f"raw.{table}").description]
    con.from_arrow(rows.select(columns)).insert_into(f"raw.{table}")
    return int(rows.num_rows)


def _known(con: duckdb.DuckDBPyConnection, query: str) -> set[str]:
    return {name for (name,) in con.execute(query).fetchall()}


def _naive_utc(moment: datetime) -> datetime:
    """DuckDB keeps TIMESTAMP without a zone here, always UTC; a time without a zone is refused, not guessed."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} names no time zone; times here are UTC with tzinfo set")
    return moment.astimezone(UTC).replace(tzinfo=None)
