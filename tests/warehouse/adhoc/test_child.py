"""The process that runs a query: its limits, and every way out of its fence that we could think of."""

from __future__ import annotations

import io
import json
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.warehouse.adhoc.conftest import asked, refusal
from warehouse.adhoc import ask

# ---- limits


TOO_LONG = "the query took longer than 0.5 seconds; ask for fewer days or aggregate first"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT pg_sleep(100)",
        "SELECT max(a.range * 7 + b.range) FROM range(1000000000000) a, range(1000) b",
        "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT max(i) FROM r",
        "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) FROM r",
    ],
)
def test_what_would_run_for_ever_in_little_memory_is_ended(published: Path, query: str) -> None:
    assert refusal(published, query, seconds=0.5) == TOO_LONG


@pytest.mark.parametrize(
    "query",
    [
        "SELECT repeat('x', 2000000000)",
        "SELECT length(repeat('x', 2000000000))",
        "SELECT list(i) FROM range(1000000000) t(i)",
        "SELECT string_agg(repeat('y', 1000)) FROM range(1000000000) t(i)",
        "SELECT * FROM range(300000000) t(i) ORDER BY hash(i)",
        "SELECT regexp_replace(repeat('a', 50000000), 'a', 'bbbbbbbbbbbbbbbb', 'g')",
    ],
)
def test_what_would_eat_the_memory_is_ended(published: Path, query: str) -> None:
    line = refusal(published, query, memory_limit_mb=256, seconds=600)
    assert "256 MB of memory; ask for fewer rows" in line


def test_what_has_no_end_in_time_nor_in_memory_is_ended_by_the_limit_that_is_met_first(published: Path) -> None:
    line = refusal(published, "SELECT count(*) FROM range(1000000000000) a, range(1000000000000) b", seconds=0.5)
    assert line == TOO_LONG or "1024 MB of memory; ask for fewer rows" in line


ALARM = """
import signal
from warehouse.adhoc.child import WorkTime
work = WorkTime(1000)
with work.counted():
    print(signal.getitimer(signal.ITIMER_REAL)[0] > 0)
    with work.waiting():
        print(signal.getitimer(signal.ITIMER_REAL)[0] > 0)
    print(990 < signal.getitimer(signal.ITIMER_REAL)[0] < 1000)
print(signal.getitimer(signal.ITIMER_REAL)[0] > 0, flush=True)
with WorkTime(0.01).counted():
    signal.pause()
"""


def test_the_alarm_is_set_for_work_alone_and_ends_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", ALARM], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("True\nFalse\nTrue\nFalse\n", -signal.SIGALRM)


WHAT_IS_COUNTED = """
import json, signal, sys, types, duckdb
from warehouse.adhoc import child

told = []

def tell(what):
    told.append([what, signal.getitimer(signal.ITIMER_REAL)[0] > 0])

def form(answer, screen, write):
    tell("form")
    write(b"".join(b"%d " % row[0] for batch in answer.rows() for row in batch))
    tell("form")

child.WRITERS["csv"] = form
sys.stdout = types.SimpleNamespace(buffer=types.SimpleNamespace(write=lambda data: tell("read"), flush=lambda: None))
request = {"query": "FROM range(3)", "parameters": {}, "format": "csv", "width": None, "color": False}
child._answer(duckdb.connect(), request | {"seconds": 1000, "max_rows": 9})
tell("after")
sys.stdout = sys.__stdout__
print(json.dumps(told), file=sys.stderr)
"""


def test_putting_an_answer_into_its_form_is_work_and_waiting_for_its_reader_is_not() -> None:
    done = subprocess.run([sys.executable, "-c", WHAT_IS_COUNTED], capture_output=True, text=True, check=True)
    assert json.loads(done.stderr) == [["form", True], ["read", False], ["form", True], ["after", False]]


def test_rows_come_while_the_query_runs_and_end_with_their_reader(published: Path) -> None:
    class Impatient(io.BytesIO):
        def write(self, data: object) -> int:
            if self.tell() > 100_000:
                raise BrokenPipeError
            return super().write(data)  # type: ignore[arg-type]

    with pytest.raises(BrokenPipeError):
        ask.run_query(published, "FROM range(1000000000000)", out=Impatient(), output_format="csv")


# ---- ways out


