"""A mail server on loopback that can misbehave, and a report to send."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self

import duckdb
import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope

from flows.config.settings import Mail
from flows.mailing.send import Outcome, deliver
from reports.build import BuiltReport
from reports.compare import summarise
from reports.facts import Facts, Period
from warehouse.read.report import Framework

AS_OF = date(2021, 6, 25)
NOW = datetime(2021, 6, 25, 23, 30, tzinfo=UTC)
SECRET = "correct-horse-battery-staple"
ENVIRON = {"MAIL_USER": "nightly", "MAIL_PASSWORD": SECRET}
ADA, BOB, EVE = "ada@example.com", "bob@example.org", "eve@example.net"


class MailServer:
    """Takes mail on 127.0.0.1. `script` holds, for each recipient, what to do with the next tries; then it accepts.

    An entry is an answer to RCPT ("450 4.2.0 later"), or "data 451 4.3.0 busy", "hang", "drop", "silent" (takes the
    message and never says so), "hang up after it" (takes the message, then drops).
    """

    def __init__(self, *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.accepted: list[Envelope] = []
        self.script: defaultdict[str, deque[str]] = defaultdict(deque)
        self.logins: list[tuple[bytes, bytes]] = []
        self.asked: list[str] = []
        self.sessions = 0
        self.password = SECRET.encode()
        self._starttls, self._tls = starttls, tls
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready, self.may_leave, self.left = Event(), Event(), Event()
        self.port = 0

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)
        self._loop.close()  # else its sockets are a warning in whichever test runs when they are collected

    async def _serve(self) -> None:
        server = await self._loop.create_server(self._connection, "127.0.0.1", 0, ssl=self._tls)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def _connection(self) -> SMTP:
        self.sessions += 1
        encrypted = bool(self._starttls or self._tls)
        return Connection(
            self, loop=self._loop, tls_context=self._starttls, require_starttls=bool(self._starttls), timeout=60,
            hostname="mail.test", auth_required=encrypted, auth_require_tls=bool(self._starttls), data_size_limit=None,
            authenticator=self._authenticate if encrypted else None,
        )  # fmt: skip

    def _authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == self.password, handled=False)

    # What aiosmtpd calls a handler.
    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:  # noqa: N802
        step = self.script[address].popleft() if self.script[address] else "accept"
        envelope.step = step
        self.asked.append(address)
        if step[:1].isdigit():
            return step
        if step == "hang":
            await asyncio.sleep(3600)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        if envelope.step.startswith("data "):
            return envelope.step.removeprefix("data ")
        self.accepted.append(envelope)
        if envelope.step == "silent":
            await asyncio.sleep(3600)
        if envelope.step == "hang up after it":
            server.transport.abort()
        return "250 OK"

    def tally(self) -> Counter[str]:
        """How many messages each recipient got."""
        return Counter(recipient for envelope in self.accepted for recipient in envelope.rcpt_tos)


class Connection(SMTP):
    """Can drop the line in the middle of a message."""

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if getattr(self.envelope, "step", "").startswith("leave"):
            await self.push("354 go on")
            await self.loop.run_in_executor(None, self.event_handler.may_leave.wait, 60)
            self.transport.write(self.envelope.step.removeprefix("leave").encode())
            self.transport.close()
            self.loop.call_later(0.05, self.event_handler.left.set)
            return
        if getattr(self.envelope, "step", "") == "drop":
            await self.push("354 go on")
            await self._reader.readexactly(1000)
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


FACTS = Facts(
    Period(AS_OF), (Framework("tensorflow", "TensorFlow"), Framework("keras", "Keras")),
    {}, {}, {}, {}, {}, {}, {}, (), (), (), (), (),
)  # fmt: skip


@pytest.fixture
def built(tmp_path: Path) -> BuiltReport:
    return built_in(tmp_path / "reports" / "2021-06-25")


def built_in(folder: Path) -> BuiltReport:
    """A report without figures: what it says is tested with the mail, here only who gets it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.html").write_bytes(b"<p>the page</p>\n.\n")
    (folder / "metrics.csv").write_text("framework,value\nkeras,1\n")
    return BuiltReport(
        report_id="2021-06-25-abc", as_of=AS_OF, folder=folder,
        page=folder / "report.html", csv=folder / "metrics.csv", problems=(),
        sentences={"tensorflow": "no data yet.", "keras": "no data yet."},
        headline="no figures", summary=summarise(FACTS), charts=(), queries={}, facts=FACTS,
    )  # fmt: skip


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def certificate(authority: trustme.CA) -> ssl.SSLContext:
    return _server_context(authority, "127.0.0.1")


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def _server_context(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


def mail_of(port: int, *recipients: str, **more: Any) -> Mail:
    lists = more.pop("lists", None) or [{"name": "team", "recipients": recipients or (ADA, BOB, EVE)}]
    values = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "from": "trends@example.com",
        "timeout_seconds": 60,
    }
    return Mail.model_validate(values | {"lists": lists} | more)


def encrypted(port: int, security: str, ca_file: Path | None, *recipients: str) -> Mail:
    login = {"username_env": "MAIL_USER", "password_env": "MAIL_PASSWORD"}
    return mail_of(port, *recipients, security=security, ca_file=ca_file, **login)


Send = Callable[..., list[Outcome]]


@pytest.fixture
def send(con: duckdb.DuckDBPyConnection, built: BuiltReport, slept: list[float]) -> Send:
    def sender(mail: Mail, as_of: date = AS_OF, **more: Any) -> list[Outcome]:
        values = {"now": NOW, "environ": ENVIRON, "sleep": slept.append} | more
        return deliver(values.pop("con", con), mail, replace(built, as_of=as_of), **values)

    return sender


def statuses(outcomes: list[Outcome]) -> list[str]:
    return [outcome.status for outcome in outcomes]


def ledger(con: duckdb.DuckDBPyConnection) -> str:
    return str(con.execute("SELECT * FROM raw.deliveries").fetchall())
