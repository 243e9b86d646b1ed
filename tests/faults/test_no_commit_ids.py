"""The published copy and the reports beside the public repositories: they name the author of no commit by its id."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from warehouse.publish.snapshot import open_published

_HEX = "[0-9a-f]{7,}"
_SHORTEST = 7  # digits that git itself takes for a commit


@pytest.fixture(scope="module")
def copy(demo: Any) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_published(demo.published) as con:
        yield con


@pytest.fixture(scope="module")
def ids(demo: Any) -> set[str]:
    """Of every commit that the night read."""
    found: set[str] = set()
    for clone in sorted((demo.data / "git").glob("*/*.git")):
        log = ["git", f"--git-dir={clone}", "log", "--format=%H"]
        found |= set(subprocess.run(log, capture_output=True, text=True, check=True).stdout.split())
    assert len(found) > 100_000
    return found


def columns(con: duckdb.DuckDBPyConnection, *kinds: str) -> list[tuple[str, str, str]]:
    """Schema, table and name of every column of these types that holds rows."""
    found = con.execute(
        "SELECT columns.schema_name, columns.table_name, columns.column_name FROM duckdb_columns() AS columns"
        " INNER JOIN duckdb_tables() USING (database_name, schema_name, table_name)"
        " WHERE database_name = 'published' AND data_type IN (SELECT unnest(?))",
        [list(kinds)],
    ).fetchall()
    assert found
    return found


def words(con: duckdb.DuckDBPyConnection) -> set[str]:
    """All hexadecimal words of the copy, whatever text they stand in."""
    return {
        word
        for schema, table, column in columns(con, "VARCHAR", "VARCHAR[]", "JSON")
        for (word,) in con.execute(
            f'SELECT DISTINCT unnest(regexp_extract_all(CAST("{column}" AS VARCHAR), ?)) FROM "{schema}"."{table}"',
            [_HEX],
        ).fetchall()
    }


def test_no_word_of_the_copy_is_the_id_of_a_commit_or_made_of_it_alone(
    copy: duckdb.DuckDBPyConnection, ids: set[str]
) -> None:
    """Neither an id, nor the beginning of one, nor a hash of one that anybody could make."""
    found = words(copy)
    beginnings = {word[:length] for word in found for length in (_SHORTEST, 20)}
    keys = {key for (key,) in copy.execute("SELECT DISTINCT commit_key FROM raw.git_commits").fetchall()}
    assert len(keys) == len(ids)
    assert keys <= found
    by_beginning: dict[str, list[str]] = {}
    for word in found:
        by_beginning.setdefault(word[:_SHORTEST], []).append(word)
    for sha in ids:
        assert not any(sha.startswith(word) or word.startswith(sha) for word in by_beginning.get(sha[:_SHORTEST], ()))
        hashes = [make(sha.encode()).hexdigest()[:20] for make in (hashlib.md5, hashlib.sha1, hashlib.sha256)]
        assert not beginnings.intersection(hashes)


def test_no_moment_stands_beside_a_person_or_a_commit(copy: duckdb.DuckDBPyConnection) -> None:
    """The second of a commit is as good as its id."""
    kinds = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE")
    moments = columns(copy, *kinds)
    people = {
        (schema, table) for schema, table, column in columns(copy, "VARCHAR") if column in {"author_key", "commit_key"}
    }
    assert {("raw", "git_commits"), ("carried", "author_days")} <= people
    assert not people & {(schema, table) for schema, table, _ in moments}


def test_rows_do_not_stand_in_the_order_of_git_log(copy: duckdb.DuckDBPyConnection) -> None:
    """Counted from the top, they would be found in the public log again."""
    rows = copy.execute("SELECT content_id, commit_key FROM raw.git_commits ORDER BY rowid").fetchall()
    by_content: dict[str, list[str]] = {}
    for content, key in rows:
        by_content.setdefault(content, []).append(key)
    assert by_content
    assert all(keys == sorted(keys) for keys in by_content.values())


def test_what_readers_get_beside_the_copy_names_no_commit(demo: Any, ids: set[str]) -> None:
    told = [file for folder in ("reports", "log") for file in (demo.data / folder).rglob("*") if _is_text(file)]
    assert told
    for file in told:
        assert not ids.intersection(re.findall("[0-9a-f]{40}", file.read_text(encoding="utf-8"))), file


def _is_text(file: Path) -> bool:
    return file.is_file() and file.suffix in {".html", ".txt", ".csv", ".json", ".jsonl", ".svg", ".xml", ".eml"}
