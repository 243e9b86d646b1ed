"""PyPI downloads of a package: ClickPy, else pypistats.org, else the totals of top-pypi-packages.

Which service answered is Answer.service; why the ones before it did not is Answer.state["fallback_because"]. Where
ClickPy answers without days that it should have, those days alone are taken from pypistats.org.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from packaging.utils import canonicalize_name

from flows.config.settings import PypiDownloads
from flows.sources.errors import SourceError, TerminalError, TransientError
from flows.sources.http import HttpClient
from flows.sources.pypi import clickpy, pypistats, top_packages
from flows.sources.pypi.days import SOURCE, Counted, is_few, last_complete_day, nobody_knows, rows_of, runs
from warehouse.rows import Answer, Download

USUAL_LAG_DAYS = 2  # a newest day older than that beside the last day asked for: the service stands still
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DownloadClients:
    """A client for each service; the rate of config.toml holds for each of them."""

    clickpy: HttpClient
    pypistats: HttpClient
    top_packages: HttpClient


def download_clients(settings: PypiDownloads, sleep: Callable[[float], None] = time.sleep) -> DownloadClients:
    """The clients for `fetch_downloads`; the control series is asked with that of pypistats.org."""
    return DownloadClients(
        clickpy=HttpClient.of(clickpy.SOURCE, settings, sleep=sleep),
        pypistats=pypistats.pypistats_client(settings, sleep),
        top_packages=HttpClient.of(top_packages.SOURCE, settings, sleep=sleep),
    )


def fetch_downloads(
    settings: PypiDownloads,
    clients: DownloadClients,
    *,
    package: str,
    first_day: date,
    last_day: date,
    collected_at: datetime,
    counted: Counted = nobody_knows,
    reach: clickpy.Reach | None = None,
) -> Iterator[Answer]:
    """Answers for each service and basis, from the first service that has the package in the window.

    A service that answers without a row for it is yielded too. Days that are not over are never asked for. Days that
    ClickPy lacks come from pypistats.org, as far as it has them. `counted`: what is known of all packages together;
    `reach`: how far ClickPy has come.
    Raises TransientError or TerminalError, naming each service that failed, when none had a row, the last one broke
    off, or the days that ClickPy lacks could not be asked for.
    """
    package = canonicalize_name(package)
    last_day = last_complete_day(first_day, last_day, collected_at)
    services = _services(
        settings,
        clients,
        counted,
        reach,
        package=package,
        first_day=first_day,
        last_day=last_day,
        collected_at=collected_at,
    )
    failures: list[SourceError] = []
    because: list[str] = []
    has_days = False
    for service, ask in services.items():
        if service == top_packages.SOURCE and has_days:
            break  # its totals say nothing of the basis that is lacking
        got: list[Answer] = []
        try:
            for answer in ask():
                got.append(answer)
                yield _with_reason(answer, because)
        except SourceError as error:
            failures.append(error)
            because.append(str(error))
        else:
            if _has_rows(got) and service == clickpy.SOURCE:
                yield from _lacking_days(services[pypistats.SOURCE], got, last_day, collected_at)
            if _has_rows(got):
                return
            because.append(f"{service}: no row for {package} from {first_day} to {last_day}")
        has_days = has_days or _has_rows(got)
    if failures:
        raise _together(package, failures, because)


def _has_rows(answers: Iterable[Answer]) -> bool:
    return any(answer.rows for answer in answers)


def _services(
    settings: PypiDownloads,
    clients: DownloadClients,
    counted: Counted,
    reach: clickpy.Reach | None,
    *,
    package: str,
    first_day: date,
    last_day: date,
    collected_at: datetime,
) -> dict[str, Callable[[], Iterator[Answer]]]:
    """How to ask each service for the same days, in the order in which they are asked."""
    return {
        clickpy.SOURCE: lambda: clickpy.fetch_clickpy(
            settings, clients.clickpy, package=package, first_day=first_day, last_day=last_day,
            collected_at=collected_at, counted=counted, reach=reach,
        ),
        pypistats.SOURCE: lambda: pypistats.fetch_pypistats(
            settings, clients.pypistats, package=package, first_day=first_day, last_day=last_day,
            collected_at=collected_at, counted=counted,
        ),
        top_packages.SOURCE: lambda: top_packages.fetch_top_packages(
            settings, clients.top_packages, package=package, first_day=first_day, last_day=last_day,
            collected_at=collected_at,
        ),
    }  # fmt: skip


def _lacking_days(
    ask_pypistats: Callable[[], Iterator[Answer]], got: Sequence[Answer], last_day: date, collected_at: datetime
) -> Iterator[Answer]:
    """What pypistats.org has of the days that ClickPy should have and does not, on each basis."""
    rows = rows_of(got)
    lacking = {basis: _lacking(rows, basis, last_day) for basis in clickpy.STATEMENTS}
    days = sorted(set().union(*lacking.values()))
    if not days or days[-1] < pypistats.oldest_day(collected_at):
        return
    newest = max(row.period_start for row in rows)
    reason = f"clickpy: {len(days)} {'day' if len(days) == 1 else 'days'} missing from {days[0]} on" + (
        f", its newest is {newest}" if days[-1] > newest else ""
    )
    try:
        for answer in ask_pypistats():
            wanted = {row.period_start: row for row in rows_of([answer]) if row.period_start in lacking[row.basis]}
            for run in runs(list(wanted)):
                part = tuple(wanted[day] for day in run)
                yield _with_reason(replace(answer, rows=part, window_start=run[0], window_end=run[-1]), [reason])
    except SourceError as error:
        if not is_few([row.downloads for row in rows]):  # else days without a row are no sign that something is amiss
            raise _together(rows[0].package, [error], [reason, str(error)]) from None


def _lacking(rows: Sequence[Download], basis: str, last_day: date) -> set[date]:
    """The days without a row between the first and the newest, and after it where that is older than usual."""
    every = [row.period_start for row in rows]
    own = {row.period_start for row in rows if row.basis == basis}
    newest = max(own, default=min(every) - _DAY)
    until = last_day if (last_day - newest).days > USUAL_LAG_DAYS else newest
    return {min(every) + n * _DAY for n in range((until - min(every)).days + 1)} - own


def _with_reason(answer: Answer, because: list[str]) -> Answer:
    return replace(answer, state={**answer.state, "fallback_because": "; ".join(because)}) if because else answer


def _together(package: str, failures: list[SourceError], because: list[str]) -> SourceError:
    """One error for all, in one line; transient if one of them is, because then a later try may do."""
    kind = TransientError if any(isinstance(error, TransientError) for error in failures) else TerminalError
    return kind(SOURCE, f"{package}: " + " | ".join(" ".join(reason.split()) for reason in because))
