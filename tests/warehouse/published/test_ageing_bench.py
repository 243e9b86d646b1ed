"""The meter of old warehouses works, so that it can be asked: what it measures is no matter of a test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any


def test_the_meter_gives_its_table(demo: Any, project: Path) -> None:
    command = [sys.executable, "tests/bench/ageing.py", "--demo", str(demo.warehouse), "1", "3"]
    done = subprocess.run(command, cwd=project, env={"PYTHONPATH": "."}, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert lines[0].split() == ["after", "so", "many", "nights", "1", "3"]
    for name in ("night, CPU s", "memory, MB", "slowest question, ms", "published, MB"):
        (line,) = [line for line in lines if line.startswith(name)]
        assert all(float(figure) > 0 for figure in line.removeprefix(name).split())
    assert "times the first" in lines[-2]
