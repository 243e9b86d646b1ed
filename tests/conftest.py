"""What all tests share: one run of the demo, made once whatever the number of test processes."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[1]
OFFLINE = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1", "NO_COLOR": "1"}


@dataclass(frozen=True)
class Demo:
    """What `trends nightly --replay` left behind. Read-only: copy a file before changing it."""

    data: Path
    stdout: str
    stderr: str

    @property
    def warehouse(self) -> Path:
        return self.data / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        return self.data / "published.duckdb"


def run_trends(*arguments: str, cwd: Path = ROOT, prefect_home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The installed command in a process of its own, as a user would start it."""
    environment = os.environ | OFFLINE | ({"PREFECT_HOME": str(prefect_home)} if prefect_home else {})
    command = [str(Path(sys.executable).parent / "trends"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, timeout=300, check=False)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A temporary folder that all test processes of this run see."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def demo(shared_folder: Path) -> Demo:
    """The demo's data folder after one night; the first test that needs it waits about half a minute."""
    data, said = shared_folder / "trends-demo", shared_folder / "trends-demo.said"
    with FileLock(shared_folder / "trends-demo.lock"):
        if not said.exists():
            run = run_trends("--data", str(data), "nightly", "--replay", prefect_home=shared_folder / "prefect")
            assert run.returncode == 0, f"the demo ended with {run.returncode}\n{run.stdout}\n{run.stderr}"
            said.write_text(f"{run.stdout}\x00{run.stderr}", encoding="utf-8")
        stdout, stderr = said.read_text(encoding="utf-8").split("\x00")
    return Demo(data / "demo", stdout, stderr)
