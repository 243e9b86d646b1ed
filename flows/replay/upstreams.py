"""All upstreams of the nightly job on loopback, answering from the recordings that ship."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path

from flows.config.settings import Settings
from flows.replay.clickhouse import ClickhouseReplay
from flows.replay.git_server import GitReplay
from flows.replay.github import GithubReplay
from flows.replay.google_trends import GoogleTrendsReplay
from flows.replay.package_index import PackageIndexReplay
from flows.replay.pypistats import PypistatsReplay
from flows.replay.server import ReplayServer
from flows.replay.top_packages import TopPackagesReplay

DEMO_DAY = date(2021, 6, 25)  # commits, stars and PyPI 30-day totals are real on this day
_GITHUB = Path(__file__).parent / "recordings" / "github"
_UNHURRIED = 6000  # requests a minute: nobody's server is spared on loopback


def moment_of(as_of: date) -> datetime:
    """What a replay takes as now: late on its day."""
    return datetime.combine(as_of, time(23, 0), UTC)


def replay_server(as_of: date, cache: Path) -> ReplayServer:
    """Every upstream as it stood on `as_of`. `cache` keeps the git repositories that are rebuilt from the logs."""
    return ReplayServer(
        {
            "trends": GoogleTrendsReplay(moment_of(as_of)),
            "clickhouse": ClickhouseReplay(as_of),
            "pypistats": PypistatsReplay(as_of),
            "top-packages": TopPackagesReplay(as_of),
            "index": PackageIndexReplay(moment_of(as_of)),
            "git": GitReplay(_GITHUB, cache, as_of),
            "github": GithubReplay(_GITHUB, as_of),
        }
    )


def pointed_at(server: ReplayServer, settings: Settings) -> Settings:
    """`settings` with every upstream replaced by the one on loopback."""
    sources = settings.sources
    top_packages = server.url("top-packages")
    changes = {
        "google_trends": {"base_url": server.url("trends")},
        "pypi_downloads": {
            "base_url": server.url("clickhouse"),
            "pypistats_url": server.url("pypistats"),
            "top_packages_url": top_packages,
            "top_packages_history_url": top_packages,
        },
        "pypi_releases": {"index_url": server.url("index")},
        "git_history": {"base_url": server.url("git")},
        "github_repository": {"base_url": server.url("github")},
    }
    for name in changes.keys() - {"git_history"}:
        changes[name]["rate_per_minute"] = _UNHURRIED  # type: ignore[assignment]
    replaced = {name: getattr(sources, name).model_copy(update=update) for name, update in changes.items()}
    return settings.model_copy(update={"sources": sources.model_copy(update=replaced)})
