"""pypistats.org: downloads a day of the last 180 days, with and without mirrors.

A day without a row had no download, or the service missed it: `__all__`, the sum of all packages, tells the two apart.
The whole site allows about 30 requests a minute and answers 429 to more, without a word on how long to wait.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Set
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

import requests

from flows.config.settings import PypiDownloads
from flows.sources.answers import count, day_in, shown
from flows.sources.errors import TerminalError
from flows.sources.http import HttpClient, json_of
from flows.sources.pypi.days import FEW_A_DAY, Counted, answers, covered_days
from warehouse.rows import Answer

SOURCE = "pypistats"
ALL_PACKAGES = "__all__"
_WAIT_SECONDS = 30.0
RETENTION_DAYS = 180  # counted from yesterday, both ends included: 181 dates
_BASIS: Mapping[str, str] = {"with_mirrors": "all", "without_mirrors": "without_mirrors"}


def fetch_pypistats(
    settings: PypiDownloads,
    client: HttpClient,
    *,
    package: str,
    first_day: date,
    last_day: date,
    collected_at: datetime,
    counted: Counted,
) -> Iterator[Answer]:
    """Answers on two bases for the days of the window that are still kept there, one for each run of days covered.

    `package` as in PEP 503, or `__all__`. Without rows: pypistats.org has no download of it in the window.
    Raises TransientError; TerminalError for an unknown package, a window too old, an answer of another shape.
    """
    oldest = oldest_day(collected_at)
    if last_day < oldest:
        raise TerminalError(
            SOURCE, f"asked for {first_day} to {last_day}, but it keeps {RETENTION_DAYS} days: {oldest} and later"
        )
    first_day = max(first_day, oldest)
    path = f"/api/packages/{quote(package, safe='')}/overall"
    counts = _counts(_ask(client, settings.pypistats_url + path, package), package)
    for category, basis in _BASIS.items():
        question = Answer(
            service=SOURCE,
            entity=package,
            request=json.dumps({"method": "GET", "path": path, "basis": basis}),
            collected_at=collected_at,
            rows=(),
            window_start=first_day,
            window_end=last_day,
        )
        days = {day: number for (of, day), number in counts.items() if of == category and first_day <= day <= last_day}
        there = {day for _, day in counts}  # on the other basis: mirrors alone may have come
        is_zero, is_zero_at_the_end = partial(_is_zero, counted, there), partial(_is_zero_at_the_end, counted)
        yield from answers(question, basis, covered_days(days, is_zero, is_zero_at_the_end, last_day))


def oldest_day(collected_at: datetime) -> date:
    """The oldest day that is kept there."""
    return collected_at.astimezone(UTC).date() - timedelta(days=RETENTION_DAYS + 1)


class _PypistatsClient(HttpClient):
    """Its 429 names no time: half a minute is when the next requests are let in."""

    def asked_wait(self, response: requests.Response) -> float | None:
        wait = super().asked_wait(response)
        return _WAIT_SECONDS if wait is None and response.status_code == 429 else wait


def pypistats_client(settings: PypiDownloads, sleep: Callable[[float], None] = time.sleep) -> HttpClient:
    """The client for `fetch_pypistats`."""
    return _PypistatsClient.of(SOURCE, settings, sleep=sleep)


def _is_zero(counted: Counted, there: Set[date], day: date, usual: float) -> bool:
    """A day without a row while others were counted; where that is not known, of a package with few downloads."""
    others = day in there or counted(day)
    return usual < FEW_A_DAY if others is None else others


def _is_zero_at_the_end(counted: Counted, day: date, _: float) -> bool:
    """The same after the newest row: only where others were counted has the service come so far."""
    return counted(day) is True


def _ask(client: HttpClient, url: str, package: str) -> Any:
    response = client.get(url, accept=frozenset({200, 404}))
    if response.status_code == 404:
        known = "knows no package" if response.text.strip() == "404" else "has no page (status 404) for"
        raise TerminalError(SOURCE, f"{known} {package}", "check the name in config.toml")
    return json_of(SOURCE, response)


def _counts(payload: Any, package: str) -> dict[tuple[str, date], int]:
    """Downloads by category and day. Raises TerminalError where something is not what it should be."""
    match payload:
        case {"data": list(data), "type": "overall_downloads"}:
            rows = [_row(item, package) for item in data]
        case _:
            raise TerminalError(SOURCE, f"answer for {package} is not of the type overall_downloads")
    counts = {(category, day): number for category, day, number in rows}
    if len(counts) != len(rows):
        raise TerminalError(SOURCE, f"answer for {package} has a day twice")
    return counts


def _row(item: Any, package: str) -> tuple[str, date, int]:
    try:
        if item["category"] in _BASIS:
            return item["category"], day_in(item["date"]), count(item["downloads"])
        why = f"the category {shown(item['category'])} is not known"
    except (KeyError, TypeError, ValueError) as error:
        why = str(error)
    raise TerminalError(SOURCE, f"answer for {package}: not a day with a count: {why}")
