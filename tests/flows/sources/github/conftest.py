"""One repository's fetch against the GitHub API on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from flows.config.settings import GithubRepository
from flows.replay.github import GithubReplay
from flows.replay.server import ReplayServer, Reply, json_reply
from flows.sources.errors import SourceError
from flows.sources.github.client import GithubClient
from flows.sources.github.repository import KnownStars, fetch_repository
from warehouse.rows import Answer, RepositoryTotal, StarDay

RECORDINGS = Path(__file__).parents[4] / "flows/replay/recordings/github"
DAY = date(2021, 6, 25)
NOW = datetime(2021, 6, 25, 23, tzinfo=UTC)
TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
KERAS = "keras-team/keras"
BEGINS, NEEDED_SINCE = date(2015, 3, 22), date(2018, 6, 1)
NOTHING = KnownStars([], None, NEEDED_SINCE)
ALL = KnownStars([(BEGINS, date(2021, 6, 23))], BEGINS, NEEDED_SINCE)
TOTAL = RepositoryTotal(KERAS, DAY, 49260, 16503)
Week = dict[str, Any]


@dataclass
class Night:
    """One fetch and what came of it, also when it ended with an error."""

    server: ReplayServer
    replay: GithubReplay
    answers: list[Answer] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def client(self, token: str | None = None) -> GithubClient:
        settings = GithubRepository(base_url=self.server.url("github"), rate_per_minute=6000)
        return GithubClient(settings, token, self.sleep)

    def fetch(self, repository: str = KERAS, **changed: Any) -> list[Answer]:
        known: dict[str, Any] = {
            "previous": None, "etag": None, "stars": ALL, "day": DAY, "collected_at": NOW,
        }  # fmt: skip
        self.answers.clear()
        with self.client(changed.pop("token", None)) as client:
            for answer in fetch_repository(client, repository=repository, **{**known, **changed}):
                self.answers.append(answer)
        return list(self.answers)

    def sleep(self, seconds: float) -> None:
        if seconds > 0.5:  # shorter ones are the spacing of requests
            self.waits.append(seconds)

    def fails(self, **changed: Any) -> SourceError:
        with pytest.raises(SourceError) as caught:
            self.fetch(**changed)
        assert TOKEN not in repr(caught.value)
        return caught.value

    def asked(self) -> list[str]:
        return [f"{request.path}?{request.raw_query}".rstrip("?") for _, request in self.server.requests]


@pytest.fixture
def night() -> Iterator[Night]:
    replay = GithubReplay(RECORDINGS, DAY, renamed={"fchollet/keras": KERAS}, tokens={TOKEN})
    with ReplayServer({"github": replay}) as server:
        yield Night(server, replay)


def total_of(answers: list[Answer]) -> RepositoryTotal:
    [row] = answers[0].rows
    assert isinstance(row, RepositoryTotal)
    return row


def stars_of(answers: list[Answer]) -> dict[date, int]:
    """The days of all pages; a day that two of them hold has the same figure on both."""
    rows = {row for answer in answers for row in answer.rows if isinstance(row, StarDay)}
    assert len({row.day for row in rows}) == len(rows)
    return {row.day: row.stars_added for row in rows}


def pages_of(night: Night) -> list[int]:
    """The pages of star history that were asked, in their order."""
    return [int(path.rpartition("=")[2]) for path in night.asked() if "/stargazers/history?per_page=30&page=" in path]


def a_week(start: date = date(2021, 6, 13), days: Any = (1, 2, 3, 4, 5, 6, 7)) -> Week:
    seconds = int(datetime(start.year, start.month, start.day, tzinfo=UTC).timestamp())
    return {"week": seconds, "total": 28, "days": list(days)}


def history_is(value: Any) -> Any:
    """Every star history is `value`, the totals are as recorded."""

    def fault(request: Any, upstream: Any) -> Reply:
        reply: Reply = json_reply(value) if request.path.endswith("/history") else upstream(request)
        return reply

    return fault
