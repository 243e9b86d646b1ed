"""Lists that are told of changes alone, and webhooks: what they are told, when, and that it is once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.config.mail import Mail
from flows.config.settings import Settings
from flows.mailing.send import Outcome, deliver, write_samples
from flows.replay.server import Fault, ReplayServer, Reply, Request, redirected, status
from flows.sources.http import AUTHORITIES
from reports.build import BuiltReport
from reports.compare import SummaryRow
from reports.since.changes import changes, state_of
from tests.flows.mailing.conftest import AS_OF, NOW, ledger, statuses
from tests.flows.sources.http.test_attacks import dripping, forever
from warehouse.read.report import SourceAge

KERAS = {"framework": "keras", "metric": "pypi_downloads", "level": 1000}


@pytest.fixture
def hooks() -> Iterator[ReplayServer]:
    with ReplayServer({"hook": lambda request: Reply(200, b"ok")}) as server:
        yield server


def bodies(hooks: ReplayServer) -> list[Any]:
    return [json.loads(request.body) for _, request in hooks.requests]


def hook(**more: Any) -> Mail:
    seconds = more.pop("timeout_seconds", 60)
    return Mail.model_validate(
        {"webhooks": [{"name": "channel", "url_env": "HOOK"} | more], "timeout_seconds": seconds}
    )


class Told:
    """Sends a report, in which a row of Keras' downloads and the age of a source are as given, to `mail`."""

    def __init__(self, con: duckdb.DuckDBPyConnection, built: BuiltReport, environ: dict[str, str]) -> None:
        self._con, self._built, self.environ = con, built, environ

    def report(self, day: date, verdict: str = "up", level: float = 900, age: str = "fresh") -> BuiltReport:
        rows = tuple(_with(row, verdict, level) for row in self._built.summary)
        ages = (SourceAge("git_history", "git", "keras-team/keras", "commits", day, 1, age, None),)
        facts = replace(self._built.facts, ages=ages)
        return replace(self._built, as_of=day, summary=rows, facts=facts, report_id=day.isoformat())

    def __call__(self, mail: Mail, day: date = AS_OF, **row: Any) -> list[Outcome]:
        now = NOW + (day - AS_OF)
        return deliver(self._con, mail, self.report(day, **row), now=now, environ=self.environ, sleep=lambda _: None)


def _with(row: SummaryRow, verdict: str, level: float) -> SummaryRow:
    is_it = (row.framework, row.signal.metric) == ("keras", "pypi_downloads")
    return replace(row, verdict=verdict, level=level) if is_it else row  # type: ignore[arg-type]


@pytest.fixture
def tell(con: duckdb.DuckDBPyConnection, built: BuiltReport, hooks: ReplayServer) -> Told:
    return Told(con, built, {"HOOK": hooks.url("hook"), "OTHER": hooks.url("other")})


# ---- changes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({}, None),
        ({"level": 950}, None),
        ({"age": "late"}, None),
        ({"verdict": "down"}, "Keras, downloads: down, was up"),
        ({"level": 1000}, "Keras, downloads: above 1,000 now, at 1,000"),
        ({"age": "stale"}, "Git history, keras-team/keras: stale, no news"),
    ],
)
def test_who_is_told_of_changes_alone_is_told_first_and_then_of_each(
    tell: Told, hooks: ReplayServer, row: dict[str, Any], said: str | None
) -> None:
    mail = hook(when="changed", cadence="nightly", thresholds=[KERAS])
    assert statuses(tell(mail)) == ["sent"]
    outcomes = tell(mail, AS_OF + timedelta(1), **row)
    assert statuses(outcomes) == ["sent" if said else "unchanged"]
    assert not outcomes[0].is_problem
    assert [body["because"] for body in bodies(hooks)] == [[], [said]] if said else [[]]
    assert statuses(tell(mail, AS_OF + timedelta(2), **row)) == ["unchanged"], "it has been told"
    assert statuses(tell(mail, AS_OF + timedelta(3))) == (["sent"] if said else ["unchanged"]), "and back again"


