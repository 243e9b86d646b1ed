"""Stars and forks of a repository from the GitHub REST API: its totals, and the stars given on each day.

Two requests a repository and night: the totals with the ETag of the night before, and the newest page of the star
history. Without a token GitHub allows 60 requests an hour, which is enough after the first run.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from flows.config.settings import GithubRepository
from flows.sources.answers import LARGEST_STAR_COUNT, count, day_at
from flows.sources.errors import TerminalError, TransientError
from flows.sources.http import HttpClient, json_of
from warehouse.rows import Answer, RepositoryTotal, StarDay

SOURCE = "github"
API_VERSION = "2026-03-10"  # the first with /stargazers/history
WEEKS_PER_PAGE = 30
_MOST_PAGES = 100  # 57 years
_HOUR = 3600.0
_MINUTE = 60.0


def fetch_repository(
    client: GithubClient,
    *,
    repository: str,
    previous: RepositoryTotal | None,
    etag: str | None,
    has_star_history: bool,
    collected_at: datetime,
    day: date,
) -> Iterator[Answer]:
    """Two answers: one RepositoryTotal for `day`, then the StarDays before `day`.

    With `previous` and its `etag` an unchanged repository costs nothing and has the same totals again. The star history
    is asked in full, with replaces_all, until `has_star_history`; then its newest page, the last 30 weeks. `day` and
    later days are left out: they are not over. Stars are of users who still star, so the past may change.
    Raises TransientError (rate limit, 5xx, network, history unavailable) or TerminalError (no such repository, token
    refused, an answer of another shape).
    """
    total, state = _total(client, repository, previous, etag, day)
    yield _answer(repository, f"/repos/{repository}", collected_at, (total,), state)
    stars = _star_days(client, repository, before=min(day, collected_at.date()), newest_only=has_star_history)
    what = f"/repos/{repository}/stargazers/history {'page 1' if has_star_history else 'all pages'}"
    yield _answer(repository, what, collected_at, stars, state, replaces_all=not has_star_history)


class GithubClient(HttpClient):
    """The API with its own ways to say "wait" and "no"."""

    def __init__(
        self, settings: GithubRepository, token: str | None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": API_VERSION}
        if token:
            headers["Authorization"] = (
                f"Bearer {token}"  # goes to the host of base_url only, redirects elsewhere lose it
            )
        super().__init__(
            SOURCE,
            timeout_seconds=settings.timeout_seconds,
            attempts=settings.attempts,
            rate_per_minute=settings.rate_per_minute,
            headers=headers,
            sleep=sleep,
        )
        self._base_url = settings.base_url
        self._token_env = settings.token_env
        self._has_token = bool(token)

    def ask(self, repository: str, path: str = "", *, etag: str | None = None) -> requests.Response:
        """GET below /repos/owner/name; the status is 200, or 304 when there is an `etag`."""
        url = f"{self._base_url}/repos/{repository}{path}"
        accept = frozenset({200, 401, 404, *((304,) if etag else ())})
        try:
            response = self.get(url, accept=accept, follow=True, headers={"If-None-Match": etag})
        except TransientError as error:
            raise self._advised(error) from None
        if response.status_code == 401:
            raise self._refusal()
        if response.status_code == 404:
            what = f"{repository}{path}: status 404, it does not exist or is private"
            raise TerminalError(SOURCE, what, "check the repository in config.toml")
        return response

    def asked_wait(self, response: requests.Response) -> float | None:
        """Retry-After, else the time to the reset of a used-up limit by the clock of GitHub, else its usual wait."""
        wait = super().asked_wait(response)
        if wait is not None or response.status_code not in {403, 429}:
            return wait
        if response.headers.get("x-ratelimit-remaining") == "0":
            return _seconds_to_reset(response)
        return _MINUTE if b"secondary rate limit" in response.content else None

    def _advised(self, error: TransientError) -> TransientError:
        """A limit that is used up is where a token helps."""
        if self._has_token or error.retry_after is None:
            return error
        next_step = f"it is tried again next time; a token in {self._token_env} allows 5,000 requests an hour"
        return TransientError(SOURCE, error.what, next_step, error.retry_after)

    def _refusal(self) -> TerminalError:
        if self._has_token:
            what = f"status 401, the token in the environment variable {self._token_env} is refused"
            return TerminalError(SOURCE, what, "make a new one, or unset it: none is needed")
        return TerminalError(SOURCE, "status 401, a token is wanted", f"put one in {self._token_env}")


def _seconds_to_reset(response: requests.Response) -> float:
    try:
        now = parsedate_to_datetime(response.headers["Date"]).timestamp()
        return max(0.0, int(response.headers["x-ratelimit-reset"]) - now)
    except (KeyError, TypeError, ValueError):
        return _HOUR


def _total(
    client: GithubClient, repository: str, previous: RepositoryTotal | None, etag: str | None, day: date
) -> tuple[RepositoryTotal, dict[str, str | None]]:
    """The totals for `day` and the state that spares the next request."""
    known = etag if previous is not None else None
    response = client.ask(repository, etag=known)
    if response.status_code == 304 and previous is not None:
        return RepositoryTotal(repository, day, previous.stars, previous.forks), {"etag": known}
    body = json_of(SOURCE, response)
    if not isinstance(body, dict):
        raise _other_shape(repository, "an object with stargazers_count and forks_count")
    stars, forks = (_count(repository, body, key) for key in ("stargazers_count", "forks_count"))
    return RepositoryTotal(repository, day, stars, forks), {"etag": response.headers.get("ETag")}


def _count(repository: str, body: dict[str, Any], key: str) -> int:
    try:
        return count(body.get(key))
    except ValueError:
        raise _other_shape(repository, f"{key} as a count") from None


def _star_days(client: GithubClient, repository: str, *, before: date, newest_only: bool) -> tuple[StarDay, ...]:
    """The days of the history that are over, oldest first."""
    days: dict[date, int] = {}
    for page in range(1, 2 if newest_only else _MOST_PAGES + 1):
        query = f"/stargazers/history?per_page={WEEKS_PER_PAGE}&page={page}"
        weeks = json_of(SOURCE, client.ask(repository, query))
        if not isinstance(weeks, list):
            raise _other_shape(repository, "a list of weeks")
        if not weeks and page == 1:
            raise TransientError(SOURCE, f"{repository}: the star history is empty, so unavailable rather than zero")
        known = len(days)
        for week in weeks:
            days |= _days_of(repository, week)
        if len(weeks) < WEEKS_PER_PAGE:
            break
        if len(days) == known:
            raise TransientError(SOURCE, f"{repository}: page {page} of the star history says nothing new")
    return tuple(StarDay(repository, day, days[day]) for day in sorted(days) if day < before)


def _days_of(repository: str, week: Any) -> dict[date, int]:
    """The seven days of {"week": seconds since 1970 of its start, UTC, "total": n, "days": [7 counts]}."""
    wanted = "weeks of a start and seven counts"
    if not isinstance(week, dict) or type(start := week.get("week")) is not int:
        raise _other_shape(repository, wanted)
    counts = week.get("days")
    if not isinstance(counts, list) or len(counts) != 7:
        raise _other_shape(repository, wanted)
    try:
        first = day_at(start)
        return {first + timedelta(days=n): count(given, most=LARGEST_STAR_COUNT) for n, given in enumerate(counts)}
    except ValueError:
        raise _other_shape(repository, wanted) from None


def _other_shape(repository: str, wanted: str) -> TerminalError:
    return TerminalError(SOURCE, f"{repository}: the answer is not {wanted}", "look for a new version of this program")


def _answer(
    repository: str,
    what: str,
    collected_at: datetime,
    rows: tuple[RepositoryTotal | StarDay, ...],
    state: dict[str, str | None],
    *,
    replaces_all: bool = False,
) -> Answer:
    return Answer(
        source=SOURCE,
        entity=repository,
        request=json.dumps({"get": what, "version": API_VERSION}),
        collected_at=collected_at,
        rows=rows,
        replaces_all=replaces_all,
        state=state,
    )
