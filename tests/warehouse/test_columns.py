"""Rows as columns are the same rows, under the same content ids as ever."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import astuple, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.warehouse.test_properties_of_loading import row_types
from warehouse import save
from warehouse.columns import Columns, schema_of, together
from warehouse.rows import Answer, Commit, Download, RepositoryTotal, Row, SearchPoint, StarDay
from warehouse.save import TABLES, save_answers

AT = datetime(2021, 6, 25, 23, tzinfo=UTC)
COMMITS = (
    Commit("a/b", "f" * 40, "k1", "person", date(9999, 12, 31), True),
    Commit("a/b", "0" * 40, "k2", "bot", date(1970, 1, 1), False),
)

TOTALS = (RepositoryTotal("a/b", date(2021, 6, 1), 2**40, 0), RepositoryTotal("ä/b", date(2021, 6, 1), 1, 2))
DOWNLOADS = tuple(Download("torch", date(2021, 6, d), date(2021, 6, d), 1, "all", -d) for d in (9, 10, 9))
BELOW_ONE = (SearchPoint("ö😀\x1f", date(2021, 6, 6), "WEEK", 0, True, False, True),)


def in_columns(rows: list[Row] | tuple[Row, ...]) -> Columns:
    row_type = type(rows[0])
    names = schema_of(row_type).names
    return Columns(row_type, **dict(zip(names, map(list, zip(*map(astuple, rows), strict=True)), strict=True)))


def written(value: Any) -> str:
    match value:
        case None:
            return "\x00"
        case bool():
            return str(value).lower()
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        case _:
            return str(value)


def content_id_by_hand(source: str, rows: list[Row]) -> str:
    """What a content id has been from the first warehouse on."""
    table = TABLES[type(rows[0])] if rows else None
    lines = sorted({"\x1f".join(map(written, astuple(row))).encode() for row in rows})
    return sha256(f"{source}\x1f{table}\x1e".encode() + b"\x1e".join(lines)).hexdigest()


def saved_id(con: duckdb.DuckDBPyConnection, source: str, rows: Any) -> str:
    con.execute("DELETE FROM raw.answers")
    save_answers(con, "r", [Answer(source, "e", "{}", AT, rows)])
    [(content_id,)] = con.execute("SELECT content_id FROM raw.answers").fetchall()
    return str(content_id)


@given(data=st.data(), row_type=st.sampled_from(list(row_types)))
def test_a_content_id_is_what_it_was(shared_con: duckdb.DuckDBPyConnection, data: st.DataObject, row_type: Any) -> None:
    rows = data.draw(st.lists(row_types[row_type], min_size=1, max_size=12))
    assert saved_id(shared_con, "git", tuple(rows)) == content_id_by_hand("git", rows)
    assert saved_id(shared_con, "git", in_columns(rows)) == content_id_by_hand("git", rows)


@pytest.fixture(scope="module")
def shared_con(empty_warehouse: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    from shutil import copy

    from warehouse.open import open_warehouse

    with open_warehouse(copy(empty_warehouse, tmp_path_factory.mktemp("columns") / "w.duckdb")) as con:
        yield con


@pytest.mark.parametrize(
    ("source", "rows", "content_id"),
    [
        ("git", (), "d9852238d176a93530360d88baeb0e4ef02252928e0ef5b721e77d679a6f7600"),
        ("github", TOTALS, "bcce187604b5b956623ed762e2b58ec67c4a9d6a98c10204cf223813dfb3aab2"),
        (
            "clickpy",
            DOWNLOADS,
            "4c534f8626e373053cb34c9f428e86844f0bf0c7832c8790e105fde609606d6e",
        ),
        (
            "google_trends",
            BELOW_ONE,
            "abca8809a5c8fb44f05dcf69c7ae6dce9969ad6f1e6c8b6431825673af3f3f22",
        ),
    ],
)
def test_ids_of_warehouses_in_use_stay(con: duckdb.DuckDBPyConnection, source: str, rows: Any, content_id: str) -> None:
    """Written down from the first version of the program."""
    assert saved_id(con, source, rows) == content_id


def test_columns_are_a_tuple_of_rows_to_whoever_reads_them() -> None:
    columns = in_columns(COMMITS)
    assert columns == COMMITS
    plain: object = COMMITS
    assert plain == columns
    assert columns != COMMITS[:1]
    assert (len(columns), columns[0], columns[-1], columns[1:]) == (2, COMMITS[0], COMMITS[1], COMMITS[1:])
    assert [row.author_key for row in columns if isinstance(row, Commit)] == ["k1", "k2"]
    assert repr(columns) == repr(COMMITS)
    assert hash(columns) == hash(COMMITS)
    with pytest.raises(IndexError):
        columns[2]


def test_one_value_stands_for_all_rows_and_a_wrong_one_is_refused() -> None:
    days = pa.array([date(2021, 6, 1), date(2021, 6, 2)])
    assert Columns(StarDay, repository="a/b", day=days, stars_added=[1, 2])[1] == StarDay("a/b", date(2021, 6, 2), 2)
    with pytest.raises(pa.ArrowInvalid):
        Columns(StarDay, repository="a/b", day=days, stars_added=["x", "y"])


def test_columns_are_saved_like_rows(con: duckdb.DuckDBPyConnection) -> None:
    assert save_answers(con, "r1", [Answer("git", "a/b", "{}", AT, in_columns((*COMMITS, COMMITS[0])))]) == 2
    assert save_answers(con, "r2", [Answer("git", "a/b", "{}", AT, COMMITS[::-1])]) == 0
    told = con.execute("SELECT commit_key, committed_on, is_merge FROM raw.git_commits ORDER BY ALL").fetchall()
    assert told == [
        ("0" * 40, date(1970, 1, 1), False),
        ("f" * 40, date(9999, 12, 31), True),
    ]


def test_rows_of_many_answers_come_under_their_own_contents(con: duckdb.DuckDBPyConnection) -> None:
    """They go into the table in one piece, short answers between long ones."""
    told = [
        Answer("clickpy", name, "{}", AT, in_columns([replace(row, package=name) for row in DOWNLOADS[:count]]))
        for name, count in (("a", 2), ("b", 1), ("c", 3), ("d", 2))
    ]
    assert save_answers(con, "r1", told) == 7
    found = con.execute(
        "SELECT entity, package, count(*), any_value(row_count) FROM raw.answers JOIN raw.pypi_downloads"
        " USING (content_id) GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    assert found == [("a", "a", 2, 2), ("b", "b", 1, 1), ("c", "c", 2, 2), ("d", "d", 2, 2)]


def test_ids_do_not_depend_on_what_is_saved_beside(con: duckdb.DuckDBPyConnection) -> None:
    """Texts of short answers are made together, those of long ones alone: in order, out of order and with doubles."""
    first = date(2000, 1, 1)
    told = {}
    for number, length in enumerate((1, 3, 700, 2, 501, 500, 4)):
        days = [first + n * timedelta(days=1) for n in range(length)][:: -1 if number % 2 else 1]
        told[f"p{number}"] = [Download(f"p{number}", day, day, 1, "all", day.toordinal()) for day in [*days, days[0]]]
    save_answers(con, "r1", [Answer("clickpy", name, "{}", AT, tuple(rows)) for name, rows in told.items()])
    found = con.execute("SELECT entity, content_id FROM raw.answers ORDER BY ALL").fetchall()
    assert found == [(name, content_id_by_hand("clickpy", rows)) for name, rows in told.items()]


def test_columns_without_rows_are_an_answer_without_rows(con: duckdb.DuckDBPyConnection) -> None:
    nothing = Columns(StarDay, repository="a/b", day=[], stars_added=[])
    assert nothing == ()
    assert saved_id(con, "github", nothing) == saved_id(con, "github", ())


def test_saving_asks_only_for_the_ids_in_hand(con: duckdb.DuckDBPyConnection) -> None:
    answers = [Answer("google_trends", "e", str(n), AT, BELOW_ONE, body=str(n)) for n in range(20)]
    save_answers(con, "r", answers)
    places = {"known_answers": "answers", "known_contents": "answers", "known_bodies": "bodies"}
    ids = {"known_answers": "answer_id", "known_contents": "content_id", "known_bodies": "body_id"}
    for name, table in places.items():
        [(there,)] = con.execute(f"SELECT min({ids[name]}) FROM raw.{table}").fetchall()
        assert save._known(con, name, [there, "unknown"]) == {there}
        assert save._known(con, name, []) == set()
    [(one,)] = con.execute("SELECT min(answer_id) FROM raw.answers").fetchall()
    assert save._known(con, "answers_of_run", [one], run_id="r") == {one}
    assert save._known(con, "answers_of_run", [one], run_id="another") == set()


def test_pandas_is_not_loaded_for_arrays_and_can_be_loaded_later() -> None:
    code = """import sys
from warehouse.columns import pa
assert pa.array([1]).to_pylist() == [1] and "pandas" not in sys.modules
import pandas"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("times", [1, 500])
@pytest.mark.parametrize(
    "texts", [[["a", "a"], ["b"]], [["a", "a"], ["b", "c"]], [["a"], []], [[], []], [[None, None], ["a"]], [["", ""]]]
)
def test_tables_in_one_piece_have_all_their_rows(texts: list[list[str | None]], times: int) -> None:
    texts = [part * times for part in texts]
    tables = [
        pa.table({"text": pa.array(part, pa.string()), "number": pa.array(range(len(part)), pa.int64())})
        for part in texts
    ]
    places = pa.array([place for place, part in enumerate(texts) for _ in part], pa.int32())
    rows = duckdb.from_arrow(pa.table(together(tables, places))).fetchall()
    assert rows == [row for part in texts for row in zip(part, range(len(part)), strict=True)]
