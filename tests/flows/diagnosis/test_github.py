"""What doctor says of GitHub's hour beside what a night will ask of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.config.settings import Settings, load_settings, with_data
from flows.diagnosis.github import look, requests_tonight
from flows.replay.github import GithubReplay
from flows.replay.server import ReplayServer, instead, json_reply
from tests.conftest import ROOT, open_few_rows
from warehouse.publish.snapshot import publish
from warehouse.rows import Answer, StarDay
from warehouse.save import save_answers

RECORDINGS = ROOT / "flows/replay/recordings/github"
DAY = date(2021, 6, 25)
NOW = datetime(2021, 6, 25, 23, tzinfo=UTC)
KERAS = "keras-team/keras"


@pytest.fixture
def github() -> GithubReplay:
    return GithubReplay(RECORDINGS, DAY, tokens={"good"})


@pytest.fixture
def server(replay: Callable[..., ReplayServer], github: GithubReplay) -> ReplayServer:
    return replay(github=github)


@pytest.fixture
def settings(server: ReplayServer, tmp_path: Path) -> Settings:
    settings = with_data(load_settings(ROOT / "config.toml"), tmp_path)
    github = settings.sources.github_repository.model_copy(update={"base_url": server.url("github")})
    return settings.model_copy(update={"sources": settings.sources.model_copy(update={"github_repository": github})})


def published(path: Path, empty_folder: Path, *spans: tuple[str, date, date]) -> None:
    """A published copy that knows the stars of these days."""
    shutil.copytree(empty_folder, path, dirs_exist_ok=True)
    with open_few_rows(path / "warehouse.duckdb") as con:
        for repository, first, last in spans:
            days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
            rows = tuple(StarDay(repository, day, 1) for day in days)
            save_answers(con, "r1", [Answer("github", repository, "{}", NOW - timedelta(days=1), rows)])
        publish(con, path / "published.duckdb")


def test_a_first_night_asks_for_what_a_report_needs(settings: Settings) -> None:
    assert requests_tonight(settings, NOW) == 3 * (2 + 5)
    assert look(settings, NOW).found == "60 of 60 requests left this hour; no token, none is needed"


def test_a_later_night_asks_twice_for_each_repository(settings: Settings, tmp_path: Path, empty_folder: Path) -> None:
    repositories = [framework.repository for framework in settings.frameworks.values()]
    published(tmp_path, empty_folder, *((name, date(2018, 1, 1), DAY - timedelta(days=1)) for name in repositories))
    assert requests_tonight(settings, NOW) == 6


def test_after_a_pause_it_counts_the_pages_that_are_missing(
    settings: Settings, tmp_path: Path, empty_folder: Path
) -> None:
    published(tmp_path, empty_folder, (KERAS, date(2018, 1, 1), date(2020, 5, 1)))
    assert requests_tonight(settings, NOW) == 2 * (2 + 5) + 2 + 2


def test_a_published_copy_that_cannot_be_read_is_a_first_night(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "published.duckdb").write_bytes(b"no database")
    assert requests_tonight(settings, NOW) == 21
    with duckdb.connect(str(tmp_path / "other.duckdb")) as con:
        con.execute("CREATE TABLE x (y INTEGER)")
    shutil.copy(tmp_path / "other.duckdb", tmp_path / "published.duckdb")
    assert requests_tonight(settings, NOW) == 21


def test_an_hour_that_is_too_short_now_says_until_when(settings: Settings, github: GithubReplay) -> None:
    github.used[""] = 34
    finding = look(settings, NOW)
    assert finding.state == "warning"
    assert finding.found == (
        "26 of 60 requests left this hour; no token, none is needed; a night now asks 21 and leaves 6 to others"
    )
    assert finding.next_step == "wait until 23:30 UTC, or set a token in GITHUB_TOKEN"
    github.used[""] = 33
    assert look(settings, NOW).state == "ok"


def test_a_night_that_no_hour_is_long_enough_for_says_so(settings: Settings) -> None:
    keras = settings.frameworks["keras"]
    many = {f"f{n}": keras.model_copy(update={"repository": f"o/r{n}"}) for n in range(8)}
    finding = look(settings.model_copy(update={"frameworks": many}), NOW)
    assert finding.state == "warning"
    assert "a night now asks 56 and leaves 6 to others" in finding.found
    assert (
        finding.next_step == "what is too much comes in the nights after; a token in GITHUB_TOKEN allows 5,000 an hour"
    )


def test_with_a_token_the_hour_is_long(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "good")
    assert look(settings, NOW).found == "5000 of 5000 requests left this hour; token in GITHUB_TOKEN"


@pytest.mark.parametrize(
    "value",
    [
        None, [], {}, {"resources": None}, {"resources": {"core": []}}, {"resources": {"core": {"limit": 60}}},
        {"resources": {"core": {"limit": "60", "remaining": "59"}}},
        {"resources": {"core": {"limit": -1, "remaining": 10**300}}},
    ],
)  # fmt: skip
def test_a_server_that_says_nothing_of_its_limit_is_well(settings: Settings, server: ReplayServer, value: Any) -> None:
    server.misbehave("github", instead(value))
    finding = look(settings, datetime.now(UTC))
    assert (finding.state, finding.found) == ("ok", "answers; no token, none is needed")


@pytest.mark.parametrize("reset", [None, "soon", 10**12, 10**11, -5, True])
def test_a_reset_that_cannot_be_is_left_out(settings: Settings, server: ReplayServer, reset: Any) -> None:
    core = {"limit": 60, "remaining": 3, "reset": reset}
    server.misbehave("github", lambda request, upstream: json_reply({"resources": {"core": core}}))
    finding = look(settings, datetime.now(UTC))
    assert finding.state == "warning"
    assert finding.next_step.startswith("wait until ")
