"""Is a change real, or within the noise? And which framework is ahead, by how much?

The rule, as the appendix of every report tells it (`NOISE_RULE`): a figure is compared month by month with the same
month a year before, so that seasons cancel out; the scatter of those twelve ratios is the noise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from reports.facts import Facts
from reports.signals import SIGNALS, Signal
from reports.wording import percent_range, sentence
from warehouse.calendar import days_in_year_to
from warehouse.read.report import Month, Rolling

Verdict = Literal["up", "down", "no clear change", "not comparable", "no data"]

NOISE_RULE = (
    "Each of the 12 months is set against the same month a year before; the mean of the logarithms of those ratios "
    "has a 95 % range (Student's t, from their scatter, widened where neighbouring months move together, and never "
    "narrower than chance alone makes a count of that size). A change whose range holds zero is shown as no clear "
    "change. Search interest is drawn as a sample: where the bands of its draws in the two years overlap, the change "
    "is not clear either. With fewer than 6 pairs of months nothing is said about a change."
)
FEWEST_PAIRS = 6
# 97.5 % points of Student's t by degrees of freedom, 5 to 11: 6 to 12 pairs of months.
_STUDENT_T = {5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262, 10: 2.228, 11: 2.201}


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One framework in one signal: the 12 months, the 12 before, and what may be said about the change.

    value, previous     12 months as the warehouse counts them: a mean, a sum or distinct people
    level, previous_level   the same in the unit of the charts: sums as a daily mean
    change, low, high   shares (0.1 is +10 %); low and high are the 95 % range; None when withheld
    coverage            0-1, mean over the 12 months; months: how many of the 12 are complete
    """

    framework: str
    label: str
    signal: Signal
    value: float | None
    previous: float | None
    level: float | None
    previous_level: float | None
    change: float | None
    low: float | None
    high: float | None
    verdict: Verdict
    reason: str
    share: float | None
    previous_share: float | None
    coverage: float | None
    months: int
    basis: str
    service: str
    draws: int
    is_synthetic: bool

    @property
    def range_text(self) -> str:
        """8 to 17 %; empty where nothing is said about a change."""
        return "" if self.low is None or self.high is None else percent_range(self.low, self.high)


def log_range(newer: Sequence[float], older: Sequence[float], *, counts: tuple[float, float] | None) -> float | None:
    """Half the width of the 95 % range of the logarithm of newer / older, from pairs of months.

    `counts` are the two totals where the figures count events: chance alone gives a floor. None with too few pairs.
    """
    spare = 0.5 if counts and 0 in (*newer, *older) else 0.0  # a month without any event says something too
    pairs = [(a + spare, b + spare) for a, b in zip(newer, older, strict=True)]
    logs = [math.log(a / b) for a, b in pairs if a > 0 and b > 0]
    if len(logs) < FEWEST_PAIRS:
        return None
    mean = sum(logs) / len(logs)
    rests = [value - mean for value in logs]
    variance = sum(rest * rest for rest in rests) / (len(logs) - 1)
    half = _STUDENT_T.get(len(logs) - 1, 2.201) * math.sqrt(variance / _independent_pairs(rests))
    return max(half, _chance(counts))


def _independent_pairs(rests: Sequence[float]) -> float:
    """How many independent pairs the pairs are worth: fewer when neighbours move together (an AR(1) process).

    Twelve values make neighbours look less alike than they are; Kendall's correction of that bias, (1 + 4 r) / n.
    """
    total, number = sum(rest * rest for rest in rests), len(rests)
    if total == 0:
        return number
    seen = sum(a * b for a, b in pairwise(rests)) / total
    together = min(max((number * seen + 1) / (number - 4), 0.0), 0.8)
    return max(number * (1 - together) / (1 + together), 2.0)


def _chance(counts: tuple[float, float] | None) -> float:
    if counts is None or min(counts) <= 0:
        return 0.0
    return 1.96 * math.sqrt(1 / counts[0] + 1 / counts[1])


