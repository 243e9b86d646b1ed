"""Save what the sources said: answers and their rows, in one transaction, once per content."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import fields
from datetime import date, datetime
from hashlib import sha256
from operator import attrgetter
from types import NoneType
from typing import Any, get_args, get_type_hints

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from warehouse.calendar import naive_utc
from warehouse.open import transaction
from warehouse.rows import (
    Answer,
    Break,
    Commit,
    Download,
    FrameworkEntry,
    PackageEntry,
    Release,
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
    collected_at = naive_utc(answer.collected_at)
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
