"""The longest honest comparison in words: what can be said where 12 months cannot be compared, labelled apart."""

from __future__ import annotations

from dataclasses import dataclass

from reports.compare import SummaryRow, Verdict, verdict_of
from reports.wording import RANGE, compact, listed, long_day, percent_range, signed_size, size, told
from warehouse.read.report import Longest

SEASON = "season not removed"


@dataclass(frozen=True, slots=True)
class Shorter:
    """Two windows of some weeks, as a row that has them is told.

    windows    45 weeks to 23 August 2026
    before     the 45 weeks before
    change     down 12 %; too few to say; its 95 % range is in `span`, which is empty where it says nothing
    relative   the same beside all packages of the index together; empty where these are not known
    """

    windows: str
    before: str
    value: str
    previous: str
    verdict: Verdict
    change: str
    span: str
    signed: str
    relative: str
    relative_span: str


def shorter(row: SummaryRow) -> Shorter | None:
    """What is said in place of the change of 12 months; None where nothing can be said."""
    found = row.longest
    if found is None or found.weeks is None or found.window_end is None or found.change is None:
        return None
    verdict = (
        "not comparable" if found.low is None or found.high is None else verdict_of(row.signal, found.low, found.high)
    )
    change, span = _said(row, found.change, found.low, found.high)
    relative, relative_span = _said(row, found.relative_change, found.relative_low, found.relative_high)
    return Shorter(
        windows=f"{found.weeks} weeks to {long_day(found.window_end)}",
        before=f"the {found.weeks} weeks before",
        value=_level(row, found, found.value),
        previous=_level(row, found, found.previous_value),
        verdict=verdict,
        change=change,
        span=span,
        signed=signed_size(found.change) if verdict in ("up", "down") else change,
        relative=relative,
        relative_span=relative_span,
    )  # fmt: skip


def change_in_weeks(row: SummaryRow) -> float:
    """The change between the two windows of weeks as a share; 0 where there are none."""
    return (row.longest.change if row.longest else None) or 0.0


def _level(row: SummaryRow, found: Longest, value: float | None) -> str:
    """In the unit of the charts: sums as a daily mean."""
    days = 7 * (found.weeks or 1) if row.signal.kind == "sum" else 1
    return compact((value or 0) / days)


def _said(row: SummaryRow, change: float | None, low: float | None, high: float | None) -> tuple[str, str]:
    """down 12 % and its range; without a range only that there is none."""
    if change is None:
        return "", ""
    if low is None or high is None:
        return "too few weeks for a range", ""
    verdict = verdict_of(row.signal, low, high)
    if verdict in ("too few to say", "too scattered to say"):
        return verdict, ""
    return f"{verdict} {size(change)}" if verdict in ("up", "down") else verdict, percent_range(low, high)


def shorter_text(row: SummaryRow) -> str:
    """45 weeks to 23 August 2026 beside the 45 weeks before, downloads up 12 % (95 % range +9 to +15 %), season not
    removed, and beside all packages of the index together up 3 % (95 % range +1 to +5 %).
    """
    it = shorter(row)
    if it is None:
        return ""
    text = f"{it.windows} beside {it.before}, {row.signal.noun} {_with_range(it.change, it.span)}, {SEASON}"
    if it.relative:
        text += f", and beside all packages of the index together {_with_range(it.relative, it.relative_span)}"
    return text


def _with_range(change: str, span: str) -> str:
    return f"{change} ({RANGE} {span})" if span else change


def none_text(row: SummaryRow) -> str:
    """Why there is no shorter comparison either; empty where there is one, or none is needed."""
    return told(row.longest.reason) if row.longest is not None and row.longest.reason else ""


def limits_of(rows: tuple[SummaryRow, ...] | list[SummaryRow]) -> str:
    """What to keep in mind, once for all rows: which have no control beside them."""
    without = [row.label for row in rows if (it := shorter(row)) and row.signal.key == "downloads" and not it.relative]
    return f"All packages of the index together are not known for the days of {listed(without)}." if without else ""
