"""Is a change real, or within the noise? Which framework is ahead, by how much? `noise.NOISE_RULE` tells the rule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from reports.facts import Facts, Mark
from reports.noise import SEVERAL_ADDRESSES, is_too_wide, log_range, range_of_none
from reports.signals import SIGNALS, Signal
from reports.wording import month_name, percent_range, percents_of_whole, sentence, times, told
from warehouse.calendar import days_in_year_to
from warehouse.read.report import Longest, Month, Rolling

Verdict = Literal[
    "up", "down", "no clear change", "too few to say", "too scattered to say", "not comparable", "no data"
]


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times the figure of `other` a framework has, with the 95 % range; level where that holds 1."""

    other: str
    value: float
    low: float
    high: float

    @property
    def is_level(self) -> bool:
        return self.low <= 1 <= self.high

    @property
    def range_text(self) -> str:
        """0.88 to 1.3."""
        return f"{times(self.low)} to {times(self.high)}"


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One framework in one signal: the 12 months, the 12 before, and what may be said about the change.

    value, previous     12 months as the warehouse counts them: a mean, a sum or distinct people
    level, previous_level   the same in the unit of the charts: sums as a daily mean
    change, low, high   shares (0.1 is +10 %); low and high are the 95 % range; None when withheld
    share, previous_share   0-1, of those that have a figure; None where the figures are no parts of one whole
    ratio               beside the framework with the highest figure; the highest beside the second
    longest             where the 12 months cannot be compared: the longest two windows that can, or why there are none
    marks               breaks that lie inside the 12 months: the figure mixes what was counted before and after
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
    coverage: float | None
    months: int
    basis: str
    service: str
    is_synthetic: bool
    marks: tuple[Mark, ...] = ()
    share: float | None = None
    previous_share: float | None = None
    share_text: str = ""
    previous_share_text: str = ""
    ratio: Ratio | None = None
    longest: Longest | None = None

    @property
    def range_text(self) -> str:
        """+8 to +17 %; empty where nothing is said about a change."""
        return "" if self.low is None or self.high is None else percent_range(self.low, self.high)


def summarise(facts: Facts) -> tuple[SummaryRow, ...]:
    """One row for each signal and framework, signals in their order, frameworks in that of config.toml."""
    return tuple(row for signal in SIGNALS for row in _signal_rows(facts, signal))


def _signal_rows(facts: Facts, signal: Signal) -> list[SummaryRow]:
    rows = [_summary(facts, signal, item.framework, item.label) for item in facts.frameworks]
    counted_alike = len({(row.basis, row.service) for row in rows if row.value is not None}) == 1
    if not counted_alike:
        return rows
    return [replace(row, ratio=_ratio(facts, row, rows)) for row in (_with_shares(rows) if signal.has_parts else rows)]


def _with_shares(rows: Sequence[SummaryRow]) -> list[SummaryRow]:
    """Rows of a signal whose figures are parts of one whole, with the share of each."""
    shares = _shares([row.value for row in rows])
    comparable = all(row.change is not None for row in rows if row.value is not None)  # else it is another whole
    previous = _shares([row.previous if comparable else None for row in rows])
    return [
        replace(row, share=now, previous_share=before, share_text=now_text, previous_share_text=before_text)
        for row, now, before, now_text, before_text in zip(
            rows, shares, previous, percents_of_whole(shares), percents_of_whole(previous), strict=True
        )
    ]


def _shares(values: Sequence[float | None]) -> list[float | None]:
    """The share of each in the sum; none at all without a sum."""
    total = sum(value for value in values if value)
    return [None if value is None or not total else value / total for value in values]


def _summary(facts: Facts, signal: Signal, framework: str, label: str) -> SummaryRow:
    row = facts.latest.get((framework, signal.metric))
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
        coverage=sum(month.coverage or 0 for month in known) / 12 if known else None,
        months=sum(month.is_complete for month in known),
        basis=(row.basis if row else None) or "", service=(row.service if row else None) or "",
        is_synthetic=facts.is_synthetic(signal),
        marks=facts.marks_inside(signal, framework, facts.period.start, facts.period.end),
        longest=None if comparable else facts.longest.get((framework, signal.metric)),
    )  # fmt: skip


def _level(signal: Signal, value: float | None, end: date) -> float | None:
    if value is None or signal.kind != "sum":
        return value
    return value / days_in_year_to(end)


# ---- the change -----------------------------------------------------------------------------------------------------


def _change_range(
    facts: Facts, signal: Signal, framework: str, row: Rolling
) -> tuple[float, float] | tuple[None, None]:
    """The 95 % range of the change: the wider of months' scatter and, for search interest, the band of draws."""
    if row.value == 0 and row.previous_value and signal.kind != "mean":
        return range_of_none(row.previous_value)
    if not row.value or not row.previous_value:
        return None, None
    half = _scatter(facts, signal, framework, row)
    if half is None:
        return None, None
    centre = math.log(row.value / row.previous_value)
    if signal.key == "search":
        half = max(half, _chance_of_draws(facts, framework) or 0.0)
    return math.expm1(centre - half), math.expm1(centre + half)


