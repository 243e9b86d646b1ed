"""Sends the digests: each recipient gets each period of each list once, whatever is retried or run again.

The ledger is written just before the content of a message goes out ("sending") and when the server has answered. Where
a run is killed in between, nobody knows whether the message arrived: the next run says so and does not send it again,
unless it is asked to (`resend_uncertain`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import duckdb

from flows.config.mail import Mail, MailList
from flows.config.settings import Settings
from flows.mailing.smtp import (
    NotAcceptedError,
    PostError,
    RefusedError,
    ServerGoneError,
    ServerUnusableError,
    Session,
    UnansweredError,
)
from flows.process.private import kept_private
from flows.report_folder import make_page, make_report, update_list
from flows.retry import again
from reports.build import BuiltReport
from reports.mail.digest import PageAt, attached_page, digest_of, linked_page, page_left_behind
from reports.mail.message import Attachment, Envelope, message
from reports.problems import still_to_come
from reports.wording import listed, long_day
from warehouse.ledger import Delivery, read_deliveries, recipient_key, save_delivery, save_report_issue
from warehouse.open import identity_key, writing_warehouse
from warehouse.read.state import definitions_version
from warehouse.rows import ReportIssue

Status = Literal["sent", "already", "waiting", "paused", "refused", "deferred", "uncertain"]
_GONE_IN_A_ROW = 2
_LAST_DAY_TO_WAIT = 10
"""Day of the month on which a monthly mail goes out with whatever there is. The last week of search interest that
reaches into the month before ends on the 6th at the latest, and Google has it two or three days later."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one recipient's mail; `recipient` is masked, a***@example.com.

    sent        now; already: in an earlier run
    waiting     a monthly mail, while figures of the month that it tells of are late and may still come
    paused      nothing is sent to the list before the day that config.toml names
    refused     the server will never take it; a later run tries again, in case somebody has mended it
    deferred    not accepted this time; a later run sends it
    uncertain   it was handed over and the answer is not known; it is not sent again on its own
    """

    list_name: str
    period: str
    recipient: str
    status: Status
    detail: str = ""

    @property
    def is_problem(self) -> bool:
        return self.status not in ("sent", "already", "waiting", "paused")

    def __str__(self) -> str:
        return (
            f"{self.list_name} {self.period}: {self.recipient} {self.status}{f': {self.detail}' if self.detail else ''}"
        )


def mail_report(
    settings: Settings,
    *,
    as_of: date,
    now: datetime,
    environ: Mapping[str, str],
    say: Callable[[str], None],
    dry_run: bool = False,
    resend_uncertain: bool = False,
) -> bool:
    """What `trends mail` does: build the report of `as_of` from the published copy and send it, or write samples.

    Says one line for each recipient (or sample); returns whether every mail is sent. Raises NothingPublishedError,
    and WarehouseError where another process holds the warehouse.
    """
    if not settings.mail.lists:
        say("no mail: config.toml names no list under [[mail.lists]]")
        return True
    data, base_url = settings.warehouse.data, settings.report.base_url
    built = make_report(settings, data, as_of)
    with suppress(OSError):  # the night's own list says what is wrong with it
        update_list(data / "reports", built, last_day=now.date())
    with kept_private(data), page_to_attach(settings, built, data / "published.duckdb") as page:
        if dry_run:
            for path in write_samples(settings.mail, built, page=page, base_url=base_url):
                say(f"dry run, nothing sent: {path}")
            return True
        with writing_warehouse(data / "warehouse.duckdb") as con:
            outcomes = deliver(
                con, settings.mail, built, now=now, environ=environ, page=page, base_url=base_url,
                resend_uncertain=resend_uncertain,
            )  # fmt: skip
    for outcome in outcomes:
        say(str(outcome))
    return not any(outcome.is_problem for outcome in outcomes)


def deliver(
    con: duckdb.DuckDBPyConnection,
    mail: Mail,
    built: BuiltReport,
    *,
    now: datetime,
    environ: Mapping[str, str],
    page: Path | None = None,
    base_url: str | None = None,
    resend_uncertain: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Outcome]:
    """Send every list its digest of `built`, and record what became of it. `page`: attached in place of built.page;
    `base_url`: where the reports are served.

    Nothing is raised for what a mail server does: every outcome is listed, and a later run takes up what is left.
    """
    outcomes: list[Outcome] = []
    for mail_list in mail.lists:
        round_ = _Round(con, mail, mail_list, built, page or built.page, base_url, now, resend_uncertain, sleep)
        outcomes += round_.run(environ)
    return outcomes


def write_samples(
    mail: Mail, built: BuiltReport, *, page: Path | None = None, base_url: str | None = None
) -> list[Path]:
    """The dry run: <report>/<list>.eml for each list, without recipients, the same bytes every time. Sends nothing."""
    paths = []
    for mail_list in mail.lists:
        path = built.folder / f"{mail_list.name}.eml"
        path.write_bytes(_Post(mail, mail_list, built, page or built.page, base_url).sample())
        paths.append(path)
    return paths


@contextmanager
def page_to_attach(settings: Settings, built: BuiltReport, published: Path) -> Iterator[Path]:
    """The page as one file: where the chart library lies beside the pages, it is built once more with it inside."""
    is_asked = any(mail_list.attach == "page" for mail_list in settings.mail.lists)
    if settings.report.self_contained or not is_asked:
        yield built.page
        return
    with TemporaryDirectory() as folder:
        yield make_page(published, built.as_of, Path(folder), self_contained=True).page


def page_of(built: BuiltReport, base_url: str | None) -> PageAt:
    """Where a reader of a mail finds the page of `built`, which is not attached."""
    path = f"{built.folder.name}/{built.page.name}"
    return linked_page(f"{base_url}/{path}") if base_url else page_left_behind(f"reports/{path}")


def period_of(cadence: str, as_of: date) -> str:
    """The period in which a recipient gets one mail: the day, the ISO week or the month of `as_of`."""
    if cadence == "weekly":
        year, week, _ = as_of.isocalendar()
        return f"{year}-W{week:02}"
    return f"{as_of:%Y-%m}" if cadence == "monthly" else as_of.isoformat()


def masked(address: str) -> str:
    """ada@example.com -> a***@example.com."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"


