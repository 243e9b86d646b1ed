"""Ad-hoc SQL: what can be asked, and errors of one line."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from tests.conftest import run_trends
from tests.warehouse.adhoc.conftest import asked, refusal
from warehouse.adhoc import ask
from warehouse.publish import snapshot


def test_as_of_reaches_the_views(published: Path) -> None:
    assert asked(published, "SELECT count(*) AS n FROM daily_metrics", as_of=date(2021, 6, 2)) == "n\n2\n"


def test_pivot_describe_and_explain_are_questions_too(published: Path) -> None:
    assert asked(
        published, "PIVOT (FROM daily_metrics WHERE day < '2021-06-03') ON framework USING sum(value)"
    ).startswith("day,keras,pytorch\n")
    assert "framework,VARCHAR" in asked(published, "DESCRIBE daily_metrics")
    assert "Scan" in asked(published, "EXPLAIN SELECT 1", "table")


def test_views_and_their_columns_with_grain_and_units(published: Path) -> None:
    assert ask.list_views(published)[0] == ask.ViewSummary(
        "daily_metrics", "framework, day", "Every metric by the UTC day. A zero is a zero."
    )
    described = ask.describe_view(published, "DAILY_METRICS")
    assert described.grain == "framework, day"
    assert described.columns[2] == ask.Column("value", "DOUBLE", "Downloads a day.")
    assert json.loads(asked(published, ".tables", "json"))[0]["grain"] == "framework, day"
    assert "value,DOUBLE,Downloads a day." in asked(published, ".describe daily_metrics")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("FROM daily_metric", "there is no view 'daily_metric'; did you mean daily_metrics? The views are: daily_"),
        ("FROM zebra", "there is no view 'zebra'; the views are: daily_metrics, monthly_metrics"),
        ("SELECT framwork FROM daily_metrics", 'no column "framwork" here; did you mean framework?'),
        ("SELECT d.vale FROM daily_metrics d", 'no column "vale" here; did you mean value?'),
        ('FROM daily_metrics WHERE framework = "jax"', "a text stands in single quotes: 'jax'"),
        ("SELEC 1", 'syntax error at or near "SELEC"'),
        ("SELECT value + framework FROM daily_metrics", "No function matches"),
        ("SELECT 1; SELECT 2", "one statement at a time, not 2"),
        ("", "one statement at a time, not 0"),
        ("DELETE FROM raw.facts", "DELETE is not available: the published copy is read-only"),
        ("SELECT INTERVAL 3 MONTH", "an INTERVAL cannot be written exactly"),
        ("SELECT error('a' || chr(27) || '[31m' || chr(10) || 'b')", "a\\x1b[31m; b"),
        (".describe zebra", "there is no view 'zebra'"),
        (".quit", ".quit is not known; there are .tables and .describe VIEW"),
    ],
)
def test_what_is_wrong_in_one_line(published: Path, query: str, expected: str) -> None:
    assert expected in refusal(published, query)


def test_two_columns_of_one_name_are_refused_where_they_would_be_lost(published: Path) -> None:
    assert "give each a name of its own with AS" in refusal(published, "SELECT 1 AS a, 2 AS a", output_format="json")
    assert asked(published, "SELECT 1 AS a, 2 AS a") == "a,a\n1,2\n"


def test_an_unknown_format_names_those_there_are(published: Path) -> None:
    assert refusal(published, "SELECT 1", output_format="xml").endswith("choose one of table, csv, json, parquet")


def test_before_anything_is_published_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(snapshot.NothingPublishedError, match="run trends nightly first"):
        asked(tmp_path / "published.duckdb", "SELECT 1")


def test_a_file_that_is_no_warehouse_is_named(tmp_path: Path) -> None:
    (tmp_path / "published.duckdb").write_bytes(b"x" * 20000)
    assert "published.duckdb cannot be opened" in refusal(tmp_path / "published.duckdb", "SELECT 1")


def test_asking_loads_no_duckdb_into_the_command_line() -> None:
    code = "import sys, warehouse.adhoc.ask; print({'duckdb', 'rich', 'pyarrow', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize("environment", [{}, C_LOCALE, {"LC_ALL": "C"}])
def test_any_script_may_be_asked_in_any_locale(published: Path, environment: dict[str, str]) -> None:
    data = str(published.parent)
    run = run_trends("--data", data, "sql", "SELECT 'ö中👍' AS \"größe\"", "--format", "csv", **environment)
    assert (run.stdout, run.stderr, run.returncode) == ("größe\nö中👍\n", "", 0)
    wrong = run_trends("--data", data, "sql", "FROM größe", **environment)
    assert wrong.returncode == 2
    assert wrong.stderr.count("\n") == 1
    assert "there is no view" in wrong.stderr


@pytest.mark.parametrize("environment", [{}, C_LOCALE])
def test_a_query_that_is_no_utf8_is_refused_in_one_line(published: Path, environment: dict[str, str]) -> None:
    query = os.fsdecode(b"SELECT '\xff'")
    run = run_trends("--data", str(published.parent), "sql", query, **environment)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "trends: the query is no UTF-8 text; write it in UTF-8, or other signs as chr(228)\n"


def test_a_child_that_is_asked_nothing_ends(published: Path) -> None:
    with ask.started("csv") as child:
        pass
    assert child.returncode is not None
    with pytest.raises(ask.QueryError), ask.started("csv") as child:
        ask.run_query(published, ".quit", out=io.BytesIO(), output_format="csv", child=child)
    assert child.returncode is not None


@pytest.mark.parametrize("likely", ["published.duckdb", "not there.duckdb", "damaged.duckdb"])
def test_a_child_that_got_ready_answers_from_the_copy_that_is_asked(published: Path, likely: str) -> None:
    (published.parent / "damaged.duckdb").write_bytes(b"no database")
    out = io.BytesIO()
    with ask.started("csv") as child:
        ask.get_ready(child, published.parent / likely)
        ask.run_query(published, "FROM daily_metrics SELECT max(day)", out=out, output_format="csv", child=child)
    assert out.getvalue().decode().splitlines()[1] == "2021-06-03"


def test_what_is_wrong_with_the_copy_is_told_also_where_it_was_opened_early(tmp_path: Path) -> None:
    (tmp_path / "published.duckdb").write_bytes(b"no database")
    copy, out = tmp_path / "published.duckdb", io.BytesIO()
    with ask.started("csv") as child:
        ask.get_ready(child, copy)
        with pytest.raises(ask.CopyUnusableError):
            ask.run_query(copy, "SELECT 1", out=out, output_format="csv", child=child)
