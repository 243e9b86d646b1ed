"""Doctor connects to the mail server and logs in, and sends nothing."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from flows.mailing.post import try_mail_server
from flows.mailing.smtp import PostError, ServerGoneError, ServerUnusableError
from tests.flows.mailing.conftest import SECRET, MailServer, encrypted, mail_of

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")
LOGIN = {"MAIL_USER": "nightly", "MAIL_PASSWORD": SECRET}
SECONDS = 60.0


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_login_is_tried_and_nothing_is_sent(certificate: ssl.SSLContext, ca_file: Path, security: str) -> None:
    with MailServer(**{security: certificate}) as server:
        mail = encrypted(server.port, security, ca_file)
        try_mail_server(mail, LOGIN, SECONDS)
        assert (server.logins, server.accepted) == ([(b"nightly", SECRET.encode())], [])
        with pytest.raises(ServerUnusableError, match="login") as refused:
            try_mail_server(mail, LOGIN | {"MAIL_PASSWORD": "another one"}, SECONDS)
    assert "another one" not in str(refused.value)


def test_a_server_that_is_not_there_or_not_trusted_is_told(
    certificate: ssl.SSLContext, nobody_listens: str, server: MailServer
) -> None:
    try_mail_server(mail_of(server.port), {}, SECONDS)
    with pytest.raises(ServerGoneError, match="nothing listens there"):
        try_mail_server(mail_of(int(nobody_listens.split(":")[1])), {}, SECONDS)
    with MailServer(tls=certificate) as secure, pytest.raises(PostError, match="certificate refused"):
        try_mail_server(encrypted(secure.port, "tls", None), LOGIN, SECONDS)
