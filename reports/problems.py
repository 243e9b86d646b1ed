"""What a reader has to know before the figures, each thing said once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from reports.compare import SummaryRow
from reports.facts import Facts, Mark
from reports.sentences import break_words, labels_of, lowered, mark_text, names_more
from reports.signals import SIGNALS, Signal
from reports.wording import clean_label, first_ones, listed, long_day, month_name, sentence, told, without_addresses
from warehouse.catalogue.services import name_of, name_of_source
from warehouse.read.report import Doubt, FailedStep, SourceAge

_MOST_REASONS, _MOST_BREAKS = 3, 8
# What an entity is, in words: reports name frameworks, and no keys of services.
_NOUNS = {
    "pypi_downloads": "the package", "pypi_releases": "the package", "git_history": "the repository",
    "github_repository": "the repository", "google_trends": "the term",
}  # fmt: skip
_ALL_PACKAGES = {"__all__": "all packages of the index together"}


def problems(facts: Facts, rows: Sequence[SummaryRow]) -> tuple[str, ...]:
    """Breaks inside the 12 months, then missing data, stale services, withheld changes, failed checks and steps."""
    return (
        *(text for signal in SIGNALS for text in _mixed(facts, rows, signal)),
        *_without_data(facts, rows),
        *_synthetic(facts),
        *_stale(facts),
        *(text for signal in SIGNALS for text in _withheld(facts, rows, signal)),
        *_failed_checks(facts),
        *_steps(
            facts,
            [step for step in facts.failed_steps if not step.has_rows],
            "The last run got nothing new from {source} for {whom}: {why}",
        ),
        *_steps(
            facts,
            [step for step in facts.failed_steps if step.has_rows],
            "The last run got only a part from {source} for {whom}: {why}",
        ),
        *_steps(facts, facts.stand_ins, "{source} for {whom}: another service stands in for the preferred one: {why}"),
        *_doubts(facts),
    )


def _mixed(facts: Facts, rows: Sequence[SummaryRow], signal: Signal) -> list[str]:
    """What the level of a signal mixes."""
    touched = [row for row in rows if row.signal is signal and row.marks]
    marks = [mark for mark in facts.marks_of(signal) if any(mark in row.marks for row in touched)]
    if not marks:
        return []
    who = _who(facts, [row.framework for row in touched])
    each = " ".join(f"({mark.letter}) {mark_text(facts, signal, mark)}" for mark in marks[:_MOST_BREAKS])
    if len(marks) > _MOST_BREAKS:
        each += f" {len(marks) - _MOST_BREAKS} more are told under the charts."
    return [f"{signal.title}: {break_words(marks)} inside these 12 months{who}. {_level_says(marks)} {each}"]


def _level_says(marks: Sequence[Mark]) -> str:
    """What is wrong with a level that such breaks lie in."""
    mixes = "mixes what was counted in different ways" if any(not mark.is_loss for mark in marks) else ""
    lacks = "lacks what was lost" if any(mark.is_loss for mark in marks) else ""
    return f"The level {' and '.join(filter(None, (mixes, lacks)))}, so no ranking is given."


def still_to_come(facts: Facts) -> list[str]:
    """Figures of the last month that are late and may still come: search interest of June 2021 (Keras)."""
    month = facts.period.last_month
    found = []
    for signal in SIGNALS:
        keys = [item.framework for item in facts.frameworks if _is_late(facts, item.framework, signal)]
        if keys:
            found.append(f"{signal.noun} of {month_name(month)} ({labels_of(facts, keys)})")
    return found


def _is_late(facts: Facts, framework: str, signal: Signal) -> bool:
    """Whether a series that has figures has not come to the end of the last month. Gaps inside it may stay for ever."""
    months = facts.month_values(framework, signal.metric, (*facts.period.previous_months, *facts.period.months))
    return any(months) and (months[-1] is None or months[-1].state == "late")


def _who(facts: Facts, keys: Collection[str]) -> str:
    """For whom, where that is not everyone."""
    return "" if {item.framework for item in facts.frameworks} <= set(keys) else f" for {labels_of(facts, keys)}"


def _without_data(facts: Facts, rows: Sequence[SummaryRow]) -> list[str]:
    without = [
        item.framework
        for item in facts.frameworks
        if all(row.verdict == "no data" for row in rows if row.framework == item.framework)
    ]
    found = [f"No data yet for {labels_of(facts, without)}."] if without else []
    missing: dict[tuple[str, ...], list[str]] = {}
    for signal in SIGNALS:
        there = [row.framework for row in rows if row.signal is signal and row.verdict == "no data"]
        keys = tuple(key for key in there if key not in without)
        if keys:
            missing.setdefault(keys, []).append(signal.title)
    return [
        *found,
        *(f"{listed(titles)}: no data yet for {labels_of(facts, keys)}." for keys, titles in missing.items()),
    ]


def _synthetic(facts: Facts) -> list[str]:
    titles = [signal.title for signal in SIGNALS if facts.is_synthetic(signal)]
    return [f"{title} is synthetic: generated for the demonstration, not measured." for title in titles]


def _stale(facts: Facts) -> list[str]:
    groups: dict[tuple[str, str], list[SourceAge]] = {}
    for age in facts.ages:
        if age.status in ("stale", "never"):
            groups.setdefault((age.service, age.status), []).append(age)
    never: dict[str, list[str]] = {}
    for (service, status), ages in groups.items():
        if status == "never":
            never.setdefault(_whom(facts, ages), []).append(name_of(service))
    return [
        *(_never_text(names, whom) for whom, names in never.items()),
        *(_stale_text(facts, service, ages) for (service, status), ages in groups.items() if status == "stale"),
    ]


def _never_text(names: Sequence[str], whom: str) -> str:
    return f"{listed(names)} {'has' if len(names) == 1 else 'have'} never answered for {whom}."


def _stale_text(facts: Facts, service: str, ages: Sequence[SourceAge]) -> str:
    whom = _whom(facts, ages)
    oldest = max(ages, key=lambda age: age.age_days or 0)
    until = f"last figures of {long_day(oldest.last_day)}, " if oldest.last_day else ""
    return f"{name_of(service)} is stale for {whom}: {until}{oldest.age_days} days old."


def _whom(facts: Facts, rows: Sequence[SourceAge] | Sequence[FailedStep]) -> str:
    """The frameworks that sources were asked for, or what they were asked about where no framework needs it."""
    return labels_of(facts, facts.asked_for(rows)) or _entities(rows)


def _entities(rows: Sequence[SourceAge] | Sequence[FailedStep]) -> str:
    names = [_ALL_PACKAGES.get(row.entity, clean_label(row.entity)) for row in rows]
    shown, left = first_ones(names, _MOST_REASONS)
    return listed([*shown, f"{left} more"] if left else shown)


def _withheld(facts: Facts, rows: Sequence[SummaryRow], signal: Signal) -> list[str]:
    """Why changes are withheld, unless the line on a break inside the 12 months says it already."""
    reasons: dict[str, list[str]] = {}
    for row in rows:
        said = row.marks and not names_more(row)
        if row.signal is signal and row.verdict == "not comparable" and not said:
            reasons.setdefault(row.reason, []).append(row.framework)
    shown, left = first_ones(list(reasons.items()), _MOST_REASONS)
    lines = [
        f"{signal.title}: the change from the year before is withheld{_who(facts, keys)}: {lowered(sentence(reason))}"
        for reason, keys in shown
    ]
    if left:
        rest = [key for keys in list(reasons.values())[len(shown) :] for key in keys]
        lines.append(
            f"{signal.title}: the change from the year before is withheld for {labels_of(facts, rest)} too, for "
            f"{left} other reasons, which stand beside the figures."
        )
    return lines


def _failed_checks(facts: Facts) -> list[str]:
    number = len(facts.failed_checks)
    if not number:
        return []
    checks = "check" if number == 1 else "checks"
    return [f"{number} quality {checks} did not pass in the last run; the appendix lists what was found."]


def _steps(facts: Facts, steps: Iterable[FailedStep], line: str) -> list[str]:
    """One line for each source: for whom it was asked, and what went wrong first."""
    sources: dict[str, list[FailedStep]] = {}
    for step in steps:
        sources.setdefault(step.source, []).append(step)
    return [
        line.format(
            source=name_of_source(source),
            whom=_whom(facts, group),
            why=sentence(_reasons([_in_words(step) for step in group])),
        )
        for source, group in sources.items()
    ]


def _in_words(step: FailedStep) -> str:
    """What went wrong, without addresses, and with what was asked about called what it is."""
    return told(_named(without_addresses(step.error), step.entity, _NOUNS.get(step.source, "what was asked for")))


def _named(text: str, entity: str, noun: str) -> str:
    for word in sorted({entity, *entity.split("+")} - {""}, key=len, reverse=True):
        text = re.sub(rf"(?<![\w/.-])(?:'{re.escape(word)}'|{re.escape(word)})(?![\w/-])", noun, text)
    return text


def _reasons(texts: Iterable[str]) -> str:
    """Each reason once; of many the first ones, and how many more there are."""
    shown, left = first_ones([text.rstrip(".") for text in dict.fromkeys(texts)], _MOST_REASONS)
    return "; ".join([*shown, f"{left} other reasons"] if left else shown)


def _doubts(facts: Facts) -> list[str]:
    """What answers give cause to look at: a line a service and note, whoever it concerns; of many the first ones."""
    found: dict[tuple[str, str], list[Doubt]] = {}
    for doubt in facts.doubts:
        note = told(without_addresses(doubt.note))
        found.setdefault((doubt.service, note), []).append(doubt)
    services: dict[str, list[str]] = {}
    for (service, note), doubts in found.items():
        whom = labels_of(facts, facts.asked_for(doubts)) if len(doubts) > 1 or service == "git" else ""
        services.setdefault(service, []).append(f"{name_of(service)}{f', {whom}' if whom else ''}: {note}")
    lines = []
    for service, texts in services.items():
        shown, left = first_ones(texts, _MOST_REASONS)
        lines += [sentence(text) for text in shown]
        if left:
            lines.append(f"{name_of(service)}: {left} more answers give cause to look at them.")
    return lines
