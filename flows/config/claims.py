"""[[claims]] of config.toml: what others say of a framework, word for word, and in which ways that may be meant."""

from __future__ import annotations

import calendar
import re
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, StrictBool, ValidationInfo, field_validator

from flows.config.section import Section
from flows.config.types import Count, Day, FrameworkKey, ListName, Name, Package, from_to, words
from warehouse.catalogue.metrics import METRICS

LARGEST = 10**15
_WIDEST = 0.05  # of a round number: 2 million is not rounded from 2.4 million

if TYPE_CHECKING:
    AnyMetric = str
    CountedBasis = str
else:
    AnyMetric = Literal[tuple(METRICS)]
    CountedBasis = Literal[tuple(basis for metric in METRICS.values() for basis in metric.counted_as)]


def _checked_period(value: str) -> str:
    try:
        period(value)
    except ValueError:
        raise ValueError('must be a year, a month or a day in quotes: "2019", "2019-09" or "2019-09-30"') from None
    return value


def period(text: str) -> tuple[date, date]:
    """First and last day of "2019", "2019-09" or "2019-09-30". Raises ValueError."""
    if not re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", text):
        raise ValueError(text)
    first = date.fromisoformat(f"{text}-01-01"[:10])
    last_of_month = calendar.monthrange(first.year, first.month)[1]
    last = {4: first.replace(month=12, day=31), 7: first.replace(day=last_of_month), 10: first}
    return first, last[len(text)]


Period = Annotated[str, AfterValidator(_checked_period)]
Page = Annotated[
    str, words(r"https?://[!-~]{1,2000}", "the address of a page: http:// or https://, then no spaces, in ASCII")
]


class Reading(Section):
    """One way in which a claim may be meant: what is counted, from when to when.

    `packages` empty: those of the framework. `from` left out: since the beginning; `to` left out: until today, whenever
    that is. `basis`: of downloads, which installers count.
    """

    name: Name
    metric: AnyMetric
    packages: tuple[Package, ...] = ()
    first_day: Annotated[Day | None, Field(alias="from")] = None
    last_day: Annotated[Day | None, Field(alias="to")] = None
    basis: CountedBasis | None = None

    @field_validator("packages")
    @classmethod
    def _of_downloads(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if value and not METRICS[info.data.get("metric", "pypi_downloads")].counted_as:
            raise ValueError("packages are downloaded; leave them out for a metric that counts no downloads")
        return value

    @field_validator("last_day")
    @classmethod
    def _not_before_it_begins(cls, value: date | None, info: ValidationInfo) -> date | None:
        first = info.data.get("first_day")
        if value and first and value < first:
            raise ValueError(f"must not be before from, {first}")
        return value

    @field_validator("basis")
    @classmethod
    def _of_the_metric(cls, value: str | None, info: ValidationInfo) -> str | None:
        metric = info.data.get("metric")
        if value and metric and value not in (allowed := METRICS[metric].counted_as):
            choices = f"one of {', '.join(allowed)}" if allowed else "left out"
            raise ValueError(f"must be {choices} for {metric}")
        return value


class Claim(Section):
    """What somebody says of a framework, with where it stands, and how that may be meant.

    `value` is the number that is claimed (`at_least`: or more), `began` the time in which something is claimed to have
    begun; without either there is nothing to check. `made_on` left out: nobody knows.
    """

    name: ListName
    quote: Name
    source: Name
    source_url: Page | None = None
    made_on: Day | None = None
    framework: FrameworkKey
    value: Annotated[Count, from_to(1, LARGEST)] | None = None
    at_least: StrictBool = False
    began: Period | None = None
    readings: tuple[Reading, ...]

    @field_validator("at_least")
    @classmethod
    def _of_a_number(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("value", 1) is None:
            raise ValueError("says that the number or more is claimed, but there is no value")
        return value

    @field_validator("began")
    @classmethod
    def _one_of_both(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value and info.data.get("value") is not None:
            raise ValueError("a claim has a value or a beginning; make two claims of it")
        return value

    @field_validator("readings")
    @classmethod
    def _names_differ(cls, value: tuple[Reading, ...]) -> tuple[Reading, ...]:
        if not value:
            raise ValueError("must have at least one, [[claims.readings]]")
        if len({reading.name for reading in value}) < len(value):
            raise ValueError("must have different names")
        return value

    @property
    def stands_for(self) -> tuple[int | None, int | None]:
        """From which to which number the one that is claimed would be rounded; (None, None) where it names none."""
        if self.value is None:
            return None, None
        if self.at_least:
            return self.value, None
        unit = next(10**power for power in range(15, -1, -1) if self.value % 10**power == 0)
        half = min(unit // 2, int(self.value * _WIDEST))
        return self.value - half, self.value + max(half - 1, 0)
