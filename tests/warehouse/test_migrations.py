"""A warehouse that an older version wrote is carried over: nothing of it is lost and the same answers stay known."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from flows.sources.git.identities import commit_key
from warehouse.open import open_warehouse
from warehouse.rows import Answer, Download
from warehouse.save import save_answers

AT = datetime(2021, 6, 25, 23, tzinfo=UTC)
SQL = Path(__file__).parents[2] / "warehouse/sql/migrations"
# As the version before wrote them, ids included: an answer of ClickPy, one without rows of git, and a check.
OLD_ROWS = """
INSERT INTO raw.migrations SELECT unnest([1, 2, 3]), 'old';
INSERT INTO raw.runs BY NAME SELECT 'r1' AS run_id, 1 AS run_number, DATE '2021-06-25' AS as_of, 'ok' AS status;
INSERT INTO raw.answers BY NAME
SELECT 'a1' AS answer_id, 'r1' AS run_id, 'git' AS source, 'a/b' AS entity, '' AS row_type, '{}' AS request,
    TIMESTAMP '2021-06-25 23:00:00' AS collected_at, 'c1' AS content_id, 0 AS row_count, false AS replaces_all;
INSERT INTO raw.check_results VALUES
    ('r1', 'vanished', 'clickpy', 'torch', 'failed', 'x'), ('r1', 'clock_skew', '*', '*', 'passed', '');
"""


def test_sources_become_services_and_ids_stay(tmp_path: Path) -> None:
    answer = Answer("clickpy", "torch", "{}", AT, (Download("torch", date(2021, 6, 1), date(2021, 6, 1), 1, "all", 5),))
    with open_warehouse(tmp_path / "new.duckdb") as con:
        save_answers(con, "r1", [answer])
        ids = con.execute("SELECT answer_id, content_id FROM raw.answers").fetchall()
    path = tmp_path / "w.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE SCHEMA raw; CREATE TABLE raw.migrations (number INTEGER, name VARCHAR)")
        for file in sorted(SQL.glob("000[123]_*.sql")):
            con.execute(file.read_text())
        con.execute(OLD_ROWS)
        con.execute(
            "INSERT INTO raw.answers BY NAME SELECT ? AS answer_id, ? AS content_id, 'r1' AS run_id,"
            " 'clickpy' AS source, 'torch' AS entity, 'pypi_downloads' AS row_type, '{}' AS request, 1 AS row_count,"
            " TIMESTAMP '2021-06-25 23:00:00' AS collected_at, false AS replaces_all",
            ids[0],
        )
        con.execute(
            "INSERT INTO raw.pypi_downloads BY NAME SELECT ? AS content_id, 'clickpy' AS source, 'r1' AS run_id,"
            " 'torch' AS package, DATE '2021-06-01' AS period_start, DATE '2021-06-01' AS period_end,"
            " 1 AS window_days, 'all' AS basis, 5 AS downloads",
            [ids[0][1]],
        )
    with open_warehouse(path) as con:
        assert save_answers(con, "r2", [answer]) == 0
        assert con.execute("SELECT source, service, entity FROM core.answers ORDER BY ALL").fetchall() == [
            ("git_history", "git", "a/b"),
            ("pypi_downloads", "clickpy", "torch"),
        ]
        assert con.execute("SELECT service, downloads FROM core.downloads").fetchall() == [("clickpy", 5)]
        assert con.execute("SELECT source, service, entity FROM quality_checks ORDER BY ALL").fetchall() == [
            ("*", "*", "*"),
            ("pypi_downloads", "clickpy", "torch"),
        ]


SHA, NEXT = "5" * 40, "6" * 40
WITH_IDS = f"""
INSERT INTO raw.migrations SELECT unnest(range(1, 14)), 'old';
INSERT INTO raw.answers BY NAME
SELECT 'a1' AS answer_id, 'r1' AS run_id, 'git_history' AS source, 'git' AS service, 'a/b' AS entity,
    'git_commits' AS row_type, '{{"repository": "a/b", "branch": "main", "since": null, "until": "{SHA}"}}' AS request,
    TIMESTAMP '2021-06-25 23:00:00' AS collected_at, 'c1' AS content_id, 2 AS row_count, true AS replaces_all,
    '{{"branch": "main", "tip": "{SHA}"}}' AS state;
INSERT INTO raw.answers BY NAME SELECT 'a2' AS answer_id, 'clickpy' AS service, 'c2' AS content_id, '{{}}' AS request;
INSERT INTO raw.run_answers VALUES ('r1', 'a1'), ('r1', 'a2');
INSERT INTO raw.quarantine VALUES ('a1', 'r1', 'vanished', 'x');
INSERT INTO raw.git_commits BY NAME
SELECT 'c1' AS content_id, 'a/b' AS repository, unnest(['{NEXT}', '{SHA}']) AS commit_sha, 'ann' AS author_key,
    'person' AS author_kind, TIMESTAMP '2019-01-01 08:09:10' AS authored_at,
    TIMESTAMP '2021-06-01 23:59:59' AS committed_at, false AS is_merge;
"""


@pytest.mark.parametrize("has_key", [True, False])
def test_ids_and_seconds_of_commits_go_and_all_else_still_joins(tmp_path: Path, has_key: bool) -> None:
    """With the key of the warehouse, as the source does it; without one, with a key that nobody has."""
    key, path = b"k" * 32, tmp_path / "w.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE SCHEMA raw; CREATE TABLE raw.migrations (number INTEGER, name VARCHAR)")
        for file in sorted(SQL.rglob("*.sql"), key=lambda file: file.name)[:13]:
            con.execute(file.read_text())
        con.execute(WITH_IDS)
        if has_key:
            con.execute("INSERT INTO raw.secrets VALUES ('identity_key', ?)", [key.hex()])
    with open_warehouse(path) as con:
        commits = con.execute("SELECT commit_key, author_key, committed_on FROM raw.git_commits").fetchall()
        assert [(author, day) for _, author, day in commits] == [("ann", date(2021, 6, 1))] * 2
        assert (
            [commit for commit, _, _ in commits] == sorted([commit_key(key, SHA), commit_key(key, NEXT)])
        ) == has_key
        ((answer_id, content_id, request, state),) = con.execute(
            "SELECT answer_id, content_id, request, state FROM raw.answers WHERE service = 'git'"
        ).fetchall()
        assert (json.loads(state)["tip"] == json.loads(request)["until"] == commit_key(key, SHA)) == has_key
        assert json.loads(request) | {"until": 0} == {"repository": "a/b", "branch": "main", "until": 0}
        assert json.loads(state)["branch"] == "main"
        assert len(content_id) == len(answer_id) == 64
        assert con.execute("SELECT DISTINCT content_id FROM raw.git_commits").fetchall() == [(content_id,)]
        assert con.execute("SELECT answer_id FROM raw.quarantine").fetchall() == [(answer_id,)]
        assert con.execute("SELECT answer_id FROM raw.run_answers ORDER BY answer_id = 'a2'").fetchall() == [
            (answer_id,), ("a2",),
        ]  # fmt: skip
        assert con.execute("SELECT answer_id, content_id FROM raw.answers WHERE service <> 'git'").fetchall() == [
            ("a2", "c2")
        ]
