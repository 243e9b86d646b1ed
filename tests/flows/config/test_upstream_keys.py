"""What each key of [sources] changes in the requests that services on loopback are asked."""

from __future__ import annotations

import json
import shutil
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.replay.server import ReplayServer, Reply
from flows.replay.top_packages import TopPackagesReplay
from tests.conftest import open_few_rows
from tests.flows.config.keys import KERAS, NOW, SOURCES, asked_once, settings_with, steps_of

OVER_HTTP = {
    "google_trends": "base_url", "pypi_downloads": "base_url",
    "pypi_releases": "index_url", "github_repository": "base_url",
}  # fmt: skip
URLS = [f"{source}.{key}" for source, key in OVER_HTTP.items()] + [
    "git_history.base_url",
    "pypi_downloads.pypistats_url",
    "pypi_downloads.top_packages_url",
    "pypi_downloads.top_packages_history_url",
]
SHOWN = {
    *(f"sources.{key}" for key in URLS),
    *(f"sources.{source}.enabled" for source in SOURCES),
    *(f"sources.{source}.{key}" for source in OVER_HTTP for key in ("timeout_seconds", "attempts", "rate_per_minute")),
    *(f"sources.google_trends.{key}" for key in ("match", "timeframe", "geo", "reference")),
    *(f"frameworks.{key}" for key in ("search_term", "search_topic")),
    "sources.git_history.timeout_seconds",
    "sources.github_repository.token_env",
    "sources.pypi_downloads.first_run_months",
}


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory, empty_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """One warehouse for all: nothing is saved in it."""
    path = tmp_path_factory.mktemp("keys") / "warehouse.duckdb"
    with open_few_rows(shutil.copy(empty_warehouse, path)) as con:
        yield con


@pytest.fixture
def upstreams(replay: Callable[..., ReplayServer]) -> ReplayServer:
    lists = TopPackagesReplay(NOW.date())
    return replay(one=lists, two=lists, lists=lists, none=lambda _: Reply(404), busy=lambda _: Reply(503))


def _elsewhere(upstreams: ReplayServer, base: str = "none") -> dict[str, dict[str, Any]]:
    url = upstreams.url(base)
    downloads = {"base_url": url, "pypistats_url": url}
    downloads |= dict.fromkeys(("top_packages_url", "top_packages_history_url"), upstreams.url("lists"))
    others: dict[str, dict[str, Any]] = {source: {key: url} for source, key in OVER_HTTP.items()}
    return others | {"pypi_downloads": downloads, "git_history": {"base_url": url}}


@pytest.mark.parametrize("key", URLS)
def test_an_address_is_where_requests_go(
    upstreams: ReplayServer, con: duckdb.DuckDBPyConnection, tmp_path: Path, key: str
) -> None:
    source = key.partition(".")[0]
    for there, elsewhere in (("one", "two"), ("two", "one")):
        upstreams.requests.clear()
        sources = _elsewhere(upstreams)
        asked_once(settings_with(f"sources.{key}", upstreams.url(there), sources=sources), source, tmp_path, con)
        asked = {name for name, _ in upstreams.requests}
        assert there in asked
        assert elsewhere not in asked


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_that_is_off_has_no_step(con: duckdb.DuckDBPyConnection, tmp_path: Path, source: str) -> None:
    for enabled in (True, False):
        steps = steps_of(settings_with(f"sources.{source}.enabled", enabled), tmp_path, con)
        assert {step.source for step in steps} == set(SOURCES) - (set() if enabled else {source})


@pytest.mark.parametrize("source", OVER_HTTP)
def test_attempts_are_the_tries_of_one_request(
    upstreams: ReplayServer, con: duckdb.DuckDBPyConnection, tmp_path: Path, source: str
) -> None:
    for attempts in (1, 4):
        upstreams.requests.clear()
        settings = settings_with(f"sources.{source}.attempts", attempts, sources=_elsewhere(upstreams, "busy"))
        asked_once(settings, source, tmp_path, con)
        tries = Counter((request.path, request.raw_query) for name, request in upstreams.requests if name == "busy")
        assert max(tries.values()) == attempts


@pytest.mark.parametrize("source", OVER_HTTP)
def test_the_rate_is_how_long_the_next_request_waits(
    upstreams: ReplayServer, con: duckdb.DuckDBPyConnection, tmp_path: Path, source: str
) -> None:
    for rate, seconds in ((0.01, 6000), (0.02, 3000)):
        sources = _elsewhere(upstreams, "busy")
        settings = settings_with(f"sources.{source}.rate_per_minute", rate, sources=sources)
        slept = asked_once(settings, source, tmp_path, con).slept
        assert seconds - 60 < max(slept) <= seconds


