"""What the figures say in words: one sentence a framework, a finding a signal, and the headline."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from reports.compare import Ratio, SummaryRow
from reports.facts import Facts, Mark
from reports.signals import SIGNALS, Signal
from reports.spans.longest import change_in_weeks, shorter, shorter_text
from reports.wording import RANGE, compact, how_many, listed, long_day, sentence, short_label, size, times
from warehouse.catalogue.services import name_of
from warehouse.read.report import Framework

_MOST_NAMES = 4


def framework_sentences(facts: Facts, rows: Sequence[SummaryRow]) -> dict[str, str]:
    """Framework key -> what its figures say, without its name in front."""
    return {item.framework: _framework_sentence(facts, rows, item) for item in facts.frameworks}


def _framework_sentence(facts: Facts, rows: Sequence[SummaryRow], item: Framework) -> str:
    mine = [row for row in rows if row.framework == item.framework]
    if all(row.verdict == "no data" for row in mine):
        return "No data yet."
    search = next(row for row in mine if row.signal.key == "search")
    parts = [
        _standing(search.ratio, is_synthetic=facts.is_synthetic(SIGNALS[0])), _clear_changes(mine),
        _unclear_changes(mine), _too_little(mine), _withheld(mine), _instead(mine), _missing(mine),
    ]  # fmt: skip
    text = "; ".join(part for part in parts if part)
    return sentence(text[:1].upper() + text[1:]) + _disagreement(mine)


def _standing(ratio: Ratio | None, *, is_synthetic: bool) -> str:
    """Where the framework stands in search interest; says once, here, that the figures are synthetic."""
    if ratio is None:
        return ""
    other, made_up = short_label(ratio.other), "; synthetic" if is_synthetic else ""
    if ratio.is_level:
        return f"search interest level with {other}'s ({ratio_text(ratio)}{made_up})"
    return f"{times(ratio.value)} times {other}'s search interest ({RANGE} {ratio.range_text}{made_up})"


def ratio_text(ratio: Ratio) -> str:
    """1.1 times, 95 % range 0.88 to 1.3."""
    return f"{times(ratio.value)} times, {RANGE} {ratio.range_text}"


def standing_text(row: SummaryRow) -> str:
    """Beside the framework with the highest figure: ahead of, level with, behind. Empty where nothing can be said."""
    if row.ratio is None:
        return ""
    word = "level with" if row.ratio.is_level else "ahead of" if row.ratio.low > 1 else "behind"
    return f"{word} {short_label(row.ratio.other)} ({ratio_text(row.ratio)})"


def change_text(row: SummaryRow) -> str:
    """up 12 % (95 % range +8 to +17 %); too few to say (43 before); not comparable; no data."""
    word, span = change_parts(row)
    return f"{word} ({span})" if span else word


def change_parts(row: SummaryRow) -> tuple[str, str]:
    """What is said of a change, and its range where it has one that says something."""
    if row.verdict in ("up", "down"):
        return f"{row.verdict} {size(row.change or 0)}", f"{RANGE} {row.range_text}"
    if row.verdict == "no clear change":
        return row.verdict, f"{RANGE} {row.range_text}"
    told = row.verdict in ("too few to say", "too scattered to say") and row.previous_level is not None
    return row.verdict + (f" ({compact(row.previous_level or 0)} before)" if told else ""), ""


def _clear_changes(rows: Sequence[SummaryRow]) -> str:
    changes = [f"{row.signal.noun} {change_text(row)}" for row in rows if row.verdict in ("up", "down")]
    return f"{listed(changes)} on the year before" if changes else ""


def _unclear_changes(rows: Sequence[SummaryRow]) -> str:
    unclear = [f"{row.signal.noun} ({RANGE} {row.range_text})" for row in rows if row.verdict == "no clear change"]
    return f"no clear change in {listed(unclear)}" if unclear else ""


def _too_little(rows: Sequence[SummaryRow]) -> str:
    return "; ".join(
        f"{row.signal.noun} {compact(row.level or 0)}, {change_text(row)}"
        for row in rows
        if row.verdict in ("too few to say", "too scattered to say")
    )


def names_more(row: SummaryRow) -> bool:
    """Whether there are breaks inside the 12 months that the reason for withholding the change does not name."""
    return bool(row.marks) and not any(mark.what in row.reason for mark in row.marks)


def _withheld(rows: Sequence[SummaryRow]) -> str:
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row.verdict == "not comparable":
            reasons.setdefault(row.reason.rstrip("."), []).append(row.signal.noun)
    return "; ".join(
        f"the change in {listed(nouns)} is withheld: {lowered(reason)}" for reason, nouns in reasons.items()
    )


def _instead(rows: Sequence[SummaryRow]) -> str:
    """What can be compared in place of 12 months, labelled apart."""
    texts = [text for row in rows if (text := shorter_text(row))]
    return f"in place of 12 months: {'; '.join(texts)}" if texts else ""


def lowered(text: str) -> str:
    """With a small first letter, unless the first word is a name."""
    first = text.split(" ", 1)[0]
    return text if first[1:] != first[1:].lower() else text[:1].lower() + text[1:]


def _missing(rows: Sequence[SummaryRow]) -> str:
    nouns = [row.signal.noun for row in rows if row.verdict == "no data"]
    return f"no data yet on {listed(nouns)}" if nouns else ""


def _disagreement(rows: Sequence[SummaryRow]) -> str:
    return " The signals disagree." if {"up", "down"} <= {row.verdict for row in rows} else ""


# ---- breaks ---------------------------------------------------------------------------------------------------------


def break_words(marks: Collection[Mark]) -> str:
    """What happened, in a few words: the counting changed; figures were lost; both."""
    counted = [mark for mark in marks if not mark.is_loss]
    perhaps = "may have changed" if counted and all(mark.kind == "suspected" for mark in counted) else "changed"
    parts = [f"the way of counting {perhaps}"] if counted else []
    return " and ".join([*parts, "figures were lost"] if len(counted) < len(marks) else parts)


def mark_text(facts: Facts, signal: Signal, mark: Mark) -> str:
    """A break in a line of its own: when, what, and whom it concerns where that is not everyone."""
    until = f" to {long_day(mark.last)}" if mark.last else ""
    with_figures = {key for key, metric in facts.latest if metric == signal.metric}
    who = "" if mark.frameworks >= with_figures else f" ({labels_of(facts, mark.frameworks)} only)"
    return f"{long_day(mark.first)}{until}{who}: {sentence(mark.what)}"


def labels_of(facts: Facts, keys: Collection[str]) -> str:
    """TensorFlow and Keras, in the order of config.toml; of more than four the rest as a number."""
    return _names([item.label for item in facts.frameworks if item.framework in keys])


def _names(labels: Iterable[str]) -> str:
    names = [short_label(label) for label in labels]
    if len(names) > _MOST_NAMES:
        names = [*names[: _MOST_NAMES - 1], f"{len(names) - _MOST_NAMES + 1} more"]
    return listed(names)


# ---- a signal -------------------------------------------------------------------------------------------------------


def finding(signal: Signal, rows: Sequence[SummaryRow]) -> str:
    """The heading of a signal's section: who leads, or who is level, and who clearly moved."""
    mine = [row for row in rows if row.signal is signal]
    known = sorted((row for row in mine if row.value is not None), key=lambda row: -(row.value or 0))
    if not known:
        return "No figures for this period"
    return "; ".join(part for part in (_lead(known), _movers(mine)) if part)


