"""Delivery against a real mail server on loopback: who gets what how often, and what is said of the rest."""

from __future__ import annotations

import email
import shutil
import smtplib
from collections import deque
from collections.abc import Callable
from datetime import UTC, date, datetime
from email.policy import SMTP as POLICY
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.config.settings import Mail, Settings
from flows.mailing import send as sending
from flows.mailing.post import masked
from flows.mailing.send import deliver, mail_report, period_of, write_samples
from reports.build import BuiltReport
from tests.flows.mailing.conftest import (
    ADA,
    AS_OF,
    BOB,
    EVE,
    NOW,
    MailServer,
    Send,
    built_in,
    ledger,
    mail_of,
    statuses,
)
from warehouse import PUBLISHED
from warehouse.ledger import begin_run
from warehouse.open import open_warehouse
from warehouse.publish import snapshot
from warehouse.rows import Answer, FrameworkEntry
from warehouse.save import save_answers

# ---- answers of the server -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["450 4.2.0 greylisted", "data 451 4.3.0 busy", "421 4.3.2 going down"])
def test_a_temporary_refusal_is_tried_again(send: Send, server: MailServer, slept: list[float], answer: str) -> None:
    server.script[ADA].extend([answer, answer])
    assert statuses(send(mail_of(server.port))) == ["sent", "sent", "sent"]
    assert server.tally() == {ADA: 1, BOB: 1, EVE: 1}
    assert slept == [1, 2]


def test_after_three_tries_the_next_run_tries_again(send: Send, server: MailServer) -> None:
    server.script[BOB].extend(["450 4.2.0 later"] * 3)
    outcomes = send(mail_of(server.port))
    assert statuses(outcomes) == ["sent", "deferred", "sent"]
    assert outcomes[1].detail.startswith("recipient: 450 4.2.0")
    assert statuses(send(mail_of(server.port))) == ["already", "already", "sent"]
    assert server.tally() == {ADA: 1, BOB: 1, EVE: 1}


@pytest.mark.parametrize("answer", ["550 5.1.1 <{}> unknown \x1b[31m", "data 554 5.7.1 {} is spam"])
def test_one_bad_address_is_named_masked_and_stops_no_other(
    send: Send, con: duckdb.DuckDBPyConnection, server: MailServer, answer: str
) -> None:
    server.script[BOB].append(answer.format(BOB))
    outcomes = send(mail_of(server.port))
    assert statuses(outcomes) == ["sent", "refused", "sent"]
    assert str(outcomes[1]).startswith("team 2021-W25: b***@example.org refused: ")
    assert outcomes[1].detail in ("recipient: 550 5.1.1", "message: 554 5.7.1")
    assert server.tally() == {ADA: 1, EVE: 1}
    assert server.sessions == 1
    for address in (ADA, BOB, EVE):
        assert address not in f"{outcomes}{ledger(con)}"


def test_a_refused_address_gets_its_mail_once_it_has_been_mended(send: Send, server: MailServer) -> None:
    server.script[BOB].append("550 5.1.1 unknown")
    send(mail_of(server.port))
    assert sorted(statuses(send(mail_of(server.port)))) == ["already", "already", "sent"]
    assert server.tally() == {ADA: 1, BOB: 1, EVE: 1}


def test_a_drop_in_mid_message_is_tried_again(
    send: Send, server: MailServer, built: BuiltReport, slept: list[float]
) -> None:
    built.page.write_bytes(bytes(12_000_000))  # more than the line itself can hold, so the end cannot be under way
    server.script[ADA].extend(["drop", "drop"])
    lists = [{"name": "team", "recipients": [ADA], "attach": "page"}]
    assert statuses(send(mail_of(server.port, lists=lists))) == ["sent"]
    assert server.tally() == {ADA: 1}


