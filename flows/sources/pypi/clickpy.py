"""ClickPy, the public ClickHouse that holds PyPI's download log: downloads a day, on two bases.

Its user may read a limited number of rows and by default gets what was read until then, with status 200. So every
request names the project (the first column of the sorting key, an index seek) and asks for an error instead of a cut.
It has stood still for days on end and kept answering, and its newest day may be half loaded: see days.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from threading import Lock
from typing import Any

import requests

from flows.config.settings import PypiDownloads
from flows.sources.answers import count, day_in, shown
from flows.sources.errors import SourceError, TerminalError, TransientError
from flows.sources.http import HttpClient, json_of
from flows.sources.pypi.days import FEW_A_DAY, Counted, answers, covered_days
from warehouse.rows import Answer

SOURCE = "clickpy"
LONGEST_CHUNK_DAYS = 366  # a year of the table by installer stays far below the limits of the user demo
MOST_RESULT_ROWS = 10_000
MOST_ROWS_READ = 1_000_000_000
_REACH_DAYS = timedelta(days=27)  # whole weeks, to tell a day that is half loaded
_CODE_HEADER = "X-ClickHouse-Exception-Code"

_ALL = """
SELECT date, sum(count) AS downloads
FROM pypi.pypi_downloads_per_day
WHERE project = {project:String} AND date >= {first_day:Date} AND date <= {last_day:Date}
GROUP BY date
ORDER BY date
"""

# What pypistats calls without_mirrors: its NOT IN drops NULL too, which ClickPy writes as an empty string. sumIf and
# not WHERE, so that a day on which only mirrors came is 0 and not absent.
_WITHOUT_MIRRORS = """
SELECT date, sumIf(count, installer NOT IN ('bandersnatch', 'z3c.pypimirror', 'Artifactory', 'devpi', '')) AS downloads
FROM pypi.pypi_downloads_per_day_by_version_by_installer_by_type
WHERE project = {project:String} AND date >= {first_day:Date} AND date <= {last_day:Date}
GROUP BY date
ORDER BY date
"""

STATEMENTS: Mapping[str, str] = {"all": _ALL, "without_mirrors": _WITHOUT_MIRRORS}
_OPTIONS = {"user": "demo", "default_format": "JSON", "read_overflow_mode": "throw"}

_EXCEPTION = re.compile(r"Code: (\d+)\.? DB::(?:Net)?Exception.*?(?:\(([A-Z_]{4,})\)|$)", re.DOTALL)
# Errors of the request itself: too much asked, a setting or a value refused, no such table or column, no access.
_TERMINAL_CODES = frozenset(
    {36, 46, 47, 53, 60, 62, 81, 115, 158, 164, 192, 193, 194, 307, 396, 452, 456, 457, 497, 516}
)


def fetch_clickpy(
    settings: PypiDownloads,
    client: HttpClient,
    *,
    package: str,
    first_day: date,
    last_day: date,
    collected_at: datetime,
    counted: Counted,
    reach: Reach | None = None,
) -> Iterator[Answer]:
    """Answers on two bases ("all", "without_mirrors"), one for each run of days that ClickPy covers.

    `counted`, `reach`: what is known of all packages together, and of how far ClickPy has come.
    Without rows: ClickPy has no download of it in the window. Raises TransientError, TerminalError.
    """
    chunks = tuple(_chunks(first_day, last_day))
    for basis, statement in STATEMENTS.items():
        days: dict[date, int] = {}
        for start, end in chunks:
            days |= _ask(client, settings.base_url, statement, package, start, end)
        question = Answer(
            service=SOURCE,
            entity=package,
            request=_request(statement, package, chunks),
            collected_at=collected_at,
            rows=(),
            window_start=first_day,
            window_end=last_day,
        )
        is_zero = partial(_is_zero, counted)
        is_zero_at_the_end = partial(_is_zero_at_the_end, counted, reach)
        yield from answers(question, basis, covered_days(days, is_zero, is_zero_at_the_end, last_day))


class Reach:
    """How far ClickPy has come, asked at most once a night: a package with few downloads alone does not tell.

    `packages` are asked one after the other until one has the last day.
    """

    def __init__(self, settings: PypiDownloads, client: HttpClient, packages: Sequence[str], last_day: date) -> None:
        self._settings = settings
        self._client = client
        self._packages = packages
        self._last_day = last_day
        self._lock = Lock()
        self._days: list[date] | None = None

    def has(self, day: date) -> bool:
        """Whether any of the packages has `day` or a later one, which is no longer being loaded."""
        with self._lock:
            if self._days is None:
                self._days = list(self._newest_days())
        return day <= max(self._days, default=date.min)

    def _newest_days(self) -> Iterator[date]:
        for package in self._packages:
            newest = self._newest_of(package)
            if newest:
                yield newest
            if newest == self._last_day:
                return

    def _newest_of(self, package: str) -> date | None:
        first_day = self._last_day - _REACH_DAYS
        try:
            days = _ask(self._client, self._settings.base_url, _ALL, package, first_day, self._last_day)
        except SourceError:
            return None  # its own step says so
        return max(covered_days(days, _is_open, _is_open, self._last_day).counts, default=None)


def _is_open(_: date, __: float) -> bool:
    """Days without a row stay open."""
    return False


def _is_zero_at_the_end(counted: Counted, reach: Reach | None, day: date, usual: float) -> bool:
    """The same after the newest row, as far as ClickPy has come."""
    return _is_zero(counted, day, usual) and reach is not None and reach.has(day)


def _is_zero(counted: Counted, day: date, usual: float) -> bool:
    """A day without a row, of a package with few downloads, unless it is known that nothing was counted on that day."""
    return usual < FEW_A_DAY and counted(day) is not False


def _is_answer(response: requests.Response) -> bool:
    """Raises where ClickHouse names an error: HTTP 500 may be a passing fault or a request that can never work.

    The error is text or, in the format asked for, JSON with that text under "exception"; its code is in a header too.
    """
    found = _EXCEPTION.search(response.content.decode(errors="replace"))
    told = found[1] if found else response.headers.get(_CODE_HEADER, "")
    if not re.fullmatch(r"[0-9]{1,6}", told):
        return response.status_code == 200
    code, name = int(told), (found[2] if found else None) or "no name"
    what = f"ClickHouse error {code} ({name}), status {response.status_code}"
    if code in _TERMINAL_CODES:
        raise TerminalError(SOURCE, what, "asking again does not help")
    raise TransientError(SOURCE, what, "it is tried again next time")


def _ask(client: HttpClient, base_url: str, statement: str, package: str, start: date, end: date) -> dict[date, int]:
    response = client.request(
        "POST",
        f"{base_url}/",
        params={**_OPTIONS, **_bound(package, start, end)},
        data=statement.encode(),
        accept=_is_answer,
        content_type="json",
    )
    payload = json_of(SOURCE, response)
    _check_complete(payload)
    return _days(payload["data"], start, end)


def _check_complete(payload: Any) -> None:
    """Raises where the answer has another shape than asked for, or may lack rows."""
    match payload:
        case {"exception": what}:
            raise TransientError(SOURCE, f"ClickHouse error: {shown(what)}", "it is tried again next time")
        case {
            "meta": [{"name": "date", "type": "Date"}, {"name": "downloads", "type": "Int64" | "UInt64"}],
            "data": list(data),
            "rows": int(rows),
            "statistics": {"rows_read": int(rows_read)},
        }:
            pass
        case _:
            raise TerminalError(SOURCE, "answer without the columns date and downloads, rows or statistics")
    if rows_read >= MOST_ROWS_READ:
        raise TerminalError(SOURCE, f"{rows_read:,} rows read, limit {MOST_ROWS_READ:,}: the answer is cut")
    if len(data) >= MOST_RESULT_ROWS:
        raise TerminalError(SOURCE, f"{len(data):,} rows, limit {MOST_RESULT_ROWS:,}: the answer is cut")
    if rows != len(data):
        raise TransientError(SOURCE, f"{len(data):,} of {rows:,} rows arrived")


def _days(data: list[Any], start: date, end: date) -> dict[date, int]:
    days: dict[date, int] = {}
    for row in data:
        day, count = _day(row)
        if not start <= day <= end:
            raise TerminalError(SOURCE, f"{day} is outside the days asked for, {start} to {end}")
        if day in days:
            raise TerminalError(SOURCE, f"{day} comes twice")
        days[day] = count
    return days


def _day(row: Any) -> tuple[date, int]:
    """A row as sent: 64-bit integers are strings of digits, or numbers if the server is set up so."""
    try:
        sent = row["downloads"]
        is_number = isinstance(sent, str) and re.fullmatch(r"[0-9]{1,20}", sent)
        return day_in(row["date"]), count(int(sent) if is_number else sent)
    except (KeyError, TypeError, ValueError) as error:
        raise TerminalError(SOURCE, f"not a day with a count: {error}") from None


def _chunks(first_day: date, last_day: date) -> Iterator[tuple[date, date]]:
    start = first_day
    while start <= last_day:
        end = min(last_day, start + timedelta(days=LONGEST_CHUNK_DAYS - 1))
        yield start, end
        start = end + timedelta(days=1)


def _bound(package: str, start: date, end: date) -> dict[str, str]:
    return {"param_project": package, "param_first_day": start.isoformat(), "param_last_day": end.isoformat()}


def _request(statement: str, package: str, chunks: tuple[tuple[date, date], ...]) -> str:
    """Without the base URL: the same question to a mirror is the same request."""
    asked = [{**_OPTIONS, **_bound(package, start, end)} for start, end in chunks]
    return json.dumps({"method": "POST", "path": "/", "parameters": asked, "body": statement.strip()})
