"""One client a service for all steps of a night: the rate of config.toml is that of the night, not of a step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from flows.collecting.clients import open_clients
from flows.collecting.plan import Night, Step, plan
from flows.config.settings import Framework, Settings, Sources
from flows.replay.clickhouse import ClickhouseReplay
from flows.replay.github import GithubReplay
from flows.replay.package_index import PackageIndexReplay
from flows.replay.pypistats import PypistatsReplay
from flows.replay.server import ReplayServer
from flows.replay.top_packages import TopPackagesReplay
from flows.sources.errors import SourceError
from warehouse.read.state import known_before

NOW = datetime(2021, 6, 25, 23, tzinfo=UTC)
RECORDINGS = Path("flows/replay/recordings/github").absolute()
SLOW = 0.01  # requests a minute: whatever comes within an hour and a half has to wait for its turn
FRAMEWORKS = {
    "pytorch": Framework(packages=("torch",), repository="pytorch/pytorch", search_term="PyTorch"),
    "keras": Framework(packages=("keras", "tensorflow"), repository="keras-team/keras", search_term="Keras"),
}


@pytest.fixture
def upstreams(replay: Callable[..., ReplayServer]) -> ReplayServer:
    as_of = NOW.date()
    return replay(
        clickpy=ClickhouseReplay(as_of),
        pypistats=PypistatsReplay(as_of),
        lists=TopPackagesReplay(as_of),
        index=PackageIndexReplay(NOW),
        github=GithubReplay(RECORDINGS, as_of),
    )


@pytest.fixture
def night(tmp_path: Path, upstreams: ReplayServer) -> Night:
    sources = Sources.model_validate(
        {
            "google_trends": {"enabled": False},
            "git_history": {"enabled": False},
            "github_repository": {"base_url": upstreams.url("github"), "rate_per_minute": SLOW},
            "pypi_releases": {"index_url": upstreams.url("index"), "rate_per_minute": SLOW},
            "pypi_downloads": {
                "base_url": upstreams.url("clickpy"),
                "pypistats_url": upstreams.url("pypistats"),
                "top_packages_url": upstreams.url("lists"),
                "top_packages_history_url": upstreams.url("lists"),
                "rate_per_minute": SLOW,
                "first_run_months": 1,
            },
        }
    )
    return Night(Settings(frameworks=FRAMEWORKS, sources=sources), tmp_path, NOW, NOW.date())


def run(step: Step) -> None:
    """As a night does, whatever becomes of it."""
    with suppress(SourceError):
        list(step.fetch())


def test_all_steps_of_a_service_share_its_rate(
    night: Night, upstreams: ReplayServer, con: duckdb.DuckDBPyConnection, slept: list[float]
) -> None:
    with (
        open_clients(night.settings.sources, {}, slept.append) as clients,
        known_before(con, NOW),
        ThreadPoolExecutor(max_workers=8) as pool,
    ):
        list(pool.map(run, plan(night, con, clients)))
    asked = Counter(name for name, _ in upstreams.requests)
    assert min(asked[name] for name in ("clickpy", "pypistats", "lists", "index", "github")) > 1
    turns = [seconds for seconds in slept if seconds > 3600]
    assert len(turns) == asked.total() - len(asked), "all but the first request to each service wait for their turn"


def test_the_clients_of_a_night_are_closed_with_it(night: Night, upstreams: ReplayServer) -> None:
    with open_clients(night.settings.sources, {"GITHUB_TOKEN": "t"}) as clients:
        assert clients.github.session.headers["Authorization"] == "Bearer t"
        assert "Authorization" not in clients.pypi_index.session.headers
        clients.pypi_index.get(f"{upstreams.url('index')}/torch/")
        pools = clients.pypi_index.session.get_adapter("http://").poolmanager.pools
        assert len(pools) == 1
    assert len(pools) == 0