def test_a_server_that_hangs_is_given_up_and_the_rest_waits_for_the_next_run(send: Send, server: MailServer) -> None:
    for address in (ADA, BOB, EVE):
        server.script[address].extend(["hang"] * 2)
    mail = mail_of(server.port, ADA, BOB, EVE, timeout_seconds=1, attempts=2)
    outcomes = send(mail)
    assert statuses(outcomes) == ["deferred"] * 3
    assert "time-out" in outcomes[0].detail
    assert server.asked == [ADA, ADA, BOB, BOB], "two in a row are enough: the third is not waited for"
    server.script.clear()
    assert statuses(send(mail_of(server.port))) == ["sent"] * 3


def test_a_server_that_is_not_there_is_named_and_everyone_waits(
    send: Send, nobody_listens: str, slept: list[float]
) -> None:
    outcomes = send(mail_of(int(nobody_listens.rpartition(":")[2])))
    assert statuses(outcomes) == ["deferred"] * 3
    assert f"{nobody_listens}: no connection (nothing listens there); check mail.host" in outcomes[0].detail
    assert slept == [1, 2, 1, 2]


# ---- once, whatever happens ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("step", "seconds"), [("silent", 1), ("hang up after it", 60)])
def test_a_message_handed_over_without_an_answer_is_uncertain_and_not_sent_again(
    send: Send, server: MailServer, step: str, seconds: float
) -> None:
    server.script[ADA].append(step)
    mail = mail_of(server.port, ADA, BOB, timeout_seconds=seconds)
    outcomes = send(mail)
    assert statuses(outcomes) == ["uncertain", "sent"]
    again = send(mail)
    assert statuses(again) == ["uncertain", "already"]
    assert "nobody knows whether it arrived" in again[0].detail
    assert server.tally() == {ADA: 1, BOB: 1}


def test_an_uncertain_mail_is_sent_again_only_when_asked(send: Send, server: MailServer) -> None:
    server.script[ADA].append("hang up after it")
    send(mail_of(server.port, ADA))
    assert statuses(send(mail_of(server.port, ADA), resend_uncertain=True)) == ["sent"]
    first, second = (
        email.message_from_bytes(envelope.original_content, policy=POLICY)["Message-ID"] for envelope in server.accepted
    )
    assert first == second, "so that a mail program can tell that it is the same"
    assert statuses(send(mail_of(server.port, ADA), resend_uncertain=True)) == ["already"]


@pytest.mark.parametrize(
    ("killed_at", "after_restart"), [("sending", "uncertain"), ("sent", "uncertain"), (None, "sent")]
)
def test_a_kill_between_the_server_and_the_ledger_sends_no_mail_twice(
    send: Send,
    server: MailServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    killed_at: str | None,
    after_restart: str,
) -> None:
    """The files as they are on disk at that moment are what a kill leaves; None: killed before anything was sent."""
    save = sending.save_delivery

    def dying(con: duckdb.DuckDBPyConnection, what: Any) -> None:
        if what.status == "sending" and killed_at == "sending":
            save(con, what)
        if what.status == (killed_at or "sending"):
            for file in tmp_path.glob("warehouse.duckdb*"):
                shutil.copy(file, tmp_path / file.name.replace("warehouse", "after"))
            raise KeyboardInterrupt
        save(con, what)

    monkeypatch.setattr(sending, "save_delivery", dying)
    with pytest.raises(KeyboardInterrupt):
        send(mail_of(server.port, ADA))
    monkeypatch.undo()
    before = server.tally()[ADA]
    with open_warehouse(tmp_path / "after.duckdb") as con:
        assert statuses(send(mail_of(server.port, ADA), con=con)) == [after_restart]
    assert before == (killed_at == "sent")
    assert server.tally()[ADA] == (1 if killed_at in ("sent", None) else 0)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    runs=st.lists(
        st.lists(
            st.sampled_from(
                [
                    "450 4.2.0 x",
                    "550 5.1.1 x",
                    "data 451 4.3.0 x",
                    "data 554 5.7.1 x",
                    "hang up after it",
                    "421 4.3.2 x",
                ]
            ),
            max_size=4,
        ),
        min_size=1,
        max_size=4,
    )
)
def test_nobody_ever_gets_a_period_twice(
    empty_warehouse: Path, tmp_path_factory: pytest.TempPathFactory, server: MailServer, runs: list[list[str]]
) -> None:
    folder = tmp_path_factory.mktemp("round")
    built = built_in(folder)
    server.accepted.clear()
    with open_warehouse(shutil.copy(empty_warehouse, folder / "warehouse.duckdb")) as con:
        for steps in runs:
            server.script[ADA] = deque(steps)
            mail = mail_of(server.port, ADA)
            (outcome,) = deliver(con, mail, built, now=NOW, environ={}, sleep=lambda _: None)
            got = server.tally()[ADA]
            assert got <= 1
            assert (got == 1) == (outcome.status in ("sent", "already", "uncertain"))


