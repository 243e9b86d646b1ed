"""Whether the clock of this machine can be right: beside the last run, and beside the clocks of the upstreams.

A run whose clock is wrong is refused before anything is written, because every later answer would be compared with
it. Upstreams are asked for the time only where there is cause to: before the first run, when the clock is behind the
last one, and when more time has passed than between two nights.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import requests
from urllib3.exceptions import InsecureRequestWarning

from flows.config.settings import Sources
from flows.sources.errors import CertificateError, SourceError
from flows.sources.http import HttpClient

BETWEEN_TWO_NIGHTS = timedelta(hours=26)
A_STEP_BACK = timedelta(minutes=5)  # what setting a clock by the network may take away
TOO_FAR = timedelta(days=1)
LIMIT_SECONDS = 5.0


class ClockError(Exception):
    """The clock of this machine is wrong; nothing was written."""


def refuse_wrong_clock(
    now: datetime, last_run: datetime | None, upstream_times: Iterator[datetime], tell: Callable[[str], None]
) -> None:
    """Raises ClockError where `now` cannot be. `upstream_times` is asked only as long as there is doubt.

    `tell` gets a line where not `now` is in doubt but the clock of the last run.
    """
    is_behind = last_run is not None and now < last_run - A_STEP_BACK
    if last_run is not None and not is_behind and now - last_run <= BETWEEN_TWO_NIGHTS:
        return
    heard: list[datetime] = []
    for time in upstream_times:
        if abs(now - time) <= TOO_FAR:
            if is_behind:
                tell(f"the clock was wrong at the last run ({_written(last_run)}); upstreams agree with it now")
            return
        heard.append(time)
    said = f"the clock of this machine says {_written(now)}"
    if is_behind:
        who = f"upstreams say {_written(heard[0])}" if heard else "no upstream tells the time"
        raise ClockError(
            f"{said}, but the last run was at {_written(last_run)}, and {who}; set the clock, then run again"
        )
    if heard and all(now - time > TOO_FAR for time in heard):
        raise ClockError(f"{said}, but upstreams say {_written(max(heard))}; set the clock, then run again")


def upstream_times(sources: Sources) -> Iterator[datetime]:
    """What the upstreams that are switched on say in their Date headers, one after the other; silent ones left out."""
    with HttpClient("clock", timeout_seconds=LIMIT_SECONDS, attempts=1) as client:
        for url in _places(sources):
            try:
                response = _asked(client, url)
            except SourceError:
                continue
            if (time := time_of(response)) is not None:
                yield time


def _asked(client: HttpClient, url: str) -> requests.Response:
    """Where a certificate is not trusted, the clock may be why: no certificate is valid in a wrong year. So the time is
    taken from there too. Nothing secret is sent, nothing else is read, and collecting stays refused.
    """
    try:
        return client.get(url, accept=lambda _: True)
    except CertificateError:
        with warnings.catch_warnings(category=InsecureRequestWarning, action="ignore"):
            return client.get(url, accept=lambda _: True, verify=False)


def time_of(response: requests.Response) -> datetime | None:
    """When the upstream sent it, by the upstream's own clock; None where it does not say."""
    try:
        time = parsedate_to_datetime(response.headers["Date"])
    except (KeyError, TypeError, ValueError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _places(sources: Sources) -> Iterator[str]:
    """Pages that cost nothing to ask, the surest first."""
    if sources.github_repository.enabled:
        yield f"{sources.github_repository.base_url}/rate_limit"
    if sources.pypi_downloads.enabled:
        yield f"{sources.pypi_downloads.base_url}/ping"
        yield f"{sources.pypi_downloads.pypistats_url}/"
    if sources.pypi_releases.enabled and sources.pypi_releases.index_url:
        yield f"{sources.pypi_releases.index_url}/"
    if sources.git_history.enabled:
        yield f"{sources.git_history.base_url}/"
    if sources.google_trends.enabled:
        yield f"{sources.google_trends.base_url}/"


def _written(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "never"
