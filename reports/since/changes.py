"""What has changed since something was last told: verdicts, breaks, levels past a threshold, sources that went or came.

A state is what a report or a list was told, as JSON keeps it; two of them are compared.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from typing import Any

from reports.compare import SummaryRow
from reports.facts import Facts, Mark
from reports.sentences import labels_of, mark_text
from reports.signals import SIGNALS, Signal
from reports.wording import clean_label, compact, first_ones, listed, long_day, short_label, told
from warehouse.catalogue.services import name_of_source
from warehouse.read.report import ClaimCheck

State = Mapping[str, Any]
Level = tuple[str, str, float]  # framework, metric, level in the unit of the charts
MOST = 12  # texts that are told of one earlier report; the rest as a number


@dataclass(frozen=True, slots=True)
class Since:
    """What has changed since an earlier report: `day` is the day that it is of, `texts` may be empty."""

    day: date
    texts: tuple[str, ...]

    @property
    def title(self) -> str:
        return f"Since the report of {long_day(self.day)}"


def state_of(facts: Facts, rows: Sequence[SummaryRow]) -> State:
    """verdicts and levels by "framework metric"; breaks that are known; stale sources; verdicts on claims."""
    stale = {f"{age.source} {age.entity}" for age in facts.ages if age.status == "stale"}
    return {
        "verdicts": {_key(row): row.verdict for row in rows},
        "levels": {_key(row): row.level for row in rows},
        "breaks": sorted(_breaks(facts)),
        "stale": sorted(stale),
        "claims": {_claim_key(row): row.verdict for row in facts.claims},
    }


def state_text(state: State) -> str:
    """The state as the ledger keeps it."""
    return json.dumps(state, sort_keys=True, separators=(",", ":"))


def since_before(facts: Facts, rows: Sequence[SummaryRow]) -> tuple[Since, ...]:
    """Since the last report, and since the last one that is four weeks old, where that is another; () on a first."""
    now = state_of(facts, rows)
    return tuple(
        Since(earlier.as_of, _at_most(_differences(json.loads(earlier.said), now, facts, rows)))
        for earlier in facts.earlier
    )


def changes(
    before: State, after: State, facts: Facts, rows: Sequence[SummaryRow], thresholds: Iterable[Level]
) -> list[str]:
    """Each change as a short text, in the order of the rows; empty where nothing changed that a reader waits for."""
    names = _names(rows)
    return [
        *_flipped(before, after, names),
        *_passed(before, after, names, thresholds),
        *_judged_anew(before, facts),
        *_sources(before, after, facts),
    ]


def _differences(before: State, after: State, facts: Facts, rows: Sequence[SummaryRow]) -> list[str]:
    return [
        *_flipped(before, after, _names(rows)),
        *_judged_anew(before, facts),
        *_new_breaks(before, facts),
        *_sources(before, after, facts),
    ]


def _at_most(texts: Sequence[str]) -> tuple[str, ...]:
    shown, left = first_ones(texts, MOST)
    return (*shown, f"{left} more changes") if left else tuple(shown)


def _names(rows: Sequence[SummaryRow]) -> dict[str, str]:
    return {_key(row): f"{short_label(row.label)}, {row.signal.noun}" for row in rows}


def _key(row: SummaryRow) -> str:
    return f"{row.framework} {row.signal.metric}"


def _flipped(before: State, after: State, names: Mapping[str, str]) -> Iterator[str]:
    for key, verdict in after["verdicts"].items():
        was = before["verdicts"].get(key, verdict)
        if was != verdict:
            yield f"{names[key]}: {verdict}, was {was}"


def _claim_key(row: ClaimCheck) -> str:
    return f"{row.claim}: {row.reading}"


def _judged_anew(before: State, facts: Facts) -> Iterator[str]:
    """Claims of which something else is said now; nothing of those that are new."""
    known = before.get("claims", {})
    for row in facts.claims:
        was = known.get(_claim_key(row), row.verdict)
        if was != row.verdict:
            yield f'Claim "{told(row.quote)}", {told(row.reading)}: {row.verdict}, was {was}'


def _passed(before: State, after: State, names: Mapping[str, str], thresholds: Iterable[Level]) -> Iterator[str]:
    for framework, metric, level in thresholds:
        key = f"{framework} {metric}"
        was, now = before["levels"].get(key), after["levels"].get(key)
        if was is not None and now is not None and (was < level) != (now < level):
            yield f"{names[key]}: {'below' if now < level else 'above'} {compact(level)} now, at {compact(now)}"


# ---- breaks ---------------------------------------------------------------------------------------------------------


def _breaks(facts: Facts) -> dict[str, tuple[Signal, Mark]]:
    """The breaks that touch a signal of these frameworks, those after the period too, by what they are known by."""
    tracked = {item.framework for item in facts.frameworks}
    found: dict[str, tuple[Signal, Mark]] = {}
    for signal in SIGNALS:
        for row in facts.breaks:
            keys = frozenset(key for key, metric, _ in row.touches if metric == signal.metric and key in tracked)
            if keys:
                mark = Mark("", row.effective_on, row.ends_on, row.kind, told(row.what_changed).rstrip("."), keys)
                found[f"{signal.metric} {row.effective_on} {row.kind} {row.entity}"] = (signal, mark)
    return found


def _new_breaks(before: State, facts: Facts) -> Iterator[str]:
    """Breaks that nobody knew of then; nothing where what was known then was not written down."""
    known = before.get("breaks")
    for key, (signal, mark) in _breaks(facts).items():
        if known is not None and key not in known:
            yield f"New break in {signal.noun}, {mark_text(facts, signal, mark).rstrip('.')}"


# ---- sources --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Asked:
    source: str
    entity: str


def _sources(before: State, after: State, facts: Facts) -> Iterator[str]:
    """Sources whose figures went stale, or are no longer; what is no longer tracked has not come back."""
    older, newer = _asked(before), _asked(after)
    yield from _in_words(newer - older, "stale, no news", facts)
    tracked = {_Asked(age.source, age.entity) for age in facts.ages}
    yield from _in_words((older - newer) & tracked, "back", facts)


def _asked(state: State) -> set[_Asked]:
    return {_Asked(source, entity) for source, _, entity in (key.partition(" ") for key in state["stale"])}


def _in_words(asked: Collection[_Asked], what: str, facts: Facts) -> Iterator[str]:
    """One text a source, for all frameworks that it concerns."""
    for source in sorted({one.source for one in asked}):
        group = sorted((one for one in asked if one.source == source), key=attrgetter("entity"))
        whom = labels_of(facts, facts.asked_for(group)) or listed([clean_label(one.entity) for one in group])
        yield f"{name_of_source(source)}, {whom}: {what}"
