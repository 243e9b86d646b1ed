"""The public tables of the published copy say what the views say, for their own day and for any other."""

from __future__ import annotations

import math
import re
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import open_few_rows
from warehouse.ledger import begin_run, finish_run, save_report_issue
from warehouse.publish import snapshot
from warehouse.publish.evaluate import evaluated, views_copied
from warehouse.rows import (
    Answer,
    Break,
    Commit,
    Download,
    Release,
    ReportIssue,
    RepositoryTotal,
    SearchPoint,
    StarDay,
)
from warehouse.save import save_answers

NIGHT = datetime(2021, 6, 25, 23, tzinfo=UTC)
DAY = timedelta(days=1)
REPOSITORY = "pytorch/pytorch"


def night(number: int) -> list[Answer]:
    """Something of every source; the second night corrects and adds."""
    at = NIGHT + number * DAY
    days = [date(2019, 5, 1) + n * DAY for n in range(786 + number)]
    sundays = [date(2020, 4, 26) + n * 7 * DAY for n in range(60)]
    commits = [
        Commit(REPOSITORY, f"{day}", f"author {day.day % (5 + number)}", "person", day, False) for day in days[::3]
    ]
    downloads = tuple(Download("torch", day, day, 1, "all", 99 + number) for day in days)
    weeks = tuple(
        SearchPoint("pytorch", day, "WEEK", 40 + n % 7 + number, False, True, False) for n, day in enumerate(sundays)
    )
    told = Break("git", "*", date(2021, 1, 2), "loss", "x", "y")
    return [
        Answer("git", REPOSITORY, f"{number}", at, tuple(commits), replaces_all=True),
        Answer("clickpy", "torch", f"{number}", at, downloads),
        Answer("github", REPOSITORY, "{}", at, tuple(StarDay(REPOSITORY, day, 5 + number) for day in days)),
        Answer("github", REPOSITORY, "{}", at, (RepositoryTotal(REPOSITORY, at.date(), 100 + number, 9),)),
        Answer("google_trends", "pytorch", "{}", at, weeks),
        Answer("pypi_index", "torch", "{}", at, (Release("torch", "1.0", NIGHT - 9 * DAY, False, False),)),
        Answer("config", "breaks", "{}", at, (told,), replaces_all=True),
    ]


def moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def two_nights(
    tmp_path_factory: pytest.TempPathFactory, empty_warehouse: Path, make_configuration: Any
) -> tuple[Path, Path]:
    """The warehouse and its published copy after two nights."""
    folder = tmp_path_factory.mktemp("two nights")
    path = shutil.copy(empty_warehouse, folder / "w.duckdb")
    with open_few_rows(path) as con:
        for number in (0, 1):
            at, run_id = NIGHT + number * DAY, f"r{number}"
            begin_run(con, run_id=run_id, flow="nightly", as_of=at.date(), started_at=at, program_version="t")
            save_answers(con, run_id, [*make_configuration(at=at, pytorch=["torch"]), *night(number)])
            finish_run(con, run_id, finished_at=at, status="ok")
        snapshot.publish(con, folder / "p.duckdb")
    return path, folder / "p.duckdb"


def everything(con: duckdb.DuckDBPyConnection, schema: str = "") -> dict[str, list[tuple[Any, ...]]]:
    names = [
        name for (name,) in con.execute("SELECT view_name FROM duckdb_views() WHERE schema_name = 'history'").fetchall()
    ]
    assert len(names) >= 15
    return {name: con.execute(f"FROM {schema}{name} ORDER BY ALL").fetchall() for name in names}


def same(told: list[tuple[Any, ...]], other: list[tuple[Any, ...]]) -> bool:
    """Row by row; a mean may differ in the last digit, where the same figures are added up in another order."""
    return len(told) == len(other) and all(
        a == b or (isinstance(a, float) and math.isclose(a, b, rel_tol=1e-12))
        for row, its in zip(told, other, strict=True)
        for a, b in zip(row, its, strict=True)
    )


def test_tables_and_views_of_the_day_are_the_same_row_by_row(two_nights: tuple[Path, Path]) -> None:
    with snapshot.open_published(two_nights[1]) as con:
        tables, views = everything(con), everything(con, "history.")
    filled = {name for name, rows in tables.items() if rows}
    assert filled >= {
        "collection_runs", "cumulative_metrics", "daily_metrics", "frameworks", "freshness", "lineage",
        "longest_comparison", "machine_shares", "measurement_breaks", "metric_definitions", "milestones",
        "monthly_metrics", "releases", "revisions", "rolling_12_months", "search_interest_weekly", "series_breaks",
        "source_notes",
    }  # fmt: skip
    assert [name for name in tables if not same(tables[name], views[name])] == []


@pytest.mark.parametrize("day", [date(2021, 6, 25), date(2021, 6, 26)])
def test_the_copy_says_of_a_day_what_the_warehouse_says(two_nights: tuple[Path, Path], day: date) -> None:
    """The last night's day from the tables, the day before from history: by the same names."""
    path, published = two_nights
    with snapshot.open_published(published, day) as con:
        copied = everything(con)
        is_table = con.execute("SELECT current_schema()").fetchall() == [("main",)]
    assert is_table == (day == date(2021, 6, 26))
    with open_few_rows(path) as con:
        con.execute("SET VARIABLE as_of = ?::DATE", [day])
        with evaluated(con, "w"):  # the views themselves are asked in the test above
            con.execute("USE evaluation")
            asked = {name: con.execute(f"FROM {name} ORDER BY ALL").fetchall() for name in copied}
            con.execute("USE w")
    assert [name for name in asked if not same(asked[name], copied[name])] == []


