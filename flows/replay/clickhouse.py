"""ClickPy on loopback: answers the two statements of flows/sources/clickpy.py from recorded days, as ClickHouse does.

It reads the SQL that it gets: a statement without the project in its WHERE scans the whole table and meets the row
limit, a value that is not bound is an error, and the installers left out are those that the statement leaves out.
The user demo may change one setting, read_overflow_mode; its answers have at most 10,000 rows and 10 MB. Errors come in
the format asked for, as JSON under "exception".
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from flows.replay.pypi_recordings import recorded
from flows.replay.server import Fault, Reply, Request, Upstream, json_reply

BY_DAY = "pypi_downloads_per_day"
BY_INSTALLER = "pypi_downloads_per_day_by_version_by_installer_by_type"
ROWS_READ_WHEN_CUT = 1_001_456_181  # measured: the limit is a billion, looked at after each block
MOST_RESULT_ROWS = 10_000
MOST_RESULT_BYTES = 10_000_000
_TOO_MANY_ROWS = (
    "Limit for rows or bytes to read exceeded, max rows: 1.00 billion, current rows: 9.03 billion: "
    "While executing MergeTreeSelect"
)
_NO_SETTINGS = frozenset({"user", "password", "database", "default_format", "query", "query_id", "read_overflow_mode"})
_STATEMENT = re.compile(
    r"SELECT date, (?:sum\(count\)|sumIf\(count, installer NOT IN \((?P<left_out>[^)]*)\)\)) AS downloads "
    r"FROM pypi\.(?P<table>\w+) WHERE (?P<where>.+) GROUP BY date ORDER BY date"
)
_DAYS = {"date >= {first_day:Date}", "date <= {last_day:Date}"}
_PROJECT = "project = {project:String}"


@dataclass(frozen=True, slots=True)
class InstallerDay:
    """A row of the table by installer; the empty string is an unknown installer."""

    package: str
    day: date
    installer: str
    downloads: int


class ClickhouseReplay:
    """As it answered on `as_of`: nothing later than the day before. `more` is added to the recorded days.

    The recorded days of all installers (tensorboard, transformers) are in the table by day alone. It stands still at
    `newest`, the last day that it has, with `loaded` (a share of the downloads) of that day; `lost`: days without rows.
    """

    def __init__(
        self,
        as_of: date,
        *,
        more: Iterable[InstallerDay] = (),
        newest: date | None = None,
        loaded: float = 1.0,
        lost: Iterable[date] = (),
    ) -> None:
        self._last_day = min(as_of - timedelta(days=1), newest or date.max)
        self._loaded = loaded
        self._lost = frozenset(lost)
        self._by_installer = tuple(more)

    def __call__(self, request: Request) -> Reply:
        return _refusal(request) or self._answer(request)

    def _answer(self, request: Request) -> Reply:
        statement = _STATEMENT.fullmatch(" ".join(request.body.decode().split()))
        if request.method != "POST" or not statement or statement["table"] not in {BY_DAY, BY_INSTALLER}:
            return _exception(request, 62, "Syntax error", "SYNTAX_ERROR", 400)
        conditions = set(statement["where"].split(" AND "))
        if _PROJECT not in conditions:
            return _over_the_limit(request, _envelope(Counter()))
        if conditions != {_PROJECT, *_DAYS}:
            return _exception(request, 62, "Syntax error", "SYNTAX_ERROR", 400)
        try:
            project, first, last = (request.query[f"param_{name}"] for name in ("project", "first_day", "last_day"))
        except KeyError as error:
            return _exception(request, 456, f"Substitution {error} is not set", "UNKNOWN_QUERY_PARAMETER")
        left_out = re.findall(r"'([^']*)'", statement["left_out"] or "")
        counts = self._counts(statement["table"], project, set(left_out))
        days = {
            day: int(count * self._loaded) if day == self._last_day else count
            for day, count in counts.items()
            if date.fromisoformat(first) <= day <= min(date.fromisoformat(last), self._last_day)
            and day not in self._lost
        }
        return _within_the_limits(request, _envelope(days), len(days))

    def _counts(self, table: str, project: str, left_out: set[str]) -> Counter[date]:
        counts: Counter[date] = Counter()
        for row in self._by_installer:
            if row.package == project:
                counts[row.day] += 0 if row.installer in left_out else row.downloads
        if table == BY_DAY:
            for recording in recorded("clickpy_daily"):
                if recording["package"] == project:
                    counts[date.fromisoformat(recording["day"])] += int(recording["downloads"])
        return counts


def _refusal(request: Request) -> Reply | None:
    """Who may not ask, or not with these settings."""
    if request.query.get("user") != "demo":
        return _exception(request, 516, "Authentication failed", "AUTHENTICATION_FAILED", 403)
    settings = {name for name in request.query if name not in _NO_SETTINGS and not name.startswith("param_")}
    if settings:
        what = f"Setting {min(settings)} should not be changed"
        return _exception(request, 452, what, "SETTING_CONSTRAINT_VIOLATION")
    return None


def exception(code: int, name: str, status: int = 500) -> Fault:
    """An error of ClickHouse, for example 241 MEMORY_LIMIT_EXCEEDED or 159 TIMEOUT_EXCEEDED."""
    return lambda request, upstream: _exception(request, code, "as told", name, status)


def too_slow() -> Fault:
    """What the user demo is told after its 60 seconds."""
    what = "Timeout exceeded: elapsed 60.001 seconds, maximum: 60"
    return lambda request, upstream: _exception(request, 159, what, "TIMEOUT_EXCEEDED")


def cut_silently() -> Fault:
    """Status 200 with half of the rows, whatever the request asks for: a server whose profile fixes the mode."""
    return lambda request, upstream: _cut(upstream(request))


def over_the_limit() -> Fault:
    """More rows to read than allowed: an error if the request asks for one, else half of the rows with status 200."""

    def fault(request: Request, upstream: Upstream) -> Reply:
        return _over_the_limit(request, upstream(request))

    return fault


def _over_the_limit(request: Request, reply: Reply) -> Reply:
    if request.query.get("read_overflow_mode", "break") == "throw":
        return _exception(request, 158, _TOO_MANY_ROWS, "TOO_MANY_ROWS")
    return _cut(reply)


def _within_the_limits(request: Request, reply: Reply, rows: int) -> Reply:
    """An answer that is too large is none: result_overflow_mode is throw, and may not be changed."""
    if rows > MOST_RESULT_ROWS:
        what = f"Limit for result exceeded, max rows: 10.00 thousand, current rows: {rows / 1000:.2f} thousand"
        return _exception(request, 396, what, "TOO_MANY_ROWS_OR_BYTES")
    if len(reply.body) > MOST_RESULT_BYTES:
        what = f"Limit for result exceeded, max bytes: 9.54 MiB, current bytes: {len(reply.body) / 2**20:.2f} MiB"
        return _exception(request, 396, what, "TOO_MANY_ROWS_OR_BYTES")
    return reply


def _cut(reply: Reply) -> Reply:
    payload = json.loads(reply.body)
    payload["data"] = payload["data"][: len(payload["data"]) // 2]
    payload["rows"] = len(payload["data"])
    payload["statistics"]["rows_read"] = ROWS_READ_WHEN_CUT
    return replace(reply, body=json.dumps(payload).encode())


def _envelope(days: Counter[date] | dict[date, int]) -> Reply:
    """default_format=JSON; 64-bit integers are strings."""
    data = [{"date": day.isoformat(), "downloads": str(count)} for day, count in sorted(days.items())]
    return json_reply(
        {
            "meta": [{"name": "date", "type": "Date"}, {"name": "downloads", "type": "Int64"}],
            "data": data,
            "rows": len(data),
            "statistics": {"elapsed": 0.01, "rows_read": 8192 if data else 0, "bytes_read": 0},
        },
        headers={"Content-Type": "application/json; charset=UTF-8"},
    )


def _exception(request: Request, code: int, what: str, name: str, status: int = 500) -> Reply:
    """An error in the format that the request asks for; for any but JSON it is a line of text."""
    line = f"Code: {code}. DB::Exception: {what}. ({name}) (version 26.9.1)"
    headers = {"X-ClickHouse-Exception-Code": str(code)}
    if request.query.get("default_format") == "JSON":
        return json_reply({"exception": line}, status, {**headers, "Content-Type": "application/json; charset=UTF-8"})
    return Reply(status, f"{line}\n".encode(), {**headers, "Content-Type": "text/plain; charset=UTF-8"})
