"""Claims in words: one answer a claim, with its readings below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from math import floor
from operator import attrgetter

from reports.wording import NO_FIGURE, exact, long_day, percent, told
from warehouse.read.report import ClaimCheck

DIFFERENT = "depends on what is meant"


@dataclass(frozen=True, slots=True)
class ReadingText:
    """A reading of a claim as the page shows it. `query` is SQL, empty where there is nothing to count."""

    name: str
    counted: str
    verdict: str
    reason: str
    coverage: str
    lineage: str
    query: str


@dataclass(frozen=True, slots=True)
class ClaimText:
    """A claim as the page shows it; `rows` are what it is made of, `verdict` the one that they share."""

    name: str
    quote: str
    source: str
    source_url: str | None
    made_on: str
    verdict: str
    readings: tuple[ReadingText, ...]
    rows: tuple[ClaimCheck, ...]


def claims_told(checks: Sequence[ClaimCheck]) -> tuple[ClaimText, ...]:
    """Every claim in the order of config.toml."""
    return tuple(_claim(tuple(rows)) for _, rows in groupby(checks, key=attrgetter("claim")))


def verdict_of(rows: Sequence[ClaimCheck]) -> str:
    """The verdict that all readings share, else that they differ: never the nicest of them."""
    verdicts = {row.verdict for row in rows}
    return verdicts.pop() if len(verdicts) == 1 else DIFFERENT


def _claim(rows: tuple[ClaimCheck, ...]) -> ClaimText:
    first = rows[0]
    return ClaimText(
        name=first.claim,
        quote=first.quote,
        source=first.source_name,
        source_url=first.source_url,
        made_on=long_day(first.made_on) if first.made_on else "on a day that is not known",
        verdict=verdict_of(rows),
        readings=tuple(_readings(rows)),
        rows=rows,
    )


def _readings(rows: Sequence[ClaimCheck]) -> Iterator[ReadingText]:
    for row in rows:
        yield ReadingText(
            name=row.reading,
            counted=counted(row),
            verdict=row.verdict,
            reason=told(row.reason),
            coverage=NO_FIGURE if row.coverage is None else percent(floor(100 * row.coverage) / 100),
            lineage=told(row.lineage),
            query=row.query or "",
        )


def counted(row: ClaimCheck) -> str:
    """Our figure, with its range where it has one; of a beginning the first day."""
    if row.our_value is None:
        return _day(row.first_reached_on)
    value, low, high = (exact(round(figure)) for figure in (row.our_value, row.low or 0, row.high or 0))
    return value if low == high else f"{value} ({low} to {high})"


def _day(day: date | None) -> str:
    return long_day(day) if day else NO_FIGURE
