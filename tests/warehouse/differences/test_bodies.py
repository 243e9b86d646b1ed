"""Raw bodies are kept compressed, in the warehouse and in its copy, for as long as a report may be given again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import duckdb

from warehouse.publish.snapshot import publish
from warehouse.rows import Answer
from warehouse.save import save_answers

AT = datetime(2021, 6, 25, 23, tzinfo=UTC)
NIGHTS = 20


def body(random: Random) -> str:
    """As large as an answer of Google about five years, and as varied."""
    points = [{"time": 1466899200 + week * 604800, "value": [random.randint(0, 100)] * 3} for week in range(260)]
    return json.dumps({"default": {"timelineData": [point | {"formattedTime": "Jun 26, 2016"} for point in points]}})


def test_bodies_take_a_fraction_of_their_length(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    random, told = Random(1), 0
    for night in range(NIGHTS):
        text = body(random)
        told += len(text)
        at = AT + night * timedelta(days=1)
        save_answers(con, f"r{night}", [Answer("google_trends", "a", "{}", at, (), body=text)])
    con.execute("CHECKPOINT")
    publish(con, tmp_path / "published.duckdb")
    con.execute("ATTACH ? AS copy (READ_ONLY)", [str(tmp_path / "published.duckdb")])
    for table in ("raw.bodies", "copy.raw.bodies"):
        how = con.execute(
            "SELECT DISTINCT compression FROM pragma_storage_info(?)"
            " WHERE column_name = 'body' AND segment_type = 'VARCHAR'",
            [table],
        ).fetchall()
        assert how == [("ZSTD",)]
        assert con.execute(f"SELECT sum(length(body)) FROM {table}").fetchall() == [(told,)]
