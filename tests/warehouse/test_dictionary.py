"""The data dictionary says what the SQL says, and whatever it tells a reader to run works."""

from __future__ import annotations

import csv
import io
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.cli import main
from warehouse import dictionary
from warehouse.adhoc import ask
from warehouse.publish import snapshot
from warehouse.read.queries import query

QUESTIONS = dictionary.questions()


def answer(published: Path, sql: str) -> list[dict[str, str]]:
    out = io.BytesIO()
    ask.run_query(published, sql, out=out, output_format="csv", seconds=100)
    return list(csv.DictReader(io.StringIO(out.getvalue().decode())))


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)\n```", dictionary.README.read_text(encoding="utf-8"), re.DOTALL)


def test_the_readme_is_what_the_sql_says() -> None:
    written = dictionary.README.read_text(encoding="utf-8")
    assert written == dictionary.generate(), "run: python -m warehouse.dictionary"


def test_every_view_column_metric_and_question_is_in_it(con: duckdb.DuckDBPyConnection) -> None:
    text = dictionary.README.read_text(encoding="utf-8")
    columns = con.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal AND schema_name = 'main'"
    ).fetchall()
    for view in {view for view, *_ in columns}:
        section = text.split(f"\n### {view}\n")[1].split("\n### ")[0]
        assert "Grain: " in section
        assert all(f"| `{name}` | {kind} |" in section for own, name, kind in columns if own == view)
    assert all(f"| {metric} |" in text for (metric,) in con.execute("SELECT metric FROM metric_definitions").fetchall())
    assert all(question.title in text and question.sql in text for question in QUESTIONS)


def test_there_are_eleven_questions_each_with_a_title_and_an_explanation() -> None:
    assert len({question.title for question in QUESTIONS}) == 11
    assert all(question.title.endswith("?") and question.explanation.endswith(".") for question in QUESTIONS)
    assert [question.name for question in QUESTIONS if re.search(r"\b(raw|core)\.", question.sql)] == []


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_a_question_has_an_answer_in_the_demo(question: dictionary.Question, demo: Any) -> None:
    rows = answer(demo.published, question.sql)
    assert rows
    assert all(any(row[column] for row in rows) for column in rows[0] if column != "reason")


def test_no_question_fails_on_an_empty_warehouse(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    snapshot.publish(con, tmp_path / "published.duckdb")
    with snapshot.open_published(tmp_path / "published.duckdb") as reader:
        for question in QUESTIONS:
            assert reader.execute(question.sql).fetchall() == []


def test_a_number_is_traced_to_as_many_raw_rows_as_it_counts(demo: Any) -> None:
    published = demo.published
    value = "FROM monthly_metrics WHERE framework = 'keras' AND metric = 'commits' AND month = DATE '2021-05-01'"
    (number,) = answer(published, f"SELECT value {value}")
    rows = answer(published, query("trace_a_number"))
    assert len({row["commit_key"] for row in rows}) == len(rows) == float(number["value"]) > 0
    assert {row["raw_table"] for row in rows} == {"raw.git_commits"}
    assert all('"repository": "keras-team/keras"' in row["request"] and row["run_id"] for row in rows)


def test_the_sql_of_the_readme_gives_rows(demo: Any) -> None:
    for sql in blocks("sql")[:2]:
        assert answer(demo.published, sql)


def test_the_commands_of_the_readme_work(demo: Any, capfdbinary: pytest.CaptureFixture[bytes], project: Path) -> None:
    commands = [shlex.split(line, comments=True) for line in blocks("sh")[0].splitlines() if line.startswith("trends")]
    assert len(commands) == 5
    for command in commands:
        if "<" in command:  # the shell's part
            continue
        data = str(demo.data)
        assert main(["--config", str(project / "config.toml"), "--data", data, *command[1:]]) == 0
        assert capfdbinary.readouterr().out


def test_the_python_of_the_readme_works(demo: Any, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    shutil.copy(demo.published, tmp_path / "data")
    script = blocks("python")[0] + "\nprint(len(months))"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert int(done.stdout) >= 0
