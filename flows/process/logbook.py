"""What nights do, as JSON lines in log/nights.jsonl of the data folder: for programs, and for who looks months later.

A line is {"at", "run", "name", "status", "note"}. No address of a person is in it, and no secret, because none is in
the lines that people see. Full files are kept for a while, nights.jsonl.1 being the youngest; a disk that is full costs
the lines alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from pathlib import Path

from flows.process.progress import Progress
from warehouse.printable import printable

LARGEST_BYTES = 2**20
KEPT_FILES = 4
_ADDRESS = re.compile(r"[^\s<>\"']+@[^\s<>\"',;:]+")


class Logbook:
    """Progress that is also written down. `told` is what people see; `now` says what time it is, UTC."""

    def __init__(self, told: Progress, path: Path, run_id: str, now: Callable[[], datetime]) -> None:
        self._told = told
        self._path = path
        self._run_id = run_id
        self._now = now

    def begin(self, name: str) -> None:
        """What ends is written down; what only began, the ledger knows."""
        self._told.begin(name)

    def end(self, name: str, status: str, note: str) -> None:
        self._told.end(name, status, note)
        self.write(name, status, note)

    def waiting(self, what: str) -> AbstractContextManager[None]:
        return self._told.waiting(what)

    def write(self, name: str, status: str, note: str) -> None:
        """A line that people do not see."""
        said = {"name": name, "status": status, "note": note}
        plain = {key: _ADDRESS.sub("(address)", printable(value)) for key, value in said.items()}
        line = json.dumps({"at": f"{self._now():%Y-%m-%dT%H:%M:%SZ}", "run": self._run_id} | plain, ensure_ascii=False)
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            self._rotate()
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")

    def _rotate(self) -> None:
        if not self._path.exists() or self._path.stat().st_size < LARGEST_BYTES:
            return
        for number in range(KEPT_FILES, 0, -1):
            younger = self._aged(number - 1)
            if younger.exists():
                younger.replace(self._aged(number))

    def _aged(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}") if number else self._path
