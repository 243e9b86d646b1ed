"""What the figures say in words: one sentence a framework, a finding a signal, and what is wrong with the report."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from reports.compare import Ratio, SummaryRow, search_ratio
from reports.facts import Facts
from reports.signals import SIGNALS, Signal
from reports.wording import (
    clean_label,
    listed,
    long_day,
    percent,
    percent_range,
    sentence,
    short_label,
    times,
)
from warehouse.catalogue.services import name_of
from warehouse.read.report import FailedStep, Framework, SourceAge


def framework_sentences(facts: Facts, rows: Sequence[SummaryRow]) -> dict[str, str]:
    """Framework key -> what its figures say, without its name in front."""
    return {item.framework: _framework_sentence(facts, rows, item) for item in facts.frameworks}


def _framework_sentence(facts: Facts, rows: Sequence[SummaryRow], item: Framework) -> str:
    mine = [row for row in rows if row.framework == item.framework]
    if all(row.verdict == "no data" for row in mine):
        return "No data yet."
    standing = _standing(search_ratio(facts, rows, item.framework), is_synthetic=facts.is_synthetic(SIGNALS[0]))
    parts = [standing, _clear_changes(mine), _unclear_changes(mine), _withheld(mine), _missing(mine)]
    text = "; ".join(part for part in parts if part)
    return sentence(text[:1].upper() + text[1:]) + _disagreement(mine)


def _standing(ratio: Ratio | None, *, is_synthetic: bool) -> str:
    """Where the framework stands in search interest; what is made up is called so here, once in the sentence."""
    if ratio is None:
        return ""
    other = short_label(ratio.other)
    if ratio.is_level:
        return f"search interest{' (synthetic)' if is_synthetic else ''} level with {other}"
    span = f"{times(ratio.low)} to {times(ratio.high)}{'; synthetic' if is_synthetic else ''}"
    return f"{times(ratio.value)} times {other}'s search interest ({span})"


def _clear_changes(rows: Sequence[SummaryRow]) -> str:
    changes = [f"{row.signal.noun} {change_text(row)}" for row in rows if row.verdict in ("up", "down")]
    return f"{listed(changes)} on the year before" if changes else ""


def change_text(row: SummaryRow) -> str:
    """up 12 % (8 to 17 %); no clear change (-3 to +5 %); not comparable; no data."""
    if row.change is None or row.low is None or row.high is None:
        return row.verdict
    if row.verdict == "no clear change":
        return f"no clear change ({percent_range(row.low, row.high)})"
    return f"{row.verdict} {percent(abs(row.change))} ({percent_range(row.low, row.high)})"


def _unclear_changes(rows: Sequence[SummaryRow]) -> str:
    unclear = [
        f"{row.signal.noun} ({percent_range(row.low, row.high)})"
        for row in rows
        if row.verdict == "no clear change" and row.low is not None and row.high is not None
    ]
    return f"no clear change in {listed(unclear)}" if unclear else ""


def _withheld(rows: Sequence[SummaryRow]) -> str:
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row.verdict == "not comparable":
            reasons.setdefault(row.reason.rstrip("."), []).append(row.signal.noun)
    return "; ".join(f"{listed(nouns)} not comparable: {_lowered(reason)}" for reason, nouns in reasons.items())


def _lowered(text: str) -> str:
    """With a small first letter, unless the first word is a name."""
    first = text.split(" ", 1)[0]
    return text if first[1:] != first[1:].lower() else text[:1].lower() + text[1:]


def _missing(rows: Sequence[SummaryRow]) -> str:
    nouns = [row.signal.noun for row in rows if row.verdict == "no data"]
    return f"no data yet on {listed(nouns)}" if nouns else ""


def _disagreement(rows: Sequence[SummaryRow]) -> str:
    return " The signals disagree." if {"up", "down"} <= {row.verdict for row in rows} else ""


def finding(signal: Signal, rows: Sequence[SummaryRow]) -> str:
    """The heading of a signal's section: who is ahead, by how much of all, and who clearly moved."""
    mine = [row for row in rows if row.signal is signal]
    known = sorted((row for row in mine if row.value), key=lambda row: -(row.value or 0))
    if not known:
        return "No figures for this period"
    first = known[0]
    moved = f" and is {first.verdict}" if first.verdict in ("up", "down") and first.share is not None else ""
    others = [row for row in mine if row is not first or not moved]
    return "; ".join(part for part in (_lead(known) + moved, _movers(others)) if part)


def _lead(known: Sequence[SummaryRow]) -> str:
    first = known[0]
    if len(known) == 1:
        return f"Figures for {short_label(first.label)} only"
    if first.share is None:
        return "Not counted alike, so no ranking"
    return f"{short_label(first.label)} has {percent(first.share)} of {_all_of(len(known))}"


