"""Whoever keeps the program running is told of failing nights and of good ones again: once each, on every way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from flows.config.alarms import Freshness
from flows.config.settings import Settings
from flows.mailing.alarms import Outcome, beat, tell_outcome
from flows.mailing.smtp import PostError
from flows.replay.server import ReplayServer, Reply, status
from tests.flows.config.keys import KERAS
from tests.flows.mailing.conftest import ADA, BOB, NOW, MailServer, mail_of

SHOWN = {
    *(f"alarms.{key}" for key in ("recipients", "webhook_env", "webhook_form", "heartbeat_env")),
    *(f"freshness.{key}" for key in Freshness.model_fields),
}
BAD, GOOD = ["github_repository keras: no connection"], []
SECRET = "s3cr3t-path"


@pytest.fixture
def hooks() -> Iterator[ReplayServer]:
    with ReplayServer({"hook": lambda _: Reply(200)}) as server:
        yield server


def settings_of(port: int = 25, **alarms: Any) -> Settings:
    mail = mail_of(port).model_dump(by_alias=True) | {"lists": [], "attempts": 1}
    return Settings.model_validate({"frameworks": {"keras": KERAS}, "mail": mail, "alarms": alarms})


def nights(
    con: duckdb.DuckDBPyConnection, settings: Settings, environ: dict[str, str], *problems: list[str]
) -> list[list[str]]:
    """What each night says of those it told: "" where it went well."""
    return [
        [error for _, error in tell_outcome(con, settings, Outcome(NOW, said), environ, lambda _: None)]
        for said in problems
    ]


def test_failure_and_recovery_are_told_once_each(
    con: duckdb.DuckDBPyConnection, server: MailServer, hooks: ReplayServer
) -> None:
    """By mail and to a webhook; the first good nights are no news."""
    settings = settings_of(server.port, recipients=[ADA, "another@example.com"], webhook_env="HOOK")
    environ = {"HOOK": hooks.url("hook")}
    said = nights(con, settings, environ, GOOD, BAD, [*BAD, "another"], GOOD, GOOD, BAD)
    assert [len(night) for night in said] == [0, 3, 0, 3, 0, 3]
    assert server.tally() == {ADA: 3, "another@example.com": 3}
    bodies = [json.loads(request.body) for _, request in hooks.requests]
    assert [body["is_failing"] for body in bodies] == [True, False, True]
    assert bodies[0]["problems"] == BAD
    first = server.accepted[0].content.decode()
    assert "Subject: Framework Trends: 1 thing is wrong" in first
    assert BAD[0] in first


def test_what_surely_did_not_arrive_is_told_by_the_next_night(
    con: duckdb.DuckDBPyConnection, server: MailServer, hooks: ReplayServer
) -> None:
    """What may have arrived is not told twice."""
    server.script[ADA].extend(["450 4.2.0 later"])
    server.script[BOB].extend(["hang up after it"])
    hooks.misbehave("hook", status(503), times=1)
    settings = settings_of(server.port, recipients=[ADA, BOB], webhook_env="HOOK")
    first, second, third = nights(con, settings, {"HOOK": hooks.url("hook")}, BAD, BAD, BAD)
    assert [bool(error) for error in first] == [True, True, True]
    assert (second, third) == (["", ""], [])
    assert server.tally() == {ADA: 1, BOB: 1}


def test_a_missing_variable_is_named_and_asked_again(con: duckdb.DuckDBPyConnection, hooks: ReplayServer) -> None:
    settings = settings_of(webhook_env="HOOK", webhook_form="slack")
    (without,), (given,) = nights(con, settings, {}, BAD), nights(con, settings, {"HOOK": hooks.url("hook")}, BAD)
    assert without == ["environment variable HOOK is not set; set it, or take it out of config.toml"]
    assert given == [""]
    assert set(json.loads(hooks.requests[0][1].body)) == {"text"}


def test_what_upstreams_say_is_only_words(con: duckdb.DuckDBPyConnection, hooks: ReplayServer) -> None:
    settings = settings_of(webhook_env="HOOK", webhook_form="slack")
    nights(con, settings, {"HOOK": hooks.url("hook")}, ["<!channel> \x1b[31m & more"])
    text = json.loads(hooks.requests[0][1].body)["text"]
    assert "&lt;!channel&gt;" in text
    assert "\x1b" not in text


def test_recipients_are_kept_as_hashes_alone(con: duckdb.DuckDBPyConnection, server: MailServer) -> None:
    nights(con, settings_of(server.port, recipients=[ADA]), {}, BAD)
    assert "ada" not in str(con.execute("FROM raw.list_states").fetchall())


def test_the_heartbeat_is_asked_and_its_address_stays_secret(hooks: ReplayServer) -> None:
    settings = settings_of(heartbeat_env="BEAT")
    address = hooks.url("hook") + f"/{SECRET}"
    beat(settings, {"BEAT": address})
    (_, request) = hooks.requests[0]
    assert (request.method, SECRET in request.path) == ("GET", True)
    hooks.misbehave("hook", status(404), times=1)
    with pytest.raises(PostError) as error:
        beat(settings, {"BEAT": address})
    assert str(error.value).startswith("BEAT: not taken")
    assert SECRET not in str(error.value)
    beat(settings_of(), {})


def test_mails_of_alarms_need_a_server() -> None:
    with pytest.raises(ValueError, match="recipients need mail"):
        Settings.model_validate({"frameworks": {"keras": KERAS}, "alarms": {"recipients": [ADA]}})


@pytest.mark.parametrize("source", list(Freshness.model_fields))
@pytest.mark.parametrize(
    ("status", "age", "limit", "judged"),
    [("late", 9, 10, "fresh"), ("fresh", 2, 1, "late"), ("stale", 20, 10, "stale"), ("never", None, 10, "never")],
)
def test_a_limit_of_config_takes_the_place_of_the_catalogue(
    source: str, status: str, age: int | None, limit: int, judged: str
) -> None:
    assert Freshness.model_validate({source: limit}).judge(source, status, age) == judged
    assert Freshness().judge(source, status, age) == status
