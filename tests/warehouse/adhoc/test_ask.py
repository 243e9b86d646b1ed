"""Ad-hoc SQL: forms of the answer, one-line errors, and every way out of the fence that we could think of."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
import threading
import time
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from warehouse import snapshot
from warehouse.adhoc import ask

HOSTILE = "=cmd|'/c calc'!A0 \x1b[2J\x07 \u202egnp.exe <script>"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    with duckdb.connect(str(folder / "warehouse.duckdb")) as con:
        con.execute(
            """CREATE SCHEMA raw; CREATE SCHEMA core;
            CREATE TABLE raw.secrets (name VARCHAR, value VARCHAR);
            INSERT INTO raw.secrets VALUES ('identity_key', 'top-secret-key');
            CREATE TABLE raw.facts (framework VARCHAR, day DATE, value DOUBLE);
            INSERT INTO raw.facts VALUES ('keras', '2021-06-01', 1.5), ('pytorch', '2021-06-02', NULL);
            CREATE VIEW daily_metrics AS
                SELECT * FROM raw.facts WHERE day <= coalesce(getvariable('as_of'), DATE '9999-12-31');
            CREATE VIEW monthly_metrics AS SELECT framework, value FROM raw.facts;
            COMMENT ON VIEW daily_metrics IS 'Every metric by the UTC day. Grain: framework, day. A zero is a zero.';
            COMMENT ON COLUMN daily_metrics.value IS 'Downloads a day.'"""
        )
        con.execute("INSERT INTO raw.facts VALUES (?, '2021-06-03', 2)", [HOSTILE])
        snapshot.publish(con, folder / "published.duckdb")
    return folder / "published.duckdb"


def asked(published: Path, query: str, output_format: ask.Format = "csv", **options: object) -> str:
    out = io.BytesIO()
    ask.run_query(published, query, out=out, output_format=output_format, **options)  # type: ignore[arg-type]
    return out.getvalue().decode()


def refusal(published: Path, query: str, **options: object) -> str:
    with pytest.raises(ask.QueryError) as refused:
        asked(published, query, **options)  # type: ignore[arg-type]
    line = str(refused.value)
    assert "\n" not in line
    assert "Traceback" not in line
    return line


def on_a_terminal(published: Path, query: str, columns: int, output_format: ask.Format = "table") -> str:
    """What a terminal of that width shows."""
    master, slave = pty.openpty()
    os.environ.pop("COLUMNS", None)
    import fcntl
    import struct
    import termios

    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    shown = bytearray()

    def watch() -> None:
        while True:
            try:
                chunk = os.read(master, 65536)
            except OSError:  # the other end is closed
                return
            shown.extend(chunk)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with os.fdopen(slave, "wb") as out:
            ask.run_query(published, query, out=out, output_format=output_format)
    finally:
        watcher.join()
        os.close(master)
    return shown.decode().replace("\r\n", "\n")


# ---- forms of the answer


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
    assert json.loads(asked(published, "SELECT 1 AS a FROM range(9)", "json", max_rows=2)) == [{"a": 1}, {"a": 1}]


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


# ---- one-line errors


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


# ---- limits


@pytest.mark.parametrize(
    "query",
    [
        "SELECT pg_sleep(100)",
        "SELECT count(*) FROM range(1000000000000) a, range(1000000000000) b",
        "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT max(i) FROM r",
        "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) FROM r",
    ],
)
def test_what_would_run_for_ever_is_ended(published: Path, query: str) -> None:
    started = time.monotonic()
    line = refusal(published, query, seconds=0.5)
    assert line == "the query took longer than 0.5 seconds; ask for fewer days or aggregate first"
    assert time.monotonic() - started < 10


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
    line = refusal(published, query, memory_limit_mb=256, seconds=20)
    assert "256 MB of memory; ask for fewer rows" in line


def test_time_that_the_reader_takes_is_not_counted(published: Path) -> None:
    class SlowReader(io.BytesIO):
        def write(self, data: object) -> int:
            if self.tell() == 0:
                threading.Event().wait(1.5)
            return super().write(data)  # type: ignore[arg-type]

    out = SlowReader()
    ask.run_query(published, "SELECT i FROM range(200000) t(i)", out=out, output_format="csv", seconds=1)
    assert out.getvalue().endswith(b"\n199999\n")


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


def test_asking_loads_no_duckdb_into_the_command_line() -> None:
    code = "import sys, warehouse.adhoc.ask; print({'duckdb', 'rich', 'pyarrow', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
