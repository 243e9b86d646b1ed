"""The whole night, as a user runs it: a process of its own, real HTTP, git and Prefect, against the recordings."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest
import requests

from tests.conftest import OFFLINE, ROOT, Demo, run_trends
from warehouse.open import open_warehouse
from warehouse.snapshot import open_published

pytestmark = pytest.mark.slow

JAX = """
[frameworks.jax]
packages    = ["jax"]
repository  = "jax-ml/jax"
search_term = "jax"
"""


@pytest.fixture(scope="module")
def prefect_api(shared_folder: Path) -> Iterator[str]:
    """A Prefect server for the runs of this file: each would start one of its own, which takes ten seconds."""
    port = free_port()
    command = [str(Path(sys.executable).parent / "prefect"), "server", "start", "--port", str(port)]
    environment = os.environ | OFFLINE | {"PREFECT_HOME": str(shared_folder / "prefect-server")}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as server:
        try:
            _wait_until_it_answers(f"http://127.0.0.1:{port}/api/health")
            yield f"http://127.0.0.1:{port}/api"
        finally:
            os.killpg(server.pid, signal.SIGTERM)


def free_port() -> int:
    """A port of this machine where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_answers(url: str) -> None:
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline:
        with suppress(requests.ConnectionError):
            if requests.get(url, timeout=5).ok:
                return
        time.sleep(0.2)
    pytest.fail(f"{url} does not answer")


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
    """Rows without run_id (a new one each run) and, since the key of each warehouse differs, without author keys."""
    columns = [name for name, *_ in con.table(f"raw.{table}").description]
    keep = [name for name in columns if name not in {"run_id", "author_key", "content_id", "answer_id"}]
    return sorted(con.table(f"raw.{table}").select(*keep).fetchall(), key=repr)


def test_the_last_line_is_the_path_of_a_report_that_is_there(demo: Demo) -> None:
    page = Path(demo.stdout.splitlines()[-1])
    assert page == demo.data / "reports" / "2021-06-25" / "report.html"
    assert page.is_file()
    assert (demo.data / "reports" / "latest" / "metrics.csv").is_file()


def test_progress_is_one_plain_line_for_each_step_when_nobody_watches(demo: Demo) -> None:
    ended = [line.split(":")[0].split(maxsplit=1)[1] for line in demo.stderr.splitlines() if ": " in line]
    for step in ("git_history tensorflow/tensorflow", "pypi_downloads torch", "github_repository keras-team/keras"):
        assert ended.count(step) == 1


def test_a_second_night_at_the_same_moment_changes_no_row(demo: Demo, tmp_path: Path, prefect_api: str) -> None:
    shutil.copytree(demo.data, tmp_path / "demo", symlinks=True)
    before = facts_of(tmp_path / "demo" / "warehouse.duckdb")
    again = run_trends("--data", str(tmp_path), "nightly", "--replay", PREFECT_API_URL=prefect_api)
    assert again.returncode == 0, again.stderr
    assert facts_of(tmp_path / "demo" / "warehouse.duckdb") == before
    assert sum(map(len, before.values())) > 150_000


