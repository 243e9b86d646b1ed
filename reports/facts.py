"""What a report is about: its period, its signals, and everything the warehouse says about them, read once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Protocol, TypeVar

import duckdb

from reports.signals import DRAWN, SIGNALS, WEEKLY, Signal
from reports.wording import clean_label, letter, month_name, told
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
class Mark:
    """A break as the whole report marks it: one letter wherever it stands. A break of config.toml that ended is a loss.

    `last` is the last day of a loss or of a slow change; None where the new way of counting stayed. `frameworks` holds
    the keys of those that it touches.
    """

    letter: str
    first: date
    last: date | None
    kind: str
    what: str
    frameworks: frozenset[str]

    @property
    def is_loss(self) -> bool:
        return self.kind == "loss" or (self.kind == "own" and self.last is not None)

    def is_inside(self, first: date, last: date) -> bool:
        """Whether the days from `first` to `last` hold both days before and days after it.

        On its own first day everything is counted the new way already.
        """
        return self.first <= last and (self.last + timedelta(days=1) if self.last else self.first) > first


class _Asked(Protocol):
    """Something that a source was asked about."""

    @property
    def entity(self) -> str: ...


Concern = TypeVar("Concern", bound=_Asked)
Pair = TypeVar("Pair", bound=tuple[Any, ...])


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that one report is made of. Months are keyed by (framework, metric, first of the month).

    `marks` has the breaks of each signal's metric, in the order of their letters, up to the end of the period.
    """

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
    marks: dict[str, tuple[Mark, ...]] = field(default_factory=dict)
    longest: dict[tuple[str, str], queries.Longest] = field(default_factory=dict)
    earlier: tuple[queries.EarlierReport, ...] = ()
    claims: tuple[queries.ClaimCheck, ...] = ()
    ladder: tuple[queries.LadderStep, ...] = ()

    def month_values(self, framework: str, metric: str, months: Iterable[date]) -> list[queries.Month | None]:
        return [self.months.get((framework, metric, month)) for month in months]

    def is_synthetic(self, signal: Signal) -> bool:
        """Whether any figure of the signal was generated, not measured."""
        if signal.metric != "search_interest":
            return False
        return any(week.is_synthetic for weeks in self.search_weeks.values() for week in weeks)

    def label_of(self, framework: str) -> str:
        """How the framework is written."""
        return next((item.label for item in self.frameworks if item.framework == framework), framework)

    def asked_for(self, rows: Iterable[_Asked]) -> frozenset[str]:
        """The frameworks for which sources were asked: by key, repository, search query or package of theirs.

        Search terms are asked about together, their names with a plus between. A package that only installs a framework
        is asked about for that one, unless it is the package of another.
        """
        words = {word for row in rows for word in (row.entity, *row.entity.split("+"))}
        own = {entity: item.framework for item in self.frameworks for entity in _entities(item)}
        installing = {
            (package, item.framework) for item in self.frameworks for package in item.required_by if package not in own
        }
        return frozenset(key for entity, key in (*own.items(), *installing) if entity in words)

    def _concerning(self, rows: Iterable[Concern], keys: Collection[str]) -> tuple[Concern, ...]:
        """Rows that concern one of the frameworks `keys`, or no framework in particular."""
        return tuple(row for row in rows if not (found := self.asked_for([row])) or not found.isdisjoint(keys))

    def marks_of(self, signal: Signal) -> tuple[Mark, ...]:
        """The breaks that touch the signal: one list for charts, tables, sentences, page and mail."""
        return self.marks.get(signal.metric, ())

    def marks_inside(self, signal: Signal, framework: str, first: date, last: date) -> tuple[Mark, ...]:
        """Those of a framework's series that lie inside the days from `first` to `last`."""
        return tuple(
            mark for mark in self.marks_of(signal) if framework in mark.frameworks and mark.is_inside(first, last)
        )

    def only(self, keys: Collection[str]) -> Facts:
        """The same facts for the frameworks `keys` alone; their colours and the letters of breaks do not change."""
        return replace(
            self,
            frameworks=tuple(item for item in self.frameworks if item.framework in keys),
            curves=_first_in(self.curves, keys),
            latest=_first_in(self.latest, keys),
            longest=_first_in(self.longest, keys),
            months=_first_in(self.months, keys),
            weeks=_first_in(self.weeks, keys),
            search_weeks={key: rows for key, rows in self.search_weeks.items() if key in keys},
            search_bands=_first_in(self.search_bands, keys),
            releases={key: rows for key, rows in self.releases.items() if key in keys},
            ages=self._concerning(self.ages, keys),
            failed_checks=self._concerning(self.failed_checks, keys),
            failed_steps=self._concerning(self.failed_steps, keys),
            stand_ins=self._concerning(self.stand_ins, keys),
            doubts=self._concerning(self.doubts, keys),
            claims=tuple(row for row in self.claims if row.framework in keys),
            ladder=tuple(row for row in self.ladder if row.framework in keys),
            marks={
                metric: tuple(mark for mark in marks if not mark.frameworks.isdisjoint(keys))
                for metric, marks in self.marks.items()
            },
        )


