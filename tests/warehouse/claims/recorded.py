"""The recorded lists of packages, as an answer and as one would add them up by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from flows.replay.pypi_recordings import recorded
from flows.sources.pypi.top_packages import known_lists
from warehouse.rows import Answer, Download


def lists_of(package: str, *, at: datetime) -> Answer:
    """Every total of a package in the lists, with the window that it counts."""
    windows = {listing.listed_on: listing for listing in known_lists()}
    rows = []
    for row in recorded("top_packages_counts"):
        listing = windows[date.fromisoformat(row["listed_on"])]
        if row["package"] == package:
            place = (package, listing.period_start, listing.period_end, listing.window_days, listing.basis)
            rows.append(Download(*place, int(row["downloads"])))
    return Answer("top_pypi_packages", package, "{}", at, tuple(rows))


def daily_estimates(package: str, basis: str) -> Iterator[tuple[date, float]]:
    """By the day, as by hand: the mean of the windows that hold the day; where none does, as on the day before."""
    windows = {listing.listed_on: listing for listing in known_lists() if listing.basis == basis}
    told: dict[int, list[float]] = {}
    for row in recorded("top_packages_counts"):
        listing = windows.get(date.fromisoformat(row["listed_on"]))
        if listing and row["package"] == package:
            for day in range(listing.period_start.toordinal(), listing.period_end.toordinal() + 1):
                told.setdefault(day, []).append(int(row["downloads"]) / listing.window_days)
    mean = 0.0
    for day in range(min(told), max(told) + 1):
        mean = sum(told[day]) / len(told[day]) if day in told else mean
        yield date.fromordinal(day), mean
