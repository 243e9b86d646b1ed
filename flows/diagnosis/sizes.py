"""How large the parts of the data folder are, and by how much a night they grow: for status, and for doctor.

Each night keeps its sizes in log/sizes.json: {"2026-11-25": {"warehouse.duckdb": 11284480, ...}}, a year of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from flows.process.private import OURS

KEPT = timedelta(days=366)
_FILE = Path("log", "sizes.json")
Sizes = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Part:
    """A file or folder of the data folder. `bytes_a_night` is None before two nights have passed."""

    name: str
    bytes: int
    bytes_a_night: float | None


def parts(data: Path, today: date) -> list[Part]:
    """Every part that is there, the largest first; its growth since the oldest night that is kept."""
    now, nights = sizes(data), _nights(data)
    first = min((day for day in nights if day < today), default=None)
    grown = {
        name: (size - nights[first].get(name, 0)) / (today - first).days for name, size in now.items()
    } if first else {}  # fmt: skip
    found = [Part(name, size, grown.get(name)) for name, size in now.items()]
    return sorted(found, key=lambda part: (-part.bytes, part.name))


def sizes(data: Path) -> Sizes:
    """Bytes of every part that is there, links left out."""
    return {name: _size(data / name) for name in OURS if (data / name).exists()}


def remember(data: Path, day: date) -> None:
    """Keep the sizes of this day. A disk that is full costs them alone."""
    nights = {**_nights(data), day: sizes(data)}
    kept = {str(night): told for night, told in sorted(nights.items()) if day - KEPT <= night <= day}
    partial = data / f"{_FILE}.partial"
    with suppress(OSError):
        partial.parent.mkdir(mode=0o700, exist_ok=True)
        partial.write_text(json.dumps(kept), "ascii")
        partial.replace(data / _FILE)


def _nights(data: Path) -> dict[date, Sizes]:
    """What was kept; nothing where that cannot be read."""
    try:
        kept = json.loads((data / _FILE).read_text("ascii"))
        return {date.fromisoformat(day): {str(n): int(s) for n, s in told.items()} for day, told in kept.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with suppress(OSError):  # just removed
                total += Path(folder, name).lstat().st_size
    return total
