"""What doctor says of Google Trends: the cookie is all that counts, and topics have to be what they stand for."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flows.config.settings import Settings, load_settings
from flows.diagnosis.google_trends import look
from flows.replay.google_trends import GoogleTrendsReplay
from flows.replay.server import Fault, ReplayServer, Reply, redirected, status, too_many_requests
from tests.conftest import ROOT

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NID = {"Set-Cookie": "NID=511=x; path=/; domain=.google.com; Secure; HttpOnly", "Content-Type": "text/html"}


@pytest.fixture
def server(replay: Callable[..., ReplayServer]) -> ReplayServer:
    return replay(trends=GoogleTrendsReplay(NOW))


@pytest.fixture
def settings(server: ReplayServer) -> Settings:
    """Those that ship, with three topics."""
    settings = load_settings(ROOT / "config.toml")
    trends = settings.sources.google_trends.model_copy(
        update={"base_url": server.url("trends"), "rate_per_minute": 6000}
    )
    return settings.model_copy(update={"sources": settings.sources.model_copy(update={"google_trends": trends})})


def with_terms_only(settings: Settings) -> Settings:
    terms = {key: one.model_copy(update={"search_topic": None}) for key, one in settings.frameworks.items()}
    return settings.model_copy(update={"frameworks": terms})


def test_429_with_a_cookie_is_well_and_the_topics_are_looked_at(settings: Settings, server: ReplayServer) -> None:
    finding = look(settings)
    assert (finding.state, finding.found) == ("ok", "answers; the topics are what they stand for")
    assert [request.path for _, request in server.requests] == ["/trends/explore/", "/trends/api/explore"]


@pytest.mark.parametrize("code", [200, 302, 404, 429, 500])
def test_the_cookie_counts_whatever_the_status(settings: Settings, server: ReplayServer, code: int) -> None:
    server.misbehave("trends", status(code, b"", {**NID, "Location": "https://consent.google.com/m"}))
    assert look(with_terms_only(settings)).state == "ok"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("fault", "state", "words"),
    [
        (too_many_requests(), "problem", "the start page has status 429 and no cookie"),
        (status(500), "problem", "the start page has status 500 and no cookie"),
        (redirected("https://www.google.com/sorry/index?continue=x"), "problem", "sent on to a sorry page"),
        (status(200, b"<html>"), "ok", "answers"),
        (status(404), "ok", "answers"),
    ],
)
def test_a_start_page_without_a_cookie(
    settings: Settings, server: ReplayServer, fault: Fault, state: str, words: str
) -> None:
    server.misbehave("trends", fault, times=9)
    finding = look(with_terms_only(settings))
    assert finding.state == state
    assert words in finding.found


def test_a_topic_that_does_not_fit_is_a_warning(settings: Settings) -> None:
    keras = settings.frameworks["keras"].model_copy(update={"search_topic": "/g/11gd3905v1x"})
    finding = look(settings.model_copy(update={"frameworks": {**settings.frameworks, "keras": keras}}))
    assert finding.state == "warning"
    assert "Google does not say what the topic /g/11gd3905v1x is, which stands for Keras; find the" in finding.found
    assert "PyTorch" not in finding.found


def test_the_name_of_a_wrong_topic_is_told_on_one_line(settings: Settings, server: ReplayServer) -> None:
    def renamed(request: Any, upstream: Any) -> Reply:
        reply = upstream(request)
        if request.path != "/trends/api/explore":
            return reply
        answer = json.loads(reply.body[5:])
        answer["keywords"][2]["name"] = "Kerala\x1b[2J\nok"
        return Reply(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    server.misbehave("trends", renamed, times=9)
    finding = look(settings)
    assert "Kerala\ufffd[2J ok (Software), which does not fit Keras" in finding.found
    assert finding.found.isprintable()


@pytest.mark.parametrize("fault", [status(429, b"", NID), too_many_requests(), status(500), status(200, b"<html>")])
def test_explore_that_does_not_answer_is_no_fault(settings: Settings, server: ReplayServer, fault: Fault) -> None:
    server.misbehave(
        "trends", lambda request, upstream: fault(request, upstream) if "api" in request.path else upstream(request), 99
    )
    finding = look(settings)
    assert (finding.state, finding.found) == ("ok", "answers; the topics are looked at with each draw")
    assert len(server.requests) <= 3


def test_six_topics_are_asked_in_two_questions(settings: Settings, server: ReplayServer, tmp_path: Path) -> None:
    keras = settings.frameworks["keras"]
    more = {f"f{n}": keras.model_copy(update={"search_topic": f"/g/{n}", "label": f"F{n}"}) for n in range(4)}
    finding = look(settings.model_copy(update={"frameworks": {**settings.frameworks, **more}}))
    assert [request.path for _, request in server.requests].count("/trends/api/explore") == 2
    assert finding.found.count("Google does not say") == 4
