"""The GitHub REST API on loopback: repository totals and star history from the recorded daily series.

What is recorded and what is computed is said in recordings/github/README.md. Faults for `ReplayServer.misbehave`, with
the bodies that GitHub sends: bad_credentials, not_found, rate_limited, secondary_limited.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from flows.replay.server import Fault, Reply, Request

_SERVED_AT = time(23, 0, tzinfo=UTC)  # of the day `as_of`: late, but the day is not over
_RESET_AFTER = timedelta(minutes=30)
_RECORDED_NAME = ("octokit-fixture-org", "hello-world")
_MOST_PER_PAGE = 30
_HOURLY, _HOURLY_WITH_TOKEN = 60, 5000
_FAULT_DAY = date(2021, 6, 25)
_RECORDINGS = Path(__file__).parent / "recordings" / "github"


@dataclass(frozen=True)
class _Recordings:
    """What recordings/github holds, read when it is asked for."""

    folder: Path

    @cached_property
    def answers(self) -> dict[str, Any]:
        answers: dict[str, Any] = json.loads((self.folder / "recorded/answers.json").read_text())
        return answers

    @cached_property
    def series(self) -> Mapping[tuple[str, str], Mapping[date, int]]:
        """(repository, "stars" or "forks") -> day -> count."""
        series: dict[tuple[str, str], dict[date, int]] = {}
        with gzip.open(self.folder / "series/stars_forks_daily.csv.gz", "rt", encoding="ascii", newline="") as file:
            for row in csv.DictReader(file):
                days = series.setdefault((row["repo"], row["metric"]), {})
                days[date.fromisoformat(row["date"])] = int(row["count"])
        return series

    def reply(self, name: str, as_of: date, **headers: str) -> Reply:
        """A recorded answer, dated as the replay is."""
        recorded = self.answers[name]
        body = b"" if recorded["body"] is None else json.dumps(recorded["body"]).encode()
        return Reply(recorded["status"], body, {**recorded["headers"], **_dated(as_of), **headers})


@dataclass
class GithubReplay:
    """The API as it answers on the day `as_of`, one hour long. An upstream of ReplayServer.

    recordings        the folder recordings/github
    renamed           old owner/name -> the one that is recorded: the old one is a 301 to /repositories/{id}
    same_as           owner/name of one that is not recorded -> the recorded one whose figures it has
    tokens            the tokens that are good; None: any is
    hourly_requests   after that many the limit is used up; None: 60 without a token, 5,000 with one
    used              by token ("" without one): how many requests of this hour count. 304 counts without a token.
    """

    recordings: Path
    as_of: date
    renamed: Mapping[str, str] = field(default_factory=dict)
    same_as: Mapping[str, str] = field(default_factory=dict)
    tokens: Collection[str] | None = None
    hourly_requests: int | None = None
    used: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._recorded = _Recordings(self.recordings)
        self._counting = Lock()

    def advance(self, as_of: date) -> None:
        """From now on it is that day, and a new hour."""
        self.as_of = as_of
        self.used.clear()

    def __call__(self, request: Request) -> Reply:
        token = request.headers.get("authorization", "").partition(" ")[2]
        if token and self.tokens is not None and token not in self.tokens:
            return self._recorded.reply("bad_credentials", self.as_of)
        if request.path == "/rate_limit":  # the one thing that is free
            return _json({"resources": {"core": self._core(token)}}, self.as_of, self._limits(token))
        with self._counting:
            if self.used[token] >= self._limit(token):
                return self._recorded.reply("rate_limit", self.as_of, **self._limits(token))
            self.used[token] += 1
            reply = self._answer(request, self._limits(token))
            if reply.status == 304 and token:
                self.used[token] -= 1
                reply = replace(reply, headers={**reply.headers, **self._limits(token)})
            return reply

    def _answer(self, request: Request, limits: Mapping[str, str]) -> Reply:
        match request.path.strip("/").split("/"):
            case ["repos", owner, name]:
                return self._repository(f"{owner}/{name}", request, "", limits)
            case ["repos", owner, name, "stargazers", "history"]:
                return self._repository(f"{owner}/{name}", request, "/stargazers/history", limits)
            case ["repositories", number, *rest]:
                names = {str(_number(name)): name for name, _ in self._recorded.series}
                path = "/".join(["", *rest])
                return self._repository(names.get(number, ""), request, path, limits)
        return self._recorded.reply("not_found", self.as_of, **limits)

    def _repository(self, name: str, request: Request, path: str, limits: Mapping[str, str]) -> Reply:
        name = self.same_as.get(name, name)
        if name in self.renamed:
            return self._moved(self.renamed[name], request, path, limits)
        if (name, "stars") not in self._recorded.series or path not in {"", "/stargazers/history"}:
            return self._recorded.reply("not_found", self.as_of, **limits)
        if path:
            return _json(self._weeks(name, request.query), self.as_of, limits)
        return self._totals(name, request, limits)

    def _moved(self, name: str, request: Request, path: str, limits: Mapping[str, str]) -> Reply:
        up = "../" * (request.path.strip("/").count("/"))
        query = f"?{request.raw_query}" if request.raw_query else ""
        location = f"{up}repositories/{_number(name)}{path}{query}"
        return self._recorded.reply("moved", self.as_of, **limits, location=location)

    def _totals(self, name: str, request: Request, limits: Mapping[str, str]) -> Reply:
        body = json.dumps(self._object(name)).encode()
        etag = f'W/"{hashlib.sha256(body).hexdigest()}"'
        if request.headers.get("if-none-match") == etag:
            return self._recorded.reply("not_modified", self.as_of, **limits, ETag=etag)
        recorded = self._recorded.answers["repository"]["headers"]
        return Reply(200, body, {**recorded, **_dated(self.as_of), **limits, "ETag": etag})

    def _object(self, name: str) -> dict[str, Any]:
        """The recorded object with the name and the figures of another repository."""
        text = json.dumps(self._recorded.answers["repository"]["body"])
        for old, new in zip(_RECORDED_NAME, name.split("/"), strict=True):
            text = text.replace(old, new)
        stars, forks = (self._sum(name, metric) for metric in ("stars", "forks"))
        counts = dict.fromkeys(("stargazers_count", "watchers_count", "watchers"), stars)
        counts |= dict.fromkeys(("forks_count", "forks", "network_count"), forks)
        return {**json.loads(text), "id": _number(name), **counts}

    def _sum(self, name: str, metric: str) -> int:
        return sum(count for day, count in self._recorded.series[name, metric].items() if day <= self.as_of)

    def _weeks(self, name: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """A page of weeks, newest first; the days of the running week that are still to come are zero."""
        days = {day: count for day, count in self._recorded.series[name, "stars"].items() if day <= self.as_of}
        if not days:
            return []
        per_page = min(int(query.get("per_page", 30)), _MOST_PER_PAGE)
        start = (int(query.get("page", 1)) - 1) * per_page
        first, last = _sunday(min(days)), _sunday(self.as_of)
        weeks = [last - timedelta(weeks=number) for number in range((last - first).days // 7 + 1)]
        return [_week(sunday, days) for sunday in weeks[start : start + per_page]]

    def _limit(self, token: str) -> int:
        return self.hourly_requests or (_HOURLY_WITH_TOKEN if token else _HOURLY)

    def _core(self, token: str) -> dict[str, int]:
        """What /rate_limit says of these requests."""
        limit, used = self._limit(token), self.used[token]
        reset = int(_reset(self.as_of, _RESET_AFTER))
        return {"limit": limit, "used": used, "remaining": max(0, limit - used), "reset": reset}

    def _limits(self, token: str) -> dict[str, str]:
        """The rate-limit headers, as modern answers carry them."""
        headers = {f"x-ratelimit-{name}": str(value) for name, value in self._core(token).items()}
        return {**headers, "x-ratelimit-resource": "core"}


def bad_credentials() -> Fault:
    """401: a token that is not good."""
    return _fault("bad_credentials")


def not_found() -> Fault:
    """404: no such repository, or a private one."""
    return _fault("not_found")


def rate_limited(seconds_to_reset: int | None = 1800, status: int = 403) -> Fault:
    """The primary limit is used up: 403 or 429. None: without the header that says until when, as in 2013."""
    reset = {}
    if seconds_to_reset is not None:
        reset = {"x-ratelimit-reset": _reset(_FAULT_DAY, timedelta(seconds=seconds_to_reset))}
    return _fault("rate_limit", reset, status)


def secondary_limited(retry_after: int | None = 60) -> Fault:
    """403 of the secondary limit, with or without Retry-After."""
    if retry_after is None:
        return _fault("secondary_limit", without="retry-after")
    return _fault("secondary_limit", {"retry-after": str(retry_after)})


def _fault(name: str, headers: Mapping[str, str] | None = None, status: int | None = None, without: str = "") -> Fault:
    reply = _Recordings(_RECORDINGS).reply(name, _FAULT_DAY, **(headers or {}))
    kept = {key: value for key, value in reply.headers.items() if key != without}
    return lambda request, upstream: Reply(status or reply.status, reply.body, kept)


def _json(value: object, as_of: date, limits: Mapping[str, str]) -> Reply:
    headers = {"content-type": "application/json; charset=utf-8", **_dated(as_of), **limits}
    return Reply(200, json.dumps(value).encode(), headers)


def _week(sunday: date, days: Mapping[date, int]) -> dict[str, Any]:
    counts = [max(0, days.get(sunday + timedelta(days=number), 0)) for number in range(7)]  # GitHub counts, never below
    start = datetime.combine(sunday, time(tzinfo=UTC))
    return {"week": int(start.timestamp()), "total": sum(counts), "days": counts}


def _sunday(day: date) -> date:
    """The start of the week of `day`, as GitHub counts weeks."""
    return day - timedelta(days=day.isoweekday() % 7)


def _number(name: str) -> int:
    """A stable id for a repository; the real ones are not recorded."""
    return int(hashlib.sha256(name.encode()).hexdigest()[:7], 16)


def _dated(as_of: date) -> dict[str, str]:
    return {"Date": format_datetime(datetime.combine(as_of, _SERVED_AT), usegmt=True)}


def _reset(as_of: date, after: timedelta) -> str:
    return str(int((datetime.combine(as_of, _SERVED_AT) + after).timestamp()))
