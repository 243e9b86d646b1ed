"""top-pypi-packages: once a month the most downloaded packages with one total each, and every earlier list.

A total is NOT always of 30 days: the window and the installers counted changed often (top_packages_lists.csv, read from
the history of the project that makes the lists). Since July 2025 a list counts the calendar month before it. A package
that is not in a list had fewer downloads than the last one listed; that is not zero, so it makes no row.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from flows.config.settings import PypiDownloads
from flows.sources.answers import count, day_in
from flows.sources.errors import SourceError, TerminalError
from flows.sources.http import HttpClient, json_of
from warehouse.rows import Answer, Download

SOURCE = "top_pypi_packages"
CURRENT = "top-pypi-packages.json"
CALENDAR_MONTHS_SINCE = date(2025, 7, 5)
_WITHOUT_A_DATE = date(2018, 2, 7)  # the first list of all is its rows alone, without the time of its update
_RENAMED_ON = date(2025, 4, 1)  # until then the file in the history has 30-days in its name


@dataclass(frozen=True, slots=True)
class PackageList:
    """A list, the window that it counts (both ends included) and where in the history it is kept."""

    listed_on: date
    period_start: date
    period_end: date
    window_days: int
    basis: str
    kept_at: str

    @property
    def path(self) -> str:
        """Where the list is, below the address of the history."""
        name = CURRENT if self.listed_on >= _RENAMED_ON else "top-pypi-packages-30-days.json"
        return f"{self.kept_at}/{name}"

    def days_in(self, month: date) -> int:
        """How many days of the window are in the month that starts on `month`."""
        start, end = max(self.period_start, month), min(self.period_end, _next_month(month) - timedelta(days=1))
        return max(0, (end - start).days + 1)


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of a list: the count of one package, None if it is not listed, and the path that was asked."""

    listing: PackageList
    count: int | None
    path: str


def fetch_top_packages(
    settings: PypiDownloads,
    client: HttpClient,
    *,
    package: str,
    first_day: date,
    last_day: date,
    collected_at: datetime,
) -> Iterator[Answer]:
    """One Answer a basis ("pip", "all"): of each month of the window the list that covers most of it, and the newest.

    window_start and window_end are those of the lists that were read. Raises TransientError, TerminalError; the totals
    read until then are yielded before.
    """
    source = _Source(settings, client, package, collected_at.astimezone(UTC).date())
    current, count = source.read_current()
    reads = [_Read(current, count, CURRENT)] if current.period_end <= last_day else []
    failure = None
    try:
        for listing in _best(published_until(current), first_day, last_day):
            if listing != current:
                reads.extend(source.read_kept(listing))
    except SourceError as error:
        failure = error
    yield from _answers(package, reads, source.missing, collected_at)
    if failure:
        raise failure


@cache
def known_lists() -> tuple[PackageList, ...]:
    """The lists whose window and installers are known from the history, oldest first."""
    with Path(__file__).with_name("top_packages_lists.csv").open(newline="", encoding="utf-8") as file:
        return tuple(
            PackageList(
                date.fromisoformat(row["listed_on"]),
                date.fromisoformat(row["period_start"]),
                date.fromisoformat(row["period_end"]),
                int(row["window_days"]),
                row["basis"],
                row["commit"],
            )
            for row in csv.DictReader(file)
        )


def published_until(current: PackageList) -> tuple[PackageList, ...]:
    """The known lists and, after them, one a month up to `current`, kept under the tag of the month."""
    lists = [listing for listing in known_lists() if listing.listed_on < current.listed_on]
    month = _next_month(known_lists()[-1].listed_on)
    while month < current.listed_on.replace(day=1):
        lists.append(_calendar_month_list(month))
        month = _next_month(month)
    return (*lists, current)


