"""Forms of the answer: CSV, JSON, Parquet and the table on a terminal."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from rich.cells import cell_len

from tests.warehouse.adhoc.conftest import HOSTILE, asked, on_a_terminal
from warehouse.adhoc import ask


def test_csv_is_data_and_gives_every_value_as_it_is(published: Path) -> None:
    text = asked(published, "SELECT * FROM daily_metrics UNION ALL VALUES ('', NULL, NULL) ORDER BY day NULLS LAST")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[0] == ["framework", "day", "value"]
    assert rows[2] == ["pytorch", "2021-06-02", ""]
    assert rows[3] == [HOSTILE, "2021-06-03", "2.0"], "a changed value would be a wrong one"
    assert text.endswith('\n"",,\n'), "an empty text is told apart from NULL"


def test_json_is_a_list_of_objects_with_iso_days(published: Path) -> None:
    query = "SELECT day, value, framework, [1, NULL] AS many, {'a': 1.50::DECIMAL(9,2)} AS one, 'NaN'::FLOAT AS nan"
    rows = json.loads(asked(published, query + " FROM daily_metrics ORDER BY day", "json"))
    assert rows[0] == {
        "day": "2021-06-01",
        "value": 1.5,
        "framework": "keras",
        "many": [1, None],
        "one": {"a": 1.5},
        "nan": None,
    }
    assert rows[1]["value"] is None
    assert rows[2]["framework"] == HOSTILE
    assert json.loads(asked(published, "SELECT 1 AS a WHERE false", "json")) == []


def test_parquet_keeps_types_and_rows(published: Path) -> None:
    out = io.BytesIO()
    ask.run_query(published, "FROM daily_metrics ORDER BY day", out=out, output_format="parquet")
    table = pq.read_table(io.BytesIO(out.getvalue()))
    assert table.column("day").to_pylist() == [date(2021, 6, 1), date(2021, 6, 2), date(2021, 6, 3)]
    assert table.column("value").to_pylist() == [1.5, None, 2.0]


def test_a_table_tells_null_from_the_text_and_disarms_what_steers_a_terminal(published: Path) -> None:
    text = asked(published, "SELECT NULL AS a, 'NULL' AS b, framework AS c FROM daily_metrics WHERE value = 2", "table")
    assert text.splitlines()[2] == ("NULL   'NULL'   =cmd|'/c calc'!A0 \\x1b[2J\\x07 \\u202egnp.exe <script>")
    assert text.splitlines()[3] == "(1 row)"


@pytest.mark.parametrize("columns", [40, 80])
def test_a_table_keeps_to_the_width_of_the_terminal(published: Path, columns: int) -> None:
    shown = on_a_terminal(published, "SELECT day, repeat('word ', 40) AS text FROM daily_metrics", columns)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert max(map(len, plain.splitlines())) <= columns
    assert plain.count("word") == 120
    assert "\x1b[2J" not in shown


def test_more_columns_than_fit_become_one_a_line(published: Path) -> None:
    many = ", ".join(f"repeat('{i % 10}', 12) AS column_{i}" for i in range(12))
    shown = on_a_terminal(published, f"SELECT {many}", 60)
    assert shown.startswith("-- row 1\ncolumn_0   000000000000\n")


@pytest.mark.parametrize("output_format", ["csv", "json"])
def test_data_on_a_terminal_cannot_steer_it_either(published: Path, output_format: ask.Format) -> None:
    shown = on_a_terminal(published, "SELECT framework, chr(155) AS c1 FROM daily_metrics", 80, output_format)
    assert not set(shown) & {"\x1b", "\x07", "\x9b", "\u202e"}


def test_parquet_is_not_poured_into_a_terminal(published: Path) -> None:
    with pytest.raises(ask.QueryError, match="send it to a file"):
        on_a_terminal(published, "SELECT 1", 80, "parquet")


def test_a_table_is_cut_and_says_so_while_data_is_whole(published: Path) -> None:
    assert asked(published, "FROM range(1001)", "table").endswith("(the first 1000 rows; --format csv gives all)\n")
    assert asked(published, "FROM range(1000)", "table").endswith("(1000 rows)\n")
    assert asked(published, "FROM range(5000)", "csv").count("\n") == 5001
    assert asked(published, "FROM range(3)", "table", max_rows=3).endswith("(3 rows)\n")


@pytest.mark.parametrize("output_format", ["csv", "json", "parquet"])
def test_data_of_too_many_rows_are_no_answer(published: Path, output_format: ask.Format) -> None:
    """The first rows are there, well formed; the exit code and a line tell that they are not all."""
    out = io.BytesIO()
    with pytest.raises(ask.QueryError, match="more than 5000 rows; the first 5000 are written"):
        ask.run_query(published, "FROM range(5001)", out=out, output_format=output_format, max_rows=5000)
    read = {"csv": pd.read_csv, "json": pd.read_json, "parquet": pd.read_parquet}[output_format]
    assert read(io.BytesIO(out.getvalue()))["range"].to_list() == list(range(5000))
    assert len(asked(published, "FROM range(5000)", "csv", max_rows=5000).splitlines()) == 5001


WIDE = "SELECT '中文' AS \"名\", '👩‍👩‍👧é' AS emoji, 'e' || chr(769) || chr(771) AS combining"


def test_signs_of_two_places_are_drawn_and_keep_the_columns_straight(published: Path) -> None:
    text = asked(published, WIDE + " UNION ALL SELECT 'ab', 'c', 'd' ORDER BY 1", "table")
    names, _, latin, wide, _ = text.splitlines()
    starts = [cell_len(line[: line.index(sign)]) for line, sign in ((names, "comb"), (latin, "d"), (wide, "e\u0301"))]
    assert starts[1:] == starts[:1] * 2
    shown = on_a_terminal(published, WIDE, 30)
    assert "中文" in re.sub(r"\x1b\[[0-9;]*m", "", shown)


@pytest.mark.parametrize("output_format", ["table", "csv", "json"])
def test_signs_that_are_not_seen_are_shown_on_a_terminal(published: Path, output_format: ask.Format) -> None:
    shown = on_a_terminal(
        published, "SELECT 'a' || chr(8206) || chr(173) || chr(917569) || 'b' AS x", 80, output_format
    )
    assert not set(shown) & {"\u200e", "\xad", "\U000e0041"}
    assert "\\u200e" in shown


@pytest.mark.parametrize("values", ["(NULL), (1), (NULL), (NULL)", "('a'), (''), (NULL)"])
def test_every_row_of_one_column_comes_back_from_csv(published: Path, values: str) -> None:
    text = asked(published, f"SELECT x FROM (VALUES {values}) AS t(x)")
    assert len(pd.read_csv(io.StringIO(text))) == values.count("(")
    assert len(list(csv.reader(io.StringIO(text, newline="")))[1:]) == values.count("(")
    assert "" not in text.splitlines()


def test_json_keeps_every_digit(published: Path) -> None:
    numbers = {
        "12345678901234567.89::DECIMAL(19,2)": "12345678901234567.89",
        "-0.1000::DECIMAL(9,4)": "-0.1000",
        "170141183460469231731687303715884105727::HUGEINT": "170141183460469231731687303715884105727",
        "0.1::DOUBLE": "0.1",
        "1e300::DOUBLE": "1e+300",
    }
    query = ", ".join(f"{sql} AS c{place}, [{sql}] AS l{place}" for place, sql in enumerate(numbers))
    text = asked(published, f"SELECT {query}, {{'d': 12345678901234567.89}} AS s", "json")
    [row] = json.loads(text, parse_float=str, parse_int=str)
    for place, written in enumerate(numbers.values()):
        assert (row[f"c{place}"], row[f"l{place}"]) == (written, [written])
    assert row["s"] == {"d": "12345678901234567.89"}
    assert "12345678901234567.89" in asked(published, "SELECT [12345678901234567.89] AS x"), "nested in CSV too"


def test_json_writes_what_is_no_number_as_text_or_null(published: Path) -> None:
    query = (
        "SELECT TIME '01:02:03' AS t, 'inf'::DOUBLE AS i, true AS b, TIMESTAMP '2021-06-25 01:02:03' AS m, NULL AS n"
    )
    assert json.loads(asked(published, query, "json")) == [
        {"t": "01:02:03", "i": None, "b": True, "m": "2021-06-25T01:02:03", "n": None}
    ]


@pytest.mark.parametrize("output_format", ["table", "csv", "json"])
def test_every_type_is_written_though_no_file_can_be_opened_any_more(
    published: Path, output_format: ask.Format
) -> None:
    told = asked(published, "SELECT * EXCLUDE (interval) FROM test_all_types()", output_format)
    assert "ffffffff-ffff-ffff-ffff-ffffffffffff" in told
    assert "\N{DUCK}" in told


def test_every_type_that_parquet_has_is_written(published: Path, tmp_path: Path) -> None:
    file = tmp_path / "all.parquet"
    with file.open("wb") as out:
        query = 'SELECT * EXCLUDE (interval, empty_struct, "union") FROM test_all_types()'
        ask.run_query(published, query, out=out, output_format="parquet")
    assert pq.read_table(file).num_rows == 3
