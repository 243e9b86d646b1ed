"""What one night asks: a Step for each source and entity, with what the warehouse already knows of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

import duckdb
from packaging.utils import canonicalize_name

from flows.collecting.clients import Clients
from flows.config.claims import period
from flows.config.settings import Framework, Settings
from flows.run import Night
from flows.sources.git.clone import clone_of
from flows.sources.git.history import fetch_commits
from flows.sources.github.repository import KnownStars, fetch_repository, pages_needed
from flows.sources.google.beside import Past
from flows.sources.google.trends import fetch_search, question
from flows.sources.pypi import clickpy, pypistats
from flows.sources.pypi.control import Control
from flows.sources.pypi.downloads import fetch_downloads
from flows.sources.pypi.releases import fetch_releases
from warehouse.breaks.known import known_breaks
from warehouse.calendar import MONTHS_OF_HISTORY, add_months
from warehouse.open import identity_key
from warehouse.read.state import (
    counted_days,
    downloads_to_ask,
    latest_state,
    previous_total,
    search_requests,
    star_days,
    star_history_begins,
)
from warehouse.rows import Answer, Break, ClaimReading, FrameworkEntry, PackageEntry

COMPARE_DAYS = 400  # of downloads, every 30 days: repairs have come months late


@dataclass(frozen=True)
class Step:
    """One thing to collect; `fetch` asks the upstream and yields answers. The window is what it asks for."""

    source: str
    entity: str
    fetch: Callable[[], Iterator[Answer]]
    window_start: date | None = None
    window_end: date | None = None

    @property
    def name(self) -> str:
        """How the terminal and the ledger call it."""
        return f"{self.source} {self.entity}"


def plan(night: Night, con: duckdb.DuckDBPyConnection, clients: Clients) -> list[Step]:
    """Every step of the night, the slow ones first. Reads the warehouse for what is already there."""
    sources = night.settings.sources
    repositories = [framework.repository for framework in night.settings.frameworks.values()]
    steps: list[Step] = []
    if sources.git_history.enabled:
        steps += [_commits(night, con, repository) for repository in repositories]
    if sources.google_trends.enabled:
        steps.append(_interest(night, con, clients))
    if sources.pypi_downloads.enabled:
        steps += _downloads(night, con, clients)
    if sources.github_repository.enabled:
        steps += _repositories(night, con, clients, repositories)
    if sources.pypi_releases.enabled:
        packages = packages_of(night.settings, with_requiring=False)
        steps += [_releases(night, clients, package) for package in packages]
    return steps


def configuration(night: Night) -> list[Answer]:
    """config.toml as answers, so that the warehouse knows what was tracked on any day."""
    frameworks, packages = [], []
    for position, (key, framework) in enumerate(night.settings.frameworks.items()):
        query, match = search_query(night.settings, framework)
        frameworks.append(FrameworkEntry(key, framework.label or key, position, framework.repository, query, match))
        packages += [
            PackageEntry(key, canonicalize_name(name), "counted", None, framework.packages_reason)
            for name in framework.packages
        ]
        packages += [
            PackageEntry(key, canonicalize_name(name), "requires", framework.required_by_since, "")
            for name in framework.required_by
        ]
    return [
        _config_answer(night, "frameworks", tuple(frameworks)),
        _config_answer(night, "packages", tuple(packages)),
        _config_answer(night, "breaks", (*known_breaks(), *_own_breaks(night.settings))),
        _config_answer(night, "claims", tuple(_claims(night.settings))),
    ]


def _own_breaks(settings: Settings) -> list[Break]:
    return [
        Break(
            break_source=item.source, metric=item.metric, effective_on=item.effective_on, kind="own",
            what_changed=item.what_changed, evidence=item.evidence, entity=item.entity, ends_on=item.ends_on,
        )
        for item in settings.breaks
    ]  # fmt: skip


def _claims(settings: Settings) -> Iterator[ClaimReading]:
    """A row for each reading of each claim, in the order of the file."""
    readings = ((claim, reading) for claim in settings.claims for reading in claim.readings)
    for position, (claim, reading) in enumerate(readings):
        low, high = claim.stands_for
        begins = period(claim.began) if claim.began else (None, None)
        yield ClaimReading(
            claim=claim.name, quote=claim.quote, source_name=claim.source, source_url=claim.source_url or "",
            made_on=claim.made_on, framework=claim.framework, value=claim.value, value_low=low, value_high=high,
            begins_from=begins[0], begins_until=begins[1], reading=reading.name, position=position,
            metric=reading.metric, packages=",".join(sorted(map(canonicalize_name, reading.packages))),
            first_day=reading.first_day, last_day=reading.last_day,
            basis=reading.basis or "",
        )  # fmt: skip


def search_query(settings: Settings, framework: Framework) -> tuple[str, str]:
    """What Google Trends is asked for a framework, and whether that is a "topic" or a "term"."""
    if settings.sources.google_trends.match == "topic" and framework.search_topic:
        return framework.search_topic, "topic"
    return framework.search_term, "term"


def search_labels(settings: Settings) -> dict[str, str]:
    """What Google Trends is asked for, and what the framework is called that each query stands for."""
    return {
        search_query(settings, framework)[0]: framework.label or key for key, framework in settings.frameworks.items()
    }


def _config_answer(
    night: Night,
    entity: str,
    rows: tuple[FrameworkEntry, ...] | tuple[PackageEntry, ...] | tuple[Break, ...] | tuple[ClaimReading, ...],
) -> Answer:
    return Answer("config", entity, "{}", night.now, rows, replaces_all=True)


def packages_of(settings: Settings, *, with_requiring: bool) -> list[str]:
    """Every package once, by its standard name, in the order of the file."""
    names = [
        canonicalize_name(name)
        for framework in settings.frameworks.values()
        for name in (*framework.packages, *(framework.required_by if with_requiring else ()))
    ]
    return list(dict.fromkeys(names))


def _interest(night: Night, con: duckdb.DuckDBPyConnection, clients: Clients) -> Step:
    settings = night.settings.sources.google_trends
    frameworks = night.settings.frameworks
    reference = search_query(night.settings, frameworks[settings.reference])[0] if settings.reference else None
    queries = search_labels(night.settings)
    return Step(
        "google_trends",
        "+".join(frameworks),
        partial(
            fetch_search,
            settings,
            clients.google_trends,
            queries=list(queries),
            reference=reference,
            labels=queries,
            past=[Past(*request) for request in search_requests(con, question(settings), night.now.date())],
            collected_at=night.now,
        ),
    )


def _downloads(night: Night, con: duckdb.DuckDBPyConnection, clients: Clients) -> list[Step]:
    """A step for each package, and one for the control series: all packages of the index together."""
    settings = night.settings.sources.pypi_downloads
    controls = _first_days(night, con, pypistats.SOURCE, pypistats.RETENTION_DAYS + 1)
    packages = _first_days(night, con, clickpy.SOURCE, COMPARE_DAYS)
    control = Control(
        settings,
        clients.downloads.pypistats,
        first_day=controls.get(pypistats.ALL_PACKAGES) or _first_of_all(night),
        last_day=night.last_day,
        collected_at=night.now,
        known=counted_days(con, service=pypistats.SOURCE, entity=pypistats.ALL_PACKAGES),
    )
    names = packages_of(night.settings, with_requiring=True)
    reach = clickpy.Reach(settings, clients.downloads.clickpy, names, night.last_day)
    steps = []
    for package in names:
        first_day = packages.get(package) or _first_of_all(night)
        fetch = partial(
            fetch_downloads,
            settings,
            clients.downloads,
            package=package,
            first_day=first_day,
            last_day=night.last_day,
            collected_at=night.now,
            counted=control.has,
            reach=reach,
        )
        steps.append(Step("pypi_downloads", package, fetch, first_day, night.last_day))
    return [*steps, Step("pypi_downloads", pypistats.ALL_PACKAGES, control.fetch, *control.window)]


def _first_of_all(night: Night) -> date:
    """Where the history of a package begins that is asked for the first time."""
    return add_months(night.last_day.replace(day=1), -night.settings.sources.pypi_downloads.first_run_months)


def _first_days(night: Night, con: duckdb.DuckDBPyConnection, service: str, compare_days: int) -> dict[str, date]:
    return downloads_to_ask(
        con, service=service, last_day=night.last_day, today=night.now.date(),
        nightly_days=night.settings.sources.pypi_downloads.nightly_days, compare_days=compare_days,
    )  # fmt: skip


def _releases(night: Night, clients: Clients, package: str) -> Step:
    settings = night.settings.sources.pypi_releases
    fetch = partial(fetch_releases, settings, clients.pypi_index, package=package, collected_at=night.now)
    return Step("pypi_releases", package, fetch)


def _commits(night: Night, con: duckdb.DuckDBPyConnection, repository: str) -> Step:
    state = latest_state(con, "git", repository)
    fetch = partial(
        fetch_commits,
        night.settings.sources.git_history,
        repository=repository,
        clone_dir=clone_of(night.data, repository),
        since_tip=state.get("tip"),
        known_identities=state.get("identities"),
        people_on=state.get("people_on"),
        identity_key=identity_key(con),
        collected_at=night.now,
    )
    return Step("git_history", repository, fetch)


def _repositories(
    night: Night, con: duckdb.DuckDBPyConnection, clients: Clients, repositories: list[str]
) -> Iterator[Step]:
    """One step each, for the stars that tonight's report needs first."""
    known = {repository: known_stars(con, repository, night.last_day) for repository in repositories}
    return repository_steps(night, con, clients, known)


def repository_steps(
    night: Night, con: duckdb.DuckDBPyConnection, clients: Clients, known: Mapping[str, KnownStars]
) -> Iterator[Step]:
    """One step each; what the hour allows is shared out by what each of them still needs."""
    clients.github.allowance.expect({name: pages_needed(stars, night.now.date()) for name, stars in known.items()})
    for repository, stars in known.items():
        fetch = partial(
            fetch_repository,
            clients.github,
            repository=repository,
            previous=previous_total(con, repository),
            etag=latest_state(con, "github", repository).get("etag"),
            stars=stars,
            collected_at=night.now,
            day=night.now.date(),
        )
        yield Step("github_repository", repository, fetch)


def known_stars(con: duckdb.DuckDBPyConnection, repository: str, last_day: date) -> KnownStars:
    """What is known of the stars of a repository, and from which day on a report of `last_day` needs them."""
    begins = star_history_begins(con, repository)
    return KnownStars(star_days(con, repository), begins, stars_needed_since(last_day))


def stars_needed_since(last_day: date) -> date:
    """The first day whose stars a report of `last_day` needs."""
    return add_months(last_day.replace(day=1), -MONTHS_OF_HISTORY)
