"""metrics.csv: every number that the report shows, one a line, each with what it takes to judge it."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from operator import attrgetter

from reports.compare import SummaryRow
from reports.facts import Facts, level_of, month_level, weekly_points
from reports.signals import SIGNALS, Signal
from warehouse.calendar import add_months, first_of_year_to
from warehouse.catalogue.metrics import METRICS
from warehouse.read.report import Rolling

_INCOMPLETE = {
    "late": "The service has not come to the end of the month yet.",
    "gaps": "Days inside the month are missing.",
}
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Number:
    """A line of metrics.csv.

    statistic    what was done with the metric: value (12 months), daily_mean, change, change_low, change_high, share
                 (of the sum of all), ratio, ratio_low, ratio_high (beside the framework that `unit` names), coverage,
                 month, month_daily_mean, rolling, rolling_daily_mean, rolling_low, rolling_high, week; where 12 months
                 cannot be compared also longest_value, longest_change, longest_control_change and
                 longest_relative_change, the changes with _low and _high
    period       first and last day, both included
    source       the service that answered
    comparable   whether the period can be set against the one before; reason says why not
    """

    framework: str
    metric: str
    statistic: str
    period: str
    value: float | None
    unit: str
    basis: str
    source: str
    coverage: float | None
    comparable: bool | None
    reason: str


def numbers_of(facts: Facts, rows: Sequence[SummaryRow]) -> Iterator[Number]:
    """Every number of the report: the 12 months, the companions, the months, the curves, the weeks."""
    for row in rows:
        yield from _summary_numbers(facts, row)
        yield from _longest_numbers(row)
    yield from _companion_numbers(facts)
    yield from _month_numbers(facts)
    for signal in SIGNALS:
        for item in facts.frameworks:
            yield from _curve_numbers(facts, signal, item.framework)
            yield from _week_numbers(facts, signal, item.framework)


def csv_text(numbers: Sequence[Number]) -> str:
    """The numbers as CSV; texts that a spreadsheet would run as a formula get a leading apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [field.name for field in fields(Number)]
    writer.writerow(names)
    writer.writerows([_cell(value) for value in attrgetter(*names)(number)] for number in numbers)
    return out.getvalue()


