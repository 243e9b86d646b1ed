"""A monthly mail waits until its month is complete, but not for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import duckdb
import pytest

from flows.mailing.send import deliver
from reports.build import BuiltReport
from reports.facts import Facts, Period
from tests.flows.mailing.conftest import ADA, BOB, ENVIRON, FACTS, NOW, MailServer, ledger, mail_of, statuses
from warehouse.read.report import Month


def facts_of_june(state: str, *, as_of: date, framework: str = "keras") -> Facts:
    """Search interest of a framework up to May, and of June in this state ("none": no row yet)."""
    months = [Month(framework, "search_interest", date(2021, 5, 1), 20.0, None, 1.0, True, None, "google_trends")]
    june = Month(framework, "search_interest", date(2021, 6, 1), 20.0, None, 0.9, state == "complete", None, "s", state)
    known = months if state == "none" else [*months, june]
    return replace(FACTS, period=Period(as_of), months={(row.framework, row.metric, row.month): row for row in known})


@pytest.mark.parametrize(
    ("cadence", "state", "day", "status"),
    [
        ("monthly", "late", 1, "waiting"),
        ("monthly", "none", 2, "waiting"),
        ("monthly", "late", 9, "waiting"),
        ("monthly", "late", 10, "sent"),
        ("monthly", "complete", 1, "sent"),
        ("monthly", "gaps", 1, "sent"),
        ("weekly", "late", 1, "sent"),
        ("nightly", "late", 1, "sent"),
    ],
)
def test_a_monthly_mail_waits_while_its_month_can_still_become_complete(
    con: duckdb.DuckDBPyConnection,
    built: BuiltReport,
    server: MailServer,
    cadence: str,
    state: str,
    day: int,
    status: str,
) -> None:
    as_of = date(2021, 7, day)
    report = replace(built, as_of=as_of, facts=facts_of_june(state, as_of=as_of))
    mail = mail_of(server.port, lists=[{"name": "team", "recipients": [ADA], "cadence": cadence}])
    (outcome,) = deliver(con, mail, report, now=NOW, environ=ENVIRON)
    assert (outcome.status, outcome.is_problem) == (status, False)
    if status == "waiting":
        assert outcome.detail == (
            "not complete yet: search interest of June 2021 (Keras); sent when it is, on 10 July 2021 at the latest"
        )
        assert ledger(con) == "[]", "a mail that waits is not begun"


def test_a_monthly_mail_that_waited_is_sent_once(
    con: duckdb.DuckDBPyConnection, built: BuiltReport, server: MailServer
) -> None:
    lists = [
        {"name": "keras-team", "recipients": [ADA], "cadence": "monthly", "frameworks": ["keras"]},
        {"name": "tensorflow-team", "recipients": [BOB], "cadence": "monthly", "frameworks": ["tensorflow"]},
    ]
    said = []
    for day, state in ((1, "late"), (4, "late"), (7, "complete"), (8, "complete"), (31, "complete")):
        as_of = date(2021, 7, day)
        report = replace(built, as_of=as_of, facts=facts_of_june(state, as_of=as_of))
        said.append(statuses(deliver(con, mail_of(server.port, lists=lists), report, now=NOW, environ=ENVIRON)))
    assert said == [["waiting", "sent"], ["waiting", "already"], ["sent", "already"], *[["already", "already"]] * 2]
    assert server.tally() == {ADA: 1, BOB: 1}