def summarise(facts: Facts) -> tuple[SummaryRow, ...]:
    """One row a signal and framework, signals in their order, frameworks in that of config.toml."""
    return tuple(row for signal in SIGNALS for row in _signal_rows(facts, signal))


def _signal_rows(facts: Facts, signal: Signal) -> list[SummaryRow]:
    latest = {item.framework: facts.latest.get((item.framework, signal.metric)) for item in facts.frameworks}
    shares = _shares([row.value if row else None for row in latest.values()], list(latest.values()))
    previous = _shares([row.previous_value if row else None for row in latest.values()], list(latest.values()))
    return [
        _summary(facts, signal, item.framework, item.label, latest[item.framework], shares[n], previous[n])
        for n, item in enumerate(facts.frameworks)
    ]


def _shares(values: Sequence[float | None], rows: Sequence[Rolling | None]) -> list[float | None]:
    """Shares of those that have a figure; none at all when they were not counted alike."""
    counted_alike = len({(row.basis, row.service) for row in rows if row and row.value is not None}) == 1
    total = sum(value for value in values if value)
    if not total or not counted_alike:
        return [None for _ in values]
    return [None if value is None else value / total for value in values]


def _summary(
    facts: Facts,
    signal: Signal,
    framework: str,
    label: str,
    row: Rolling | None,
    share: float | None,
    previous_share: float | None,
) -> SummaryRow:
    months = facts.month_values(framework, signal.metric, facts.period.months)
    value, previous = (row.value, row.previous_value) if row else (None, None)
    comparable = row is not None and row.is_comparable and row.change is not None
    low, high = _change_range(facts, signal, framework, row) if row and comparable else (None, None)
    known = [month for month in months if month]
    return SummaryRow(
        framework=framework, label=label, signal=signal, value=value, previous=previous,
        level=_level(signal, value, facts.period.end),
        previous_level=_level(signal, previous, facts.period.previous_end),
        change=row.change if row and comparable else None, low=low, high=high,
        verdict=_verdict(facts, signal, framework, row, low, high), reason=_reason(facts, signal, framework, row, low),
        share=share, previous_share=previous_share if row and row.is_comparable else None,
        coverage=sum(month.coverage or 0 for month in known) / 12 if known else None,
        months=sum(month.is_complete for month in known),
        basis=(row.basis if row else None) or "", service=(row.service if row else None) or "",
        draws=_draws(facts, framework) if signal.key == "search" else 0,
        is_synthetic=facts.is_synthetic(signal),
    )  # fmt: skip


def _level(signal: Signal, value: float | None, end: date) -> float | None:
    if value is None or signal.kind != "sum":
        return value
    return value / days_in_year_to(end)


def _draws(facts: Facts, framework: str) -> int:
    """The fewest draws behind any week of the two years."""
    return min((week.draws for week in facts.search_weeks.get(framework, ())), default=0)


def _change_range(
    facts: Facts, signal: Signal, framework: str, row: Rolling
) -> tuple[float, float] | tuple[None, None]:
    """The 95 % range of the change: the wider of months' scatter and, for search interest, the band of draws."""
    if not row.value or not row.previous_value:
        return None, None
    half = _scatter(facts, signal, framework, row)
    if half is None:
        return None, None
    centre = math.log(row.value / row.previous_value)
    low, high = math.expm1(centre - half), math.expm1(centre + half)
    band = _band_change(facts, framework) if signal.key == "search" else None
    return (min(low, band[0]), max(high, band[1])) if band else (low, high)


def _scatter(facts: Facts, signal: Signal, framework: str, row: Rolling) -> float | None:
    pairs = [
        (_month_level(newer), _month_level(older))
        for newer, older in zip(
            facts.month_values(framework, signal.metric, facts.period.months),
            facts.month_values(framework, signal.metric, facts.period.previous_months),
            strict=True,
        )
    ]
    known = [(a, b) for a, b in pairs if a is not None and b is not None]
    counts = None if signal.kind == "mean" else (row.value or 0.0, row.previous_value or 0.0)
    return log_range([a for a, _ in known], [b for _, b in known], counts=counts)


