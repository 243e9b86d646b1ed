"""Encryption, login and the wire, against a real mail server on loopback."""

from __future__ import annotations

import email
import ssl
from email.policy import SMTP as POLICY
from pathlib import Path

import duckdb
import pytest
import trustme

from flows.mailing.smtp import NotAcceptedError, RefusedError, ServerGoneError, Session
from tests.flows.mailing.conftest import (
    ADA,
    BOB,
    EVE,
    SECRET,
    MailServer,
    Send,
    _server_context,
    encrypted,
    ledger,
    mail_of,
    statuses,
)

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")  # aiosmtpd does not know of TLS from the first byte


# ---- encryption and login --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_encrypted_and_logged_in_each_gets_a_message_of_their_own(
    send: Send, certificate: ssl.SSLContext, ca_file: Path, security: str
) -> None:
    with MailServer(**{security: certificate}) as server:
        outcomes = send(encrypted(server.port, security, ca_file))
    assert statuses(outcomes) == ["sent", "sent", "sent"]
    assert server.logins == [(b"nightly", SECRET.encode())], "one session for the list"
    assert [envelope.rcpt_tos for envelope in server.accepted] == [[ADA], [BOB], [EVE]]
    messages = [email.message_from_bytes(envelope.original_content, policy=POLICY) for envelope in server.accepted]
    assert [message["To"] for message in messages] == [ADA, BOB, EVE]
    assert len({message["Message-ID"] for message in messages}) == 3
    assert list(messages[0].iter_attachments()) == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_an_unknown_authority_is_refused_before_the_password_is_sent(
    send: Send, certificate: ssl.SSLContext, security: str
) -> None:
    with MailServer(**{security: certificate}) as server:
        outcomes = send(encrypted(server.port, security, None))
    assert statuses(outcomes) == ["deferred"] * 3
    assert "certificate refused" in outcomes[0].detail
    assert "mail.ca_file" in outcomes[0].detail
    assert (server.logins, server.accepted, server.sessions) == ([], [], 1)


def test_a_certificate_for_another_name_is_refused(send: Send, authority: trustme.CA, ca_file: Path) -> None:
    with MailServer(tls=_server_context(authority, "mail.elsewhere.test")) as server:
        outcomes = send(encrypted(server.port, "tls", ca_file, ADA))
    assert "certificate refused" in outcomes[0].detail
    assert server.logins == []


def test_a_server_without_starttls_gets_nothing(send: Send, server: MailServer, ca_file: Path) -> None:
    outcomes = send(encrypted(server.port, "starttls", ca_file, ADA))
    assert outcomes[0].status == "deferred"
    assert "no STARTTLS" in outcomes[0].detail
    assert (server.accepted, server.logins) == ([], [])


def test_tls_on_a_port_that_speaks_plain_text_says_what_to_check(send: Send, server: MailServer, ca_file: Path) -> None:
    outcomes = send(encrypted(server.port, "tls", ca_file, ADA))
    assert outcomes[0].status == "deferred"
    assert "mail.security and mail.port" in outcomes[0].detail


def test_a_refused_login_is_tried_once_and_never_shows_the_password(
    send: Send, con: duckdb.DuckDBPyConnection, certificate: ssl.SSLContext, ca_file: Path
) -> None:
    with MailServer(starttls=certificate) as server:
        server.password = b"another"
        outcomes = send(encrypted(server.port, "starttls", ca_file))
    assert statuses(outcomes) == ["deferred"] * 3
    assert "login: 535 5.7.8" in outcomes[0].detail
    assert server.sessions == 1
    assert SECRET not in f"{outcomes}{ledger(con)}"


@pytest.mark.parametrize(
    "environ", [{}, {"MAIL_USER": "x", "MAIL_PASSWORD": ""}, {"MAIL_USER": "x", "MAIL_PASSWORD": "pä\n"}]
)
def test_a_login_that_is_not_in_the_environment_is_named_and_nothing_is_sent(
    send: Send, server: MailServer, environ: dict[str, str]
) -> None:
    mail = encrypted(server.port, "starttls", None, ADA)
    (outcome,) = send(mail, environ=environ)
    assert outcome.status == "deferred"
    assert "environment variable MAIL_" in outcome.detail
    assert "pä" not in outcome.detail
    assert server.sessions == 0


def test_a_ca_file_that_is_no_certificate_is_named(send: Send, server: MailServer, tmp_path: Path) -> None:
    (tmp_path / "broken.pem").write_text("nothing")
    (outcome,) = send(mail_of(server.port, ADA, security="tls", ca_file=tmp_path / "broken.pem"))
    assert "broken.pem: cannot be read as certificates" in outcome.detail


# ---- the wire --------------------------------------------------------------------------------------------------------


def test_lines_with_dots_and_commands_inside_a_message_stay_inside(server: MailServer) -> None:
    content = b"Subject: x\r\n\r\n.\r\n..\r\n.x\r\nMAIL FROM:<evil@example.com>\r\nQUIT\r\n"
    with Session(mail_of(server.port), None) as session:
        session.send(ADA, content, before_content=lambda: None)
        session.send(BOB, content, before_content=lambda: None)
    assert [envelope.original_content for envelope in server.accepted] == [content, content]
    assert server.tally() == {ADA: 1, BOB: 1}


@pytest.mark.parametrize(
    ("step", "error", "said"),
    [
        ("leave", ServerGoneError, "hung up in mid-message"),
        ("leave552 5.3.4 too big\r\n", RefusedError, "message: 552 5.3.4"),
        ("leave451 4.3.0 busy\r\n", NotAcceptedError, "message: 451 4.3.0"),
    ],
)
def test_a_server_that_leaves_before_the_end_of_a_message_has_not_taken_it(
    server: MailServer, step: str, error: type[Exception], said: str
) -> None:
    def see_the_server_leave() -> None:
        server.may_leave.set()
        assert server.left.wait(60)

    server.script[ADA].append(step)
    with Session(mail_of(server.port), None) as session, pytest.raises(error, match=said):
        session.send(ADA, b"Subject: x\r\n\r\n", before_content=see_the_server_leave)
