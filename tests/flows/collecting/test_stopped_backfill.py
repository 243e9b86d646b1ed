"""Ctrl-C in the midst of a backfill: one line, what came is kept, and the same command asks for the rest alone."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from threading import Event

import duckdb
import pytest

from flows.replay.clickhouse import ClickhouseReplay, InstallerDay
from flows.replay.github import GithubReplay
from flows.replay.server import ReplayServer, Reply, Request, Upstream
from tests.conftest import TRENDS, run_here

pytestmark = pytest.mark.slow
TODAY = date(2026, 3, 1)
STOPPED = "trends: stopped; what was loaded stays, the same command goes on from there"
RECORDINGS = Path(__file__).parents[3] / "flows/replay/recordings/github"
CONFIG = """
[frameworks.keras]
packages    = ["keras"]
repository  = "keras-team/keras"
search_term = "Keras"

[sources.pypi_downloads]
base_url = "{0}"
pypistats_url = "{1}"
top_packages_url = "{1}"
top_packages_history_url = "{1}"
rate_per_minute = 6000

[sources.github_repository]
base_url = "{0}"
rate_per_minute = 6000
"""


@dataclass
class Holding:
    """Answers so many questions and then lets whoever asks wait."""

    upstream: Upstream
    answers: int
    asked: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)  # before it was stopped
    is_waiting: Event = field(default_factory=Event)
    go_on: Event = field(default_factory=Event)

    def __call__(self, request: Request) -> Reply:
        self.asked.append(f"{request.path}?{request.raw_query}{request.query.get('param_first_day', '')}")
        if len(self.asked) > self.answers:
            self.is_waiting.set()
            self.go_on.wait(60)
        return self.upstream(request)


@contextmanager
def served(held: Holding, folder: Path) -> Iterator[list[str]]:
    """The arguments before those of the command."""
    with ReplayServer({"up": held, "others": lambda _: Reply(404)}) as server:
        (folder / "config.toml").write_text(CONFIG.format(server.url("up"), server.url("others")), encoding="utf-8")
        yield ["--config", str(folder / "config.toml"), "--data", str(folder / "data")]
        held.go_on.set()


def stopped(held: Holding, arguments: list[str]) -> str:
    """What the command says when Ctrl-C comes as soon as it waits for an answer."""
    minding = ["env", "--default-signal=INT"]  # a test in the background would pass on that it ignores it
    with subprocess.Popen([*minding, *TRENDS, *arguments], stderr=subprocess.PIPE, text=True) as process:
        assert held.is_waiting.wait(60)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    held.go_on.set()
    held.answered, held.answers = held.asked[: held.answers], 10**6
    held.asked.clear()
    return said


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(folder / "data" / "warehouse.duckdb"), read_only=True) as con:
        return con.execute(query).fetchall()


DOWNLOADS = ["backfill", "pypi_downloads", "--from", "2023-01-01", "--to", "2025-12-31"]
STARS = ["backfill", "github_repository", "--from", "2016-01-01", "--to", "2021-05-31"]


def test_downloads_go_on_where_they_were_stopped(tmp_path: Path) -> None:
    days = [date(2023, 1, 1) + timedelta(days=n) for n in range(1096)]
    held = Holding(ClickhouseReplay(TODAY, more=[InstallerDay("keras", day, "pip", 900) for day in days]), answers=3)
    with served(held, tmp_path) as where:
        assert stopped(held, [*where, *DOWNLOADS]).splitlines()[-1] == STOPPED
        assert rows(tmp_path, "SELECT min(period_start), count(*) FROM raw.pypi_downloads") == [
            (date(2024, 12, 31), 732)
        ]
        assert rows(tmp_path, "SELECT status FROM raw.runs") == [("interrupted",)]
        assert run_here(*where, *DOWNLOADS).returncode == 0
        assert len(held.asked) == 4
        assert not [asked for asked in held.asked if "2024-12-31" in asked.partition("?")[2][-10:]]
        assert rows(tmp_path, "SELECT min(period_start), count(*) FROM raw.pypi_downloads") == [
            (date(2023, 1, 1), 2192)
        ]


def test_pages_of_stars_that_came_are_kept(tmp_path: Path) -> None:
    """GitHub allows 60 requests an hour, so none is to be lost."""
    held = Holding(GithubReplay(RECORDINGS, date(2021, 6, 25), hourly_requests=10**6), answers=4)
    with served(held, tmp_path) as where:
        assert stopped(held, [*where, *STARS]).splitlines()[-1] == STOPPED
        assert rows(tmp_path, "SELECT count(*) > 400 FROM raw.repository_stars") == [(True,)]
        assert run_here(*where, *STARS).returncode == 0
        before, after = ({asked for asked in told if "/history?" in asked} for told in (held.answered, held.asked))
        newest = {page for page in after if page.endswith("page=1")}
        assert len(before) == 3
        assert before & after == newest, "only the newest page is asked each time"
