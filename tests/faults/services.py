"""Every service on loopback, each of which may misbehave, and one question to each of them as a night asks it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from flows.config.settings import GitHistory, GithubRepository, GoogleTrends, PypiDownloads, PypiReleases
from flows.replay.clickhouse import ClickhouseReplay
from flows.replay.git_server import GitFolder
from flows.replay.github import GithubReplay
from flows.replay.google_trends import GoogleTrendsReplay
from flows.replay.package_index import PackageIndexReplay
from flows.replay.pypistats import PypistatsReplay
from flows.replay.server import Fault, ReplayServer, Reply, Request, Upstream, status
from flows.replay.top_packages import TopPackagesReplay
from flows.sources.git.history import fetch_commits
from flows.sources.github.client import GithubClient
from flows.sources.github.repository import fetch_repository
from flows.sources.google.client import trends_client
from flows.sources.google.trends import fetch_interest
from flows.sources.pypi.downloads import download_clients, fetch_downloads
from flows.sources.pypi.releases import fetch_releases, index_client
from tests.flows.sources.git.conftest import Origin
from tests.flows.sources.github.conftest import ALL, KERAS, RECORDINGS
from tests.flows.sources.pypi.conftest import a_month
from warehouse.rows import Answer

DAY = date(2021, 6, 25)
NOW = datetime(2021, 6, 25, 23, tzinfo=UTC)
REPOSITORY = "owner/name"
PATIENT, HASTY = 60.0, 0.4  # seconds that an answer may take: in general, and where it is to come too late
ATTEMPTS = 2
BEFORE = {"pypistats": ("clickpy",), "top_pypi_packages": ("clickpy", "pypistats")}
"""Who is asked before a service that stands in."""


@dataclass
class Faulty:
    """An upstream that misbehaves as long as there is a fault; counts how often it was asked."""

    upstream: Upstream
    fault: Fault | None = None
    asked: int = 0

    def __call__(self, request: Request) -> Reply:
        self.asked += 1
        return self.fault(request, self.upstream) if self.fault else self.upstream(request)


@dataclass
class Services:
    """`fetch` asks one of them, `upstreams` are where faults are put; for the `hasty` one nobody waits long."""

    server: ReplayServer
    upstreams: dict[str, Faulty]
    folder: Path
    hasty: str | None = None

    def fetch(self, service: str) -> Iterator[Answer]:
        """The answers to one question to `service`; those that are asked before it are dead."""
        for name in BEFORE.get(service, ()):
            self.upstreams[name].fault = status(500)
        ask = {
            "google_trends": self._google_trends, "pypi_index": self._pypi_index, "github": self._github,
            "git": self._git,
        }  # fmt: skip
        return ask.get(service, self._downloads)()

    def heal(self) -> None:
        """Everything answers again, and nothing was asked yet."""
        for upstream in self.upstreams.values():
            upstream.fault, upstream.asked = None, 0

    def _seconds(self, service: str) -> float:
        return HASTY if service == self.hasty else PATIENT

    def _limits(self, service: str) -> dict[str, Any]:
        return {"timeout_seconds": self._seconds(service), "attempts": ATTEMPTS, "rate_per_minute": 6000}

    def _google_trends(self) -> Iterator[Answer]:
        settings = GoogleTrends(base_url=self.server.url("google_trends"), **self._limits("google_trends"))
        with trends_client(settings, _at_once) as client:
            yield from fetch_interest(settings, client, queries=["TensorFlow", "PyTorch"], collected_at=NOW)

    def _downloads(self) -> Iterator[Answer]:
        lists = self.server.url("top_pypi_packages")
        settings = PypiDownloads(
            base_url=self.server.url("clickpy"), pypistats_url=self.server.url("pypistats"), top_packages_url=lists,
            top_packages_history_url=lists, **self._limits("all of them"),
        )  # fmt: skip
        clients = download_clients(settings, _at_once)
        for client in (clients.clickpy, clients.pypistats, clients.top_packages):
            client._timeout = self._seconds(client.source)
        with clients.clickpy, clients.pypistats, clients.top_packages:
            yield from fetch_downloads(
                settings, clients, package="torch", first_day=date(2021, 5, 28), last_day=date(2021, 6, 24),
                collected_at=NOW,
            )  # fmt: skip

    def _pypi_index(self) -> Iterator[Answer]:
        settings = PypiReleases(index_url=self.server.url("pypi_index"), **self._limits("pypi_index"))
        with index_client(settings, _at_once) as client:
            yield from fetch_releases(settings, client, package="torch", collected_at=NOW)

    def _github(self) -> Iterator[Answer]:
        settings = GithubRepository(base_url=self.server.url("github"), **self._limits("github"))
        with GithubClient(settings, None, _at_once) as client:
            yield from fetch_repository(
                client, repository=KERAS, previous=None, etag=None, stars=ALL, collected_at=NOW, day=DAY
            )

    def _git(self) -> Iterator[Answer]:
        settings = GitHistory(base_url=self.server.url("git"), timeout_seconds=max(self._seconds("git"), 1.0))
        return fetch_commits(
            settings, repository=REPOSITORY, clone_dir=self.folder / "clone.git", since_tip=None,
            known_identities=None, identity_key=b"k" * 32, collected_at=NOW, sleep=_at_once,
        )  # fmt: skip


@contextmanager
def services(folder: Path) -> Iterator[Services]:
    """All of them as they were on DAY, in `folder`."""
    Origin(folder / "served" / f"{REPOSITORY}.git").commit()
    clickpy, pypistats = a_month(700, until=date(2021, 6, 24))
    upstreams = {
        "google_trends": GoogleTrendsReplay(NOW, explore_calls=10**6),
        "clickpy": ClickhouseReplay(DAY, more=clickpy),
        "pypistats": PypistatsReplay(DAY, more=pypistats, per_minute=10**6),
        "top_pypi_packages": TopPackagesReplay(DAY),
        "pypi_index": PackageIndexReplay(NOW),
        "github": GithubReplay(RECORDINGS, DAY, hourly_requests=10**6),
        "git": GitFolder(folder / "served"),
    }
    faulty = {name: Faulty(upstream) for name, upstream in upstreams.items()}
    with ReplayServer(faulty) as server:
        yield Services(server, faulty, folder)


def _at_once(seconds: float) -> None:
    """Waits between tries take no time."""
