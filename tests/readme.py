"""Asks every query that README.md shows anew on the demo's warehouse and writes the answers into it: `make readme`."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHOWN = re.compile(r"(```console\n\$ \.venv/bin/trends (--data data/demo sql .*?)\n)(.*?)(```)", re.DOTALL)


def _answer(shown: re.Match[str]) -> str:
    trends = Path(sys.executable).parent / "trends"
    command = [trends, *shlex.split(shown[2])]
    said = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return f"{shown[1]}{said.rstrip()}\n{shown[4]}"


if __name__ == "__main__":
    readme = ROOT / "README.md"
    readme.write_text(SHOWN.sub(_answer, readme.read_text("utf-8")), "utf-8")