def _month_level(month: Month | None) -> float | None:
    if month is None:
        return None
    return month.value if month.daily_mean is None else month.daily_mean


def _band_change(facts: Facts, framework: str) -> tuple[float, float] | None:
    """The change between the nearest and between the farthest edges of the two years' bands of draws."""
    newer = facts.search_bands.get((framework, facts.period.end))
    older = facts.search_bands.get((framework, facts.period.previous_end))
    if not newer or not older:
        return None
    edges = (newer.interest_low, newer.interest_high, older.interest_low, older.interest_high)
    if any(edge is None or edge <= 0 for edge in edges):
        return None
    new_low, new_high, old_low, old_high = (float(edge or 0) for edge in edges)
    return new_low / old_high - 1, new_high / old_low - 1


def _verdict(
    facts: Facts, signal: Signal, framework: str, row: Rolling | None, low: float | None, high: float | None
) -> Verdict:
    if row is None or row.value is None:
        return "not comparable" if _has_any(facts, signal, framework) else "no data"
    if low is None or high is None:
        return "not comparable"
    return "up" if low > 0 else "down" if high < 0 else "no clear change"


def _has_any(facts: Facts, signal: Signal, framework: str) -> bool:
    return any(key[:2] == (framework, signal.metric) for key in facts.months)


def _reason(facts: Facts, signal: Signal, framework: str, row: Rolling | None, low: float | None) -> str:
    """Why nothing is said about the change, one sentence; empty where something is."""
    if row is None or row.value is None:
        if row is not None and row.reason:
            return sentence(row.reason)
        if not _has_any(facts, signal, framework):
            return "No data yet."
        return f"The 12 months to the end of {facts.period.text.split(' to ')[1]} are not complete."
    if not row.is_comparable or row.change is None:
        return sentence(row.reason or "The 12 months before have no comparable figure")
    return "" if low is not None else "Too few months that can be set against the same month a year before."


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times `other`'s search interest a framework has; `is_level` when the range holds 1."""

    other: str
    value: float
    low: float
    high: float

    @property
    def is_level(self) -> bool:
        return self.low <= 1 <= self.high


def search_ratio(facts: Facts, rows: Sequence[SummaryRow], framework: str) -> Ratio | None:
    """Against the framework with the highest search interest; that one itself against the second."""
    ranked = sorted(
        (row for row in rows if row.signal.key == "search" and row.value), key=lambda row: -(row.value or 0)
    )
    mine = next((row for row in ranked if row.framework == framework), None)
    if mine is None or len(ranked) < 2:
        return None
    other = ranked[1] if mine is ranked[0] else ranked[0]
    ours, theirs = (
        [_month_level(month) or 0.0 for month in facts.month_values(name, "search_interest", facts.period.months)]
        for name in (framework, other.framework)
    )
    half = log_range(ours, theirs, counts=None)
    if half is None or not mine.value or not other.value:
        return None
    value = mine.value / other.value
    low, high = value * math.exp(-half), value * math.exp(half)
    band = _band_ratio(facts, framework, other.framework)
    return Ratio(other.label, value, min(low, band[0]), max(high, band[1]))


def _band_ratio(facts: Facts, framework: str, other: str) -> tuple[float, float]:
    ours = facts.search_bands.get((framework, facts.period.end))
    theirs = facts.search_bands.get((other, facts.period.end))
    if not ours or not theirs:
        return math.inf, -math.inf
    if not ours.interest_low or not ours.interest_high or not theirs.interest_low or not theirs.interest_high:
        return math.inf, -math.inf
    return ours.interest_low / theirs.interest_high, ours.interest_high / theirs.interest_low