FILES = [
    "FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/proc/self/environ')",
    "FROM '/etc/passwd'",
    "FROM 'https://example.com/x.parquet'",
    "FROM glob('/*')",
    "FROM read_parquet('s3://bucket/x')",
    "FROM read_json('/etc/passwd')",
    "FROM sniff_csv('/etc/passwd')",
    "FROM parquet_metadata('/x.parquet')",
    "FROM sqlite_scan('/x.db', 'y')",
    "FROM duckdb_secrets()",
    "FROM query('FROM read_text(''/etc/passwd'')')",
    "SELECT getenv('HOME')",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO 'published.duckdb' (USE_TMP_FILE false)",
]
STATEMENTS = [
    "COPY (SELECT 1) TO '{folder}/breakout.csv'",
    "COPY (SELECT 1) TO '/dev/stdout'",
    "COPY (SELECT 1) TO '{published}'",
    "COPY (SELECT 1) TO '{published}' (USE_TMP_FILE false)",
    "COPY (SELECT 1) TO '{published}.wal' (USE_TMP_FILE false)",
    "COPY raw.facts FROM '/etc/passwd'",
    "EXPORT DATABASE '{folder}/breakout'",
    "IMPORT DATABASE '{folder}/breakout'",
    "ATTACH '{folder}/breakout.duckdb' AS b",
    "ATTACH ':memory:' AS b",
    "ATTACH '{published}' AS b (READ_WRITE)",
    "DETACH published",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '{folder}/breakout.duckdb_extension'",
    "SET memory_limit = '100GB'",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "SET temp_directory = '/tmp'",
    "SET allowed_paths = ['/etc/passwd']",
    "SET python_enable_replacements = true",
    "SET home_directory = '/tmp'",
    "RESET memory_limit",
    "RESET enable_external_access",
    "PRAGMA memory_limit = '100GB'",
    "PRAGMA enable_profiling",
    "CALL enable_logging()",
    "CREATE SECRET s (TYPE s3)",
    "CREATE PERSISTENT SECRET s (TYPE s3)",
    "CREATE TABLE breakout (x INTEGER)",
    "CREATE VIEW breakout AS SELECT 1",
    "CREATE MACRO breakout(x) AS x",
    "DROP VIEW daily_metrics",
    "INSERT INTO raw.facts VALUES ('x', '2021-01-01', 1)",
    "UPDATE raw.facts SET value = 1",
    "DELETE FROM raw.facts",
    "TRUNCATE raw.facts",
    "MERGE INTO raw.facts USING daily_metrics USING (day) WHEN MATCHED THEN DELETE",
    "ALTER TABLE raw.facts RENAME TO breakout",
    "COMMENT ON VIEW daily_metrics IS 'x'",
]
FENCE_ALONE = """
import json, sys, duckdb
from warehouse.adhoc import child
secret_frame = duckdb.sql("SELECT 42 AS x").to_arrow_table()
con = child._connect({"published": sys.argv[1], "memory_limit_mb": 256, "as_of": None})
child._give_up_rights(256)
for query in json.load(sys.stdin):
    try:
        print("OPEN", query, con.execute(query).fetchall())
    except duckdb.Error as error:
        print("held")
"""


def test_the_fence_holds_without_the_list_of_allowed_statements(published: Path, tmp_path: Path) -> None:
    before = published.read_bytes()
    places = {"published": published, "folder": tmp_path}
    queries = [query.format(**places) for query in [*FILES, *STATEMENTS, "FROM secret_frame"]]
    done = subprocess.run(
        [sys.executable, "-c", FENCE_ALONE, str(published)],
        input=json.dumps(queries),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["held"] * len(queries)
    assert published.read_bytes() == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("query", [FILES[0], FILES[2], FILES[4], FILES[11], FILES[14]])
def test_files_and_the_network_are_out_of_reach_and_it_says_so(published: Path, query: str) -> None:
    line = refusal(published, query)
    assert "out of reach of a query" in line or "there is no view" in line


@pytest.mark.parametrize("query", [STATEMENTS[0], STATEMENTS[8], STATEMENTS[12], STATEMENTS[15], STATEMENTS[33]])
def test_other_statements_are_refused_by_name(published: Path, query: str) -> None:
    line = refusal(published, query)
    assert re.match("[A-Z]+ is not available", line)
    assert "the published copy is read-only and only questions are answered" in line


def test_the_key_and_the_environment_are_not_there(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_PASSWORD", "hunter2")
    assert asked(published, "FROM raw.secrets") == "name,value\n"
    settings = asked(published, "FROM duckdb_settings()") + asked(published, "SELECT current_setting('memory_limit')")
    assert "hunter2" not in settings
    assert "lock_configuration,true" in settings


def test_the_child_gets_no_secret_through_its_environment(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_PASSWORD", "hunter2")
    seen: list[bytes] = []

    class Spy(io.BytesIO):
        def write(self, data: object) -> int:
            children = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()
            seen.extend(Path(f"/proc/{child}/environ").read_bytes() for child in children)
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        ask.run_query(published, "FROM range(100000000000)", out=Spy(), output_format="csv")
    assert any(b"TZ=UTC" in environment for environment in seen)
    assert not any(b"hunter2" in environment for environment in seen)
