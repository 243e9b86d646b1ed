"""The warehouse as a store: opened, migrated, loaded without doubles, and never half."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import duckdb
import pytest

from warehouse.ledger import begin_run, begin_step, finish_run, finish_step, save_report_issue
from warehouse.open import (
    WarehouseBusy,
    WarehouseTooNew,
    WarehouseUnreadable,
    apply_migration,
    identity_key,
    open_warehouse,
    order_of_views,
)
from warehouse.rows import Answer, Download, PackageEntry, Release, ReportIssue, RepositoryTotal, SearchPoint
from warehouse.save import save_answers

AT = datetime(2021, 6, 25, 23, tzinfo=UTC)


def _downloads(*counts: int, at: datetime = AT, **more: object) -> Answer:
    rows = tuple(
        Download("torch", date(2021, 6, day), date(2021, 6, day), 1, "all", count)
        for day, count in enumerate(counts, 1)
    )
    return Answer("clickpy", "torch", '{"package": "torch"}', at, rows, **more)  # type: ignore[arg-type]


def _all(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[object, ...]]:
    return con.execute(query).fetchall()


def test_opening_again_migrates_nothing_and_keeps_the_key(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "w.duckdb") as con:
        key = identity_key(con)
        migrations = _all(con, "FROM raw.migrations")
    with open_warehouse(tmp_path / "w.duckdb") as con:
        assert identity_key(con) == key
        assert len(key) == 32
        assert _all(con, "FROM raw.migrations") == migrations


def test_every_view_that_ships_is_a_view_and_no_table_stands_in_for_it(con: duckdb.DuckDBPyConnection) -> None:
    views = con.execute("SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE NOT internal").fetchall()
    assert {view for (view,) in views} == set(order_of_views())
    tables = con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name IN ('main', 'core')").fetchall()
    assert sorted(tables) == [("metrics",), ("services",)]


def test_views_of_an_older_program_are_replaced_all_of_them(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "w.duckdb") as con:
        shipped = con.execute("SELECT view_name, sql, comment FROM duckdb_views() ORDER BY ALL").fetchall()
        con.execute("UPDATE raw.view_definitions SET definitions_version = 'older'")
        con.execute(
            "DROP VIEW daily_metrics; CREATE VIEW daily_metrics AS SELECT 1 AS day; CREATE VIEW gone AS SELECT 1"
        )
    with open_warehouse(tmp_path / "w.duckdb") as con:
        assert con.execute("SELECT view_name, sql, comment FROM duckdb_views() ORDER BY ALL").fetchall() == shipped


def test_two_warehouses_have_two_keys(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "a.duckdb") as a, open_warehouse(tmp_path / "b.duckdb") as b:
        assert identity_key(a) != identity_key(b)


def test_a_migration_refuses_to_run_twice(con: duckdb.DuckDBPyConnection) -> None:
    apply_migration(con, 900, "0900_more", "CREATE TABLE raw.more (a INTEGER)")
    with pytest.raises(ValueError, match="has run already"):
        apply_migration(con, 900, "0900_more", "CREATE TABLE raw.even_more (a INTEGER)")
    assert not _all(con, "FROM duckdb_tables() WHERE table_name = 'even_more'")


def test_a_migration_that_fails_leaves_no_record_and_no_table(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.Error):
        apply_migration(con, 901, "0901_bad", "CREATE TABLE raw.half (a INTEGER); SELECT * FROM nowhere")
    assert not _all(con, "FROM duckdb_tables() WHERE table_name = 'half'")
    assert not _all(con, "FROM raw.migrations WHERE number = 901")


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with open_warehouse(path) as con:
        apply_migration(con, 999, "0999_future", "CREATE TABLE raw.future (a INTEGER)")
    with pytest.raises(WarehouseTooNew, match=r"migration 999.*update this program"):
        open_warehouse(path)


@contextmanager
def held(path: Path, *, read_only: bool) -> Iterator[int]:
    """Another process that has the file open; its number."""
    connect = f"con = duckdb.connect({str(path)!r}, read_only={read_only})"
    hold = f"import duckdb; {connect}; print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        yield holder.pid
        holder.communicate("\n")


def test_a_busy_warehouse_names_the_holder(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with held(path, read_only=False) as pid:
        with pytest.raises(WarehouseBusy) as caught:
            open_warehouse(path)
        assert caught.value.pid == pid
        assert str(pid) in str(caught.value)


def test_a_tool_that_reads_the_warehouse_keeps_it_and_stops_nobody(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with open_warehouse(path) as con:
        con.execute("CREATE TABLE raw.told AS SELECT 1 AS i")
    path.chmod(0o600)
    read = (
        f"import duckdb; con = duckdb.connect({str(path)!r}, read_only=True)\n"
        "while True: print(con.execute('SELECT sum(i) FROM raw.told').fetchone()[0], flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", read], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdin
        assert reader.stdout
        assert reader.stdout.readline() == "1\n"
        for number in (2, 3):  # as often as it takes; the second time nobody reads the file that is there now
            with open_warehouse(path) as con:
                con.execute("INSERT INTO raw.told VALUES (?)", [number])
        reader.stdin.write("\n")
        reader.stdin.flush()
        assert reader.stdout.readline() == "1\n"
        reader.kill()
    with open_warehouse(path) as con:
        assert _all(con, "SELECT sum(i) FROM raw.told") == [(6,)]
    assert [entry.name for entry in tmp_path.iterdir()] == ["w.duckdb"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_where_there_is_no_room_for_a_copy_the_reader_is_named(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    open_warehouse(path).close()
    (tmp_path / ".w.duckdb.copy").mkdir()  # in the way of the copy
    with held(path, read_only=True) as pid:
        because = rf"in use by process {pid}; wait until it ends"
        with pytest.raises(WarehouseBusy, match=because):
            open_warehouse(path)


def test_a_file_of_another_kind_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    path.write_text("no database " * 500)
    with pytest.raises(WarehouseUnreadable, match="cannot be opened") as caught:
        open_warehouse(path)
    assert "\n" not in str(caught.value)


def test_a_question_mark_in_the_path_is_refused_in_one_line(tmp_path: Path) -> None:
    """DuckDB would look for the log of such a file elsewhere, and fail at the first commit."""
    with pytest.raises(WarehouseUnreadable, match=r"there may be no \? in this path; give "):
        open_warehouse(tmp_path / "why?" / "w.duckdb")
    assert list((tmp_path / "why?").iterdir()) == []


def test_the_same_answer_twice_writes_nothing(con: duckdb.DuckDBPyConnection) -> None:
    assert save_answers(con, "r1", [_downloads(5, 6), _downloads(5, 6)]) == 2
    assert save_answers(con, "r2", [_downloads(5, 6)]) == 0
    assert _all(con, "SELECT count(*) FROM raw.answers") == [(1,)]


def test_the_same_content_later_is_another_answer_without_new_rows(con: duckdb.DuckDBPyConnection) -> None:
    save_answers(con, "r1", [_downloads(5, 6)])
    assert save_answers(con, "r2", [_downloads(5, 6, at=AT + timedelta(days=1))]) == 0
    assert _all(con, "SELECT count(*), count(DISTINCT content_id) FROM raw.answers") == [(2, 1)]


def test_a_corrected_answer_keeps_the_old_value(con: duckdb.DuckDBPyConnection) -> None:
    save_answers(con, "r1", [_downloads(5)])
    save_answers(con, "r2", [_downloads(7, at=AT + timedelta(days=1))])
    assert _all(
        con, "SELECT downloads, run_id FROM raw.pypi_downloads JOIN raw.answers USING (content_id) ORDER BY ALL"
    ) == [
        (5, "r1"),
        (7, "r2"),
    ]


def test_duplicate_rows_and_their_order_do_not_matter(con: duckdb.DuckDBPyConnection) -> None:
    forwards = _downloads(5, 6)
    backwards = Answer("clickpy", "torch", forwards.request, AT, (*forwards.rows[::-1], forwards.rows[0]))
    assert save_answers(con, "r1", [forwards]) == 2
    assert save_answers(con, "r1", [backwards]) == 0


def test_a_save_that_fails_leaves_nothing(con: duckdb.DuckDBPyConnection) -> None:
    mixed = Answer("clickpy", "x", "{}", AT, (*_downloads(1).rows, RepositoryTotal("a/b", date(2021, 6, 1), 1, 1)))
    with pytest.raises(ValueError, match="one type"):
        save_answers(con, "r1", [_downloads(1), mixed])
    assert _all(con, "SELECT count(*) FROM raw.answers") == [(0,)]
    assert _all(con, "SELECT count(*) FROM raw.pypi_downloads") == [(0,)]


def test_times_are_kept_in_utc_and_a_time_without_zone_is_refused(con: duckdb.DuckDBPyConnection) -> None:
    tokyo = datetime(2021, 6, 1, 8, tzinfo=timezone(timedelta(hours=9)))
    save_answers(con, "r1", [Answer("pypi_index", "x", "{}", tokyo, (Release("x", "1", tokyo, False, False),))])
    utc = datetime(2021, 5, 31, 23)
    assert _all(con, "SELECT released_at FROM raw.pypi_releases") == [(utc,)]
    assert _all(con, "SELECT collected_at FROM raw.answers") == [(utc,)]
    with pytest.raises(ValueError, match="no time zone"):
        save_answers(con, "r1", [_downloads(1, at=datetime(2021, 6, 1))])


def test_bodies_are_kept_once(con: duckdb.DuckDBPyConnection) -> None:
    point = SearchPoint("keras", date(2021, 6, 6), "week", 50, False, True, False)
    draws = [Answer("google_trends", "keras", "{}", AT + timedelta(days=n), (point,), body="<body>") for n in (0, 1)]
    save_answers(con, "r1", draws)
    assert _all(con, "SELECT body FROM raw.bodies") == [("<body>",)]
    assert _all(con, "SELECT count(*) FROM raw.answers JOIN raw.bodies USING (body_id)") == [(2,)]


def test_an_answer_without_rows_is_remembered_with_its_state(con: duckdb.DuckDBPyConnection) -> None:
    assert save_answers(con, "r1", [Answer("git", "a/b", "{}", AT, (), state={"tip": "abc"})]) == 0
    assert _all(con, "SELECT state, row_count FROM raw.answers") == [('{"tip": "abc"}', 0)]


def test_hostile_text_is_kept_as_it_is(con: duckdb.DuckDBPyConnection) -> None:
    name = "x'); DROP TABLE raw.answers; --<script>\u202eö😀"
    save_answers(con, "r1", [Answer("config", name, name, AT, (PackageEntry(name, name, "counted", None, name),))])
    assert _all(con, "SELECT entity, package FROM raw.answers JOIN raw.framework_packages USING (content_id)") == [
        (name, name)
    ]


def test_a_killed_run_becomes_interrupted(con: duckdb.DuckDBPyConnection) -> None:
    begin = {"flow": "nightly", "as_of": AT.date(), "started_at": AT, "program_version": "1"}
    begin_run(con, run_id="r1", **begin)  # type: ignore[arg-type]
    begin_step(con, run_id="r1", source="git", entity="a/b", window_start=None, window_end=None, started_at=AT)
    begin_run(con, run_id="r2", **begin)  # type: ignore[arg-type]
    assert _all(con, "SELECT run_id, status FROM raw.runs ORDER BY ALL") == [("r1", "interrupted"), ("r2", "running")]
    assert _all(con, "SELECT status FROM raw.run_steps") == [("interrupted",)]


def test_a_step_tried_again_is_one_step(con: duckdb.DuckDBPyConnection) -> None:
    step = {"run_id": "r1", "source": "git", "entity": "a/b"}
    for _ in range(2):
        begin_step(con, **step, window_start=None, window_end=None, started_at=AT)  # type: ignore[arg-type]
    finish_step(con, **step, finished_at=AT, status="ok", rows=3)  # type: ignore[arg-type]
    assert _all(con, 'SELECT status, "rows", error FROM raw.run_steps') == [("ok", 3, None)]
    finish_run(con, "r1", finished_at=AT, status="ok")


def test_a_report_written_again_keeps_one_record(con: duckdb.DuckDBPyConnection) -> None:
    for digest in ("old", "new"):
        save_report_issue(con, ReportIssue("2021-06-25", AT.date(), "d", "report.html", digest, sent_at=AT))
    assert _all(con, "SELECT sha256, sent_at, as_of FROM raw.report_issues") == [
        ("new", datetime(2021, 6, 25, 23), date(2021, 6, 25))
    ]
