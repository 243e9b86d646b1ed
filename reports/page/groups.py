"""Many frameworks: report.html is an overview then, and the frameworks of each group have a page beside it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from reports.facts import Facts
from reports.wording import listed, short_label


@dataclass(frozen=True, slots=True)
class Group:
    """Frameworks that share a page: their keys, a name for people, the file beside report.html."""

    file: str
    name: str
    keys: frozenset[str]


def groups_of(facts: Facts, size: int | None) -> tuple[Group, ...]:
    """The frameworks in the order of config.toml, as even groups of at most `size`; () where one page holds all."""
    items = facts.frameworks
    if size is None or len(items) <= size:
        return ()
    number = -(-len(items) // size)
    ends = [len(items) * place // number for place in range(number + 1)]
    return tuple(
        Group(
            file=f"group-{place}.html",
            name=_name([short_label(item.label) for item in items[first:last]]),
            keys=frozenset(item.framework for item in items[first:last]),
        )
        for place, (first, last) in enumerate(pairwise(ends), 1)
    )


def _name(labels: list[str]) -> str:
    return listed(labels) if len(labels) < 3 else f"{labels[0]} to {labels[-1]}"
