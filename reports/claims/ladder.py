"""Why a number of contributors is not another one: a line for each step, with a figure for each framework."""

from __future__ import annotations

from dataclasses import dataclass

from reports.facts import Facts
from reports.wording import MINUS, NO_FIGURE, exact, short_label
from warehouse.read.report import LadderStep


@dataclass(frozen=True, slots=True)
class Rung:
    """How many there are on a step, and the difference to the step before; the first has none."""

    people: str
    difference: str


@dataclass(frozen=True, slots=True)
class Ladder:
    """`spans`: for each framework from how many people to how many addresses its authors are."""

    labels: tuple[str, ...]
    lines: tuple[tuple[str, tuple[Rung, ...]], ...]
    spans: tuple[str, ...]


def ladder(facts: Facts) -> Ladder | None:
    """None where nobody has been counted like that yet."""
    found = {(row.step, row.framework): row for row in facts.ladder}
    told = {row.step: row.explanation for row in facts.ladder}
    items = [item for item in facts.frameworks if (1, item.framework) in found]
    if not items:
        return None
    lines = tuple(
        (explanation, tuple(_rung(found.get((step, item.framework))) for item in items))
        for step, explanation in sorted(told.items())
    )
    counts = {(row.name, row.framework): exact(row.people) for row in facts.ladder}
    ends = [(counts["people", item.framework], counts["addresses", item.framework]) for item in items]
    spans = tuple(low if low == high else f"{low} to {high}" for low, high in ends)
    return Ladder(tuple(short_label(item.label) for item in items), lines, spans)


def _rung(row: LadderStep | None) -> Rung:
    if row is None:
        return Rung(NO_FIGURE, "")
    step = row.difference
    return Rung(exact(row.people), "" if step is None else f"{'+' if step > 0 else MINUS if step else ''}{abs(step):,}")