@pytest.mark.parametrize(
    ("cadence", "same", "later"),
    [
        ("nightly", date(2021, 6, 25), date(2021, 6, 26)),
        ("weekly", date(2021, 6, 27), date(2021, 6, 28)),
        ("monthly", date(2021, 6, 30), date(2021, 7, 1)),
    ],
)
def test_once_a_day_week_or_month(send: Send, server: MailServer, cadence: str, same: date, later: date) -> None:
    mail = mail_of(server.port, lists=[{"name": "team", "recipients": [ADA], "cadence": cadence}])
    assert [statuses(send(mail, as_of=day)) for day in (AS_OF, same, later)] == [["sent"], ["already"], ["sent"]]


def test_weeks_follow_iso_across_new_year() -> None:
    assert period_of("weekly", date(2021, 1, 3)) == "2020-W53"
    assert period_of("weekly", date(2021, 1, 4)) == "2021-W01"
    assert period_of("monthly", date(2021, 1, 4)) == "2021-01"
    assert period_of("nightly", date(2021, 1, 4)) == "2021-01-04"


def test_the_same_address_in_other_letters_is_the_same_recipient(send: Send, server: MailServer) -> None:
    assert statuses(send(mail_of(server.port, ADA))) == ["sent"]
    assert statuses(send(mail_of(server.port, ADA.title()))) == ["already"]


# ---- lists -----------------------------------------------------------------------------------------------------------


def test_each_team_gets_the_frameworks_it_asks_for(send: Send, server: MailServer) -> None:
    lists = [
        {"name": "keras-team", "recipients": [ADA], "cadence": "nightly", "frameworks": ["keras"]},
        {"name": "all", "recipients": [ADA], "cadence": "nightly"},
    ]
    assert statuses(send(mail_of(server.port, lists=lists))) == ["sent", "sent"]
    team, everybody = (
        email.message_from_bytes(envelope.original_content, policy=POLICY).get_body(("plain",)).get_content()
        for envelope in server.accepted
    )
    assert "TensorFlow" not in team
    assert "Only Keras" in team
    assert "TensorFlow" in everybody


def test_the_ledger_of_reports_says_how_many_have_the_mail(
    send: Send, con: duckdb.DuckDBPyConnection, server: MailServer
) -> None:
    server.script[BOB].append("550 5.1.1 unknown")
    send(mail_of(server.port))
    query = "SELECT artefact, recipients, sent_at FROM raw.report_issues"
    assert con.execute(query).fetchall() == [("team.eml", "2 of 3", NOW.replace(tzinfo=None))]
    send(mail_of(server.port), now=NOW.replace(minute=45))
    assert con.execute(query).fetchall() == [("team.eml", "3 of 3", NOW.replace(minute=45, tzinfo=None))]


def test_without_lists_no_server_is_asked(send: Send) -> None:
    assert send(Mail()) == []