@pytest.mark.parametrize("source", OVER_HTTP)
def test_a_request_may_take_the_timeout(
    upstreams: ReplayServer, con: duckdb.DuckDBPyConnection, tmp_path: Path, source: str
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        sources = _elsewhere(upstreams)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        sources[source] |= {OVER_HTTP[source]: url, "attempts": 1}
        if source == "pypi_downloads":  # else the lists answer in place of the others
            sources[source] |= dict.fromkeys(("top_packages_url", "top_packages_history_url"), upstreams.url("none"))
        for seconds in (0.05, 0.06):
            settings = settings_with(f"sources.{source}.timeout_seconds", seconds, sources=sources)
            (error,) = asked_once(settings, source, tmp_path, con).errors
            assert f"no answer within {seconds:g} s" in error


def test_a_git_command_may_take_its_timeout(
    upstreams: ReplayServer, con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        sources = {"git_history": {"base_url": f"http://127.0.0.1:{silent.getsockname()[1]}"}}
        for seconds in (1.0, 1.1):
            settings = settings_with("sources.git_history.timeout_seconds", seconds, sources=sources)
            (error,) = asked_once(settings, "git_history", tmp_path, con).errors
            assert f"not done within {seconds:g} s" in error


@pytest.mark.parametrize("name", ["ONE_TOKEN", "TWO_TOKEN"])
def test_the_token_is_in_the_variable_that_is_named(
    upstreams: ReplayServer, con: duckdb.DuckDBPyConnection, tmp_path: Path, name: str
) -> None:
    settings = settings_with("sources.github_repository.token_env", name, sources=_elsewhere(upstreams))
    asked_once(settings, "github_repository", tmp_path, con, {"ONE_TOKEN": "first", "TWO_TOKEN": "second"})
    sent = upstreams.requests[0][1].headers["authorization"]
    assert sent == f"Bearer {'first' if name == 'ONE_TOKEN' else 'second'}"


@pytest.mark.parametrize(("months", "first"), [(1, "2021-05-01"), (12, "2020-06-01")])
def test_the_first_run_asks_for_so_many_months(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, months: int, first: str
) -> None:
    steps = steps_of(settings_with("sources.pypi_downloads.first_run_months", months), tmp_path, con)
    assert {str(step.window_start) for step in steps if step.entity == "keras"} == {first, "None"}


# ---- what Google is asked --------------------------------------------------------------------------------------------

BOTH = {**KERAS, "search_topic": "/g/11c1r2rvnp"}


@pytest.mark.parametrize(
    ("key", "value", "field", "asked"),
    [
        ("sources.google_trends.match", "topic", "keyword", "/g/11c1r2rvnp"),
        ("sources.google_trends.match", "term", "keyword", "Keras"),
        ("sources.google_trends.timeframe", "today 5-y", "time", "today 5-y"),
        ("sources.google_trends.timeframe", "today 12-m", "time", "today 12-m"),
        ("sources.google_trends.geo", "", "geo", ""),
        ("sources.google_trends.geo", "US", "geo", "US"),
        ("frameworks.search_topic", "/g/other", "keyword", "/g/other"),
        ("frameworks.search_topic", None, "keyword", "Keras"),
    ],
)
def test_google_is_asked_what_the_key_says(
    upstreams: ReplayServer, con: duckdb.DuckDBPyConnection, tmp_path: Path,
    key: str, value: str | None, field: str, asked: str,
) -> None:  # fmt: skip
    settings = settings_with(key, value, framework=BOTH, sources=_elsewhere(upstreams))
    asked_once(settings, "google_trends", tmp_path, con)
    (item,) = _compared(upstreams)
    assert item[field] == asked


@pytest.mark.parametrize("term", ["Keras", "keras library"])
def test_google_is_asked_the_search_term(
    upstreams: ReplayServer, con: duckdb.DuckDBPyConnection, tmp_path: Path, term: str
) -> None:
    settings = settings_with("frameworks.search_term", term, sources=_elsewhere(upstreams))
    asked_once(settings, "google_trends", tmp_path, con)
    assert [item["keyword"] for item in _compared(upstreams)] == [term]


@pytest.mark.parametrize(("reference", "first"), [(None, "A"), ("f", "F")])
def test_the_reference_is_what_groups_share(
    upstreams: ReplayServer, con: duckdb.DuckDBPyConnection, tmp_path: Path, reference: str | None, first: str
) -> None:
    six = {name: {"packages": [name], "repository": f"x/{name}", "search_term": name.upper()} for name in "abcdef"}
    settings = settings_with("sources.google_trends.reference", reference, sources=_elsewhere(upstreams))
    settings = type(settings).model_validate(settings.model_dump(by_alias=True) | {"frameworks": six})
    asked_once(settings, "google_trends", tmp_path, con)
    assert _compared(upstreams)[0]["keyword"] == first


def _compared(upstreams: ReplayServer) -> list[dict[str, str]]:
    """What the first request for a comparison names."""
    asked = next(request for _, request in upstreams.requests if "req" in request.query)
    found: list[dict[str, str]] = json.loads(asked.query["req"])["comparisonItem"]
    return found
