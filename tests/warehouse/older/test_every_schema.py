"""A warehouse of every schema that was ever released, with rows in all its tables, is carried on to that of today.

tests/fixtures/schemas keeps what stood in it: `0005_on_rows.sql` are rows of every schema from the fifth on, and
`0001_to_0004_rows.sql` those of the first four. A migration that changes a table ends the
files that fill it, and begins others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from flows.collecting.clients import open_clients
from flows.collecting.plan import plan
from flows.config.settings import load_settings
from flows.run import Night
from tests.conftest import open_few_rows
from warehouse.open import apply_migration, shipped_migrations

ROOT = Path(__file__).parents[3]
KEPT = ROOT / "tests/fixtures/schemas"
SCHEMAS = sorted(shipped_migrations())
OURS = {"migrations", "view_definitions"}  # what the program writes into a warehouse as it opens it
Counts = dict[str, int]


def rows_of(schema: int) -> Iterator[str]:
    """The SQL that fills a warehouse of this schema, in the order in which it runs."""
    for file in sorted(KEPT.glob("*.sql")):
        first, last = re.match(r"(\d{4})_(?:on|to_(\d{4}))_", file.name).groups()  # type: ignore[union-attr]
        if int(first) <= schema <= int(last or schema):
            yield file.read_text("utf-8")


def counts_of(con: duckdb.DuckDBPyConnection) -> Counts:
    tables = con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw'").fetchall()
    return {
        table: con.execute(f'SELECT count(*) FROM raw."{table}"').fetchone()[0]  # type: ignore[index]
        for (table,) in tables
        if table not in OURS
    }


def build(path: Path, schema: int) -> Counts:
    """A warehouse as the program of that schema left it; how many rows each table has."""
    with duckdb.connect(str(path), config={"threads": 1}) as con:
        con.execute("CREATE SCHEMA raw; CREATE TABLE raw.migrations (number INTEGER, name VARCHAR)")
        for number in SCHEMAS[: SCHEMAS.index(schema) + 1]:
            apply_migration(con, number, *shipped_migrations()[number])
        for sql in rows_of(schema):
            con.execute(sql)
        return counts_of(con)


DAYS = """
SELECT metric, day, value FROM daily_metrics
WHERE framework = 'pytorch' AND metric IN ('pypi_downloads', 'stars', 'stars_total', 'forks') ORDER BY ALL
"""
RIGHT_DAYS = [
    ("forks", date(2021, 6, 25), 13000),
    ("pypi_downloads", date(2021, 6, 1), 100),
    ("pypi_downloads", date(2021, 6, 2), 0),  # of this day 999,999 are held back
    ("pypi_downloads", date(2021, 6, 3), 300),
    ("stars", date(2021, 6, 1), 5),
    ("stars", date(2021, 6, 2), 0),
    ("stars", date(2021, 6, 3), 9),
    ("stars_total", date(2021, 6, 25), 50000),
]
MAY = """
SELECT metric, value FROM core.git_months
WHERE framework = 'pytorch' AND month = DATE '2021-05-01'
    AND metric IN ('active_contributors', 'active_contributors_without_bots', 'commits', 'new_contributors')
ORDER BY ALL
"""
# Ann twice, Bob once and a bot once; Ann was there in April.
RIGHT_MAY = [
    ("active_contributors", 3), ("active_contributors_without_bots", 2), ("commits", 4), ("new_contributors", 2),
]  # fmt: skip
WEEKS = "SELECT framework, week_start, round(interest, 6), draws FROM search_interest_weekly ORDER BY ALL"
SUNDAYS = [date(2021, 5, 30), date(2021, 6, 6), date(2021, 6, 13)]
RIGHT_WEEKS = [
    *(("pytorch", sunday, value, 1) for sunday, value in zip(SUNDAYS, (80, 90, 100), strict=True)),
    *(("tensorflow", sunday, value, 1) for sunday, value in zip(SUNDAYS, (50, 45, 40), strict=True)),
]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_warehouse_of_every_schema_keeps_its_rows_and_figures(tmp_path: Path, schema: int) -> None:
    path = tmp_path / "warehouse.duckdb"
    before = build(path, schema)
    assert [table for table, rows in before.items() if not rows] == []
    with open_few_rows(path) as con:
        after = counts_of(con)
        assert {table: after.get(table) for table in before} == before
        if "run_answers" not in before:
            assert after["run_answers"] == before["answers"]
        assert con.execute(DAYS).fetchall() == RIGHT_DAYS
        assert con.execute(MAY).fetchall() == RIGHT_MAY
        assert con.execute(WEEKS).fetchall() == RIGHT_WEEKS
        versions = con.execute("SELECT version FROM releases WHERE framework = 'pytorch' ORDER BY ALL").fetchall()
        assert versions == [("1.8.1",), ("1.9.0",), ("1.9.1",)][: 3 if "content_steps" in before else 2]
        assert con.execute(
            "SELECT count(*) FROM measurement_breaks WHERE what_changed LIKE 'Counted in%'"
        ).fetchall() == [(1,)]
        _plan_of_the_next_night(con, tmp_path)


def _plan_of_the_next_night(con: duckdb.DuckDBPyConnection, data: Path) -> None:
    """Downloads of torch, which is known, are asked for from the recent days on; those of keras from the beginning."""
    settings = load_settings(ROOT / "config.toml")
    night = Night(settings, data, datetime(2021, 6, 26, 23, tzinfo=UTC), date(2021, 6, 25))
    with open_clients(settings.sources, {}) as clients:
        steps = {step.name: step for step in plan(night, con, clients)}
    assert {"git_history pytorch/pytorch", "pypi_releases torch"} <= steps.keys()
    torch, keras = steps["pypi_downloads torch"].window_start, steps["pypi_downloads keras"].window_start
    assert torch is not None
    assert keras is not None
    assert keras < torch
