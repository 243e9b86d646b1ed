"""Which tools can open the published copy: those of DuckDB 1.4 and later."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.conftest import Demo
from warehouse.open import open_warehouse
from warehouse.publish import snapshot

WRITTEN_BY_1_4 = 67  # in the head of the file; 1.4 refuses whatever is higher
ASK_ALL = """
import sys, duckdb
con = duckdb.connect(sys.argv[1], read_only=True)
for schema in ("main", "history"):
    con.execute(f"USE {schema}")
    for (name,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'").fetchall():
        con.execute(f'FROM "{name}" LIMIT 5').fetchall()
print(con.execute("SELECT count(*) FROM history.rolling_12_months").fetchone()[0])
"""


def storage_version(path: Path) -> int:
    with path.open("rb") as file:
        return int.from_bytes(file.read(20)[12:], "little")


def test_the_copy_is_written_as_older_tools_read_it(demo: Demo) -> None:
    assert storage_version(demo.published) <= WRITTEN_BY_1_4 < storage_version(demo.warehouse)


def test_a_copy_that_older_tools_refuse_is_written_anew_and_then_carried_on(tmp_path: Path) -> None:
    target = tmp_path / "published.duckdb"
    with open_warehouse(tmp_path / "warehouse.duckdb") as con:
        snapshot.publish(con, target)
        con.execute("ATTACH ? AS newer", [str(tmp_path / "newer")])
        con.execute("ATTACH ? AS copy (READ_ONLY)", [str(target)])
        con.execute("COPY FROM DATABASE copy TO newer; DETACH copy; DETACH newer")
        (tmp_path / "newer").replace(target)
        assert storage_version(target) > WRITTEN_BY_1_4
        for _ in range(2):
            snapshot.publish(con, target)
            assert storage_version(target) <= WRITTEN_BY_1_4
    with snapshot.open_published(target) as reader:
        assert reader.execute("SELECT count(*) FROM metric_definitions").fetchall() != [(0,)]


def test_a_copy_of_another_version_of_the_program_is_told_in_one_line(tmp_path: Path) -> None:
    target = tmp_path / "published.duckdb"
    with open_warehouse(tmp_path / "warehouse.duckdb") as con:
        con.execute("DROP VIEW freshness")
        snapshot.publish(con, target)
        with pytest.raises(duckdb.CatalogException), snapshot.reading_published(target) as reader:
            reader.execute("FROM freshness")  # of this version: a fault of the program
        con.execute("UPDATE raw.view_definitions SET definitions_version = 'of old'")
        snapshot.publish(con, target)
    with (
        pytest.raises(snapshot.PublishedError, match="another version of this program; trends nightly makes it anew"),
        snapshot.reading_published(target) as reader,
    ):
        reader.execute("FROM freshness")


@pytest.mark.index
@pytest.mark.parametrize("version", ["1.4.*", "1.5.*"])
def test_every_view_can_be_read_by_an_older_duckdb(demo: Demo, tmp_path: Path, version: str) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path], check=True)
    python = tmp_path / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", f"duckdb=={version}"], check=True)
    asked = subprocess.run([python, "-c", ASK_ALL, demo.published], capture_output=True, text=True, check=True)
    with duckdb.connect(str(demo.published), read_only=True) as con:
        assert con.execute("SELECT count(*) FROM rolling_12_months").fetchone() == (int(asked.stdout.split()[-1]),)