def _lead(known: Sequence[SummaryRow]) -> str:
    first = known[0]
    marks = {mark for row in known for mark in row.marks}
    if len(known) == 1:
        return f"Figures for {short_label(first.label)} only"
    if marks:
        return f"No ranking: {break_words(marks)} inside these 12 months"
    if len({(row.basis, row.service) for row in known}) > 1:
        return "Not counted alike, so no ranking"
    if not known[1].value:
        return f"Only {short_label(first.label)} has any" if first.value else "All are zero in these 12 months"
    if first.ratio is None:
        return "Too few months to rank by"
    standing = _standings(known)
    text = _shares_of(known, standing) if first.signal.has_parts else _order_of(standing, first.ratio)
    return text + (f"; {_names(row.label for row in standing.unclear)} not ranked" if standing.unclear else "")


@dataclass(frozen=True, slots=True)
class _Standings:
    """Rows beside the highest: level with it, clearly behind it, or neither can be said, the highest first in each."""

    level: tuple[SummaryRow, ...]
    behind: tuple[SummaryRow, ...]
    unclear: tuple[SummaryRow, ...]


def _standings(known: Sequence[SummaryRow]) -> _Standings:
    """A row that is level only because its figures scatter widely, below one that is behind, is not ranked."""
    level, behind, unclear = [known[0]], [], []
    for row in known[1:]:
        if row.value and row.ratio is None:
            unclear.append(row)
        elif row.ratio is None or not row.ratio.is_level:
            behind.append(row)
        else:
            (unclear if behind else level).append(row)
    return _Standings(tuple(level), tuple(behind), tuple(unclear))