def test_without_when_every_period_is_told(tell: Told) -> None:
    mail = hook(cadence="nightly")
    assert [statuses(tell(mail, AS_OF + timedelta(days))) for days in (0, 0, 1)] == [["sent"], ["already"], ["sent"]]


def test_a_change_is_told_until_it_has_arrived(tell: Told, hooks: ReplayServer) -> None:
    """The night in which it could not be told is no reason to keep it to oneself."""
    mail = hook(when="changed", cadence="nightly")
    tell(mail)
    hooks.misbehave("hook", status(503), times=3)
    assert statuses(tell(mail, AS_OF + timedelta(1), verdict="down")) == ["deferred"]
    assert statuses(tell(mail, AS_OF + timedelta(2), verdict="down")) == ["sent"]
    assert bodies(hooks)[-1]["because"] == ["Keras, downloads: down, was up"]


def test_a_change_of_a_framework_that_is_not_asked_for_is_none(tell: Told) -> None:
    for frameworks, after in ((["tensorflow"], "unchanged"), ([], "sent")):
        mail = hook(name=f"of-{len(frameworks)}", when="changed", cadence="nightly", frameworks=frameworks)
        tell(mail)
        assert statuses(tell(mail, AS_OF + timedelta(1), verdict="down")) == [after]


def test_what_was_not_known_before_has_passed_nothing(built: BuiltReport) -> None:
    now = state_of(built.facts, built.summary)
    levels = dict.fromkeys(now["levels"], 5.0)
    assert changes(now, now | {"levels": levels}, built.facts, built.summary, [("keras", "pypi_downloads", 3)]) == []
    assert changes({"verdicts": {}, "levels": {}, "stale": []}, now, built.facts, built.summary, []) == []


# ---- webhooks --------------------------------------------------------------------------------------------------------


def test_a_webhook_is_told_the_report_as_json(tell: Told, hooks: ReplayServer) -> None:
    assert statuses(tell(hook())) == ["sent"]
    (body,) = bodies(hooks)
    assert (body["as_of"], body["list"], body["page"]) == ("2021-06-25", "channel", None)
    assert body["sentences"].keys() == {"tensorflow", "keras"}
    assert {"framework": "keras", "metric": "pypi_downloads", "value": 900}.items() <= next(
        figure for figure in body["figures"] if figure["value"] == 900
    ).items()
    (_, request) = hooks.requests[0]
    assert request.headers["content-type"] == "application/json"


def test_slack_gets_words_that_are_only_words(tell: Told, built: BuiltReport, hooks: ReplayServer) -> None:
    """Nothing from outside becomes a link, a mention or emphasis."""
    labels = tuple(replace(item, label="<!channel> *&* ~x~") for item in built.facts.frameworks)
    tell._built = replace(built, facts=replace(built.facts, frameworks=labels))
    tell(hook(form="slack"))
    (body,) = bodies(hooks)
    kinds = {block["text"]["type"] for block in body["blocks"] if "<!channel>" in block["text"]["text"]}
    assert kinds == {"plain_text"}
    assert len(body["blocks"]) <= 50
    assert all(len(block["text"]["text"]) <= 3000 for block in body["blocks"])
    assert "<" not in body["text"]


@pytest.mark.parametrize(
    ("fault", "times", "said"),
    [
        (status(500), 2, "sent"),
        (status(429), 3, "deferred"),
        (status(404), 1, "refused"),
        (redirected("https://example.com/"), 1, "refused"),
    ],
)
def test_answers_mean_what_those_of_a_mail_server_mean(
    tell: Told, hooks: ReplayServer, fault: Fault, times: int, said: str
) -> None:
    hooks.misbehave("hook", fault, times=times)
    assert statuses(tell(hook())) == [said]
    assert statuses(tell(hook())) == ["already" if said == "sent" else "sent"]


