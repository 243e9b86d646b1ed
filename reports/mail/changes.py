"""What has changed for a list since it was last told: verdicts, levels past a threshold, sources that went or came.

A state is what a list was told, as JSON keeps it; two of them are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from reports.compare import SummaryRow
from reports.facts import Facts
from reports.wording import compact, short_label
from warehouse.catalogue.services import source_of

State = Mapping[str, Any]
Level = tuple[str, str, float]  # framework, metric, level in the unit of the charts


def state_of(facts: Facts, rows: Sequence[SummaryRow]) -> State:
    """verdicts and levels by "framework metric"; of which sources and entities the figures are stale."""
    stale = {f"{source_of(age.service)} {age.entity}" for age in facts.ages if age.status == "stale"}
    return {
        "verdicts": {_key(row): row.verdict for row in rows},
        "levels": {_key(row): row.level for row in rows},
        "stale": sorted(stale),
    }


def changes(before: State, after: State, rows: Sequence[SummaryRow], thresholds: Iterable[Level]) -> list[str]:
    """Each change as a short text, in the order of the rows; empty where nothing changed that a reader waits for."""
    names = {_key(row): f"{short_label(row.label)}, {row.signal.noun}" for row in rows}
    return [*_flipped(before, after, names), *_passed(before, after, names, thresholds), *_sources(before, after)]


def _key(row: SummaryRow) -> str:
    return f"{row.framework} {row.signal.metric}"


def _flipped(before: State, after: State, names: Mapping[str, str]) -> Iterator[str]:
    for key, verdict in after["verdicts"].items():
        was = before["verdicts"].get(key, verdict)
        if was != verdict:
            yield f"{names[key]}: {verdict}, was {was}"


def _passed(before: State, after: State, names: Mapping[str, str], thresholds: Iterable[Level]) -> Iterator[str]:
    for framework, metric, level in thresholds:
        key = f"{framework} {metric}"
        was, now = before["levels"].get(key), after["levels"].get(key)
        if was is not None and now is not None and (was < level) != (now < level):
            yield f"{names[key]}: {'below' if now < level else 'above'} {compact(level)} now, at {compact(now)}"


def _sources(before: State, after: State) -> Iterator[str]:
    older, newer = set(before["stale"]), set(after["stale"])
    yield from (f"{what}: no news, stale" for what in sorted(newer - older))
    yield from (f"{what}: back" for what in sorted(older - newer))