class _Post:
    """Makes the messages of one list; the digest, its pictures among it, is made once."""

    def __init__(self, mail: Mail, mail_list: MailList, built: BuiltReport, page: Path, base_url: str | None) -> None:
        self._mail = mail
        self._list = mail_list
        self._as_of = built.as_of
        name = f"framework-trends-{built.as_of.isoformat()}.html"
        at = page_of(built, base_url) if mail_list.attach != "page" else attached_page(name)
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
            way_out=self._mail.unsubscribe or self._mail.sender or "",
            recipient=recipient,
            dated=dated,
            seed=seed,
        )
        return message(self._digest, envelope, self._attachments).as_bytes()


@dataclass
class _Round:
    """One list of one run."""

    con: duckdb.DuckDBPyConnection
    mail: Mail
    mail_list: MailList
    built: BuiltReport
    page: Path
    base_url: str | None
    now: datetime
    resend_uncertain: bool
    sleep: Callable[[float], None]

    def __post_init__(self) -> None:
        self._period = period_of(self.mail_list.cadence, self.built.as_of)
        self._key = identity_key(self.con)
        self._known = read_deliveries(self.con, list_name=self.mail_list.name, period=self._period)

    def run(self, environ: Mapping[str, str]) -> Iterator[Outcome]:
        """Those settled before, then every other recipient in the order of config.toml."""
        settled = {address: self._settled(address) for address in self.mail_list.recipients}
        yield from (outcome for outcome in settled.values() if outcome)
        unsent = [address for address, outcome in settled.items() if outcome is None]
        if not unsent:
            return
        until = self.mail_list.pause_until
        if until and self.now.date() < until:
            yield from (self._outcome(address, "paused", f"until {long_day(until)}") for address in unsent)
            return
        if late := self._late():
            yield from (self._outcome(address, "waiting", late) for address in unsent)
            return
        try:
            login = _login(self.mail, environ)
        except ServerUnusableError as error:
            yield from (self._deferred(address, error) for address in unsent)
            return
        with Session(self.mail, login) as session:
            yield from self._send_all(session, unsent)

    def _late(self) -> str:
        """What a monthly mail waits for; empty where it is due. From the last day on, the mail says what it lacks."""
        as_of = self.built.as_of
        if self.mail_list.cadence != "monthly" or as_of.day >= _LAST_DAY_TO_WAIT:
            return ""
        facts = self.built.facts
        late = still_to_come(facts.only(self.mail_list.frameworks) if self.mail_list.frameworks else facts)
        last = as_of.replace(day=_LAST_DAY_TO_WAIT)
        return f"not complete yet: {listed(late)}; sent when it is, on {long_day(last)} at the latest" if late else ""

    def _settled(self, address: str) -> Outcome | None:
        """What an earlier run has settled; None where there is a mail to send."""
        delivery = self._known.get(recipient_key(self._key, address))
        if delivery is None or delivery.status in ("refused", "deferred"):
            return None
        if delivery.status == "sent":
            return self._outcome(address, "already", f"at {delivery.sent_at:%Y-%m-%d %H:%M} UTC")
        if self.resend_uncertain:
            return None
        begun = f"handed over at {delivery.began_at:%Y-%m-%d %H:%M} UTC, and nobody knows whether it arrived"
        return self._outcome(address, "uncertain", f"{begun}; --resend-uncertain sends it again")

    def _send_all(self, session: Session, addresses: list[str]) -> Iterator[Outcome]:
        """One address that fails stops no other; a server that is gone or of no use is not asked for each again."""
        post = _Post(self.mail, self.mail_list, self.built, self.page, self.base_url)
        gone, stop = 0, None
        for address in addresses:
            result = stop or self._send(session, post, address)
            gone = gone + 1 if isinstance(result, ServerGoneError) else 0
            if isinstance(result, ServerUnusableError) or (isinstance(result, PostError) and gone == _GONE_IN_A_ROW):
                stop = result
            yield self._deferred(address, result) if isinstance(result, PostError) else result
        self._record_issue(post)

    def _send(self, session: Session, post: _Post, address: str) -> Outcome | PostError:
        """Send one mail, as often as it takes; what became of it, or why it has to wait."""
        content = post.message(address, dated=self.now, seed=recipient_key(self._key, address))
        try:
            again(
                lambda: session.send(address, content, before_content=lambda: self._record(address, "sending")),
                attempts=self.mail.attempts,
                passes=lambda error: isinstance(error, NotAcceptedError),
                sleep=self.sleep,
            )
        except UnansweredError as error:
            self._record(address, "sending", error=error.what)
            return self._outcome(address, "uncertain", f"{error.what}; it is not sent again on its own")
        except RefusedError as error:
            self._record(address, "refused", error=error.what)
            return self._outcome(address, "refused", str(error))
        except PostError as error:
            return error
        self._record(address, "sent")
        return self._outcome(address, "sent")

    def _deferred(self, address: str, error: PostError) -> Outcome:
        self._record(address, "deferred", error=error.what)
        return self._outcome(address, "deferred", str(error))

    def _record(self, address: str, status: str, *, error: str | None = None) -> None:
        save_delivery(
            self.con,
            Delivery(
                list_name=self.mail_list.name,
                period=self._period,
                recipient_key=recipient_key(self._key, address),
                report_id=self.built.report_id,
                status=status,
                began_at=self.now,
                sent_at=self.now if status == "sent" else None,
                error=error,
            ),
        )

    def _record_issue(self, post: _Post) -> None:
        """Into the ledger of reports: how many have this mail by now, and what it says."""
        delivered = read_deliveries(self.con, list_name=self.mail_list.name, period=self._period).values()
        number = sum(delivery.status == "sent" for delivery in delivered)
        if number:
            issue = ReportIssue(
                report_id=self.built.report_id,
                as_of=self.built.as_of,
                definitions_version=definitions_version(self.con),
                artefact=f"{self.mail_list.name}.eml",
                sha256=sha256(post.sample()).hexdigest(),
                recipients=f"{number} of {len(self.mail_list.recipients)}",
                sent_at=self.now,
            )
            save_report_issue(self.con, issue)

    def _outcome(self, address: str, status: Status, detail: str = "") -> Outcome:
        return Outcome(self.mail_list.name, self._period, masked(address), status, detail)


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
