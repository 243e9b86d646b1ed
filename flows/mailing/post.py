"""What is sent to whom over which way: mails to a list, a message to a webhook. The round in send.py knows no more."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from datetime import time as time_of_day
from pathlib import Path
from typing import Any, Protocol

from flows.config.mail import Mail, MailList, Webhook
from flows.mailing.smtp import ServerUnusableError, Session
from flows.mailing.webhook import HookSession
from reports.build import BuiltReport
from reports.mail.digest import PageAt, attached_page, digest_of, linked_page, page_left_behind
from reports.mail.message import Attachment, Envelope, message
from reports.mail.payload import as_json, for_slack


class Line(Protocol):
    """A connection, made when it is first needed."""

    def send(self, recipient: str, content: bytes, *, before_content: Callable[[], None]) -> None:
        """Send one message; returns when it is taken, else raises a PostError."""


class Post(Protocol):
    """Makes the messages of one audience and knows the way to it."""

    artefact: str

    def sample(self) -> bytes:
        """The message for nobody, dated at the end of the report's day: the same bytes every time."""

    def message(self, recipient: str, *, dated: datetime, seed: str) -> bytes:
        """The message as it goes out. `seed` makes it known: the same for the same recipient, which it hides."""


def post_of(
    mail: Mail, audience: MailList | Webhook, built: BuiltReport, page: Path, base_url: str | None, because: list[str]
) -> Post:
    """`because`: what has changed, for an audience that is told of changes alone."""
    if isinstance(audience, Webhook):
        return _HookPost(audience, built, base_url, because)
    return _MailPost(mail, audience, built, page, base_url, because)


def recipients_of(audience: MailList | Webhook) -> tuple[str, ...]:
    """What the ledger knows them by; a webhook by its variable, because its address may change."""
    return (audience.url_env,) if isinstance(audience, Webhook) else audience.recipients


def shown(audience: MailList | Webhook, recipient: str) -> str:
    return recipient if isinstance(audience, Webhook) else masked(recipient)


def line_to(
    mail: Mail, audience: MailList | Webhook | None, environ: Mapping[str, str]
) -> AbstractContextManager[Line]:
    """To a webhook, else to the mail server. Raises ServerUnusableError where what it needs is not in `environ`."""
    if isinstance(audience, Webhook):
        return HookSession(audience, environ, mail.timeout_seconds)
    return Session(mail, _login(mail, environ))


def masked(address: str) -> str:
    """ada@example.com -> a***@example.com."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"


def _page_of(built: BuiltReport, base_url: str | None) -> PageAt:
    """Where a reader of a mail finds the page of `built`, which is not attached."""
    path = f"{built.folder.name}/{built.page.name}"
    return linked_page(f"{base_url}/{path}") if base_url else page_left_behind(f"reports/{path}")


class _MailPost:
    """Makes the messages of one list; the digest, its pictures among it, is made once."""

    def __init__(
        self, mail: Mail, mail_list: MailList, built: BuiltReport, page: Path, base_url: str | None, because: list[str]
    ) -> None:
        self.artefact = f"{mail_list.name}.eml"
        self._because = "; ".join(because)
        self._mail = mail
        self._list = mail_list
        self._as_of = built.as_of
        name = f"framework-trends-{built.as_of.isoformat()}.html"
        at = _page_of(built, base_url) if mail_list.attach != "page" else attached_page(name)
        self._digest = digest_of(built, page=at, only=frozenset(mail_list.frameworks))
        self._attachments: tuple[Attachment, ...] = ()
        if mail_list.attach == "page":
            self._attachments = (Attachment(name, "text/html", page.read_bytes()),)
        elif mail_list.attach == "csv":
            self._attachments = (Attachment(built.csv.name, "text/csv", built.csv.read_bytes()),)

    def sample(self) -> bytes:
        """The message for nobody, dated at the end of the report's day."""
        dated = datetime.combine(self._as_of, time_of_day(23, 59, 59), UTC)
        return self.message(None, dated=dated, seed="")

    def message(self, recipient: str | None, *, dated: datetime, seed: str) -> bytes:
        """The message as it goes out. `seed` makes it known: the same for the same recipient, which it hides."""
        envelope = Envelope(
            sender=self._mail.sender or "",
            sender_name=self._mail.sender_name,
            list_name=self._list.name,
            cadence=self._list.cadence,
            because=self._because,
            way_out=self._mail.unsubscribe or self._mail.sender or "",
            recipient=recipient,
            dated=dated,
            seed=seed,
        )
        return message(self._digest, envelope, self._attachments).as_bytes()


class _HookPost:
    """Makes the message of a webhook, in its form."""

    def __init__(self, hook: Webhook, built: BuiltReport, base_url: str | None, because: list[str]) -> None:
        self.artefact = f"{hook.name}.json"
        page, only = _page_of(built, base_url), frozenset(hook.frameworks)
        self._value: dict[str, Any] = (for_slack if hook.form == "slack" else as_json)(built, page, only)
        if hook.form == "json":
            self._value |= {"list": hook.name, "because": because}

    def sample(self) -> bytes:
        return json.dumps(self._value, ensure_ascii=False, indent=1).encode()

    def message(self, recipient: str, *, dated: datetime, seed: str) -> bytes:  # noqa: ARG002 - it is for one and has no date
        return self.sample()


def try_mail_server(mail: Mail, environ: Mapping[str, str], seconds: float) -> None:
    """Whether the server of `mail` lets us in, within `seconds` a step; nothing is sent. Raises a PostError."""
    hasty = mail.model_copy(update={"timeout_seconds": seconds})
    Session(hasty, _login(mail, environ)).try_connection()


def _login(mail: Mail, environ: Mapping[str, str]) -> tuple[str, str] | None:
    """User name and password from the environment. The error names the variable, never what is in it."""
    if mail.username_env is None or mail.password_env is None:
        return None
    for name in (mail.username_env, mail.password_env):
        if not environ.get(name):
            raise ServerUnusableError(f"environment variable {name} is not set", "set it, or take it out of [mail]")
        if not environ[name].isascii() or not environ[name].isprintable():
            raise ServerUnusableError(f"environment variable {name} holds more than printable ASCII", "set it anew")
    return environ[mail.username_env], environ[mail.password_env]
