"""One HTTP client a service and night, shared by all steps: so rate_per_minute holds for them together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from flows.config.settings import Sources
from flows.sources.github.client import GithubClient
from flows.sources.google.client import TrendsClient, trends_client
from flows.sources.http import HttpClient
from flows.sources.pypi.downloads import DownloadClients, download_clients
from flows.sources.pypi.releases import index_client


@dataclass(frozen=True, slots=True)
class Clients:
    """Who asks each service. All of them may be used by several threads at once."""

    google_trends: TrendsClient
    downloads: DownloadClients
    pypi_index: HttpClient
    github: GithubClient


@contextmanager
def open_clients(
    sources: Sources, environ: Mapping[str, str], sleep: Callable[[float], None] = time.sleep
) -> Iterator[Clients]:
    """The clients of one night, with the limits of config.toml; they are closed with the context."""
    token = environ.get(sources.github_repository.token_env) or None
    clients = Clients(
        google_trends=trends_client(sources.google_trends, sleep),
        downloads=download_clients(sources.pypi_downloads, sleep),
        pypi_index=index_client(sources.pypi_releases, sleep),
        github=GithubClient(sources.github_repository, token, sleep),
    )
    downloads = clients.downloads
    with ExitStack() as stack:
        for client in (
            clients.google_trends, downloads.clickpy, downloads.pypistats, downloads.top_packages,
            clients.pypi_index, clients.github,
        ):  # fmt: skip
            stack.enter_context(client)
        yield clients
