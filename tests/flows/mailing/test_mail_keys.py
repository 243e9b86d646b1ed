"""What each key of [mail] changes in what a mail server on loopback gets."""

from __future__ import annotations

import email
import socket
import ssl
import time
from contextlib import closing
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from pathlib import Path
from typing import Any

import pytest

from flows.mailing.send import write_samples
from reports.build import BuiltReport
from tests.flows.mailing.conftest import ADA, AS_OF, BOB, SECRET, MailServer, Send, encrypted, mail_of, statuses

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")

TOLD_OF = ("framework", "metric", "level")  # test_changed.py shows these and those of webhooks
ALSO = ("name", "cadence", "frameworks", "when", "pause_until", "url_env", "form")
KEYS = ("security", "host", "port", "username_env", "password_env", "ca_file", "from", "from_name", "timeout_seconds",
        "attempts", "unsubscribe", "lists.name", "lists.recipients", "lists.cadence", "lists.frameworks",
        "lists.attach", "lists.pause_until", "lists.when", *(f"lists.thresholds.{key}" for key in TOLD_OF),
        *(f"webhooks.{key}" for key in (*ALSO, *(f"thresholds.{key}" for key in TOLD_OF))))  # fmt: skip
SHOWN = {f"mail.{key}" for key in KEYS} | {"report.base_url"}


def _sample(built: BuiltReport, team: dict[str, Any], **more: Any) -> EmailMessage:
    (path,) = write_samples(mail_of(587, lists=[{"name": "team", "recipients": [ADA]} | team], **more), built)
    return email.message_from_bytes(path.read_bytes(), policy=POLICY)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("key", "values"), [("from", ("a@example.com", "b@example.com")), ("from_name", ("Trends", "Frameworks"))]
)
def test_the_sender_is_as_given(built: BuiltReport, key: str, values: tuple[str, str]) -> None:
    for value in values:
        assert value in _sample(built, {}, **{key: value})["From"]


@pytest.mark.parametrize("unsubscribe", [None, "leave@example.com", "https://example.com/leave"])
def test_the_way_out_is_as_given_or_the_sender(built: BuiltReport, unsubscribe: str | None) -> None:
    assert (unsubscribe or "trends@example.com") in _sample(built, {}, unsubscribe=unsubscribe)["List-Unsubscribe"]


@pytest.mark.parametrize(
    ("attach", "names"),
    [(None, []), ("none", []), ("page", ["framework-trends-2021-06-25.html"]), ("csv", ["metrics.csv"])],
)
def test_what_goes_along_is_what_the_list_asks_for(built: BuiltReport, attach: str | None, names: list[str]) -> None:
    sample = _sample(built, {"attach": attach} if attach else {})
    attached = {part.get_filename(): part.get_payload(decode=True) for part in sample.iter_attachments()}
    assert sorted(attached) == names
    assert b"<p>the page</p>" not in b"".join(attached.values()) or attach == "page"
    assert ("is attached" in sample.get_body(("plain",)).get_content()) == (attach == "page")


def test_a_mail_links_to_where_the_reports_are_served(built: BuiltReport) -> None:
    mail = mail_of(587, lists=[{"name": "team", "recipients": [ADA]}])
    for base_url, told in (("https://x.example/trends", True), (None, False)):
        (path,) = write_samples(mail, built, base_url=base_url)
        body = email.message_from_bytes(path.read_bytes(), policy=POLICY).get_body(("html",)).get_content()
        assert ('href="https://x.example/trends/2021-06-25/report.html"' in body) == told


@pytest.mark.parametrize(("until", "status"), [(26, "paused"), (25, "sent")])
def test_a_pause_ends_on_its_day(send: Send, server: MailServer, until: int, status: str) -> None:
    lists = [{"name": "team", "recipients": [ADA], "pause_until": AS_OF.replace(day=until)}]
    (outcome,) = send(mail_of(server.port, lists=lists))
    assert (outcome.status, outcome.is_problem) == (status, False)
    assert len(server.accepted) == (status == "sent")


@pytest.mark.parametrize(("key", "values"), [("name", ("managers", "engineers")), ("cadence", ("nightly", "monthly"))])
def test_a_mail_says_of_which_list_it_is(built: BuiltReport, key: str, values: tuple[str, str]) -> None:
    for value in values:
        body = _sample(built, {key: value}).get_body(("plain",))
        assert body is not None
        assert value in body.get_content().rpartition("on the list")[2]


