"""The three services that count downloads, on loopback as they were on a day."""

from collections.abc import Iterator, Mapping
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
        self.clients = download_clients(self.settings, self.slept.append)

    def fetch(self, package: str, first_day: date, last_day: date | None = None) -> Iterator[Answer]:
        return fetch_downloads(
            self.settings,
            self.clients,
            package=package,
            first_day=first_day,
            last_day=last_day or self.as_of,
            collected_at=self.collected_at,
            as_of=self.as_of,
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
) -> Iterator[World]:
    upstreams = {
        "clickpy": ClickhouseReplay(as_of, more=clickpy),
        "pypistats": PypistatsReplay(as_of, more=pypistats),
        "lists": TopPackagesReplay(as_of, later=later_lists),
    }
    with ReplayServer(upstreams) as server:
        yield World(server, as_of)


def a_day(day: date, package: str = "torch", downloads: int = 7, installer: str = "pip") -> InstallerDay:
    return InstallerDay(package, day, installer, downloads)


def counted(package: str, day: date, basis: str, downloads: int) -> Download:
    return Download(package, day, day, 1, basis, downloads)


def read_until_error(answers: Iterator[Answer]) -> tuple[list[Answer], SourceError]:
    """The answers that came before the error, and the error."""
    got: list[Answer] = []
    with pytest.raises(SourceError) as caught:
        got.extend(answers)
    return got, caught.value


ROW = {"download_count": 5, "project": "torch"}
