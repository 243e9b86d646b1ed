"""The GitHub REST API on loopback answers as the recordings say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from flows.replay import github
from flows.replay.github import GithubReplay
from flows.replay.server import ReplayServer

RECORDINGS = Path(__file__).parents[3] / "flows/replay/recordings/github"
DAY = date(2021, 6, 25)
Get = Callable[..., requests.Response]


@pytest.fixture
def replay() -> GithubReplay:
    return GithubReplay(RECORDINGS, DAY, renamed={"fchollet/keras": "keras-team/keras"}, tokens={"good"})


@pytest.fixture
def server(replay: GithubReplay) -> Iterator[ReplayServer]:
    with ReplayServer({"github": replay}) as server:
        yield server


@pytest.fixture
def get(server: ReplayServer) -> Get:
    return lambda path, **options: requests.get(server.url("github") + path, timeout=60, **options)


def weeks_of(get: Get, page: int, per_page: int = 30) -> list[dict[str, Any]]:
    weeks: list[dict[str, Any]] = get(
        f"/repos/tensorflow/tensorflow/stargazers/history?per_page={per_page}&page={page}"
    ).json()
    return weeks


def test_totals_are_the_sums_of_the_recorded_days(get: Get) -> None:
    body = get("/repos/tensorflow/tensorflow").json()
    assert body["full_name"] == "tensorflow/tensorflow"
    assert body["owner"]["login"] == "tensorflow"
    assert (body["stargazers_count"], body["forks_count"]) == (148979, 63074)
    assert "hello-world" not in str(body)


def test_totals_of_a_later_day(get: Get, replay: GithubReplay) -> None:
    replay.advance(DAY + timedelta(days=1))
    assert get("/repos/tensorflow/tensorflow").json()["stargazers_count"] > 148979


def test_unchanged_is_304_without_a_body_until_a_day_has_passed(get: Get, replay: GithubReplay) -> None:
    first = get("/repos/pytorch/pytorch")
    headers = {"If-None-Match": first.headers["ETag"]}
    again = get("/repos/pytorch/pytorch", headers=headers)
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert "x-ratelimit-remaining" in again.headers
    replay.advance(DAY + timedelta(days=1))
    assert get("/repos/pytorch/pytorch", headers=headers).status_code == 200


def test_star_history_newest_week_first_back_to_the_start(get: Get) -> None:
    pages = [weeks_of(get, page) for page in range(1, 11)]
    weeks = [week for page in pages for week in page]
    starts = [datetime.fromtimestamp(week["week"], UTC) for week in weeks]
    assert [len(page) for page in pages] == [30] * 9 + [24]
    assert weeks_of(get, 11) == []
    assert starts == sorted(starts, reverse=True)
    assert (starts[0].date(), starts[-1].date()) == (date(2021, 6, 20), date(2015, 11, 8))
    assert all(start.isoweekday() == 7 for start in starts)
    assert sum(week["total"] for week in weeks) == sum(sum(week["days"]) for week in weeks) == 148979
    assert weeks[-1]["days"][:2] == [0, 1786]


def test_running_week_stops_with_the_day(get: Get) -> None:
    running = weeks_of(get, 1)[0]["days"]
    assert running[5] > 0
    assert running[6] == 0


def test_a_page_holds_as_many_weeks_as_asked_for_up_to_thirty(get: Get) -> None:
    assert [week["week"] for week in weeks_of(get, 2, per_page=10)] == [
        week["week"] for week in weeks_of(get, 1)[10:20]
    ]
    assert weeks_of(get, 1, per_page=100) == weeks_of(get, 1)
    assert len(weeks_of(get, 1)) == 30


def test_renamed_repository_moves_to_its_number(get: Get) -> None:
    moved = get("/repos/fchollet/keras", allow_redirects=False)
    assert moved.status_code == 301
    assert "/repositories/" in moved.headers["Location"]
    assert get("/repos/fchollet/keras").json()["full_name"] == "keras-team/keras"
    history = get("/repos/fchollet/keras/stargazers/history?per_page=2&page=3")
    assert [len(history.history), len(history.json())] == [1, 2]


@pytest.mark.parametrize("path", ["/repos/jax-ml/jax", "/repos/jax-ml/jax/stargazers/history", "/x", "/repositories/1"])
def test_an_unknown_repository_is_404(get: Get, path: str) -> None:
    assert get(path).status_code == 404


def test_only_good_tokens_are_taken(get: Get) -> None:
    for token, status, limit in (("good", 200, "5000"), ("bad", 401, None)):
        answer = get("/repos/keras-team/keras", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.headers.get("x-ratelimit-limit")) == (status, limit)
    assert get("/repos/keras-team/keras").headers["x-ratelimit-limit"] == "60"


def test_a_limit_that_is_used_up_stays_so_until_the_next_hour(get: Get, replay: GithubReplay) -> None:
    replay.hourly_requests = 2
    assert [get("/repos/keras-team/keras").status_code for _ in range(3)] == [200, 200, 403]
    refused = get("/repos/keras-team/keras")
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert "rate limit exceeded" in refused.json()["message"]
    assert int(refused.headers["x-ratelimit-reset"]) == datetime(2021, 6, 25, 23, 30, tzinfo=UTC).timestamp()
    assert refused.headers["Date"] == "Fri, 25 Jun 2021 23:00:00 GMT"
    replay.advance(DAY)
    assert get("/repos/keras-team/keras").status_code == 200


def test_sixty_requests_an_hour_without_a_token_and_304_counts(get: Get) -> None:
    etag = get("/repos/keras-team/keras").headers["ETag"]
    answers = [get("/repos/keras-team/keras", headers={"If-None-Match": etag}) for _ in range(60)]
    assert [answer.status_code for answer in answers] == [304] * 59 + [403]
    assert answers[0].headers["x-ratelimit-remaining"] == "58"
    with_token = {"If-None-Match": etag, "Authorization": "Bearer good"}
    answers = [get("/repos/keras-team/keras", headers=with_token) for _ in range(3)]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["5000"] * 3


def test_asking_for_the_limit_is_free(get: Get, replay: GithubReplay) -> None:
    get("/repos/keras-team/keras")
    for _ in range(3):
        core = get("/rate_limit").json()["resources"]["core"]
        assert (core["limit"], core["remaining"]) == (60, 59)
    replay.used[""] = 60
    assert get("/rate_limit").json()["resources"]["core"]["remaining"] == 0


def test_one_repository_may_have_the_figures_of_another(get: Get, replay: GithubReplay) -> None:
    replay.same_as = {"someone/copy": "keras-team/keras"}
    copy, recorded = (get(f"/repos/{name}/stargazers/history") for name in ("someone/copy", "keras-team/keras"))
    assert (copy.status_code, copy.history, copy.json()) == (200, [], recorded.json())


@pytest.mark.parametrize(
    ("fault", "status", "headers"),
    [
        (github.bad_credentials(), 401, {}),
        (github.not_found(), 404, {}),
        (github.rate_limited(), 403, {"x-ratelimit-remaining": "0"}),
        (github.rate_limited(status=429), 429, {"x-ratelimit-remaining": "0"}),
        (github.rate_limited(None), 403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": None}),
        (github.secondary_limited(7), 403, {"Retry-After": "7", "x-ratelimit-remaining": None}),
        (github.secondary_limited(None), 403, {"Retry-After": None}),
    ],
)
def test_faults_are_the_recorded_ones(
    get: Get, server: ReplayServer, fault: Any, status: int, headers: dict[str, str | None]
) -> None:
    server.misbehave("github", fault)
    answer = get("/repos/keras-team/keras")
    assert answer.status_code == status
    assert "message" in answer.json()
    assert {name: answer.headers.get(name) for name in headers} == headers
    assert get("/repos/keras-team/keras").status_code == 200