def test_a_list_of_some_frameworks_tells_of_these(built: BuiltReport) -> None:
    told = {}
    for frameworks in ((), ("keras",)):
        body = _sample(built, {"frameworks": frameworks}).get_body(("plain",))
        assert body is not None
        told[frameworks] = "TensorFlow" in body.get_content()
    assert told == {(): True, ("keras",): False}


@pytest.mark.parametrize("recipients", [(ADA,), (BOB, ADA)])
def test_recipients_get_it(send: Send, server: MailServer, recipients: tuple[str, ...]) -> None:
    send(mail_of(server.port, *recipients))
    assert server.tally() == dict.fromkeys(recipients, 1)


@pytest.mark.parametrize(("cadence", "status"), [("nightly", "sent"), ("weekly", "already")])
def test_the_cadence_is_how_often(send: Send, server: MailServer, cadence: str, status: str) -> None:
    mail = mail_of(server.port, lists=[{"name": "team", "recipients": [ADA], "cadence": cadence}])
    assert statuses(send(mail)) == ["sent"]
    assert statuses(send(mail, as_of=AS_OF.replace(day=AS_OF.day - 1))) == [status]


def test_mail_goes_to_the_port(send: Send, server: MailServer) -> None:
    with MailServer() as other:
        send(mail_of(other.port, ADA))
        assert (server.sessions, other.sessions) == (0, 1)
        send(mail_of(server.port, ADA, lists=[{"name": "others", "recipients": [ADA]}]))
    assert (server.sessions, other.sessions) == (1, 1)


def test_mail_goes_to_the_host(send: Send, server: MailServer) -> None:
    assert statuses(send(mail_of(server.port, ADA, host="127.0.0.2"))) == ["deferred"], "it listens on 127.0.0.1 only"
    assert statuses(send(mail_of(server.port, ADA))) == ["sent"]


@pytest.mark.parametrize("attempts", [1, 4])
def test_attempts_are_the_tries_of_a_mail(send: Send, server: MailServer, attempts: int) -> None:
    server.script[ADA].extend(["450 4.2.0 later"] * 9)
    send(mail_of(server.port, ADA, attempts=attempts))
    assert server.asked == [ADA] * attempts


def test_a_step_may_take_the_timeout(send: Send) -> None:
    """Lower bounds, and one far above: how fast this machine is does not matter."""
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        for seconds in (0.05, 0.5):
            began = time.monotonic()
            (outcome,) = send(mail_of(silent.getsockname()[1], ADA, attempts=1, timeout_seconds=seconds))
            assert outcome.status == "deferred"
            assert seconds <= time.monotonic() - began < 50, "the default is 60"


@pytest.mark.parametrize("user", ["MAIL_USER", "OTHER_USER"])
@pytest.mark.parametrize("password", ["MAIL_PASSWORD", "OTHER_PASSWORD"])
def test_the_login_is_in_the_variables_that_are_named(
    send: Send, certificate: ssl.SSLContext, ca_file: Path, user: str, password: str
) -> None:
    environ = {"MAIL_USER": "one", "OTHER_USER": "two", "MAIL_PASSWORD": SECRET, "OTHER_PASSWORD": "other"}
    login = {"username_env": user, "password_env": password}
    with MailServer(tls=certificate) as server:
        send(encrypted(server.port, "tls", ca_file, ADA).model_copy(update=login), environ=environ)
    assert server.logins[0] == (environ[user].encode(), environ[password].encode())


@pytest.mark.parametrize(
    ("security", "with_authority", "status"),
    [("tls", True, "sent"), ("tls", False, "deferred"), ("starttls", True, "deferred")],
)
def test_encryption_is_as_asked_and_trusts_the_authority_that_is_named(
    send: Send, certificate: ssl.SSLContext, ca_file: Path, security: str, with_authority: bool, status: str
) -> None:
    with MailServer(tls=certificate) as server:
        mail = encrypted(server.port, "tls", ca_file if with_authority else None, ADA)
        mail = mail.model_copy(update={"security": security, "timeout_seconds": 0.3 if security == "starttls" else 60})
        assert statuses(send(mail)) == [status]
