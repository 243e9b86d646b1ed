"""pypistats.org: downloads a day of the last 180 days, with and without mirrors.

A day without a row had no download, or the service missed it: `__all__`, the sum of all packages, tells the two apart.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from flows.config.settings import PypiDownloads
from flows.sources.errors import TerminalError
from flows.sources.http import HttpClient, json_of
from warehouse.rows import Answer, Download

SOURCE = "pypistats"
ALL_PACKAGES = "__all__"
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
) -> Iterator[Answer]:
    """One Answer a basis, for the days of the window that are still kept there. `package` as in PEP 503, or `__all__`.

    Raises TransientError; TerminalError for an unknown package, a window too old, an answer of another shape.
    """
    oldest = collected_at.astimezone(UTC).date() - timedelta(days=RETENTION_DAYS + 1)
    if last_day < oldest:
        raise TerminalError(
            SOURCE, f"asked for {first_day} to {last_day}, but it keeps {RETENTION_DAYS} days: {oldest} and later"
        )
    first_day = max(first_day, oldest)
    path = f"/api/packages/{quote(package, safe='')}/overall"
    rows = _rows(_ask(client, settings.pypistats_url + path, package), package)
    for basis in _BASIS.values():
        yield Answer(
            source=SOURCE,
            entity=package,
            request=json.dumps({"method": "GET", "path": path, "basis": basis}),
            collected_at=collected_at,
            rows=tuple(row for row in rows if row.basis == basis and first_day <= row.period_start <= last_day),
            window_start=first_day,
            window_end=last_day,
        )


def _ask(client: HttpClient, url: str, package: str) -> Any:
    response = client.get(url, accept=frozenset({200, 404}))
    if response.status_code == 404:
        known = "knows no package" if response.text.strip() == "404" else "has no page (status 404) for"
        raise TerminalError(SOURCE, f"{known} {package}", "check the name in config.toml")
    return json_of(SOURCE, response)


def _rows(payload: Any, package: str) -> list[Download]:
    """Every row sent, by basis and day. Raises TerminalError where one is not what it should be."""
    match payload:
        case {"data": list(data), "type": "overall_downloads"}:
            rows = [_row(item, package) for item in data]
        case _:
            raise TerminalError(SOURCE, f"answer for {package} is not of the type overall_downloads")
    if len({(row.basis, row.period_start) for row in rows}) != len(rows):
        raise TerminalError(SOURCE, f"answer for {package} has a day twice")
    return sorted(rows, key=lambda row: (row.basis, row.period_start))


def _row(item: Any, package: str) -> Download:
    match item:
        case {"category": "with_mirrors" | "without_mirrors" as category, "date": str(day), "downloads": int(count)}:
            try:
                on = date.fromisoformat(day)
            except ValueError:
                on = None
            if on and count >= 0 and not isinstance(count, bool):
                return Download(package, on, on, 1, _BASIS[category], count)
    raise TerminalError(SOURCE, f"answer for {package}: not a day with a count: {json.dumps(item)[:100]}")
