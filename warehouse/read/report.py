"""What reports read: one function a question, typed rows, values bound, SQL in sql/queries/report/.

Every function takes a connection from `snapshot.open_published`, so each answer is "as known on that day".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb

from warehouse.read.queries import ask, query


@dataclass(frozen=True, slots=True)
class Framework:
    """A tracked framework; `label` is how people write it, `search_query` the topic or term that Google is asked.

    `position` counts from 0 in the order of config.toml. `packages` are its own, `required_by` those that install it.
    """

    framework: str
    label: str
    search_query: str = ""
    position: int = 0
    repository: str = ""
    packages: Sequence[str] = ()
    required_by: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Rolling:
    """The 12 months ending on `day` beside the 12 before; `change` is a share (0.1 is +10 %), None when withheld."""

    framework: str
    metric: str
    day: date
    value: float | None
    previous_value: float | None
    change: float | None
    is_comparable: bool
    reason: str | None
    basis: str | None
    service: str | None


@dataclass(frozen=True, slots=True)
class Longest:
    """Where 12 months cannot be compared: the longest two windows that can, of `weeks` whole weeks each.

    `change` and the further changes are shares (0.1 is +10 %), with the ends of their 95 % ranges. `relative_change` is
    that beside all packages of the index together. `reason` says why there is no comparison, None where there is one.
    """

    framework: str
    metric: str
    weeks: int | None
    window_start: date | None
    window_end: date | None
    previous_start: date | None
    previous_end: date | None
    value: float | None
    previous_value: float | None
    change: float | None
    low: float | None
    high: float | None
    control_change: float | None
    relative_change: float | None
    relative_low: float | None
    relative_high: float | None
    reason: str | None
    limits: str | None
    basis: str | None
    service: str | None


@dataclass(frozen=True, slots=True)
class Month:
    """One month of one metric; `coverage` 0-1 is the share of its days that the source has.

    state: complete; running; late (the service has not come to the month's end yet); gaps (days inside it are missing).
    """

    framework: str
    metric: str
    month: date
    value: float | None
    daily_mean: float | None
    coverage: float | None
    is_complete: bool
    basis: str | None
    service: str | None
    state: str = "complete"


@dataclass(frozen=True, slots=True)
class Week:
    """The mean of the seven days that end on `week_end`."""

    framework: str
    metric: str
    week_end: date
    daily_mean: float


@dataclass(frozen=True, slots=True)
class SearchWeek:
    """Search interest (0-100) of a week: mean of its draws, lower and upper end of the 95 % band of that mean."""

    framework: str
    week_start: date
    interest: float | None
    interest_low: float | None
    interest_high: float | None
    draws: int
    is_synthetic: bool


@dataclass(frozen=True, slots=True)
class SearchBand:
    """Ends of the weekly bands, averaged over the 12 months to `day`; `draws` is the fewest of any week.

    `doubt`: what the mean may be wrong by against that of another year, a variance, relative: without what both share.
    """

    framework: str
    day: date
    interest_low: float | None
    interest_high: float | None
    draws: int
    doubt: float | None = None


@dataclass(frozen=True, slots=True)
class FeatureRelease:
    framework: str
    version: str
    released_on: date


@dataclass(frozen=True, slots=True)
class CountingBreak:
    """A day from which a source counts differently; "*" stands for every source, metric or entity.

    `source` "pypi" is every service that counts downloads. `ends_on`: the last day of a loss that ended. `touches`: the
    series it concerns, as (framework, metric, service).
    """

    source: str
    metric: str
    effective_on: date
    kind: str
    what_changed: str
    evidence: str
    entity: str
    ends_on: date | None
    touches: frozenset[tuple[str, str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class SourceAge:
    """status: fresh, late, stale, never. `signal`: what the figures are for."""

    source: str
    service: str
    entity: str
    signal: str
    last_day: date | None
    age_days: int | None
    status: str
    collected_at: datetime | None


@dataclass(frozen=True, slots=True)
class Definition:
    """A metric of the catalogue; `label` is how it is written, `answered_by` which services answer, for people."""

    metric: str
    label: str
    unit: str
    definition: str
    basis: str | None
    answered_by: str | None
    caveat: str | None
    reference: str | None


@dataclass(frozen=True, slots=True)
class FailedCheck:
    """A quality check that did not pass on the newest answers."""

    check_name: str
    service: str
    entity: str
    status: str
    detail: str


@dataclass(frozen=True, slots=True)
class FailedStep:
    """A source and entity that the last run could not collect, only a part of, or not from the preferred service; why.

    `has_rows`: whether it brought anything new.
    """

    source: str
    entity: str
    error: str
    has_rows: bool


@dataclass(frozen=True, slots=True)
class EarlierReport:
    """What the page of an earlier day said, as JSON."""

    as_of: date
    said: str


@dataclass(frozen=True, slots=True)
class ClaimCheck:
    """A claim of config.toml in one of its readings, beside what was counted; the columns of view claims."""

    claim: str
    reading: str
    claimed: int | None
    our_value: float | None
    low: float | None
    high: float | None
    coverage: float | None
    verdict: str
    reason: str
    first_reached_on: date | None
    held_until: date | None
    checked_as_of: date
    definitions_version: str
    lineage: str
    framework: str
    quote: str
    source_name: str
    source_url: str | None
    made_on: date | None
    begins_from: date | None
    begins_until: date | None
    metric: str
    counted_until: date | None
    query: str | None


@dataclass(frozen=True, slots=True)
class LadderStep:
    """How many take part in a history by one way of counting; `difference` to the step before, None for the first."""

    framework: str
    step: int
    name: str
    people: int
    difference: int | None
    explanation: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """What an answer of a service gives cause to look at, as a plain line."""

    service: str
    note: str
    entity: str = ""


def read_frameworks(con: duckdb.DuckDBPyConnection) -> list[Framework]:
    """Every tracked framework in the order of config.toml, with or without data."""
    return ask(con, "report/frameworks", Framework)


def read_rolling(
    con: duckdb.DuckDBPyConnection, *, first_day: date, last_day: date, drawn: Sequence[str]
) -> list[Rolling]:
    """All metrics on `last_day`; the `drawn` ones also on Sundays and month ends from `first_day` on."""
    return ask(con, "report/rolling", Rolling, first_day=first_day, last_day=last_day, drawn=list(drawn))


def read_longest(con: duckdb.DuckDBPyConnection, *, last_day: date) -> list[Longest]:
    """Of the series whose 12 months to `last_day`, the end of a month, cannot be compared."""
    return ask(con, "report/longest", Longest, last_day=last_day)


def read_months(con: duckdb.DuckDBPyConnection, *, first_month: date, last_month: date) -> list[Month]:
    """Every metric of every month from `first_month` to `last_month`, both firsts of a month and included."""
    return ask(con, "report/months", Month, first_month=first_month, last_month=last_month)


def read_weeks(con: duckdb.DuckDBPyConnection, *, first_day: date, last_day: date, weekly: Sequence[str]) -> list[Week]:
    """Weekly means of the metrics `weekly`, whole weeks only."""
    return ask(con, "report/weeks", Week, first_day=first_day, last_day=last_day, weekly=list(weekly))


def read_search_weeks(con: duckdb.DuckDBPyConnection, *, first_day: date, last_day: date) -> list[SearchWeek]:
    """Search interest of the weeks that start in the range."""
    return ask(con, "report/search_weeks", SearchWeek, first_day=first_day, last_day=last_day)


def read_search_bands(con: duckdb.DuckDBPyConnection, *, first_day: date, last_day: date) -> list[SearchBand]:
    """The band around the rolling search interest, on Sundays and month ends."""
    return ask(con, "report/search_bands", SearchBand, first_day=first_day, last_day=last_day)


def read_releases(con: duckdb.DuckDBPyConnection, *, first_day: date, last_day: date) -> list[FeatureRelease]:
    """Feature releases (no pre-releases, no patches) of the range."""
    return ask(con, "report/releases", FeatureRelease, first_day=first_day, last_day=last_day)


def read_breaks(con: duckdb.DuckDBPyConnection, *, first_day: date, last_day: date) -> list[CountingBreak]:
    """Counting breaks that take effect, or losses that last, in the range."""
    return ask(con, "report/breaks", _counting_break, first_day=first_day, last_day=last_day)


def read_freshness(con: duckdb.DuckDBPyConnection) -> list[SourceAge]:
    """Age and state of every source and what it was asked about."""
    return ask(con, "report/freshness", SourceAge)


def read_definitions(con: duckdb.DuckDBPyConnection) -> list[Definition]:
    """What each metric means."""
    return ask(con, "report/definitions", Definition)


def read_failed_checks(con: duckdb.DuckDBPyConnection) -> list[FailedCheck]:
    """Quality checks that did not pass."""
    return ask(con, "problems/checks", FailedCheck)


def read_failed_steps(con: duckdb.DuckDBPyConnection) -> list[FailedStep]:
    """What the last run that asked for it could not collect."""
    return ask(con, "problems/failed_steps", FailedStep)


def read_stand_ins(con: duckdb.DuckDBPyConnection) -> list[FailedStep]:
    """What the last run got from a service that stands in for the preferred one."""
    return ask(con, "problems/stand_ins", FailedStep)


def read_earlier(con: duckdb.DuckDBPyConnection, *, as_of: date) -> list[EarlierReport]:
    """The last report of an earlier day, and the last one that is four weeks old or older; none on a first report."""
    return ask(con, "report/earlier", EarlierReport, as_of=as_of)


def read_claims(con: duckdb.DuckDBPyConnection) -> list[ClaimCheck]:
    """What others claim, in the order of config.toml."""
    return ask(con, "claims/told", ClaimCheck)


def read_ladder(con: duckdb.DuckDBPyConnection) -> list[LadderStep]:
    """The steps from the addresses of authors to everybody who takes part, each for all frameworks."""
    return ask(con, "claims/ladder", LadderStep)


def read_doubts(con: duckdb.DuckDBPyConnection) -> list[Doubt]:
    """What the last answers of the sources give cause to look at."""
    return ask(con, "problems/doubts", Doubt)


def displayed_sql(name: str, **values: date | Sequence[str]) -> str:
    """The text of a report query with its values written in: what `trends sql` accepts and a reader can repeat."""
    return re.sub(r"\$([a-z_]+)", lambda match: _displayed(values[match[1]]), query(f"report/{name}")).strip()


def _displayed(value: date | Sequence[str]) -> str:
    """A day or a list of metrics as SQL writes them."""
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    return f"[{', '.join(repr(metric) for metric in value)}]"


def _counting_break(*values: Any) -> CountingBreak:
    *told, touches = values
    return CountingBreak(*(*told, frozenset(touches or ())))
