"""Every fault of every service, one at a time: what is right, and what is seen. `python -m tests.faults.matrix` writes
matrix.md anew; a test fails where it is not what is seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from flows.sources.errors import SourceError, TransientError
from tests.faults.attacks import ATTACKS
from tests.faults.expected import LATER, OWN, PART, PERSON, expected, of
from tests.faults.faults import TOO_SLOW, faults_of
from tests.faults.services import Services, services
from warehouse.open import open_warehouse
from warehouse.rows import Answer
from warehouse.save import save_answers

FILE = Path(__file__).with_name("matrix.md")
_HEAD = """# Faults

Made by `python -m tests.faults.matrix`, which asks every service on loopback with every fault, and checked by
`tests/faults/test_matrix.py`. After each fault the service is well again and has to give what it always gave; whatever
it gave meanwhile is saved, which has to go well too.

A service that stands in is asked while those before it are out of order, so its faults are those of a night on which
several services fail at once.
"""


@dataclass(frozen=True)
class Cell:
    """A service, its fault, what came of it, and how often it was asked for that, where that is sure."""

    service: str
    fault: str
    seen: str
    asked: str

    @property
    def expected(self) -> str:
        """What is right."""
        return expected(self.service, self.fault)


class NotHealedError(Exception):
    """A service that is well again does not give what it gave before its fault."""


def cells() -> Iterator[Cell]:
    """Every cell of the matrix. Raises NotHealedError, and whatever is raised that is no SourceError."""
    with TemporaryDirectory() as name, open_warehouse(Path(name) / "w.duckdb") as con, services(Path(name)) as world:
        for service in world.upstreams:
            usual = _rows(list(world.fetch(service)))
            for fault in faults_of(service):
                yield _cell(world, con, service, fault)
                world.heal()
                if _rows(list(world.fetch(service))) != usual:
                    raise NotHealedError(f"{service} after {fault}")
                world.heal()


def _cell(world: Services, con: duckdb.DuckDBPyConnection, service: str, name: str) -> Cell:
    answers: list[Answer] = []
    error = None
    world.heal()
    world.hasty = service if name in TOO_SLOW else None
    asking = world.fetch(service)
    world.upstreams[service].fault = faults_of(service)[name]
    try:
        answers.extend(asking)
    except SourceError as found:
        error = found
    world.hasty = None
    save_answers(con, f"{service} {name}", answers)
    asked = (
        "" if name in TOO_SLOW else str(world.upstreams[service].asked)
    )  # a request may come when nobody waits for it
    return Cell(service, name, outcome(service, answers, error), asked)


def _rows(answers: list[Answer]) -> list[tuple[object, ...]]:
    return [tuple(answer.rows) for answer in answers]


def outcome(service: str, answers: list[Answer], error: SourceError | None) -> str:
    """What came of asking `service`, in the words of the matrix."""
    tellers = {answer.service for answer in answers if answer.rows}
    if error is None:
        (teller,) = tellers or {"nobody"}
        return OWN if teller == service else of(teller)
    if tellers:
        return PART
    return LATER if isinstance(error, TransientError) else PERSON


def written(found: list[Cell]) -> str:
    """The text of matrix.md."""
    lines = [_HEAD]
    for service in dict.fromkeys(cell.service for cell in found):
        lines += [f"\n## {service}\n", "| fault | right | seen | asked |", "| --- | --- | --- | ---: |"]
        lines += [f"| {c.fault} | {c.expected} | {c.seen} | {c.asked} |" for c in found if c.service == service]
    lines += ["\n## Of the machine and of the upstreams together\n", "| fault | right | test |", "| --- | --- | --- |"]
    lines += [f"| {a.fault} | {a.right} | {'<br>'.join(f'`{test}`' for test in a.tests)} |" for a in ATTACKS]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.write_text(written(list(cells())), encoding="utf-8")