def test_keras_has_exactly_the_independent_figures(demo: Demo) -> None:
    with (ROOT / "tests" / "fixtures" / "expected_monthly_from_logs.csv").open(encoding="utf-8") as file:
        expected = {
            row["month"]: (int(row["commits_nonmerge"]), int(row["authors_month"]), int(row["first_time_authors"]))
            for row in csv.DictReader(file)
            if row["repo"] == "keras-team_keras" and row["month"] < "2021-06-01"
        }
    run = run_trends(
        "--data", str(demo.data), "sql", "--format", "json",
        "SELECT month, metric, value FROM monthly_metrics WHERE framework = 'keras'"
        " AND metric IN ('commits', 'active_contributors', 'new_contributors') AND month < '2021-06-01'",
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    values = {(row["month"], row["metric"]): row["value"] for row in json.loads(run.stdout)}
    metrics = ("commits", "active_contributors", "new_contributors")
    assert len(expected) == 75
    assert {month: tuple(values[month, metric] for metric in metrics) for month in expected} == expected


def test_the_search_series_of_the_demo_is_marked_synthetic(demo: Demo) -> None:
    with open_published(demo.published) as con:
        marks = con.execute("SELECT DISTINCT is_synthetic FROM search_interest_weekly").fetchall()
    assert marks == [(True,)]


def test_a_framework_is_added_in_config_alone_and_the_report_says_that_it_has_no_data(
    demo: Demo, tmp_path: Path, prefect_api: str
) -> None:
    shutil.copytree(demo.data, tmp_path / "demo", symlinks=True)
    config = tmp_path / "config.toml"
    config.write_text((ROOT / "config.toml").read_text(encoding="utf-8") + JAX, encoding="utf-8")
    run = run_trends(
        "--config", str(config), "--data", str(tmp_path), "nightly", "--replay", PREFECT_API_URL=prefect_api
    )
    assert run.returncode == 1, run.stderr
    page = Path(run.stdout.splitlines()[-1]).read_text(encoding="utf-8")
    assert "The last run got nothing new from git history for jax-ml/jax" in page
    with open_published(tmp_path / "demo" / "published.duckdb") as con:
        frameworks = {name for (name,) in con.execute("SELECT framework FROM frameworks").fetchall()}
    assert frameworks == {"tensorflow", "pytorch", "keras", "jax"}


def test_without_any_network_it_says_so_once_a_step_and_loses_nothing(
    demo: Demo, tmp_path: Path, prefect_api: str
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(demo.warehouse, data / "warehouse.duckdb")
    before = facts_of(data / "warehouse.duckdb")
    config = tmp_path / "config.toml"
    config.write_text(_config_where_nobody_listens(), encoding="utf-8")
    began = time.monotonic()
    run = run_trends(
        "--config", str(config), "--data", str(data), "nightly", "--as-of", "2021-06-26",
        PREFECT_API_URL=prefect_api,
    )  # fmt: skip
    assert time.monotonic() - began < 120
    assert run.returncode == 1
    assert len([line for line in run.stderr.splitlines() if line.startswith("failed")]) == 15
    assert "Traceback" not in run.stderr
    after = facts_of(data / "warehouse.duckdb")
    assert all(set(map(repr, before[table])) <= set(map(repr, after[table])) for table in before)


def test_a_run_beside_another_ends_with_one_line_that_names_its_process(demo: Demo, tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    shutil.copy(demo.warehouse, tmp_path / "demo" / "warehouse.duckdb")
    with open_warehouse(tmp_path / "demo" / "warehouse.duckdb"):
        run = run_trends("--data", str(tmp_path), "nightly", "--replay")
    assert run.returncode == 3
    assert len(run.stderr.splitlines()) == 1
    assert f"process {os.getpid()}" in run.stderr


def test_a_killed_night_leaves_what_an_undisturbed_one_would(demo: Demo, tmp_path: Path, prefect_api: str) -> None:
    kill_when(lambda line: "pypi_releases" in line, tmp_path, prefect_api)
    again = run_trends("--data", str(tmp_path), "nightly", "--replay", PREFECT_API_URL=prefect_api)
    assert again.returncode == 0, again.stderr
    assert facts_of(tmp_path / "demo" / "warehouse.duckdb") == facts_of(demo.warehouse)
    with open_published(tmp_path / "demo" / "published.duckdb") as con:
        ended = con.execute("SELECT DISTINCT run_id, run_status FROM collection_runs").fetchall()
    assert sorted(status for _, status in ended) == ["interrupted", "ok"]


def kill_when(sign: Callable[[str], bool], data: Path, prefect_api: str) -> None:
    """Start a night, and end its whole process group with SIGKILL at the first line that `sign` knows."""
    command = [str(Path(sys.executable).parent / "trends"), "--data", str(data), "nightly", "--replay"]
    environment = os.environ | OFFLINE | {"PREFECT_API_URL": prefect_api}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stderr is not None
        next(line for line in process.stderr if sign(line))
        os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


def _config_where_nobody_listens() -> str:
    """The frameworks of config.toml, every upstream on a port of this machine where nobody listens."""
    dead = f"http://127.0.0.1:{free_port()}"
    frameworks = (ROOT / "config.toml").read_text(encoding="utf-8").split("[sources.")[0]
    urls = {
        "google_trends": ["base_url"],
        "pypi_downloads": ["base_url", "pypistats_url", "top_packages_url", "top_packages_history_url"],
        "pypi_releases": ["index_url"],
        "git_history": ["base_url"],
        "github_repository": ["base_url"],
    }
    tables = [
        f"[sources.{source}]\n" + "".join(f'{name} = "{dead}"\n' for name in names) for source, names in urls.items()
    ]
    return frameworks + "\n".join(tables)
