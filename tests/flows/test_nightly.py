"""The whole night: real HTTP, git and Prefect, against the recordings.

These nights are of Keras alone, whose history is the shortest; the demo's night is of all three frameworks.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from flows.process.own_prefect import ASKED_SERVER
from tests.conftest import ROOT, TRENDS, run_here, run_trends
from warehouse.open import open_warehouse
from warehouse.publish.snapshot import open_published

pytestmark = pytest.mark.slow

KERAS = """
[frameworks.keras]
packages    = ["keras"]
repository  = "keras-team/keras"
search_term = "Keras"
"""
JAX = """
[frameworks.jax]
packages    = ["jax"]
repository  = "jax-ml/jax"
search_term = "jax"
"""


@dataclass(frozen=True)
class Place:
    """A config.toml and a data folder beside it, where nights of a replay are run."""

    folder: Path
    prefect_api: str

    @property
    def warehouse(self) -> Path:
        return self.folder / "demo" / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        return self.folder / "demo" / "published.duckdb"

    @property
    def arguments(self) -> list[str]:
        return ["--config", str(self.folder / "config.toml"), "--data", str(self.folder), "nightly", "--replay"]

    @property
    def prefect(self) -> dict[str, str]:
        """The environment variable that names the server to report to: the one of the tests."""
        return {ASKED_SERVER: self.prefect_api}

    def night(self, *options: str) -> subprocess.CompletedProcess[str]:
        return run_here(*self.arguments, *options, **self.prefect)

    def copy_to(self, folder: Path) -> Place:
        shutil.copytree(self.folder, folder, symlinks=True)
        return Place(folder, self.prefect_api)


def new_place(folder: Path, prefect_api: str) -> Place:
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text(KERAS, encoding="utf-8")
    return Place(folder, prefect_api)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, prefect_api: str) -> Place:
    """What one night has left behind. Read-only: copy it before another night."""
    place = new_place(tmp_path_factory.mktemp("undisturbed"), prefect_api)
    run = place.night()
    assert run.returncode == 0, run.stderr
    return place


def facts_of(warehouse: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the raw layer but the ledger of runs, whose times differ from run to run."""
    with duckdb.connect(str(warehouse), read_only=True) as con:
        tables = [
            name
            for (name,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw'").fetchall()
            if name not in {"runs", "run_steps", "run_answers", "check_results", "secrets"}
        ]
        return {table: _rows(con, table) for table in sorted(tables)}


def _rows(con: duckdb.DuckDBPyConnection, table: str) -> list[tuple[object, ...]]:
    """Rows without run_id (a new one each run) and, since the key of each warehouse differs, without what it hashes."""
    columns = [name for name, *_ in con.table(f"raw.{table}").description]
    keys = {"author_key", "commit_key", "address_key", "person_key"}  # of this warehouse alone
    keep = [name for name in columns if name not in {"run_id", "content_id", "answer_id", *keys}]
    rows = con.table(f"raw.{table}").select(*keep).fetchall()
    return sorted((tuple(map(_without_key, row)) for row in rows), key=repr)


def _without_key(value: object) -> object:
    """The text without keys of commits, which are the last ones of a history that was read."""
    return (
        re.sub(r'"(tip|since|until)": "[0-9a-f]{20}"', r'"\1": "a commit"', value) if isinstance(value, str) else value
    )


def test_a_second_night_at_the_same_moment_changes_no_row(undisturbed: Place, tmp_path: Path) -> None:
    """Neither in the warehouse nor, computed whole, in the public tables."""
    place = undisturbed.copy_to(tmp_path / "again")
    before, figures = facts_of(place.warehouse), figures_in(place.published)
    with duckdb.connect(str(place.published)) as copy:
        copy.execute("DELETE FROM rolling_12_months")
    again = place.night("--full")
    assert again.returncode == 0, again.stderr
    assert facts_of(place.warehouse) == before
    assert sum(map(len, before.values())) > 8_000
    assert figures_in(place.published) == figures


def figures_in(published: Path) -> list[list[tuple[object, ...]]]:
    with open_published(published) as con:
        return [
            con.execute(f"FROM {view} ORDER BY ALL").fetchall() for view in ("monthly_metrics", "rolling_12_months")
        ]


def test_a_framework_is_added_in_config_alone_and_the_report_says_that_it_has_no_data(
    undisturbed: Place, tmp_path: Path
) -> None:
    place = undisturbed.copy_to(tmp_path / "with-jax")
    (place.folder / "config.toml").write_text(KERAS + JAX, encoding="utf-8")
    run = place.night()
    assert run.returncode == 1, run.stderr
    page = Path(run.stdout.splitlines()[-1]).read_text(encoding="utf-8")
    assert "The last run got nothing new from Git history for jax" in page
    with open_published(place.published) as con:
        frameworks = {name for (name,) in con.execute("SELECT framework FROM frameworks").fetchall()}
    assert frameworks == {"keras", "jax"}


def test_without_any_network_it_says_so_once_a_step_and_loses_nothing(
    undisturbed: Place, tmp_path: Path, nobody_listens: str
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(undisturbed.warehouse, data / "warehouse.duckdb")
    before = facts_of(data / "warehouse.duckdb")
    config = tmp_path / "config.toml"
    config.write_text(_config_with_every_upstream_at(f"http://{nobody_listens}"), encoding="utf-8")
    next_day = datetime(2021, 6, 26, 23, tzinfo=UTC)
    run = run_here("--config", str(config), "--data", str(data), "nightly", now=next_day, **undisturbed.prefect)
    assert run.returncode == 1
    assert len([line for line in run.stderr.splitlines() if line.startswith("failed")]) == 16
    assert "Traceback" not in run.stderr
    after = facts_of(data / "warehouse.duckdb")
    assert all(set(map(repr, before[table])) <= set(map(repr, after[table])) for table in before)


def test_a_run_beside_another_ends_with_one_line_that_names_its_process(undisturbed: Place, tmp_path: Path) -> None:
    place = undisturbed.copy_to(tmp_path / "busy")
    with open_warehouse(place.warehouse):
        run = run_trends(*place.arguments, **place.prefect)
    assert run.returncode == 3
    assert len(run.stderr.splitlines()) == 1
    assert f"process {os.getpid()}" in run.stderr


def test_a_killed_night_leaves_what_an_undisturbed_one_would(undisturbed: Place, tmp_path: Path) -> None:
    place = new_place(tmp_path, undisturbed.prefect_api)
    kill_in_the_middle(place)
    again = place.night()
    assert again.returncode == 0, again.stderr
    assert facts_of(place.warehouse) == facts_of(undisturbed.warehouse)
    with open_published(place.published) as con:
        ended = con.execute("SELECT DISTINCT run_id, run_status FROM collection_runs").fetchall()
    assert sorted(status for _, status in ended) == ["interrupted", "ok"]


def kill_in_the_middle(place: Place) -> None:
    """Start a night and end its whole process group with SIGKILL while some steps are done and the clone is not.

    The test holds the lock of the clone, so that the night cannot be over before it is killed.
    """
    lock = place.warehouse.parent / "git" / "keras-team" / ".keras.git.lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with subprocess.Popen(
            [*TRENDS, *place.arguments], cwd=ROOT, env=os.environ | place.prefect, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        ) as process:  # fmt: skip
            assert process.stderr is not None
            assert any("pypi_releases" in line for line in process.stderr)
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


def _config_with_every_upstream_at(address: str) -> str:
    """The frameworks of config.toml, every upstream at `address` and asked once."""
    frameworks = (ROOT / "config.toml").read_text(encoding="utf-8").split("[sources.")[0]
    urls = {
        "google_trends": ["base_url"],
        "pypi_downloads": ["base_url", "pypistats_url", "top_packages_url", "top_packages_history_url"],
        "pypi_releases": ["index_url"],
        "git_history": ["base_url"],
        "github_repository": ["base_url"],
    }
    once = "attempts = 1\nrate_per_minute = 6000\n"
    tables = [
        f"[sources.{source}]\n"
        + "".join(f'{name} = "{address}"\n' for name in names)
        + (once if source != "git_history" else "")
        for source, names in urls.items()
    ]
    return frameworks + "\n".join(tables)
