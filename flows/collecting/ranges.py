"""What a backfill asks: the questions of a night for other days. A Step for each package and year, or repository."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import duckdb

from flows.collecting.clients import Clients
from flows.collecting.plan import Step, known_stars, packages_of, repository_steps
from flows.run import Night
from flows.sources.github.stars import merged
from flows.sources.pypi import pypistats
from flows.sources.pypi.clickpy import LONGEST_CHUNK_DAYS, fetch_clickpy
from flows.sources.pypi.days import nobody_knows
from flows.sources.pypi.downloads import fetch_downloads
from warehouse.read.state import windows_asked

# Why there is nothing to go back for, where there is not.
WITHOUT_RANGE = {
    "google_trends": "an answer reaches as far back as [sources.google_trends] timeframe says, on a scale of its own; "
    "to load other years use trends import-search",
    "pypi_releases": "every night asks for all releases there ever were",
    "git_history": "the clone holds every commit there ever was",
}
WITH_RANGE = ("pypi_downloads", "github_repository")


def steps_between(
    night: Night, con: duckdb.DuckDBPyConnection, clients: Clients, source: str, first_day: date, last_day: date
) -> list[Step]:
    """Every step of a backfill that is still to do; what was asked before, by whichever run, is left out."""
    if source == "pypi_downloads":
        return list(_downloads(night, con, clients, first_day, last_day))
    repositories = [framework.repository for framework in night.settings.frameworks.values()]
    known = {name: replace(known_stars(con, name, last_day), needed_since=first_day) for name in repositories}
    lacking = {name: stars for name, stars in known.items() if not _is_covered(stars.days, first_day, last_day)}
    return list(repository_steps(night, con, clients, lacking))


def _downloads(
    night: Night, con: duckdb.DuckDBPyConnection, clients: Clients, first_day: date, last_day: date
) -> Iterator[Step]:
    settings = night.settings.sources.pypi_downloads
    for package in packages_of(night.settings, with_requiring=True):
        asked = windows_asked(con, source="pypi_downloads", entity=package)
        for start, end in _years(first_day, last_day):
            if _is_covered(asked, start, end):
                continue
            window: dict[str, Any] = {
                "package": package,
                "first_day": start,
                "last_day": end,
                "collected_at": night.now,
            }
            if end < pypistats.oldest_day(night.now):  # ClickPy alone goes back so far: what it lacks, nobody has
                fetch = partial(fetch_clickpy, settings, clients.downloads.clickpy, **window, counted=nobody_knows)
            else:
                fetch = partial(fetch_downloads, settings, clients.downloads, **window)
            yield Step("pypi_downloads", package, fetch, start, end)


def _is_covered(spans: Sequence[tuple[date, date]], first_day: date, last_day: date) -> bool:
    return any(first <= first_day and last_day <= last for first, last in merged(spans))


def _years(first_day: date, last_day: date) -> Iterator[tuple[date, date]]:
    """The days in pieces of a year, the newest first: should it break off, what is there touches what was there."""
    while last_day >= first_day:
        start = max(first_day, last_day - timedelta(days=LONGEST_CHUNK_DAYS - 1))
        yield start, last_day
        last_day = start - timedelta(days=1)
