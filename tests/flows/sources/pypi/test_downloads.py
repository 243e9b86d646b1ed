"""Which service is asked after which, and what is said when none answers."""

from datetime import date

from flows.replay.clickhouse import over_the_limit
from flows.replay.pypistats import rate_limited
from flows.replay.server import Fault, Reply, status
from flows.sources.errors import TransientError
from tests.flows.sources.pypi.conftest import read_until_error, world


def test_when_all_fail_one_line_names_each() -> None:
    with world(date(2021, 6, 25)) as here:
        here.server.misbehave("clickpy", over_the_limit())
        here.server.misbehave("pypistats", rate_limited(), times=3)
        here.server.misbehave("lists", status(502), times=3)
        answers, error = read_until_error(here.fetch("torch", date(2021, 6, 1)))
    assert answers == []
    assert isinstance(error, TransientError)
    assert error.source == "pypi_downloads"
    assert "\n" not in str(error)
    for part in ("torch: clickpy: ClickHouse error 158", "| pypistats: ", "status 429", "| top_pypi_packages: "):
        assert part in str(error)


def test_a_reply_without_a_body_is_no_answer() -> None:
    with world(date(2023, 1, 11)) as here:
        empty: Fault = lambda request, upstream: Reply(200, b"", {"Content-Type": "application/json"})  # noqa: E731
        here.server.misbehave("clickpy", empty)
        answers = list(here.fetch("tensorflow", date(2023, 1, 1)))
    assert "clickpy: " in answers[0].state["fallback_because"]
    assert answers[0].service == "pypistats"