def _cell(value: str | float | bool | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return format(value, ".10g") if math.isfinite(value) else ""
    text = " ".join(value.splitlines()) if "\n" in value else value
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def span(first: date, last: date) -> str:
    """An ISO 8601 interval of days, both ends included."""
    return f"{first.isoformat()}/{last.isoformat()}"


def _year_to(day: date) -> str:
    return span(first_of_year_to(day), day)


def _labelled(source: str, *, is_synthetic: bool) -> str:
    return f"{source} (synthetic)" if is_synthetic else source


def unit_of(metric: str) -> str:
    """What a metric counts."""
    return METRICS[metric].unit


def _summary_numbers(facts: Facts, row: SummaryRow) -> Iterator[Number]:
    unit, source = unit_of(row.signal.metric), _labelled(row.service, is_synthetic=row.is_synthetic)
    now, before = span(facts.period.start, facts.period.end), _previous(facts)
    comparable = row.change is not None

    def number(statistic: str, period: str, value: float | None, unit: str) -> Number:
        return Number(
            row.framework, row.signal.metric, statistic, period, value, unit, row.basis, source, row.coverage,
            comparable, row.reason,
        )  # fmt: skip

    yield number("value", now, row.value, unit)
    yield number("value", before, row.previous, unit)
    if row.signal.kind == "sum":
        yield number("daily_mean", now, row.level, f"{unit} a day")
        yield number("daily_mean", before, row.previous_level, f"{unit} a day")
    for statistic, value in (("change", row.change), ("change_low", row.low), ("change_high", row.high)):
        yield number(statistic, now, value, "share")
    if row.signal.has_parts:
        yield number("share", now, row.share, "share")
        yield number("share", before, row.previous_share, "share")
    if row.ratio:
        for statistic, value in (("", row.ratio.value), ("_low", row.ratio.low), ("_high", row.ratio.high)):
            yield number(f"ratio{statistic}", now, value, f"times {row.ratio.other}")


def _longest_numbers(row: SummaryRow) -> Iterator[Number]:
    """The longest honest comparison; `reason` says what to keep in mind."""
    found, unit = row.longest, unit_of(row.signal.metric)
    if found is None or not (found.window_start and found.window_end and found.previous_start and found.previous_end):
        return
    newer, older = span(found.window_start, found.window_end), span(found.previous_start, found.previous_end)
    source = _labelled(found.service or "", is_synthetic=row.is_synthetic)
    for statistic, period, value, counted in (
        ("value", newer, found.value, unit),
        ("value", older, found.previous_value, unit),
        ("change", newer, found.change, "share"),
        ("change_low", newer, found.low, "share"),
        ("change_high", newer, found.high, "share"),
        ("control_change", newer, found.control_change, "share"),
        ("relative_change", newer, found.relative_change, "share"),
        ("relative_change_low", newer, found.relative_low, "share"),
        ("relative_change_high", newer, found.relative_high, "share"),
    ):
        if value is not None:
            yield Number(
                row.framework, row.signal.metric, f"longest_{statistic}", period, value, counted, found.basis or "",
                source, 1.0, found.change is not None, found.reason or found.limits or "",
            )  # fmt: skip


def _previous(facts: Facts) -> str:
    return span(facts.period.previous_start, facts.period.previous_end)


def _companion_numbers(facts: Facts) -> Iterator[Number]:
    for signal in SIGNALS:
        for metric in signal.companions:
            for item in facts.frameworks:
                row = facts.latest.get((item.framework, metric))
                if row:
                    yield _rolling_number(row, "value", row.value)
                    yield _rolling_number(row, "value", row.previous_value, period=_previous(facts))


def _rolling_number(row: Rolling, statistic: str, value: float | None, *, period: str = "", source: str = "") -> Number:
    return Number(
        row.framework, row.metric, statistic, period or _year_to(row.day), value, unit_of(row.metric), row.basis or "",
        source or row.service or "", None, row.is_comparable, row.reason or "",
    )  # fmt: skip


def _month_numbers(facts: Facts) -> Iterator[Number]:
    signals = {metric: signal for signal in SIGNALS for metric in (signal.metric, *signal.companions)}
    for (framework, metric, month), row in facts.months.items():
        signal = signals.get(metric)
        if signal is None:
            continue
        synthetic = facts.is_synthetic(signal)
        period = span(month, add_months(month, 1) - timedelta(days=1))
        reason = "" if row.is_complete else _INCOMPLETE.get(row.state, "The month is not complete.")
        values = [("month", row.value, unit_of(metric))]
        if signal.kind == "sum" and row.daily_mean is not None and metric == signal.metric:
            values.append(("month_daily_mean", month_level(signal, row), f"{unit_of(metric)} a day"))
        for statistic, value, unit in values:
            yield Number(
                framework, metric, statistic, period, value, unit, row.basis or "",
                _labelled(row.service or "", is_synthetic=synthetic), row.coverage, row.is_complete, reason,
            )  # fmt: skip


def _curve_numbers(facts: Facts, signal: Signal, framework: str) -> Iterator[Number]:
    synthetic = facts.is_synthetic(signal)
    for row in facts.curves.get((framework, signal.metric), ()):
        source = _labelled(row.service or "", is_synthetic=synthetic)
        statistic = "rolling_daily_mean" if signal.kind == "sum" else "rolling"
        yield _rolling_number(row, statistic, level_of(signal, row), source=source)
        band = facts.search_bands.get((framework, row.day)) if signal.key == "search" else None
        if band:
            yield _rolling_number(row, "rolling_low", band.interest_low, source=source)
            yield _rolling_number(row, "rolling_high", band.interest_high, source=source)


def _week_numbers(facts: Facts, signal: Signal, framework: str) -> Iterator[Number]:
    synthetic = facts.is_synthetic(signal)
    rows = facts.curves.get((framework, signal.metric), ())
    basis, source = (rows[-1].basis or "", rows[-1].service or "") if rows else ("", "")
    for day, value in weekly_points(facts, signal, framework):
        first = day if signal.key == "search" else day - timedelta(days=6)
        unit = unit_of(signal.metric) if signal.kind == "mean" else f"{unit_of(signal.metric)} a day"
        yield Number(
            framework, signal.metric, "week", span(first, first + timedelta(days=6)), value, unit, basis,
            _labelled(source, is_synthetic=synthetic), None, None, "",
        )  # fmt: skip
