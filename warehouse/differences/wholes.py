"""Wholes that come again and again: release lists, tables of breaks, configurations. Only what differs is kept.

The first whole is kept in full; of each later one the rows that came and those that went. A content is what it is made
from, whoever tells it and whenever: the views put it together again (core.content_parts), in whatever order answers
come, and whichever of them are held back.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from warehouse.read.queries import query

TABLES = frozenset({"pypi_releases", "breaks", "frameworks", "framework_packages", "claims", "git_people"})
Steps = list[tuple[str, int]]
Values = tuple[object, ...]


def rows_to_keep(
    con: duckdb.DuckDBPyConnection, rows: pa.Table, *, table: str, service: str, entity: str, content_id: str
) -> pa.Table:
    """The rows that tell the new content `content_id`, a whole, with is_gone; the step that it is, if it is one, is
    recorded. `rows`: all its rows. In full where that takes no more rows than the difference."""
    place = {"service": service, "entity": entity, "row_type": table}
    steps: Steps = con.execute(query("save/steps_before"), place).fetchall()
    if not steps:
        return in_full(rows)
    difference = _difference(rows, _content(con, table, steps, rows.column_names))
    if difference.num_rows >= rows.num_rows:
        return in_full(rows)
    (whole_id, _), (_, last) = steps[0], steps[-1]
    con.execute("INSERT INTO raw.content_steps VALUES (?, ?, ?)", [content_id, whole_id, last + 1])
    return difference


def in_full(rows: pa.Table) -> pa.Table:
    return rows.append_column("is_gone", pa.repeat(False, rows.num_rows))


def _content(con: duckdb.DuckDBPyConnection, table: str, steps: Steps, names: list[str]) -> set[Values]:
    """All rows of the content that `steps` end with, as the views put them together from core.content_parts."""
    parts = duckdb.ColumnExpression("content_id").isin(*(duckdb.ConstantExpression(part) for part, _ in steps))
    told = con.table(f"raw.{table}").filter(parts).to_arrow_table()
    by_part: dict[str, list[tuple[bool, Values]]] = {part: [] for part, _ in steps}
    values = zip(*(told[name].to_pylist() for name in names), strict=True)
    for part, is_gone, row in zip(told["content_id"].to_pylist(), told["is_gone"].to_pylist(), values, strict=True):
        by_part[part].append((is_gone, row))
    there: set[Values] = set()
    for part in by_part.values():
        there -= {row for is_gone, row in part if is_gone}
        there |= {row for is_gone, row in part if not is_gone}
    return there


def _difference(rows: pa.Table, before: set[Values]) -> pa.Table:
    """What came since `before`, and what went."""
    now = dict.fromkeys(zip(*(column.to_pylist() for column in rows.columns), strict=True))
    told = [(*row, False) for row in now if row not in before] + [
        (*row, True) for row in sorted(before - now.keys(), key=repr)
    ]
    schema = rows.schema.append(pa.field("is_gone", pa.bool_()))
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in told], schema=schema)
