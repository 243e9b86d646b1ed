"""The three services that count downloads, on loopback as they were on a day."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from flows.config.settings import PypiDownloads
from flows.replay.clickhouse import ClickhouseReplay, InstallerDay
from flows.replay.pypistats import CategoryDay, PypistatsReplay
from flows.replay.server import ReplayServer
from flows.replay.top_packages import TopPackagesReplay
from flows.sources.errors import SourceError
from flows.sources.pypi.clickpy import Reach
from flows.sources.pypi.days import Counted, nobody_knows
from flows.sources.pypi.downloads import download_clients, fetch_downloads
from warehouse.rows import Answer, Download

DAY = date(2026, 9, 28)


class World:
    """The three services on loopback as they were on a day, and a package that all of them are asked for."""

    def __init__(self, server: ReplayServer, as_of: date) -> None:
        self.server = server
        self.as_of = as_of
        self.collected_at = datetime.combine(as_of, datetime.min.time(), UTC) + timedelta(hours=2, minutes=30)
        self.slept: list[float] = []
        self.settings = PypiDownloads(
            base_url=server.url("clickpy"),
            pypistats_url=server.url("pypistats"),
            top_packages_url=server.url("lists"),
            top_packages_history_url=server.url("lists"),
            rate_per_minute=6000,
        )
        self.counted: Counted = nobody_knows
        self.packages: tuple[str, ...] = ()
        self.clients = download_clients(self.settings, self.slept.append)

    def fetch(self, package: str, first_day: date, last_day: date | None = None) -> Iterator[Answer]:
        return fetch_downloads(
            self.settings,
            self.clients,
            package=package,
            first_day=first_day,
            last_day=last_day or self.as_of,
            collected_at=self.collected_at,
            counted=self.counted,
            reach=Reach(self.settings, self.clients.clickpy, self.packages, self.collected_at.date() - timedelta(1)),
        )

    def asked(self, name: str) -> list[Any]:
        return [request for upstream, request in self.server.requests if upstream == name]


@contextmanager
def world(
    as_of: date = DAY,
    *,
    clickpy: tuple[InstallerDay, ...] = (),
    pypistats: tuple[CategoryDay, ...] = (),
    later_lists: Mapping[datetime, Mapping[str, int]] | None = None,
    clickpy_is: Mapping[str, Any] | None = None,
    pypistats_is: Mapping[str, Any] | None = None,
) -> Iterator[World]:
    """`clickpy_is` and `pypistats_is`: what is wrong with them, as the replays take it."""
    upstreams = {
        "clickpy": ClickhouseReplay(as_of, more=clickpy, **(clickpy_is or {})),
        "pypistats": PypistatsReplay(as_of, more=pypistats, **(pypistats_is or {})),
        "lists": TopPackagesReplay(as_of, later=later_lists),
    }
    with ReplayServer(upstreams) as server:
        yield World(server, as_of)


def a_day(day: date, package: str = "torch", downloads: int = 7, installer: str = "pip") -> InstallerDay:
    return InstallerDay(package, day, installer, downloads)


def counted(package: str, day: date, basis: str, downloads: int) -> Download:
    return Download(package, day, day, 1, basis, downloads)


def a_month(
    downloads: int, *, until: date = DAY - timedelta(1), package: str = "torch"
) -> tuple[tuple[InstallerDay, ...], tuple[CategoryDay, ...]]:
    """The same downloads on each of the 28 days to `until`, as both services have them; pypistats has one more."""
    days = [until - timedelta(n) for n in range(28)]
    categories = ("with_mirrors", "without_mirrors")
    return (
        tuple(a_day(day, package, downloads) for day in days),
        tuple(CategoryDay(package, day, category, downloads + 1) for day in days for category in categories),
    )


def by_day(answers: Iterable[Answer], basis: str = "all") -> dict[date, tuple[str, int]]:
    """Day -> service and downloads; a day that two services tell of fails the test."""
    found: dict[date, tuple[str, int]] = {}
    for answer in answers:
        for row in answer.rows:
            if isinstance(row, Download) and row.basis == basis:
                assert row.period_start not in found
                found[row.period_start] = (answer.service, row.downloads)
    return found


def read_until_error(answers: Iterator[Answer]) -> tuple[list[Answer], SourceError]:
    """The answers that came before the error, and the error."""
    got: list[Answer] = []
    with pytest.raises(SourceError) as caught:
        got.extend(answers)
    return got, caught.value


ROW = {"download_count": 5, "project": "torch"}
