"""What GitHub still allows within this hour, beside what a night will ask of it."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import requests

from flows.collecting.plan import known_stars, stars_needed_since
from flows.config.settings import Settings
from flows.diagnosis.clock import time_of
from flows.diagnosis.finding import LIMIT_SECONDS, Finding
from flows.sources.answers import count
from flows.sources.errors import SourceError
from flows.sources.github.client import REQUESTS_EVERY_NIGHT, kept_for_others
from flows.sources.github.repository import KnownStars, pages_needed
from flows.sources.http import HttpClient, json_of
from warehouse import PUBLISHED
from warehouse.publish.snapshot import PublishedError, open_published

WHAT = "github_repository"


def look(settings: Settings, now: datetime) -> Finding:
    """/rate_limit costs none of the requests that it counts, and tells whether the token is good."""
    source = settings.sources.github_repository
    token = os.environ.get(source.token_env, "")
    if not (token.isascii() and token.isprintable()) or token != token.strip():
        return Finding("problem", WHAT, f"{source.token_env} holds signs that no token has", "set it anew")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with HttpClient(WHAT, timeout_seconds=LIMIT_SECONDS, attempts=1) as client:
            response = client.get(f"{source.base_url}/rate_limit", headers=headers, accept=_is_an_answer)
            if response.status_code == 401:
                return Finding("problem", WHAT, f"the token in {source.token_env} is refused", "make a new one")
            skewed = _skew(response, now)
            return skewed or _remaining(settings, bool(token), response, now)
    except SourceError as error:
        return Finding("problem", WHAT, error.what, error.next_step)


def requests_tonight(settings: Settings, now: datetime) -> int:
    """How many requests a night at `now` would ask, by what the published warehouse has; without one a first night."""
    return sum(REQUESTS_EVERY_NIGHT + pages_needed(stars, now.date()) for stars in _known(settings, now))


def _known(settings: Settings, now: datetime) -> list[KnownStars]:
    repositories = [framework.repository for framework in settings.frameworks.values()]
    yesterday = now.date() - timedelta(days=1)
    try:
        with closing(open_published(settings.warehouse.data / PUBLISHED)) as con:
            return [known_stars(con, repository, yesterday) for repository in repositories]
    except (PublishedError, duckdb.Error):
        return [KnownStars((), None, stars_needed_since(yesterday))] * len(repositories)


def _remaining(settings: Settings, has_token: bool, response: requests.Response, now: datetime) -> Finding:
    token_env = settings.sources.github_repository.token_env
    who = f"token in {token_env}" if has_token else "no token, none is needed"
    core = _core(response)
    if core is None:
        return Finding("ok", WHAT, f"answers; {who}")
    remaining, limit, reset = core
    found = f"{remaining} of {limit} requests left this hour; {who}"
    tonight, kept = requests_tonight(settings, now), kept_for_others(limit)
    asks = f"a night now asks {tonight} and leaves {kept} to others"
    if tonight > limit - kept:
        hint = "" if has_token else f"; a token in {token_env} allows 5,000 an hour"
        return Finding("warning", WHAT, f"{found}; {asks}", f"what is too much comes in the nights after{hint}")
    if tonight > remaining - kept:
        return Finding("warning", WHAT, f"{found}; {asks}", f"wait until {reset}, or set a token in {token_env}")
    return Finding("ok", WHAT, found)


def _core(response: requests.Response) -> tuple[int, int, str] | None:
    """Remaining, limit and when the hour is over; None where the server does not limit or says it in another way."""
    if response.status_code != 200:
        return None
    match json_of(WHAT, response):
        case {"resources": {"core": {"remaining": remaining, "limit": limit, **more}}}:
            try:
                return count(remaining), count(limit), _time(more.get("reset"))
            except ValueError:
                return None
    return None


def _time(reset: Any) -> str:
    try:
        return f"{datetime.fromtimestamp(count(reset), UTC):%H:%M} UTC"
    except (OverflowError, OSError, ValueError):
        return "the hour is over"


def _skew(response: requests.Response, now: datetime) -> Finding | None:
    """A clock that is wrong puts figures on the wrong day."""
    time = time_of(response)
    if time is None:
        return None  # nothing to compare with
    apart = abs((time - now).total_seconds())
    if apart <= 300:
        return None
    return Finding("problem", "clock", f"{apart / 60:.0f} minutes away from GitHub's", "set the clock of this machine")


def _is_an_answer(response: requests.Response) -> bool:
    return response.status_code < 400 or response.status_code in {401, 404}
