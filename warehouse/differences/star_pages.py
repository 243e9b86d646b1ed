"""Pages of a star history: every night they tell the same days again, and only what differs is kept.

An answer that tells a figure of every day from told_from to told_to has rows only of those days of which the views said
something else, or nothing, before it came. So the latest row of a day is what the latest answer said of it, and the
views need not know. It holds as long as nothing comes between an answer and what it relied on: an older answer that is
saved late, or is held back after all. Before that, later answers are told in full.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from warehouse.read.queries import ask_one, query

TABLE = "repository_stars"


def days_told(rows: pa.Table, entity: str) -> tuple[date, date] | None:
    """First and last day of the rows, if they are one of each day of the repository `entity`; else None."""
    days = rows["day"]
    if not rows.num_rows or pc.unique(rows["repository"]).to_pylist() != [entity]:
        return None
    first, last = pc.min(days).as_py(), pc.max(days).as_py()
    is_whole = pc.count_distinct(days).as_py() == rows.num_rows == (last - first).days + 1
    return (first, last) if is_whole else None


def rows_to_keep(
    con: duckdb.DuckDBPyConnection,
    rows: pa.Table,
    *,
    service: str,
    entity: str,
    at: datetime,
    content_id: str,
    in_full: bool,
) -> pa.Table:
    """Of the rows of an answer collected `at` (UTC, without zone) those that say something new.

    All of them with `in_full`, where earlier answers still wait for their checks, or where later ones are there
    already; those are then told in full. Without rows already there under `content_id`.
    """
    surroundings = {"service": service, "entity": entity, "at": at}
    is_unsettled, is_late = ask_one(con, "save/star_surroundings", **surroundings) or (False, False)
    known: dict[date, int | None] = {}
    if is_late:
        con.execute(query("save/tell_stars_in_full"), surroundings)
    elif not (in_full or is_unsettled) and (told := days_told(rows, entity)):
        span = {"first_day": told[0], "last_day": told[1]}
        known = dict(con.execute(query("save/star_days_known"), surroundings | span).fetchall())
    if not rows.num_rows:
        return rows
    there = {day for (day,) in con.execute(query("save/star_days_of_content"), {"content_id": content_id}).fetchall()}
    pairs = zip(rows["day"].to_pylist(), rows["stars_added"].to_pylist(), strict=True)
    return rows.filter(pa.array([known.get(day) != count and day not in there for day, count in pairs], pa.bool_()))


def tell_in_full(con: duckdb.DuckDBPyConnection, *, service: str, entity: str, after: datetime) -> None:
    """Give the answers collected after `after` (UTC, without zone) the rows that they left out."""
    values = {"service": service, "entity": entity, "at": after + timedelta(microseconds=1)}
    con.execute(query("save/tell_stars_in_full"), values)
