"""What a report is about: its period, its signals, and everything the warehouse says about them, read once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeVar

import duckdb

from reports.signals import DRAWN, WEEKLY, Signal
from reports.wording import clean_label, month_name
from warehouse.calendar import add_months, days_in_year_to
from warehouse.read import report as queries

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Period:
    """The 12 complete UTC months before `as_of`'s month, and the 12 before those."""

    as_of: date

    @property
    def last_month(self) -> date:
        """First day of the last complete month."""
        return add_months(self.as_of.replace(day=1), -1)

    @property
    def end(self) -> date:
        return self.as_of.replace(day=1) - timedelta(days=1)

    @property
    def start(self) -> date:
        return add_months(self.last_month, -11)

    @property
    def previous_start(self) -> date:
        return add_months(self.start, -12)

    @property
    def previous_end(self) -> date:
        return self.start - timedelta(days=1)

    @property
    def months(self) -> tuple[date, ...]:
        return tuple(add_months(self.start, step) for step in range(12))

    @property
    def previous_months(self) -> tuple[date, ...]:
        return tuple(add_months(self.previous_start, step) for step in range(12))

    @property
    def text(self) -> str:
        return f"{month_name(self.start)} to {month_name(self.last_month)}"

    @property
    def previous_text(self) -> str:
        return f"{month_name(self.previous_start)} to {month_name(add_months(self.start, -1))}"


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that one report is made of. Months are keyed by (framework, metric, first of the month)."""

    period: Period
    frameworks: tuple[queries.Framework, ...]
    curves: dict[tuple[str, str], tuple[queries.Rolling, ...]]
    latest: dict[tuple[str, str], queries.Rolling]
    months: dict[tuple[str, str, date], queries.Month]
    weeks: dict[tuple[str, str], tuple[queries.Week, ...]]
    search_weeks: dict[str, tuple[queries.SearchWeek, ...]]
    search_bands: dict[tuple[str, date], queries.SearchBand]
    releases: dict[str, tuple[queries.FeatureRelease, ...]]
    breaks: tuple[queries.CountingBreak, ...]
    ages: tuple[queries.SourceAge, ...]
    definitions: tuple[queries.Definition, ...]
    failed_checks: tuple[queries.FailedCheck, ...]
    failed_steps: tuple[queries.FailedStep, ...]
    stand_ins: tuple[queries.FailedStep, ...] = ()
    doubts: tuple[queries.Doubt, ...] = ()

    def month_values(self, framework: str, metric: str, months: Iterable[date]) -> list[queries.Month | None]:
        return [self.months.get((framework, metric, month)) for month in months]

    def is_synthetic(self, signal: Signal) -> bool:
        """Whether any figure of the signal was generated, not measured."""
        if signal.metric != "search_interest":
            return False
        return any(week.is_synthetic for weeks in self.search_weeks.values() for week in weeks)

    def services_of(self, signal: Signal) -> frozenset[str]:
        """The services behind a signal's figures."""
        rolling = {row.service for (_, metric), row in self.latest.items() if metric == signal.metric}
        months = {row.service for (_, metric, _), row in self.months.items() if metric == signal.metric}
        return frozenset(service for service in rolling | months if service)

    def breaks_of(self, signal: Signal) -> tuple[queries.CountingBreak, ...]:
        """Breaks that touch the signal in a service that it uses; core.series_breaks says which touch what."""
        services = self.services_of(signal)
        return tuple(
            row
            for row in self.breaks
            if any(metric == signal.metric and service in services for _, metric, service in row.touches)
        )


def read_facts(con: duckdb.DuckDBPyConnection, as_of: date) -> Facts:
    """Read everything that the report of `as_of` shows."""
    period = Period(as_of)
    first, last = period.previous_start, period.end
    rolling = queries.read_rolling(con, first_day=first, last_day=last, drawn=DRAWN)
    return Facts(
        period=period,
        frameworks=tuple(replace(row, label=clean_label(row.label)) for row in queries.read_frameworks(con)),
        curves=_grouped((row for row in rolling if row.metric in DRAWN), lambda row: (row.framework, row.metric)),
        latest={(row.framework, row.metric): row for row in rolling if row.day == last},
        months={
            (row.framework, row.metric, row.month): row
            for row in queries.read_months(con, first_month=first, last_month=period.last_month)
        },
        weeks=_grouped(
            queries.read_weeks(con, first_day=first, last_day=last, weekly=WEEKLY),
            lambda row: (row.framework, row.metric),
        ),
        search_weeks=_grouped(
            queries.read_search_weeks(con, first_day=first, last_day=last), lambda row: row.framework
        ),
        search_bands={
            (row.framework, row.day): row for row in queries.read_search_bands(con, first_day=first, last_day=last)
        },
        releases=_grouped(queries.read_releases(con, first_day=first, last_day=last), lambda row: row.framework),
        breaks=tuple(queries.read_breaks(con, first_day=first, last_day=as_of)),
        ages=tuple(queries.read_freshness(con)),
        definitions=tuple(queries.read_definitions(con)),
        failed_checks=tuple(queries.read_failed_checks(con)),
        failed_steps=tuple(queries.read_failed_steps(con)),
        stand_ins=tuple(queries.read_stand_ins(con)),
        doubts=tuple(queries.read_doubts(con)),
    )


def level_of(signal: Signal, row: queries.Rolling) -> float | None:
    """A rolling figure in the unit of the charts: sums as a daily mean."""
    if row.value is None or signal.kind != "sum":
        return row.value
    return row.value / days_in_year_to(row.day)


def weekly_points(facts: Facts, signal: Signal, framework: str) -> Iterator[tuple[date, float | None]]:
    """Single weeks in the unit of the rolling curve. Contributors have none: people of a week are not their unit."""
    if signal.key == "search":
        for week in facts.search_weeks.get(framework, ()):
            yield week.week_start, week.interest
    elif signal.kind == "sum":
        for row in facts.weeks.get((framework, signal.metric), ()):
            yield row.week_end, row.daily_mean


def month_level(signal: Signal, month: queries.Month | None) -> float | None:
    """A month in the unit of the charts: sums as a daily mean."""
    if month is None:
        return None
    return month.daily_mean if signal.kind == "sum" else month.value


def _grouped(rows: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, tuple[Item, ...]]:
    groups: dict[Key, list[Item]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return {name: tuple(group) for name, group in groups.items()}
