"""Delivery against a real mail server on loopback: who gets what how often, and what is said of the rest."""

from __future__ import annotations

import asyncio
import email
import shutil
import smtplib
import ssl
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from email.policy import SMTP as POLICY
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self

import duckdb
import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.config.settings import Mail, Settings
from flows.mailing import send as sending
from flows.mailing.send import Outcome, deliver, mail_report, masked, period_of, write_samples
from flows.mailing.smtp import NotAcceptedError, RefusedError, ServerGoneError, Session
from reports.build import BuiltReport
from reports.compare import summarise
from reports.facts import Facts, Period
from warehouse import snapshot
from warehouse.ledger import begin_run
from warehouse.open import open_warehouse
from warehouse.read.report import Framework
from warehouse.rows import Answer, FrameworkEntry
from warehouse.save import save_answers

AS_OF = date(2021, 6, 25)
NOW = datetime(2021, 6, 25, 23, 30, tzinfo=UTC)
SECRET = "correct-horse-battery-staple"
ENVIRON = {"MAIL_USER": "nightly", "MAIL_PASSWORD": SECRET}
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")  # aiosmtpd does not know of TLS from the first byte
ADA, BOB, EVE = "ada@example.com", "bob@example.org", "eve@example.net"


# ---- a mail server that can misbehave --------------------------------------------------------------------------------


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
        self._ready, self.left = Event(), Event()
        self.port = 0

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

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
            await asyncio.sleep(0.05)
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


# ---- a report and the settings ---------------------------------------------------------------------------------------


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
        report_id="2021-06-25-abc", as_of=AS_OF, period=(date(2020, 6, 1), date(2021, 5, 1)), folder=folder,
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
    values = {"host": "127.0.0.1", "port": port, "security": "none", "from": "trends@example.com", "timeout_seconds": 5}
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
    attached = {part.get_filename(): part.get_payload(decode=True) for part in messages[0].iter_attachments()}
    assert attached["metrics.csv"] == b"framework,value\nkeras,1\n"
    assert attached["framework-trends-2021-06-25.html"] == b"<p>the page</p>\n.\n"


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


# ---- answers of the server -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["450 4.2.0 greylisted", "data 451 4.3.0 busy", "421 4.3.2 going down"])
def test_what_may_work_later_is_tried_again(send: Send, server: MailServer, slept: list[float], answer: str) -> None:
    server.script[ADA].extend([answer, answer])
    assert statuses(send(mail_of(server.port))) == ["sent", "sent", "sent"]
    assert server.tally() == {ADA: 1, BOB: 1, EVE: 1}
    assert slept == [1, 2]


def test_three_tries_and_then_the_next_run(send: Send, server: MailServer) -> None:
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
    assert statuses(send(mail_of(server.port, ADA))) == ["sent"]
    assert server.tally() == {ADA: 1}


def test_a_server_that_hangs_is_given_up_and_the_rest_waits_for_the_next_run(send: Send, server: MailServer) -> None:
    for address in (ADA, BOB, EVE):
        server.script[address].extend(["hang"] * 2)
    mail = mail_of(server.port, ADA, BOB, EVE, timeout_seconds=0.2, attempts=2)
    outcomes = send(mail)
    assert statuses(outcomes) == ["deferred"] * 3
    assert "time-out" in outcomes[0].detail
    assert server.asked == [ADA, ADA, BOB, BOB], "two in a row are enough: the third is not waited for"
    server.script.clear()
    assert statuses(send(mail_of(server.port))) == ["sent"] * 3


def test_a_server_that_is_not_there_is_named_and_everyone_waits(send: Send, slept: list[float]) -> None:
    with MailServer() as gone:
        port = gone.port
    outcomes = send(mail_of(port))
    assert statuses(outcomes) == ["deferred"] * 3
    assert f"127.0.0.1:{port}: no connection (nothing listens there); check mail.host" in outcomes[0].detail
    assert slept == [1, 2, 1, 2]


# ---- once, whatever happens ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["silent", "hang up after it"])
def test_a_message_handed_over_without_an_answer_is_uncertain_and_not_sent_again(
    send: Send, server: MailServer, step: str
) -> None:
    server.script[ADA].append(step)
    mail = mail_of(server.port, ADA, BOB, timeout_seconds=0.5)
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
def test_killed_between_the_server_and_the_ledger(
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
    snapshot.publish(con, tmp_path / "published.duckdb")
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
    settings_ = published(mail_of(server.port, ADA, BOB), False)
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
    server.script[ADA].append(step)
    with Session(mail_of(server.port), None) as session, pytest.raises(error, match=said):
        session.send(ADA, b"Subject: x\r\n\r\n", before_content=lambda: server.left.wait(10))