def _shares_of(known: Sequence[SummaryRow], standing: _Standings) -> str:
    """Parts of one whole: TensorFlow has 50 % of the three's stars (50 % the year before)."""
    whole, level = f"of {how_many(len(known))}", standing.level
    if len(level) > _MOST_NAMES:
        return f"{_names(row.label for row in level)} level"
    if len(level) > 1:
        return f"{_names(row.label for row in level)} level, with {listed([row.share_text for row in level])} {whole}"
    first = known[0]
    before = f" ({first.previous_share_text} the year before)" if first.previous_share is not None else ""
    return f"{short_label(first.label)} has {first.share_text} {whole}{before}"


def _order_of(standing: _Standings, ratio: Ratio) -> str:
    """What has no parts: who leads by how much, or who is level, and who is behind."""
    level, behind = standing.level, standing.behind
    if len(level) == 1 and behind:
        others, second = _names(row.label for row in behind), short_label(ratio.other)
        times_whom = f"times {second}" if len(behind) > 1 else "times"
        return f"{short_label(level[0].label)} ahead of {others} ({ratio.range_text} {times_whom})"
    rest = f", {_names(row.label for row in behind)} behind" if behind else ""
    return f"{_names(row.label for row in level)} level ({ratio.range_text} times){rest}"


def _movers(rows: Sequence[SummaryRow]) -> str:
    groups = {verdict: [row.label for row in rows if row.verdict == verdict] for verdict in ("up", "down")}
    moved = ", ".join(f"{_names(labels)} {verdict}" for verdict, labels in groups.items() if labels)
    return f"{moved} on the year before" if moved else ""


def headline(facts: Facts, rows: Sequence[SummaryRow]) -> str:
    """The one most important thing: services that went stale, else the largest clear change that was measured."""
    stale = sorted({name_of(age.service) for age in facts.ages if age.status == "stale"})
    if stale:
        return f"{listed(stale)} stale"
    clear = [row for row in rows if row.verdict in ("up", "down") and not row.is_synthetic]
    if clear:
        largest = max(clear, key=lambda row: abs(math.log1p(max(row.change or 0, -0.999999))))
        return f"{short_label(largest.label)} {largest.signal.noun} {largest.verdict} {size(largest.change or 0)}"
    return _without_clear_change(rows)


def _without_clear_change(rows: Sequence[SummaryRow]) -> str:
    """What is true where no change of 12 months is clear: what was compared, what only in weeks, what not at all."""
    verdicts = {row.verdict for row in rows if not row.is_synthetic}
    if "no clear change" in verdicts:
        return "no clear change"
    if verdicts & {"too few to say", "too scattered to say"}:
        return "too little to tell a change"
    in_weeks = [(row, it) for row in rows if (it := shorter(row)) and it.verdict in ("up", "down")]
    if in_weeks:
        row, it = max(in_weeks, key=lambda pair: abs(math.log1p(max(change_in_weeks(pair[0]), -0.999999))))
        return f"{short_label(row.label)} {row.signal.noun} {it.change} in {it.windows}"
    return "no two years to compare" if "not comparable" in verdicts else "no data yet"
