"""The meter of old warehouses works, so that it can be asked: what it measures is no matter of a test."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.conftest import open_few_rows
from warehouse.rows import Answer, Commit, Release, StarDay
from warehouse.save import save_answers

NOON = datetime(2021, 6, 20, 12, tzinfo=UTC)
REPOSITORY = "pytorch/pytorch"


def test_the_meter_gives_its_table(empty_warehouse: Path, tmp_path: Path, project: Path) -> None:
    """After one number of nights, on a history of one commit, one day of stars and one release: more takes longer."""
    recorded = Path(shutil.copy(empty_warehouse, tmp_path / "recorded.duckdb"))
    commit = Commit(REPOSITORY, "c" * 40, "someone", "person", NOON.date(), False)
    with open_few_rows(recorded) as con:
        save_answers(con, "r", [
            Answer("git", REPOSITORY, "{}", NOON, (commit,)),
            Answer("github", REPOSITORY, "{}", NOON, (StarDay(REPOSITORY, NOON.date(), 9),)),
            Answer("pypi_index", "torch", "{}", NOON, (Release("torch", "1.0", NOON, False, False),)),
        ])  # fmt: skip
    command = [sys.executable, "tests/bench/ageing.py", "--demo", str(recorded), "2"]
    done = subprocess.run(command, cwd=project, env={"PYTHONPATH": "."}, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert lines[0].split() == ["after", "so", "many", "nights", "2"]
    for name in ("night, CPU s", "memory, MB", "slowest question, ms", "published, MB"):
        (line,) = [line for line in lines if line.startswith(name)]
        assert all(float(figure) > 0 for figure in line.removeprefix(name).split())
    assert "times the first" in lines[-2]