def _movers(rows: Sequence[SummaryRow]) -> str:
    groups = {verdict: [short_label(row.label) for row in rows if row.verdict == verdict] for verdict in ("up", "down")}
    return ", ".join(f"{listed(labels)} {verdict}" for verdict, labels in groups.items() if labels)


def _all_of(number: int) -> str:
    words = {2: "the two", 3: "the three", 4: "the four", 5: "the five", 6: "the six"}
    return words.get(number, f"all {number}")


def headline(facts: Facts, rows: Sequence[SummaryRow]) -> str:
    """The one most important thing: sources that went stale, else the largest clear change that was measured."""
    stale = sorted({name_of(age.service) for age in facts.ages if age.status in ("stale", "never")})
    if stale:
        return f"{listed(stale)} stale"
    clear = [row for row in rows if row.verdict in ("up", "down") and not row.is_synthetic and (row.change or 0) > -1]
    if not clear:
        return "no clear change"
    largest = max(clear, key=lambda row: abs(math.log1p(row.change or 0)))
    change = percent(abs(largest.change or 0))
    return f"{short_label(largest.label)} {largest.signal.noun} {largest.verdict} {change}"


def problems(facts: Facts, rows: Sequence[SummaryRow]) -> tuple[str, ...]:
    """What a reader has to know before the figures: stale sources, withheld signals, missing data, failed checks."""
    return (
        *_without_data(facts, rows),
        *_synthetic(facts),
        *_stale(facts.ages),
        *_withheld_signals(facts, rows),
        *_failed_checks(facts),
        *_steps(
            (step for step in facts.failed_steps if not step.has_rows),
            "The last run got nothing new from {source} for {entities}: {why}.",
        ),
        *_steps(
            (step for step in facts.failed_steps if step.has_rows),
            "The last run got only a part from {source} for {entities}: {why}.",
        ),
        *_steps(facts.stand_ins, "A service that stands in brought {source} for {entities}: {why}."),
        *(sentence(f"{name_of(doubt.service)}: {clean_label(doubt.note)}") for doubt in facts.doubts),
    )


def _without_data(facts: Facts, rows: Sequence[SummaryRow]) -> list[str]:
    without = [
        short_label(item.label)
        for item in facts.frameworks
        if all(row.verdict == "no data" for row in rows if row.framework == item.framework)
    ]
    found = [f"No data yet for {listed(without)}."] if without else []
    for signal in SIGNALS:
        missing = [row for row in rows if row.signal is signal and row.verdict == "no data"]
        names = [short_label(row.label) for row in missing if short_label(row.label) not in without]
        if names:
            found.append(f"{signal.title}: no data yet for {listed(names)}.")
    return found


def _synthetic(facts: Facts) -> list[str]:
    titles = [signal.title for signal in SIGNALS if facts.is_synthetic(signal)]
    return [f"{title} is synthetic: generated for the demonstration, not measured." for title in titles]


def _stale(ages: Sequence[SourceAge]) -> list[str]:
    groups: dict[tuple[str, str], list[SourceAge]] = {}
    for age in ages:
        if age.status in ("stale", "never"):
            groups.setdefault((age.service, age.status), []).append(age)
    return [_stale_text(service, status, group) for (service, status), group in groups.items()]


def _stale_text(service: str, status: str, ages: Sequence[SourceAge]) -> str:
    entities = listed([short_label(clean_label(age.entity)) for age in ages])
    if status == "never":
        return f"{name_of(service)} has never answered for {entities}."
    oldest = max(ages, key=lambda age: age.age_days or 0)
    until = f"last figures of {long_day(oldest.last_day)}, " if oldest.last_day else ""
    return f"{name_of(service)} is stale for {entities}: {until}{oldest.age_days} days old."


def _withheld_signals(facts: Facts, rows: Sequence[SummaryRow]) -> list[str]:
    found = []
    for signal in SIGNALS:
        reasons: dict[str, list[str]] = {}
        for row in rows:
            if row.signal is signal and row.verdict == "not comparable":
                reasons.setdefault(row.reason, []).append(short_label(row.label))
        for reason, labels in reasons.items():
            who = "" if len(labels) == len(facts.frameworks) else f" for {listed(labels)}"
            found.append(f"{signal.title}: no change on the year before is given{who}. {reason}")
    return found


def _failed_checks(facts: Facts) -> list[str]:
    number = len(facts.failed_checks)
    if not number:
        return []
    return [f"{number} quality {'check has' if number == 1 else 'checks have'} not passed; the appendix lists them."]


def _steps(steps: Iterable[FailedStep], line: str) -> list[str]:
    """One line a source: whom it was asked about, and what went wrong first."""
    sources: dict[str, list[FailedStep]] = {}
    for step in steps:
        sources.setdefault(step.source, []).append(step)
    return [
        line.format(
            source=source.replace("_", " "),
            entities=listed([short_label(clean_label(step.entity)) for step in group]),
            why=clean_label(group[0].error),
        )
        for source, group in sources.items()
    ]
