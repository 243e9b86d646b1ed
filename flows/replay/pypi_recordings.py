"""The recorded PyPI figures that ship; recordings/pypi/README.md says where each file is from."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "recordings" / "pypi"


@cache
def recorded(name: str) -> tuple[Mapping[str, str], ...]:
    """The rows of a recording, name without endings."""
    with gzip.open(FOLDER / f"{name}.csv.gz", "rt", newline="", encoding="utf-8") as file:
        return tuple(csv.DictReader(file))