def test_what_was_handed_over_without_an_answer_is_not_sent_again(tell: Told, hooks: ReplayServer) -> None:
    def hang_up(request: Request, upstream: Any) -> Reply:
        raise ConnectionResetError

    hooks.misbehave("hook", hang_up)
    assert statuses(tell(hook())) == ["uncertain"]
    assert statuses(tell(hook())) == ["uncertain"]
    assert len(hooks.requests) == 1


def test_no_address_of_a_webhook_is_told(tell: Told, nobody_listens: str, con: duckdb.DuckDBPyConnection) -> None:
    for url, said in (
        (f"http://{nobody_listens}/T0/SECRET", "HOOK: no connection"),
        ("", "environment variable HOOK is not set"),
        ("http://example.com/SECRET", "environment variable HOOK holds no address that starts with https://"),
        ("https://example.com/SEC RET", "environment variable HOOK holds no address that starts with https://"),
    ):
        tell.environ["HOOK"] = url
        (outcome,) = tell(hook())
        assert (outcome.status, outcome.recipient) == ("deferred", "HOOK")
        assert outcome.detail.startswith(said)
        assert "SECRET" not in f"{outcome} {ledger(con)}"


def test_what_netrc_holds_is_not_for_webhooks(
    tell: Told, hooks: ReplayServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("default login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert statuses(tell(hook())) == ["sent"]
    assert "authorization" not in hooks.requests[0][1].headers


def test_an_answer_that_drips_ends_at_the_deadline_and_is_uncertain(tell: Told) -> None:
    with dripping(forever(b"HTTP/1.1 100 Continue\r\n\r\n"), 0.05) as url:
        tell.environ["HOOK"] = url
        assert statuses(tell(hook(timeout_seconds=1))) == ["uncertain"]


def test_an_authority_that_is_not_there_is_told_by_name(
    tell: Told, nobody_listens: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in AUTHORITIES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    tell.environ["HOOK"] = f"https://{nobody_listens}/x"
    (outcome,) = tell(hook())
    assert outcome.status == "deferred"
    assert outcome.detail.startswith(f"SSL_CERT_FILE names {tmp_path / 'none.pem'}, which does not exist")


def test_a_webhook_that_moves_is_the_same(tell: Told) -> None:
    assert statuses(tell(hook())) == ["sent"]
    tell.environ["HOOK"] = tell.environ["OTHER"]
    assert statuses(tell(hook())) == ["already"]
    assert statuses(tell(hook(name="another", url_env="OTHER"))) == ["refused"], "404: there is nobody"


def test_a_pause_holds_for_a_webhook(tell: Told) -> None:
    assert statuses(tell(hook(pause_until=AS_OF + timedelta(1)))) == ["paused"]


@pytest.mark.parametrize("form", ["json", "slack"])
def test_a_dry_run_writes_what_a_webhook_would_get(
    tell: Told, hooks: ReplayServer, built: BuiltReport, form: str
) -> None:
    (path,) = write_samples(hook(form=form), tell.report(AS_OF), base_url="https://x.example")
    assert path.name == "channel.json"
    assert "https://x.example/2021-06-25/report.html" in path.read_text("utf-8")
    assert ("blocks" in json.loads(path.read_text("utf-8"))) == (form == "slack")
    assert hooks.requests == []


def test_names_are_told_apart_and_frameworks_are_tracked() -> None:
    keras = {"packages": ["keras"], "repository": "keras-team/keras", "search_term": "Keras"}
    for webhooks, said in (
        ([{"name": "a", "url_env": "A"}, {"name": "a", "url_env": "B"}], "no other webhook"),
        ([{"name": "a", "url_env": "A", "thresholds": [KERAS | {"framework": "jax"}]}], "not tracked: jax"),
        ([{"name": "a", "url_env": "A", "thresholds": [KERAS | {"metric": "commits"}]}], "metric"),
        ([{"name": "a", "url_env": "https://example.com"}], "environment variable"),
    ):
        with pytest.raises(ValueError, match=said):
            Settings.model_validate({"frameworks": {"keras": keras}, "mail": {"webhooks": webhooks}})
