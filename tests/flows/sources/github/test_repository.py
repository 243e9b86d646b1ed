"""Totals and star days from the GitHub REST API on loopback, with every way it has to say no."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.replay import github
from flows.replay.server import ReplayServer, instead, redirected, status, truncated
from flows.sources.errors import TerminalError, TransientError
from tests.flows.sources.github.conftest import (
    DAY,
    KERAS,
    NOW,
    TOKEN,
    TOTAL,
    Night,
    a_week,
    history_is,
    stars_of,
    total_of,
)  # fmt: skip
from warehouse.rows import RepositoryTotal

# ---- What a night brings ---------------------------------------------------------------------------------------------


def test_later_nights_ask_for_one_page(night: Night) -> None:
    totals, stars = night.fetch()
    assert len(night.server.requests) == 2
    assert not stars.replaces_all
    assert len(stars.rows) == 29 * 7 + 5
    assert (totals.service, totals.entity, totals.collected_at) == ("github", KERAS, NOW)


def test_days_that_are_not_over_are_left_out(night: Night) -> None:
    assert max(stars_of(night.fetch())) == date(2021, 6, 24)
    assert max(stars_of(night.fetch(day=date(2021, 6, 24)))) == date(2021, 6, 23)
    early = datetime(2021, 6, 23, 1, tzinfo=UTC)
    assert max(stars_of(night.fetch(collected_at=early))) == date(2021, 6, 22)


def test_day_without_a_star_is_a_zero_not_a_gap(night: Night) -> None:
    night.server.misbehave("github", history_is([a_week(days=[0] * 7)]), times=2)
    assert stars_of(night.fetch()) == dict.fromkeys((date(2021, 6, 13) + timedelta(days=n) for n in range(7)), 0)


def test_unchanged_repository_has_the_same_totals_on_a_new_day(night: Night) -> None:
    etag = night.fetch()[0].state["etag"]
    night.server.requests.clear()
    tomorrow = DAY + timedelta(days=1)
    previous = RepositoryTotal(KERAS, DAY, 7, 5)
    answers = night.fetch(previous=previous, etag=etag, day=tomorrow)
    assert night.server.requests[0][1].headers["if-none-match"] == etag
    assert total_of(answers) == RepositoryTotal(KERAS, tomorrow, 7, 5)
    assert [answer.state for answer in answers] == [{"etag": etag}] * 2


def test_changed_repository_has_new_totals_and_a_new_etag(night: Night) -> None:
    old = night.fetch()[0]
    night.replay.advance(DAY + timedelta(days=1))
    answers = night.fetch(previous=total_of([old]), etag=old.state["etag"], day=DAY + timedelta(days=1))
    assert total_of(answers).stars > TOTAL.stars
    assert answers[0].state["etag"] != old.state["etag"]


def test_etag_without_the_totals_that_belong_to_it_is_not_sent(night: Night) -> None:
    night.fetch(etag='W/"x"')
    assert "if-none-match" not in night.server.requests[0][1].headers


def test_304_that_nobody_asked_for_is_no_answer(night: Night) -> None:
    night.server.misbehave("github", status(304), times=9)
    assert isinstance(night.fails(), TransientError)


def test_renamed_repository_is_followed_and_keeps_its_name_here(night: Night) -> None:
    answers = night.fetch("fchollet/keras")
    assert total_of(answers) == RepositoryTotal("fchollet/keras", DAY, 49260, 16503)
    assert len(stars_of(answers)) == 29 * 7 + 5
    again = night.fetch("fchollet/keras", previous=total_of(answers), etag=answers[0].state["etag"])
    assert total_of(again) == total_of(answers)


def test_request_says_the_same_for_the_same_question(night: Night) -> None:
    first = night.fetch()
    second = night.fetch(previous=total_of(first), etag=first[0].state["etag"], token=TOKEN)
    assert [answer.request for answer in first] == [answer.request for answer in second]
    assert json.loads(first[0].request)["get"] == "/repos/keras-team/keras"


def test_requests_name_the_program_and_the_version_of_the_api(night: Night) -> None:
    night.fetch()
    for _, request in night.server.requests:
        assert request.headers["user-agent"].startswith("framework-trends/")
        assert request.headers["x-github-api-version"] == "2026-03-10"
        assert request.headers["accept"] == "application/vnd.github+json"
        assert "authorization" not in request.headers


# ---- The token -------------------------------------------------------------------------------------------------------


def test_token_is_sent_when_there_is_one(night: Night) -> None:
    night.fetch(token=TOKEN)
    assert {request.headers["authorization"] for _, request in night.server.requests} == {f"Bearer {TOKEN}"}
    assert TOKEN not in repr(night.answers)


def test_token_stays_with_its_host(night: Night) -> None:
    with ReplayServer({"github": night.replay}) as other:
        elsewhere = other.url("github").replace("127.0.0.1", "localhost") + f"/repos/{KERAS}"
        night.server.misbehave("github", redirected(elsewhere), times=9)
        assert "sent on to another host" in str(night.fails(token=TOKEN))
        assert other.requests == []


def test_netrc_is_ignored(night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    night.fetch()
    night.fetch(token=TOKEN)
    sent = [request.headers.get("authorization") for _, request in night.server.requests]
    assert sent == [None, None, f"Bearer {TOKEN}", f"Bearer {TOKEN}"]


def test_refused_token_names_its_variable_only(night: Night) -> None:
    error = night.fails(token=TOKEN + "x")
    assert isinstance(error, TerminalError)
    assert "GITHUB_TOKEN is refused" in str(error)
    assert "unset it" in error.next_step
    assert len(night.server.requests) == 1


def test_a_401_without_a_token_asks_for_one(night: Night) -> None:
    night.server.misbehave("github", github.bad_credentials())
    error = night.fails()
    assert isinstance(error, TerminalError)
    assert error.next_step == "put one in GITHUB_TOKEN"


# ---- No --------------------------------------------------------------------------------------------------------------


def test_unknown_repository_is_named(night: Night) -> None:
    error = night.fails(repository="jax-ml/jax")
    assert isinstance(error, TerminalError)
    assert str(error) == (
        "github: jax-ml/jax: status 404, it does not exist or is private; check the repository in config.toml"
    )


@pytest.mark.parametrize("code", [403, 429])
def test_used_up_limit_says_how_long_and_what_helps(night: Night, code: int) -> None:
    night.server.misbehave("github", github.rate_limited(1800, code), times=9)
    error = night.fails()
    assert isinstance(error, TransientError)
    assert error.retry_after == 1800
    assert f"status {code}, asks to wait 1800 s" in str(error)
    assert "a token in GITHUB_TOKEN allows 5,000 requests an hour" in error.next_step
    assert (len(night.server.requests), night.waits) == (1, [])


def test_limit_that_is_free_again_soon_is_waited_for(night: Night) -> None:
    night.server.misbehave("github", github.rate_limited(20))
    assert total_of(night.fetch()) == TOTAL
    assert night.waits == [20.0]


def test_limit_without_a_time_is_an_hour(night: Night) -> None:
    night.server.misbehave("github", github.rate_limited(None))
    error = night.fails(token=TOKEN)
    assert isinstance(error, TransientError)
    assert error.retry_after == 3600
    assert "GITHUB_TOKEN" not in str(error)


@pytest.mark.parametrize(("retry_after", "waited"), [(5, 5.0), (None, 60.0)])
def test_secondary_limit_is_waited_for(night: Night, retry_after: int | None, waited: float) -> None:
    night.server.misbehave("github", github.secondary_limited(retry_after))
    assert total_of(night.fetch()) == TOTAL
    assert night.waits == [waited]


def test_a_403_without_a_time_to_wait_is_terminal(night: Night) -> None:
    night.server.misbehave("github", status(403, b'{"message": "bad user agent"}'))
    assert isinstance(night.fails(), TerminalError)


@pytest.mark.parametrize("fault", [status(502), status(202, b"{}"), truncated(10), status(200, b"<title></title>")])
def test_failures_that_may_pass_are_transient(night: Night, fault: Any) -> None:
    night.server.misbehave("github", fault, times=9)
    assert isinstance(night.fails(), TransientError)


def test_a_502_is_tried_again(night: Night) -> None:
    night.server.misbehave("github", status(502), times=2)
    assert total_of(night.fetch()) == TOTAL
    assert night.waits == [1.0, 2.0]


# ---- Answers of another shape ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        [],
        None,
        {"full_name": KERAS},
        {"stargazers_count": "12", "forks_count": 3},
        {"stargazers_count": -1, "forks_count": 3},
        {"stargazers_count": True, "forks_count": 3},
        {"stargazers_count": 2**63, "forks_count": 3},
        {"stargazers_count": 12, "forks_count": 10**300},
    ],
)
def test_totals_of_another_shape(night: Night, value: Any) -> None:
    night.server.misbehave("github", instead(value))
    assert isinstance(night.fails(), TerminalError)
    assert night.answers == []


@pytest.mark.parametrize(
    "value",
    [
        {"message": "x"},
        [3],
        [{"days": [0] * 7}],
        [a_week(days=[0] * 6)],
        [a_week(days=[0] * 6 + ["1"])],
        [a_week(days=[0] * 6 + [None])],
        [{"week": 10**18, "days": [0] * 7}],
        [{"week": -(10**10), "days": [0] * 7}],
        [{"week": 253402300799, "days": [0] * 7}],
        [a_week(days=[0] * 6 + [2**31])],
        [a_week(days=[0] * 6 + [-1])],
        [{"week": "2021-06-13", "days": [0] * 7}],
    ],
)
def test_history_of_another_shape_is_refused_but_totals_count(night: Night, value: Any) -> None:
    night.server.misbehave("github", history_is(value), times=2)
    assert isinstance(night.fails(), TerminalError)
    assert [answer.rows for answer in night.answers] == [(TOTAL,)]