class _Source:
    """Reads lists for one package. `missing` collects the paths that the history does not have."""

    def __init__(self, settings: PypiDownloads, client: HttpClient, package: str, collected_on: date) -> None:
        self._settings = settings
        self._client = client
        self._package = package
        self._collected_on = collected_on
        self.missing: list[str] = []

    def read_current(self) -> tuple[PackageList, int | None]:
        response = self._client.get(f"{self._settings.top_packages_url}/{CURRENT}")
        payload = json_of(SOURCE, response)
        current = _identify(payload)
        if current.listed_on > self._collected_on:
            raise TerminalError(
                SOURCE, f"the list of {current.listed_on} is from the future, today is {self._collected_on}"
            )
        return current, _count_of(payload, self._package)

    def read_kept(self, listing: PackageList) -> Iterator[_Read]:
        """The list, or nothing where the history has no such list: a month without one happened."""
        url = f"{self._settings.top_packages_history_url}/{listing.path}"
        response = self._client.get(url, accept=frozenset({200, 404}))
        if response.status_code == 404:
            self.missing.append(listing.path)
            return
        payload = json_of(SOURCE, response)
        found = listing if listing.listed_on == _WITHOUT_A_DATE and isinstance(payload, list) else _identify(payload)
        if (found.period_start, found.period_end, found.basis) != (
            listing.period_start,
            listing.period_end,
            listing.basis,
        ):
            raise TerminalError(SOURCE, f"{listing.path} should end on {listing.period_end}, not {found.period_end}")
        yield _Read(found, _count_of(payload, self._package), listing.path)


def _identify(payload: Any) -> PackageList:
    """Which list this is, by its date. Raises TerminalError where its window is not known for sure."""
    try:
        listed_on = day_in(payload["last_update"][:10])
    except (KeyError, TypeError, ValueError):
        raise TerminalError(SOURCE, "a list without the time of its last update") from None
    for listing in known_lists():
        if listing.listed_on == listed_on:
            return listing
    if listed_on > CALENDAR_MONTHS_SINCE and payload.get("source") == "ClickHouse":
        return _calendar_month_list(listed_on)
    raise TerminalError(SOURCE, f"the window that the list of {listed_on} counts is not known")


def _calendar_month_list(listed_on: date) -> PackageList:
    month = listed_on.replace(day=1)
    end = month - timedelta(days=1)
    return PackageList(listed_on, end.replace(day=1), end, end.day, "all", f"{month:%Y.%m}")


def _count_of(payload: Any, package: str) -> int | None:
    """The total of `package`, None where it is not listed. Raises TerminalError where rows have another shape."""
    rows = payload if isinstance(payload, list) else payload.get("rows")
    if not isinstance(rows, list) or not rows:
        raise TerminalError(SOURCE, "a list without rows")
    counts = [count for name, count in map(_name_and_count, rows) if name == package]
    if len(counts) > 1:
        raise TerminalError(SOURCE, f"a list has {package} {len(counts)} times")
    return counts[0] if counts else None


def _name_and_count(row: Any) -> tuple[str, int]:
    try:
        return canonicalize_name(row["project"]), count(row["download_count"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise TerminalError(SOURCE, f"not a package with a count: {error}") from None


def _best(lists: Iterable[PackageList], first_day: date, last_day: date) -> list[PackageList]:
    """Of each month from `first_day` to `last_day` the list that covers most of its days; newest first."""
    over = [listing for listing in lists if listing.period_end <= last_day]
    chosen = set()
    month = first_day.replace(day=1)
    while month <= last_day:
        days, _, best = max(
            ((listing.days_in(month), listing.listed_on, listing) for listing in over),
            key=lambda item: item[:2],
            default=(0, month, None),
        )
        if days and best:
            chosen.add(best)
        month = _next_month(month)
    return sorted(chosen, key=lambda listing: listing.listed_on, reverse=True)


def _answers(package: str, reads: list[_Read], missing: list[str], collected_at: datetime) -> Iterator[Answer]:
    """One Answer for each basis that was read. Its state says which lists lack the package and which are missing."""
    for basis in sorted({read.listing.basis for read in reads}):
        ours = sorted((read for read in reads if read.listing.basis == basis), key=lambda read: read.listing.listed_on)
        unlisted = [read.listing.listed_on.isoformat() for read in ours if read.count is None]
        yield Answer(
            service=SOURCE,
            entity=package,
            request=json.dumps({"method": "GET", "paths": [read.path for read in ours]}),
            collected_at=collected_at,
            rows=tuple(_download(package, read.listing, read.count) for read in ours if read.count is not None),
            window_start=min(read.listing.period_start for read in ours),
            window_end=max(read.listing.period_end for read in ours),
            state={"not_listed_on": unlisted, "missing_lists": missing},
        )


def _download(package: str, listing: PackageList, count: int) -> Download:
    return Download(package, listing.period_start, listing.period_end, listing.window_days, listing.basis, count)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