def test_a_dry_run_writes_the_same_bytes_twice_asks_no_server_and_names_nobody(
    built: BuiltReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtplib, "SMTP", None)
    mail = mail_of(25, ADA, BOB)
    (path,) = write_samples(mail, built)
    first = path.read_bytes()
    assert path == built.folder / "team.eml"
    assert write_samples(mail, built) == [path]
    assert path.read_bytes() == first
    assert ADA.encode() not in first
    message = email.message_from_bytes(first, policy=POLICY)
    assert message["To"] == "undisclosed-recipients:;"
    assert message["Date"].datetime == datetime(2021, 6, 25, 23, 59, 59, tzinfo=UTC)


def test_masked_keeps_one_letter_and_the_domain() -> None:
    assert masked("ada.lovelace@example.com") == "a***@example.com"


# ---- trends mail -----------------------------------------------------------------------------------------------------


@pytest.fixture
def published(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> Callable[[Mail, bool], Settings]:
    """Settings with a data folder that one night without any answer has left, but for the names of the frameworks."""
    entries = (FrameworkEntry("keras", "Keras", 0, "keras-team/keras", "Keras", "term"),)
    begin_run(con, run_id="r", flow="nightly", as_of=AS_OF, started_at=NOW, program_version="test")
    save_answers(con, "r", [Answer("config", "frameworks", "{}", NOW, entries, replaces_all=True)])
    snapshot.publish(con, tmp_path / PUBLISHED)
    con.close()

    def settings_of(mail: Mail, self_contained: bool) -> Settings:
        keras = {"packages": ["keras"], "repository": "keras-team/keras", "search_term": "Keras"}
        return Settings(
            frameworks={"keras": keras},
            mail=mail,
            warehouse={"data": tmp_path},
            report={"self_contained": self_contained},
        )

    return settings_of


def test_trends_mail_sends_once_and_says_a_line_a_recipient(
    published: Callable[[Mail, bool], Settings], server: MailServer
) -> None:
    said: list[str] = []
    lists = [{"name": "team", "recipients": [ADA, BOB], "attach": "page"}]
    settings_ = published(mail_of(server.port, lists=lists), False)
    server.script[BOB].append("550 5.1.1 unknown")
    assert not mail_report(settings_, as_of=AS_OF, now=NOW, environ={}, say=said.append)
    assert mail_report(settings_, as_of=AS_OF, now=NOW, environ={}, say=said.append)
    assert said == [
        "team 2021-W25: a***@example.com sent",
        "team 2021-W25: b***@example.org refused: recipient: 550 5.1.1",
        "team 2021-W25: a***@example.com already: at 2021-06-25 23:30 UTC",
        "team 2021-W25: b***@example.org sent",
    ]
    page = email.message_from_bytes(server.accepted[0].original_content, policy=POLICY)
    (attached,) = (part for part in page.iter_attachments() if part.get_content_type() == "text/html")
    assert len(attached.get_content()) > 1_000_000, "the page goes out whole, with the chart library inside"


def test_trends_mail_dry_run_says_where_the_samples_are(
    published: Callable[[Mail, bool], Settings], tmp_path: Path
) -> None:
    said: list[str] = []
    assert mail_report(
        published(mail_of(25, ADA), True), as_of=AS_OF, now=NOW, environ={}, say=said.append, dry_run=True
    )
    sample = tmp_path / "reports" / "2021-06-25" / "team.eml"
    assert said == [f"dry run, nothing sent: {sample}"]
    assert sample.read_bytes().startswith(b"From: Framework Trends <trends@example.com>\r\n")


def test_trends_mail_without_lists_says_so(published: Callable[[Mail, bool], Settings]) -> None:
    said: list[str] = []
    assert mail_report(published(Mail(), True), as_of=AS_OF, now=NOW, environ={}, say=said.append)
    assert said == ["no mail: config.toml names no list under [[mail.lists]]"]
