"""The published copy: whole, without the key, replaced in one step, and never half of anything."""

from __future__ import annotations

import resource
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import pytest

from warehouse.publish import snapshot

KEY = secrets.token_hex(32)


@pytest.fixture
def con(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect(str(tmp_path / "ware house.duckdb"))
    con.execute(
        """CREATE SCHEMA raw; CREATE SCHEMA core;
        CREATE TABLE raw.secrets (name VARCHAR, value VARCHAR);
        CREATE TABLE raw.migrations (version INTEGER PRIMARY KEY);
        CREATE TABLE raw.facts (day DATE, "rows" BIGINT);
        CREATE MACRO core.twice(x) AS x * 2;
        CREATE VIEW core.clock AS SELECT coalesce(getvariable('as_of'), DATE '2021-06-02') AS as_of;
        CREATE VIEW core.zulu AS SELECT day, core.twice("rows") AS twice FROM raw.facts;
        CREATE VIEW alpha AS SELECT * FROM core.zulu WHERE day <= coalesce(getvariable('as_of'), DATE '9999-12-31');
        COMMENT ON VIEW alpha IS 'Grain: day';
        COMMENT ON COLUMN alpha.twice IS 'it''s twice';
        INSERT INTO raw.migrations VALUES (1);
        INSERT INTO raw.facts VALUES ('2021-06-01', 1), ('2021-06-02', 2)"""
    )
    con.execute("INSERT INTO raw.secrets VALUES ('identity_key', ?)", [KEY])
    yield con
    con.close()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / 'it\'s "data"' / "published.duckdb"


def rows_of(path: Path, query: str, as_of: date | None = None) -> list[tuple[object, ...]]:
    with snapshot.open_published(path, as_of) as reader:
        return reader.execute(query).fetchall()


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """As if the disk were full: no file of this process can grow beyond `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def windows_of_key_in(path: Path) -> list[str]:
    content = path.read_bytes()
    texts = {KEY[i : i + 6] for i in range(len(KEY) - 5)}
    binary = {KEY[i : i + 12] for i in range(len(KEY) - 11)}  # six bytes: fewer turn up by chance
    return [text for text in texts if text.encode() in content] + [
        digits for digits in binary if bytes.fromhex(digits) in content
    ]


def test_the_copy_holds_rows_views_macros_comments_and_constraints(
    con: duckdb.DuckDBPyConnection, target: Path
) -> None:
    snapshot.publish(con, target)
    assert rows_of(target, "SELECT twice FROM alpha ORDER BY day") == [(2,), (4,)]
    assert rows_of(target, "SELECT version FROM raw.migrations") == [(1,)]
    assert rows_of(target, "SELECT comment FROM duckdb_tables() WHERE table_name = 'alpha'") == [("Grain: day",)]
    assert rows_of(target, "SELECT comment FROM duckdb_columns() WHERE comment IS NOT NULL") == [("it's twice",)]
    assert rows_of(target, "SELECT table_name FROM duckdb_constraints() WHERE constraint_type = 'PRIMARY KEY'") == [
        ("migrations",)
    ]


def test_no_six_characters_of_the_key_reach_the_copy(con: duckdb.DuckDBPyConnection, target: Path) -> None:
    con.execute("CHECKPOINT")
    warehouse = Path(con.execute("SELECT path FROM duckdb_databases() WHERE NOT internal").fetchall()[0][0])
    assert len(windows_of_key_in(warehouse)) > 50, "the search must be able to find the key"
    snapshot.publish(con, target)
    assert windows_of_key_in(target) == []
    assert rows_of(target, "FROM raw.secrets") == []
    assert con.execute("SELECT value FROM raw.secrets").fetchall() == [(KEY,)]


def test_what_is_not_yet_in_the_file_of_the_warehouse_is_published_too(
    con: duckdb.DuckDBPyConnection, target: Path
) -> None:
    con.execute("CHECKPOINT")
    con.execute("INSERT INTO raw.facts VALUES ('2021-06-03', 3)")  # in the write-ahead log only
    snapshot.publish(con, target)
    assert rows_of(target, "SELECT count(*) FROM alpha") == [(3,)]


def test_what_the_caller_has_not_committed_is_not_published(con: duckdb.DuckDBPyConnection, target: Path) -> None:
    con.execute("BEGIN")
    con.execute("DELETE FROM raw.facts")
    snapshot.publish(con, target)
    con.execute("ROLLBACK")
    assert rows_of(target, "SELECT count(*) FROM alpha") == [(2,)]


def test_an_open_reader_keeps_its_copy_and_the_next_one_sees_the_new(
    con: duckdb.DuckDBPyConnection, target: Path
) -> None:
    snapshot.publish(con, target)
    with snapshot.open_published(target) as old:
        con.execute("INSERT INTO raw.facts VALUES ('2021-06-03', 3)")
        snapshot.publish(con, target)
        assert old.execute("SELECT count(*) FROM alpha").fetchall() == [(2,)]
        assert rows_of(target, "SELECT count(*) FROM alpha") == [(3,)]  # the same path, the same process


def test_another_process_reads_while_the_warehouse_is_written(con: duckdb.DuckDBPyConnection, target: Path) -> None:
    snapshot.publish(con, target)
    query = "import sys, duckdb; print(duckdb.connect(sys.argv[1], read_only=True).sql('FROM alpha').fetchall())"
    child = [sys.executable, "-c", query, str(target)]
    con.execute("BEGIN; INSERT INTO raw.facts VALUES ('2021-06-03', 3)")
    done = subprocess.run(child, capture_output=True, text=True, check=True)
    assert done.stdout.count("datetime.date") == 2


def test_the_copy_cannot_be_written(con: duckdb.DuckDBPyConnection, target: Path) -> None:
    snapshot.publish(con, target)
    with (
        snapshot.open_published(target) as reader,
        pytest.raises(duckdb.Error, match="read-only"),
    ):
        reader.execute("DELETE FROM raw.facts")


def test_views_answer_as_known_on_the_day_asked_for(con: duckdb.DuckDBPyConnection, target: Path) -> None:
    snapshot.publish(con, target)
    assert rows_of(target, "SELECT count(*) FROM alpha", date(2021, 6, 1)) == [(1,)]
    assert rows_of(target, "SELECT typeof(getvariable('as_of'))", date(2021, 6, 1)) == [("DATE",)]


def test_asking_before_anything_is_published_says_what_to_do(target: Path) -> None:
    with pytest.raises(
        snapshot.NothingPublishedError, match="nothing has been published yet; run trends nightly first"
    ):
        snapshot.open_published(target)


def test_a_failed_publish_leaves_the_old_copy_and_nothing_else(con: duckdb.DuckDBPyConnection, target: Path) -> None:
    snapshot.publish(con, target)
    con.execute("CREATE TABLE raw.big AS SELECT hash(i) AS h FROM range(300000) t(i)")
    with files_no_larger_than(1_000_000), pytest.raises(duckdb.Error, match="File too large"):
        snapshot.publish(con, target)
    assert rows_of(target, "SELECT count(*) FROM alpha") == [(2,)]
    assert names_in(target.parent) == ["published.duckdb"]
    snapshot.publish(con, target)  # nothing of the failure hangs on to the connection
    assert rows_of(target, "SELECT count(*) FROM raw.big") == [(300000,)]


def test_a_target_that_cannot_be_replaced_leaves_nothing_behind(con: duckdb.DuckDBPyConnection, target: Path) -> None:
    target.mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        snapshot.publish(con, target)
    assert names_in(target.parent) == ["published.duckdb"]


PUBLISH_FOR_EVER = """
import sys, duckdb
from pathlib import Path
from warehouse.publish import snapshot
con = duckdb.connect(sys.argv[1])
con.execute("CREATE TABLE IF NOT EXISTS big AS SELECT i, hash(i)::VARCHAR AS h FROM range(300000) t(i)")
print("ready", flush=True)
while True:
    snapshot.publish(con, Path(sys.argv[2]))
    print("published", flush=True)
"""


@pytest.mark.parametrize("milliseconds", [20, 90])
def test_a_killed_publish_harms_nothing_and_is_cleaned_up(tmp_path: Path, milliseconds: int) -> None:
    target = tmp_path / "published.duckdb"
    command = [sys.executable, "-c", PUBLISH_FOR_EVER, str(tmp_path / "w.duckdb"), str(target)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        assert child.stdout.readline() == "published\n"
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(milliseconds / 1000)
        child.send_signal(signal.SIGKILL)
    assert rows_of(target, "SELECT count(*) FROM big") == [(300000,)]
    (tmp_path / ".published.duckdb.4711.partial.wal").touch()
    with duckdb.connect(str(tmp_path / "w.duckdb")) as con:
        snapshot.publish(con, target)
    assert names_in(tmp_path) == ["published.duckdb", "w.duckdb"]
