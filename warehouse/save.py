"""Save what the sources said: answers and their rows, in one transaction, once per content."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

import duckdb
import pyarrow as pa

from warehouse.calendar import naive_utc
from warehouse.columns import RECORD, UNIT, Columns, table_of, text_of, together, without_duplicates
from warehouse.differences import star_pages, wholes
from warehouse.open import transaction
from warehouse.read.queries import query
from warehouse.rows import (
    Answer,
    Break,
    ClaimReading,
    Commit,
    Contributor,
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
    Contributor: "git_people",
    StarDay: "repository_stars",
    RepositoryTotal: "repository_totals",
    FrameworkEntry: "frameworks",
    PackageEntry: "framework_packages",
    Break: "breaks",
    ClaimReading: "claims",
}

_ANSWERS = pa.schema(
    [
        *(
            (name, pa.string())
            for name in ("answer_id", "run_id", "source", "service", "entity", "row_type", "request", "content_id")
        ),
        *((name, pa.string()) for name in ("state", "body_id")),
        ("window_start", pa.date32()),
        ("window_end", pa.date32()),
        ("told_from", pa.date32()),
        ("told_to", pa.date32()),
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
        by_id = {content.record["answer_id"]: content for content in _contents(answers)}
        _remember(con, run_id, by_id.keys())
        known = _known(con, "known_answers", by_id.keys())
        fresh = [content for answer_id, content in by_id.items() if answer_id not in known]
        if not fresh:
            return 0
        rows = _insert_rows(con, fresh)
        _insert_bodies(con, fresh)
        records = [{**content.record, "run_id": run_id} for content in fresh]
        _insert(con, "answers", pa.Table.from_pylist(records, schema=_ANSWERS))
        return rows


class _Content:
    """An answer with its rows as they are stored, without duplicates, and the hash that names them.

    `text`: all values of the rows (warehouse.columns.without_duplicates).
    """

    def __init__(self, answer: Answer, row_type: type[Row] | None, rows: pa.Table, text: bytes | memoryview) -> None:
        self.answer = answer
        self.table = TABLES[row_type] if row_type else None
        self.rows = rows
        digest = sha256(f"{answer.service}{UNIT}{self.table}".encode())
        digest.update(text)
        self.content_id = digest.hexdigest()
        self.record = _answer_record(answer, self)

    @property
    def may_tell_of_stars(self) -> bool:
        """Also by absence: a whole without rows says that nothing told before holds."""
        return self.table == star_pages.TABLE or (self.table is None and self.answer.replaces_all)


def _contents(answers: Iterable[Answer]) -> Iterator[_Content]:
    """A content for each answer, by the type of its rows."""
    by_type: dict[type[Row] | None, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_type[_row_type(answer)].append(answer)
    for row_type, told in by_type.items():
        if row_type is None:
            yield from (_Content(answer, None, pa.table({}), RECORD.encode()) for answer in told)
        else:
            tables = [table_of(answer.rows, row_type) for answer in told]
            for answer, (rows, lines) in zip(told, without_duplicates(tables), strict=True):
                yield _Content(answer, row_type, rows, text_of(lines))


def _row_type(answer: Answer) -> type[Row] | None:
    """The type of the rows, None where there are none."""
    if isinstance(answer.rows, Columns):
        return answer.rows.row_type if len(answer.rows) else None
    types = {type(row) for row in answer.rows}
    if len(types) > 1:
        raise ValueError(f"{answer.service}: the rows of an answer must be of one type, these are {len(types)}")
    return types.pop() if types else None


def _answer_record(answer: Answer, content: _Content) -> dict[str, Any]:
    collected_at = naive_utc(answer.collected_at)
    told = star_pages.days_told(content.rows, answer.entity) if content.table == star_pages.TABLE else None
    identity = (answer.service, answer.entity, answer.request, collected_at.isoformat(), content.content_id)
    return {
        "answer_id": sha256(UNIT.join(identity).encode()).hexdigest(),
        "source": answer.source,
        "service": answer.service,
        "entity": answer.entity,
        "row_type": content.table or "",
        "request": answer.request,
        "window_start": answer.window_start,
        "window_end": answer.window_end,
        "told_from": told and told[0],
        "told_to": told and told[1],
        "collected_at": collected_at,
        "content_id": content.content_id,
        "row_count": content.rows.num_rows,
        "replaces_all": answer.replaces_all,
        "is_synthetic": answer.is_synthetic,
        "state": json.dumps(answer.state, sort_keys=True),
        "body_id": None if answer.body is None else sha256(answer.body.encode()).hexdigest(),
    }


def _remember(con: duckdb.DuckDBPyConnection, run_id: str, answer_ids: Collection[str]) -> None:
    """Which answers a run got, also those that were known: checks look at all of them."""
    fresh = sorted(set(answer_ids) - _known(con, "answers_of_run", answer_ids, run_id=run_id))
    if fresh:
        _insert(con, "run_answers", pa.table({"run_id": [run_id] * len(fresh), "answer_id": fresh}))


def _insert_rows(con: duckdb.DuckDBPyConnection, fresh: Sequence[_Content]) -> int:
    """The rows of contents that no answer has brought yet, of stars those that say something new; returns how many."""
    others = {content.content_id: content for content in fresh if content.table not in (None, star_pages.TABLE)}
    known = _known(con, "known_contents", others.keys())
    payloads: dict[str, dict[str, pa.Table]] = defaultdict(dict)
    rows = 0
    for content in (content for content_id, content in others.items() if content_id not in known):
        if content.table in wholes.TABLES:
            whole = {content.content_id: _of_whole(con, content)}
            rows += _insert_contents(con, content.table, whole)  # at once: the next may rest on it
        else:
            payloads[str(content.table)][content.content_id] = content.rows
    rows += sum(_insert_contents(con, table, contents) for table, contents in payloads.items())
    return rows + sum(_insert_stars(con, content, fresh) for content in fresh if content.may_tell_of_stars)


def _of_whole(con: duckdb.DuckDBPyConnection, content: _Content) -> pa.Table:
    if not content.answer.replaces_all:
        return wholes.in_full(content.rows)
    place = {"table": str(content.table), "service": content.answer.service, "entity": content.answer.entity}
    return wholes.rows_to_keep(con, content.rows, **place, content_id=content.content_id)


def _insert_stars(con: duckdb.DuckDBPyConnection, content: _Content, fresh: Sequence[_Content]) -> int:
    place = {"service": content.answer.service, "entity": content.answer.entity}
    is_alone = sum(other.may_tell_of_stars and other.answer.entity == place["entity"] for other in fresh) == 1
    rows = star_pages.rows_to_keep(
        con,
        content.rows,
        **place,
        at=content.record["collected_at"],
        content_id=content.content_id,
        in_full=content.answer.replaces_all or not is_alone,
    )
    return _insert_contents(con, star_pages.TABLE, {content.content_id: rows}) if rows.num_rows else 0


def _insert_bodies(con: duckdb.DuckDBPyConnection, fresh: Iterable[_Content]) -> None:
    bodies = {content.record["body_id"]: content.answer.body for content in fresh if content.answer.body is not None}
    names = sorted(bodies.keys() - _known(con, "known_bodies", bodies.keys()))
    if names:
        _insert(con, "bodies", pa.table({"body_id": names, "body": [bodies[name] for name in names]}))


def _insert_contents(con: duckdb.DuckDBPyConnection, table: str, contents: Mapping[str, pa.Table]) -> int:
    """Rows by content_id, in one piece: DuckDB takes much longer over as many in hundreds of small ones."""
    sizes = [part.num_rows for part in contents.values()]
    places = pa.concat_arrays([pa.repeat(pa.scalar(place, pa.int32()), size) for place, size in enumerate(sizes)])
    content_ids = pa.DictionaryArray.from_arrays(places, list(contents))
    columns = together(list(contents.values()), places)
    return _insert(con, table, pa.table({**columns, "content_id": content_ids}))


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> int:
    """Append to raw.`table`, matching columns by name; a name from TABLES, never from outside."""
    columns = [name for name, *_ in con.table(f"raw.{table}").description]
    con.from_arrow(rows.select(columns)).insert_into(f"raw.{table}")
    return int(rows.num_rows)


def _known(con: duckdb.DuckDBPyConnection, name: str, ids: Collection[str], **values: str) -> set[str]:
    """Which of `ids` the query save/`name` finds: only those are looked up, however many the warehouse holds."""
    if not ids:
        return set()
    found = con.execute(query(f"save/{name}"), {"ids": list(ids), **values}).fetchall()
    return {known for (known,) in found}
