"""Tells whoever keeps the program running when nights begin to fail, and when they are well again: once each.

What each of them was told last is in the ledger. It is written down before a message goes out, and taken back only
where the message surely did not arrive: then the next night tells it again, and never twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from functools import partial

import duckdb

from flows.config.mail import Webhook
from flows.config.settings import Settings
from flows.mailing.post import Line, line_to, masked
from flows.mailing.smtp import NotAcceptedError, PostError, ServerUnusableError
from flows.mailing.webhook import address_in
from flows.retry import again
from flows.sources.errors import SourceError
from flows.sources.http import HttpClient
from reports.mail.payload import escaped_for_slack
from warehouse.ledger import read_list_state, recipient_key, save_list_state
from warehouse.open import identity_key
from warehouse.printable import printable

_MOST_LINES = 30


@dataclass(frozen=True)
class Outcome:
    """What a night came to: `problems` is a line for each thing that is wrong, nothing where all is well."""

    now: datetime
    problems: Sequence[str]

    @property
    def title(self) -> str:
        if not self.problems:
            return "Framework Trends: nights are well again"
        number = len(self.problems)
        return f"Framework Trends: {number} {'thing is' if number == 1 else 'things are'} wrong"

    @property
    def text(self) -> str:
        shown = [printable(line) for problem in self.problems for line in problem.splitlines()]
        more = [f"... and {len(shown) - _MOST_LINES} more lines"] if len(shown) > _MOST_LINES else []
        began = f"The night of {self.now:%Y-%m-%d %H:%M} UTC"
        said = ["brought all that it should."] if not shown else ["did not bring all that it should:"]
        return "\n".join([f"{began} {said[0]}", *shown[:_MOST_LINES], *more, "", "See trends status, trends doctor."])


def tell_outcome(
    con: duckdb.DuckDBPyConnection, settings: Settings, outcome: Outcome, environ: Mapping[str, str],
    sleep: Callable[[float], None],
) -> Iterator[tuple[str, str]]:  # fmt: skip
    """Tell those of [alarms] what has changed; yields who, and why it failed: nothing where it went well."""
    is_failing = bool(outcome.problems)
    key = identity_key(con)
    for name, recipient, line, content in _messages(settings, outcome, environ):
        told_name = f"alarm {recipient_key(key, recipient)}"
        told = read_list_state(con, told_name)
        if is_failing == (told is not None and json.loads(told[1])["is_failing"]):
            continue  # one that was never told anything takes it that nights are well
        note = partial(_note, con, told_name, outcome.now.date())
        try:
            with line() as session:
                again(
                    partial(session.send, recipient, content, before_content=partial(note, is_failing)),
                    attempts=settings.mail.attempts,
                    passes=lambda error: isinstance(error, NotAcceptedError),
                    sleep=sleep,
                )
        except (NotAcceptedError, ServerUnusableError) as error:
            note(not is_failing)
            yield name, str(error)
        except PostError as error:
            yield name, str(error)
        else:
            yield name, ""


def _note(con: duckdb.DuckDBPyConnection, name: str, day: date, is_failing: bool) -> None:
    save_list_state(con, name, day, json.dumps({"is_failing": is_failing}))


def _messages(
    settings: Settings, outcome: Outcome, environ: Mapping[str, str]
) -> Iterator[tuple[str, str, Callable[[], AbstractContextManager[Line]], bytes]]:
    """Who is told (for people), their address, how a line to them is made, and what they are told."""
    alarms, mail = settings.alarms, settings.mail
    for recipient in alarms.recipients:
        yield (
            masked(recipient),
            recipient,
            partial(line_to, mail, None, environ),
            _mail_to(recipient, settings, outcome),
        )
    if alarms.webhook_env:
        hook = Webhook(name="alarm", url_env=alarms.webhook_env, form=alarms.webhook_form)
        yield alarms.webhook_env, alarms.webhook_env, partial(line_to, mail, hook, environ), _json_of(hook, outcome)


def _mail_to(recipient: str, settings: Settings, outcome: Outcome) -> bytes:
    message = EmailMessage()
    message["Subject"] = outcome.title
    message["From"] = formataddr((settings.mail.sender_name, settings.mail.sender or ""))
    message["To"] = recipient
    message["Date"] = format_datetime(outcome.now)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(outcome.text)
    return message.as_bytes()


def _json_of(hook: Webhook, outcome: Outcome) -> bytes:
    if hook.form == "slack":
        return json.dumps({"text": escaped_for_slack(f"{outcome.title}\n{outcome.text}")}).encode()
    problems = [printable(problem) for problem in outcome.problems]
    return json.dumps(
        {"is_failing": bool(problems), "at": outcome.now.isoformat(), "title": outcome.title, "problems": problems}
    ).encode()


def beat(settings: Settings, environ: Mapping[str, str]) -> None:
    """Ask the address of the heartbeat, if there is one. Raises PostError, which names the variable alone."""
    name = settings.alarms.heartbeat_env
    if name is None:
        return
    url = address_in(name, environ)
    with HttpClient(
        "heartbeat", timeout_seconds=settings.mail.timeout_seconds, attempts=settings.mail.attempts
    ) as client:
        try:
            client.get(url, accept=lambda answer: answer.ok)
        except SourceError as error:
            raise NotAcceptedError(f"{name}: not taken ({type(error).__name__})") from None