def test_public_tables_lie_sorted_and_explain_themselves(two_nights: tuple[Path, Path]) -> None:
    with snapshot.open_published(two_nights[1]) as con:
        days = con.execute("SELECT framework, metric, day FROM daily_metrics").fetchall()
        silent = con.execute(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main' AND NOT contains(comment, 'Grain: ')"
            " UNION ALL SELECT column_name FROM duckdb_columns() WHERE schema_name = 'main' AND NOT internal"
            " AND comment IS NULL"
        ).fetchall()
    assert days == sorted(days)
    assert silent == []


def test_what_the_ledger_learns_after_the_report_is_in_the_copy(two_nights: tuple[Path, Path], tmp_path: Path) -> None:
    path = shutil.copy(two_nights[0], tmp_path / "w.duckdb")
    target = tmp_path / "published.duckdb"
    (tmp_path / "published.duckdb.wal").write_bytes(b"of an older copy")
    with open_few_rows(path) as con:
        begin_run(con, run_id="r2", flow="nightly", as_of=NIGHT.date() + 2 * DAY, started_at=NIGHT, program_version="t")
        prepared = snapshot.prepare(con, target)
        assert not target.exists()
        with snapshot.open_published(prepared) as reader:
            told = reader.execute("SELECT status FROM collection_runs WHERE runs_ago = 0").fetchall()
        assert told == [("running",)]
        save_report_issue(con, ReportIssue("x", NIGHT.date(), "d", "report.html", "hash"))
        finish_run(con, "r2", finished_at=NIGHT, status="partial", error="a mail")
        snapshot.finish(con, prepared, target)
    with snapshot.open_published(target) as reader:
        assert reader.execute("SELECT status, error FROM collection_runs WHERE runs_ago = 0").fetchall() == [
            ("partial", "a mail")
        ]
        assert reader.execute("SELECT artefact FROM report_issues").fetchall() == [("report.html",)]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["published.duckdb", "w.duckdb"]


def rows_kept(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of the copy."""
    with snapshot.open_published(path) as con:
        names = con.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'published' ORDER BY ALL"
        ).fetchall()
        return {
            f"{schema}.{name}": con.execute(f'FROM {schema}."{name}" ORDER BY ALL').fetchall() for schema, name in names
        }


def is_carried(con: duckdb.DuckDBPyConnection, target: Path) -> bool:
    """Whether the next copy is made of the last one: a table put into that one is still there."""
    with duckdb.connect(str(target)) as last:
        last.execute("CREATE TABLE IF NOT EXISTS raw.mark AS SELECT 1 AS mark")
    snapshot.publish(con, target)
    with snapshot.open_published(target) as copy:
        return bool(copy.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'mark'").fetchall())


def test_rows_are_carried_over_and_the_copy_is_the_same_as_one_written_whole(
    tmp_path: Path, empty_warehouse: Path, make_configuration: Any
) -> None:
    carried, whole = tmp_path / "carried.duckdb", tmp_path / "whole.duckdb"
    with open_few_rows(shutil.copy(empty_warehouse, tmp_path / "w.duckdb")) as con:
        for number in (0, 1, 1, 2):  # the third is the second again, with nothing new
            at, run_id = NIGHT + number * DAY, f"r{con.execute('SELECT count(*) FROM raw.runs').fetchall()[0][0]}"
            begin_run(con, run_id=run_id, flow="nightly", as_of=at.date(), started_at=at, program_version="t")
            save_answers(con, run_id, [*make_configuration(at=at, pytorch=["torch"]), *night(number)])
            finish_run(con, run_id, finished_at=at, status="ok")
            snapshot.publish(con, carried)
        snapshot.publish(con, whole)
        told, written = rows_kept(carried), rows_kept(whole)
        assert told.keys() == written.keys()
        assert [name for name in told if not same(told[name], written[name])] == []
        assert told["raw.secrets"] == []
        assert is_carried(con, carried)


def test_a_copy_is_written_whole_where_rows_are_gone_or_definitions_are_others(
    two_nights: tuple[Path, Path], tmp_path: Path
) -> None:
    target = Path(shutil.copy(two_nights[1], tmp_path / "p.duckdb"))
    with open_few_rows(shutil.copy(two_nights[0], tmp_path / "w.duckdb")) as con:
        assert is_carried(con, target)
        con.execute("DELETE FROM raw.pypi_downloads WHERE period_start = '2020-01-01'")
        assert not is_carried(con, target)
        con.execute("UPDATE raw.view_definitions SET definitions_version = 'another'")
        assert not is_carried(con, target)
        target.write_bytes(b"no database " * 999)
        snapshot.publish(con, target)
    with snapshot.open_published(target) as copy:
        assert copy.execute("SELECT count(*) > 0 FROM rolling_12_months").fetchall() == [(True,)]


def test_a_view_that_names_a_public_one_without_schema_is_made_from_its_table(con: duckdb.DuckDBPyConnection) -> None:
    """Else the whole chain behind it would be evaluated once more, in the warehouse."""
    con.execute("CREATE VIEW core.named AS FROM releases")
    ((warehouse,),) = con.execute("SELECT current_database()").fetchall()
    with views_copied(con, warehouse):
        con.execute("CREATE OR REPLACE VIEW evaluation.main.releases AS SELECT 'of the table' AS version")
        assert con.execute("SELECT version FROM evaluation.core.named").fetchall() == [("of the table",)]


def test_a_report_reads_what_was_published(project: Path) -> None:
    """Of schema core only what no figure goes into: all else there is a view, which would be evaluated again."""
    queries = [path.read_text("utf-8") for path in (project / "warehouse/sql/queries/report").glob("*.sql")]
    named = {name for text in queries for name in re.findall(r"\bcore\.\w+", text)}
    assert named <= {"core.calendar", "core.week"}
