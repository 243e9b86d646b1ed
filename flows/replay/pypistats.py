"""pypistats.org on loopback: `overall` of the recorded packages, with its 180 days, its 404 and its 30 a minute.

A package that is in some recording but has no recorded days then answers 200 without rows; any other is unknown.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import unquote

from flows.replay.pypi_recordings import recorded
from flows.replay.server import Fault, Reply, Request, json_reply

_RETENTION_DAYS = 180
_BY_DETAIL = frozenset({"python_major", "python_minor", "system"})


@dataclass(frozen=True, slots=True)
class CategoryDay:
    """A row of `overall`. `category`: with_mirrors or without_mirrors."""

    package: str
    day: date
    category: str
    downloads: int


class PypistatsReplay:
    """As it answered on `as_of`: the day before and the 180 days before that. `more` joins the recorded rows.

    Over `per_minute` requests within a minute of `clock` (seconds) the whole site answers 429. It lost the days `lost`.
    """

    def __init__(
        self,
        as_of: date,
        *,
        more: Iterable[CategoryDay] = (),
        lost: Iterable[date] = (),
        per_minute: int = 30,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._last_day = as_of - timedelta(days=1)
        self._first_day = self._last_day - timedelta(days=_RETENTION_DAYS)
        self._lost = frozenset(lost)
        self._asked_at: deque[float] = deque(maxlen=per_minute)
        self._clock = clock
        self._rows = (*_recorded_rows(), *more)
        self._known = {row.package for row in self._rows} | {"__all__"}
        self._known |= {row["package"] for name in ("top_packages_counts", "clickpy_daily") for row in recorded(name)}

    def __call__(self, request: Request) -> Reply:
        now = self._clock()
        if len(self._asked_at) == self._asked_at.maxlen and now - self._asked_at[0] < 60:
            return _too_many()
        self._asked_at.append(now)
        match request.path.split("/"):
            case ["", "api", "packages", name, "overall"]:
                package = _as_the_server_writes(unquote(name))
                return self._overall(package, request.query.get("mirrors")) if package in self._known else _unknown()
            case ["", "api", "packages", name, detail] if detail in _BY_DETAIL:
                return json_reply({"data": [], "package": unquote(name), "type": f"{detail}_downloads"})
            case _:
                return _unknown()

    def _overall(self, package: str, mirrors: str | None) -> Reply:
        wanted = {"true": {"with_mirrors"}, "false": {"without_mirrors"}}.get(
            mirrors or "", {"with_mirrors", "without_mirrors"}
        )
        rows = [
            {"category": row.category, "date": row.day.isoformat(), "downloads": row.downloads}
            for row in sorted(self._rows, key=lambda row: (row.category, row.day))
            if row.package == package
            and row.category in wanted
            and self._first_day <= row.day <= self._last_day
            and row.day not in self._lost
        ]
        return json_reply({"data": rows, "package": package, "type": "overall_downloads"})


def rate_limited() -> Fault:
    """Its own 429, whatever the number of requests."""
    return lambda request, upstream: _too_many()


def _too_many() -> Reply:
    """A page, and no word on how long to wait."""
    body = b'<a href="/api/#etiquette">429 RATE LIMIT EXCEEDED</a>'
    return Reply(429, body, {"Content-Type": "text/html; charset=utf-8"})


def _recorded_rows() -> Iterable[CategoryDay]:
    return (
        CategoryDay(row["package"], date.fromisoformat(row["day"]), row["category"], int(row["downloads"]))
        for row in recorded("pypistats_daily")
    )


def _as_the_server_writes(name: str) -> str:
    """It replaces dots and underscores, but does not lower the case."""
    return name if name == "__all__" else name.replace(".", "-").replace("_", "-")


def _unknown() -> Reply:
    return Reply(404, b"404", {"Content-Type": "text/html; charset=utf-8"})
