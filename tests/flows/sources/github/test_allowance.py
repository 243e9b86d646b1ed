"""What GitHub allows within an hour, shared out among the repositories of a night."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest

from flows.replay.server import Reply
from flows.sources.errors import SourceError, TransientError
from flows.sources.github.client import Allowance, GithubClient
from flows.sources.github.repository import KnownStars, fetch_repository, pages_needed
from tests.flows.sources.github.conftest import (
    ALL,
    DAY,
    KERAS,
    NEEDED_SINCE,
    NOTHING,
    NOW,
    TOKEN,
    TOTAL,
    Night,
    pages_of,
    stars_of,
)  # fmt: skip
from warehouse.rows import Answer

OTHERS = ["tensorflow/tensorflow", "pytorch/pytorch"]
THREE = [KERAS, *OTHERS]


def run(client: GithubClient, repository: str, stars: KnownStars) -> tuple[list[Answer], SourceError | None]:
    answers: list[Answer] = []
    try:
        for answer in fetch_repository(
            client, repository=repository, previous=None, etag=None, stars=stars, collected_at=NOW, day=DAY
        ):
            answers.append(answer)
    except SourceError as error:
        return answers, error
    return answers, None


def run_all(
    night: Night, known: dict[str, KnownStars], token: str | None = None
) -> dict[str, tuple[list[Answer], SourceError | None]]:
    """A night's steps, side by side."""
    with night.client(token) as client, ThreadPoolExecutor(max_workers=8) as pool:
        client.allowance.expect({name: pages_needed(stars, DAY) for name, stars in known.items()})
        ended = pool.map(lambda item: run(client, *item), known.items())
        return dict(zip(known, ended, strict=True))


def test_repositories_take_turns(night: Night) -> None:
    run_all(night, dict.fromkeys(THREE, NOTHING))
    asked = [request.path.split("/")[3] for _, request in night.server.requests]
    turns = [name for number, name in enumerate(asked) if number == 0 or asked[number - 1] != name]
    assert sorted(turns) == ["keras", "pytorch", "tensorflow"]


def test_three_repositories_have_all_that_a_report_needs_in_the_first_hour(night: Night) -> None:
    ended = run_all(night, dict.fromkeys(THREE, NOTHING))
    assert [error for _, error in ended.values()] == [None] * 3
    assert all(min(stars_of(answers)) <= NEEDED_SINCE for answers, _ in ended.values())
    assert night.replay.used[""] <= 54


def test_what_others_need_goes_before_older_pages(night: Night) -> None:
    night.replay.hourly_requests = 24  # 21 for what the report needs of three, 2 are kept for others
    ended = run_all(night, dict.fromkeys(THREE, NOTHING))
    assert [error for _, error in ended.values()] == [None] * 3
    assert all(min(stars_of(answers)) <= NEEDED_SINCE for answers, _ in ended.values())
    assert night.replay.used[""] == 22


def test_totals_and_newest_days_of_all_go_before_any_other_page(night: Night) -> None:
    night.replay.hourly_requests = 9
    ended = run_all(night, dict.fromkeys(THREE, NOTHING))
    assert all(len(answers) >= 2 for answers, _ in ended.values())
    assert night.replay.used[""] == 9


def test_a_report_that_lacks_pages_says_so_and_keeps_what_was_read(night: Night) -> None:
    night.replay.hourly_requests = 5
    error = night.fails(stars=NOTHING)
    assert isinstance(error, TransientError)
    assert str(error) == (
        "github: keras-team/keras: stars up to 2019-03-09 are still to come: 0 of 5 requests are left this hour,"
        " 0 stay for others; the next night goes on from there; a token in GITHUB_TOKEN allows 5,000 requests an hour"
    )
    assert night.answers[0].rows == (TOTAL,)
    assert min(stars_of(night.answers)) == date(2019, 3, 10)


def test_older_pages_that_wait_are_no_failure(night: Night) -> None:
    night.replay.hourly_requests = 8
    answers = night.fetch(stars=NOTHING)
    assert pages_of(night) == list(range(1, 8))
    assert "history_begins" not in answers[-1].state


def test_the_last_tenth_of_the_hour_is_left_to_others(night: Night) -> None:
    night.replay.used[""] = 50
    night.fetch(stars=KnownStars([(date(2018, 1, 1), DAY - timedelta(days=1))], None, NEEDED_SINCE))
    assert night.replay.used[""] == 54


@pytest.mark.parametrize("used", [53, 54, 58])
def test_nothing_is_asked_once_only_that_tenth_is_left(night: Night, used: int) -> None:
    night.replay.used[""] = used
    with night.client() as client:
        ended = [run(client, repository, ALL) for repository in THREE]
    assert [len(answers) for answers, _ in ended] == [1, 0, 0]
    assert night.replay.used[""] == used + 1
    assert all("stay for others" in str(error) for _, error in ended)


def test_a_limit_that_others_used_up_fails_without_more_requests(night: Night) -> None:
    night.replay.used[""] = 60
    with night.client() as client:
        errors = [run(client, repository, ALL)[1] for repository in THREE]
    assert len(night.server.requests) == 1
    assert "status 403, asks to wait 1800 s" in str(errors[0])
    assert all("0 of 60 requests are left this hour" in str(error) for error in errors[1:])


def test_with_a_token_everything_comes_in_one_night_and_304_is_free(night: Night) -> None:
    ended = run_all(night, dict.fromkeys(THREE, NOTHING), TOKEN)
    assert all("history_begins" in answers[-1].state for answers, _ in ended.values())
    used = night.replay.used[TOKEN]
    etag = ended[KERAS][0][0].state["etag"]
    night.fetch(stars=ALL, previous=TOTAL, etag=etag, token=TOKEN)
    assert night.replay.used[TOKEN] == used + 1
    night.fetch(stars=ALL, previous=TOTAL, etag=etag)
    assert night.replay.used[""] == 2


@pytest.mark.parametrize(
    "headers", [{}, {"x-ratelimit-remaining": "5"}, {"x-ratelimit-remaining": "-1", "x-ratelimit-limit": "60"},
                {"x-ratelimit-remaining": "9" * 5000, "x-ratelimit-limit": "60"},
                {"x-ratelimit-remaining": "\xb2", "x-ratelimit-limit": "\xb3"}],
)  # fmt: skip
def test_headers_that_say_nothing_limit_nothing(headers: dict[str, str]) -> None:
    allowance = Allowance()
    allowance.note(headers)
    assert not allowance.is_used_up()
    assert allowance.has_room_for_page("a/b", is_needed=False)


def test_servers_without_a_limit_are_asked_everything(night: Night) -> None:
    def unlimited(request: Any, upstream: Any) -> Reply:
        reply = upstream(request)
        night.replay.used.clear()
        return Reply(reply.status, reply.body, {k: v for k, v in reply.headers.items() if "ratelimit" not in k})

    night.server.misbehave("github", unlimited, times=99)
    assert "history_begins" in night.fetch(stars=NOTHING)[-1].state
