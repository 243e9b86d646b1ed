"""PyPI downloads of a package: ClickPy, else pypistats.org, else the totals of top-pypi-packages.

Which service answered is Answer.source; why the ones before it did not is Answer.state["fallback_because"].
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from packaging.utils import canonicalize_name

from flows.config.settings import PypiDownloads
from flows.sources.errors import SourceError, TerminalError, TransientError
from flows.sources.http import HttpClient
from flows.sources.pypi import clickpy, pypistats, top_packages
from warehouse.rows import Answer

SOURCE = "pypi_downloads"


@dataclass(frozen=True, slots=True)
class DownloadClients:
    """A client for each service; the rate of config.toml holds for each of them."""

    clickpy: HttpClient
    pypistats: HttpClient
    top_packages: HttpClient


def download_clients(settings: PypiDownloads, sleep: Callable[[float], None] = time.sleep) -> DownloadClients:
    """The clients for `fetch_downloads` and `fetch_control`."""
    return DownloadClients(
        *(HttpClient.of(module.SOURCE, settings, sleep=sleep) for module in (clickpy, pypistats, top_packages))
    )


def fetch_downloads(
    settings: PypiDownloads,
    clients: DownloadClients,
    *,
    package: str,
    first_day: date,
    last_day: date,
    collected_at: datetime,
    as_of: date,
) -> Iterator[Answer]:
    """One Answer for each service and basis, from the first service that has the package in the window.

    A service that answers without a row for it is yielded too: that says what it covers. Days that are not over are
    never asked for. Raises TransientError or TerminalError, naming each service that failed, when none had a row or the
    last one broke off.
    """
    package = canonicalize_name(package)
    last_day = _last_complete_day(first_day, last_day, collected_at, as_of)
    window = f"{first_day} to {last_day}"
    failures: list[SourceError] = []
    because: list[str] = []
    has_days = False
    for fetch, client in (
        (clickpy.fetch_clickpy, clients.clickpy),
        (pypistats.fetch_pypistats, clients.pypistats),
        (top_packages.fetch_top_packages, clients.top_packages),
    ):
        if client is clients.top_packages and has_days:
            break  # its totals say nothing of the basis that is lacking
        had_rows = False
        name = ""
        try:
            for answer in fetch(
                settings, client, package=package, first_day=first_day, last_day=last_day, collected_at=collected_at
            ):
                name, had_rows = answer.source, had_rows or bool(answer.rows)
                yield _with_reason(answer, because)
        except SourceError as error:
            failures.append(error)
            because.append(str(error))
        else:
            if had_rows:
                return
            because.append(f"{name or fetch.__name__}: no row for {package} from {window}")
        has_days = has_days or had_rows
    if failures:
        raise _together(package, failures, because)


def fetch_control(
    settings: PypiDownloads,
    client: HttpClient,
    *,
    first_day: date,
    last_day: date,
    collected_at: datetime,
    as_of: date,
) -> Iterator[Answer]:
    """The downloads of all packages together (`__all__` of pypistats.org), against which breaks are told from changes.

    Raises TransientError, TerminalError.
    """
    last_day = _last_complete_day(first_day, last_day, collected_at, as_of)
    yield from pypistats.fetch_pypistats(
        settings,
        client,
        package=pypistats.ALL_PACKAGES,
        first_day=first_day,
        last_day=last_day,
        collected_at=collected_at,
    )


def _last_complete_day(first_day: date, last_day: date, collected_at: datetime, as_of: date) -> date:
    """`last_day`, or the day before: a UTC day is complete when it is over, and nothing after `as_of` is wanted."""
    last = min(last_day, as_of, collected_at.astimezone(UTC).date() - timedelta(days=1))
    if last < first_day:
        raise TerminalError(SOURCE, f"no day from {first_day} on is over yet", "ask again tomorrow")
    return last


def _with_reason(answer: Answer, because: list[str]) -> Answer:
    return replace(answer, state={**answer.state, "fallback_because": "; ".join(because)}) if because else answer


def _together(package: str, failures: list[SourceError], because: list[str]) -> SourceError:
    """One error for all, in one line; transient if one of them is, because then a later try may do."""
    kind = TransientError if any(isinstance(error, TransientError) for error in failures) else TerminalError
    return kind(SOURCE, f"{package}: " + " | ".join(" ".join(reason.split()) for reason in because))
