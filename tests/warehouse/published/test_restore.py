"""A warehouse that is gone comes back from its copy: the same figures, no key, and nothing over one that is there."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from flows import cli
from tests.conftest import open_few_rows
from tests.flows.process.conftest import CONFIG
from warehouse.ledger import begin_run, finish_run
from warehouse.open import (
    WarehouseTooNew,
    WarehouseUnreadable,
    identity_key,
    open_warehouse,
    shipped_definitions,
    shipped_migrations,
)
from warehouse.publish.restore import WarehouseThere, restore
from warehouse.publish.snapshot import publish
from warehouse.read.state import latest_state
from warehouse.rows import Answer, Download, PackageEntry
from warehouse.save import save_answers

AT = datetime(2021, 6, 25, 23, tzinfo=UTC)
PACKAGE = PackageEntry("keras", "keras", "counted", None, "")
DOWNLOAD = Download("keras", date(2021, 6, 1), date(2021, 6, 1), 1, "all", 5)
ANSWERS = [
    Answer("config", "packages", "{}", AT, (PACKAGE,), replaces_all=True),
    Answer("clickpy", "keras", "{}", AT, (DOWNLOAD,), date(2021, 6, 1), date(2021, 6, 1), state={"a": 1}),
    Answer("git", "a/b", "{}", AT, (), state={"tip": "abc"}),
]
FIGURES = "FROM core.downloads ORDER BY ALL"


@pytest.fixture
def gone(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> tuple[Path, bytes, list[object]]:
    """Where the warehouse was; its key; its figures."""
    begin_run(con, run_id="r", flow="nightly", as_of=AT.date(), started_at=AT, program_version="1")
    save_answers(con, "r", ANSWERS)
    finish_run(con, "r", finished_at=AT, status="ok")
    key, figures = identity_key(con), con.execute(FIGURES).fetchall()
    publish(con, tmp_path / "published.duckdb")
    con.close()
    (tmp_path / "warehouse.duckdb").unlink()
    return tmp_path / "warehouse.duckdb", key, figures


def test_all_but_the_key_comes_back(gone: tuple[Path, bytes, list[object]]) -> None:
    """The next night knows what was loaded, asks for all commits anew, and publishes again."""
    path, key, figures = gone
    assert restore(path) == (3, AT.date())
    with open_few_rows(path) as con:
        assert figures
        assert con.execute(FIGURES).fetchall() == figures
        assert con.execute("SELECT status FROM raw.runs").fetchall() == [("ok",)]
        assert save_answers(con, "r2", ANSWERS[:2]) == 0
        assert (latest_state(con, "clickpy", "keras"), latest_state(con, "git", "a/b")) == ({"a": 1}, {"tip": "abc"})
        assert identity_key(con) != key
        publish(con, path.with_name("published.duckdb"))
    assert sorted(file.name for file in path.parent.iterdir()) == ["published.duckdb", "warehouse.duckdb"]


def test_a_warehouse_that_is_there_stays(gone: tuple[Path, bytes, list[object]], empty_warehouse: Path) -> None:
    path, _, _ = gone
    shutil.copy(empty_warehouse, path)
    before = path.read_bytes()
    with pytest.raises(WarehouseThere, match="move it away first"):
        restore(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [None, b"no copy at all" * 1000])
def test_without_a_copy_that_can_be_read_nothing_is_made(tmp_path: Path, content: bytes | None) -> None:
    if content:
        (tmp_path / "published.duckdb").write_bytes(content)
    with pytest.raises(WarehouseUnreadable) as error:
        restore(tmp_path / "warehouse.duckdb")
    assert "\n" not in str(error.value)
    assert [file.name for file in tmp_path.iterdir()] == (["published.duckdb"] if content else [])


def test_a_copy_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "published.duckdb")) as con:
        con.execute("CREATE SCHEMA raw; CREATE TABLE raw.migrations AS SELECT 999 AS number, 'x' AS name")
    with pytest.raises(WarehouseTooNew, match="has migration 999"):
        restore(tmp_path / "warehouse.duckdb")


@pytest.mark.parametrize("last", sorted(shipped_migrations()))
def test_a_copy_of_every_older_schema_is_carried_over(tmp_path: Path, last: int) -> None:
    """And so is a warehouse of it: both end with the tables of today."""
    old, older = tmp_path / "published.duckdb", tmp_path / "older.duckdb"
    with duckdb.connect(str(old)) as con:
        con.execute("CREATE SCHEMA raw; CREATE TABLE raw.migrations (number INTEGER, name VARCHAR)")
        for number, (name, sql) in sorted(shipped_migrations().items()):
            if number <= last:
                con.execute(sql)
                con.execute("INSERT INTO raw.migrations VALUES (?, ?)", [number, name])
        con.execute(
            "INSERT INTO raw.runs BY NAME SELECT 'r' AS run_id, 1 AS run_number, DATE '2021-06-25' AS as_of,"
            " 'ok' AS status"
        )
    with duckdb.connect(str(shutil.copy(old, older))) as con:  # its views are as they are everywhere: not made here
        con.execute("CREATE TABLE raw.view_definitions AS SELECT ? AS definitions_version", [shipped_definitions()])
    assert restore(tmp_path / "warehouse.duckdb") == (0, AT.date())
    tables = []
    for path in (tmp_path / "warehouse.duckdb", older):
        with open_warehouse(path) as con:
            found = con.execute(
                "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = 'raw' ORDER BY ALL"
            )
            tables.append(found.fetchall())
    assert tables[0] == tables[1]


def test_the_command_says_what_is_lost(
    gone: tuple[Path, bytes, list[object]], capsys: pytest.CaptureFixture[str]
) -> None:
    path, _, _ = gone
    (path.parent / "config.toml").write_text(CONFIG)
    arguments = ["--config", str(path.parent / "config.toml"), "--data", str(path.parent), "restore"]
    assert cli.main(arguments) == 0
    first, *lost = capsys.readouterr().out.splitlines()
    assert first.endswith("restored with 3 answers, up to the night of 2021-06-25")
    assert "the key with which people were hashed" in lost[0]
    assert cli.main(arguments) == 3