def _entities(item: queries.Framework) -> tuple[str, ...]:
    return (item.framework, item.repository, item.search_query, *item.packages)


def _first_in(rows: dict[Pair, Item], keys: Collection[str]) -> dict[Pair, Item]:
    return {key: row for key, row in rows.items() if key[0] in keys}


def with_marks(facts: Facts) -> Facts:
    """The facts with a letter for every break that touches a signal."""
    return replace(facts, marks={signal.metric: tuple(_marks(facts, signal)) for signal in SIGNALS})


def _marks(facts: Facts, signal: Signal) -> Iterator[Mark]:
    """series_breaks says which breaks touch which series; here only those of services that answered count."""
    answered = {
        (row.framework, row.service)
        for rows in (facts.latest.values(), facts.months.values())
        for row in rows
        if row.metric == signal.metric
    }
    touched: dict[tuple[date, date | None, str, str], set[str]] = {}
    for row in facts.breaks:
        found = {key for key, metric, service in row.touches if metric == signal.metric and (key, service) in answered}
        if found and row.effective_on <= facts.period.end:
            touched.setdefault((row.effective_on, row.ends_on, row.kind, row.what_changed), set()).update(found)
    for place, ((first, last, kind, what), keys) in enumerate(touched.items()):
        yield Mark(letter(place), first, last, kind, told(what).rstrip("."), frozenset(keys))


def read_facts(con: duckdb.DuckDBPyConnection, as_of: date) -> Facts:
    """Read everything that the report of `as_of` shows."""
    period = Period(as_of)
    first, last = period.previous_start, period.end
    rolling = queries.read_rolling(con, first_day=first, last_day=last, drawn=DRAWN)
    facts = Facts(
        period=period,
        frameworks=tuple(replace(row, label=clean_label(row.label)) for row in queries.read_frameworks(con)),
        curves=_grouped((row for row in rolling if row.metric in DRAWN), lambda row: (row.framework, row.metric)),
        latest={(row.framework, row.metric): row for row in rolling if row.day == last},
        longest={(row.framework, row.metric): row for row in queries.read_longest(con, last_day=last)},
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
        earlier=tuple(queries.read_earlier(con, as_of=as_of)),
        claims=tuple(queries.read_claims(con)),
        ladder=tuple(queries.read_ladder(con)),
    )
    return with_marks(facts)


def level_of(signal: Signal, row: queries.Rolling) -> float | None:
    """A rolling figure in the unit of the charts: sums as a daily mean."""
    if row.value is None or signal.kind != "sum":
        return row.value
    return row.value / days_in_year_to(row.day)


def weekly_points(facts: Facts, signal: Signal, framework: str) -> Iterator[tuple[date, float | None]]:
    """Single weeks in the unit of the rolling curve. Contributors have none: people are not counted by the week."""
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