def _scatter(facts: Facts, signal: Signal, framework: str, row: Rolling) -> float | None:
    newer, older = _pairs(
        facts.month_values(framework, signal.metric, facts.period.months),
        facts.month_values(framework, signal.metric, facts.period.previous_months),
    )
    counts = None if signal.kind == "mean" else (row.value or 0.0, row.previous_value or 0.0)
    return log_range(newer, older, counts=counts)


def _pairs(ones: Sequence[Month | None], others: Sequence[Month | None]) -> tuple[list[float], list[float]]:
    """The levels of the months that both have."""
    pairs = [(_month_level(one), _month_level(other)) for one, other in zip(ones, others, strict=True)]
    known = [(one, other) for one, other in pairs if one is not None and other is not None]
    return [one for one, _ in known], [other for _, other in known]


def _month_level(month: Month | None) -> float | None:
    if month is None:
        return None
    return month.value if month.daily_mean is None else month.daily_mean


def _chance_of_draws(facts: Facts, framework: str) -> float | None:
    """Half the 95 % range of the logarithm of the change, from how surely the draws tell the two years."""
    newer = facts.search_bands.get((framework, facts.period.end))
    older = facts.search_bands.get((framework, facts.period.previous_end))
    if not newer or not older or newer.doubt is None or older.doubt is None:
        return None
    return 1.96 * math.sqrt(newer.doubt + older.doubt)


def _verdict(
    facts: Facts, signal: Signal, framework: str, row: Rolling | None, low: float | None, high: float | None
) -> Verdict:
    if row is None or row.value is None:
        return "not comparable" if _has_any(facts, signal, framework) else "no data"
    if low is None or high is None:
        return "not comparable"
    return verdict_of(signal, low, high)


def verdict_of(signal: Signal, low: float, high: float) -> Verdict:
    """What may be said of a change whose 95 % range is from `low` to `high`."""
    if is_too_wide(low, high):
        return "too scattered to say" if signal.kind == "mean" else "too few to say"
    return "up" if low > 0 else "down" if high < 0 else "no clear change"


def _has_any(facts: Facts, signal: Signal, framework: str) -> bool:
    return any(key[:2] == (framework, signal.metric) for key in facts.months)


def _reason(facts: Facts, signal: Signal, framework: str, row: Rolling | None, low: float | None) -> str:
    """Why the change is withheld, in one sentence; empty where it is not."""
    if row is not None and row.reason:
        return sentence(told(row.reason))
    if row is None or row.value is None:
        return _why_no_figure(facts, signal, framework)
    if row.change is None:
        return "The 12 months before have no comparable figure."
    if low is not None:
        return ""
    if not row.value or not row.previous_value:
        return "One of the two years is 0, which has no ratio to the other."
    return "Too few months can be set against the same month a year before."


def _why_no_figure(facts: Facts, signal: Signal, framework: str) -> str:
    if not _has_any(facts, signal, framework):
        return "No data yet."
    return f"The 12 months to the end of {month_name(facts.period.last_month)} are not complete."


# ---- beside each other ----------------------------------------------------------------------------------------------


def _ratio(facts: Facts, mine: SummaryRow, rows: Sequence[SummaryRow]) -> Ratio | None:
    """Against the framework with the highest figure; that one itself against the second. None across a break."""
    ranked = sorted((row for row in rows if row.value), key=lambda row: -(row.value or 0))
    if len(ranked) < 2 or not mine.value:
        return None
    other = ranked[1] if mine.framework == ranked[0].framework else ranked[0]
    half = None if mine.marks or other.marks else _ratio_scatter(facts, mine, other)
    if half is None or not other.value:
        return None
    value = mine.value / other.value
    low, high = value * math.exp(-half), value * math.exp(half)
    band = _band_ratio(facts, mine.framework, other.framework) if mine.signal.key == "search" else None
    if band:
        low, high = min(low, band[0]), max(high, band[1])
    return Ratio(other.label, value, low, high)


def _ratio_scatter(facts: Facts, mine: SummaryRow, other: SummaryRow) -> float | None:
    signal = mine.signal
    ours, theirs = _pairs(
        *(facts.month_values(row.framework, signal.metric, facts.period.months) for row in (mine, other))
    )
    counts = None if signal.kind == "mean" else (mine.value or 0.0, other.value or 0.0)
    half = log_range(ours, theirs, counts=counts)
    return half + SEVERAL_ADDRESSES if half is not None and signal.kind == "distinct" else half


def _band_ratio(facts: Facts, framework: str, other: str) -> tuple[float, float] | None:
    """The ratio between the nearest and between the farthest edges of the two bands of draws."""
    ours = facts.search_bands.get((framework, facts.period.end))
    theirs = facts.search_bands.get((other, facts.period.end))
    if not ours or not theirs:
        return None
    if not ours.interest_low or not ours.interest_high or not theirs.interest_low or not theirs.interest_high:
        return None
    return ours.interest_low / theirs.interest_high, ours.interest_high / theirs.interest_low
