"""Sends the digests: each recipient gets each period of each list once, whatever is retried or run again.

The ledger is written just before the content of a message goes out ("sending") and when the server has answered. Where
a run is killed in between, nobody knows whether the message arrived: the next run says so and does not send it again,
unless it is asked to (`resend_uncertain`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import duckdb

from flows.config.mail import Mail, MailList, Webhook
from flows.config.settings import Settings
from flows.mailing.post import Line, Post, line_to, post_of, recipients_of, shown
from flows.mailing.smtp import (
    NotAcceptedError,
    PostError,
    RefusedError,
    ServerGoneError,
    ServerUnusableError,
    UnansweredError,
)
from flows.process.private import kept_private
from flows.report_folder import make_page, make_report, update_list
from flows.retry import again
from reports.build import BuiltReport
from reports.mail.digest import part_of
from reports.problems import still_to_come
from reports.since.changes import changes, state_of, state_text
from reports.wording import listed, long_day
from warehouse import PUBLISHED, WAREHOUSE
from warehouse.ledger import (
    Delivery,
    read_deliveries,
    read_list_state,
    recipient_key,
    save_delivery,
    save_list_state,
    save_report_issue,
)
from warehouse.open import identity_key, writing_warehouse
from warehouse.read.state import definitions_version
from warehouse.rows import ReportIssue

Status = Literal["sent", "already", "waiting", "paused", "unchanged", "refused", "deferred", "uncertain"]
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
    unchanged   nothing has changed for a list that is told of changes alone
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
        return self.status not in ("sent", "already", "waiting", "paused", "unchanged")

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
    if not settings.mail.audiences:
        say("no mail: config.toml names no list under [[mail.lists]]")
        return True
    data, base_url = settings.warehouse.data, settings.report.base_url
    built = make_report(settings, data, as_of)
    with suppress(OSError):  # the night's own list says what is wrong with it
        update_list(data / "reports", built, now.date(), base_url)
    with kept_private(data), page_to_attach(settings, built, data / PUBLISHED) as page:
        if dry_run:
            for path in write_samples(settings.mail, built, page=page, base_url=base_url):
                say(f"dry run, nothing sent: {path}")
            return True
        with writing_warehouse(data / WAREHOUSE) as con:
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
    for audience in mail.audiences:
        round_ = _Round(con, mail, audience, built, page or built.page, base_url, now, resend_uncertain, sleep)
        outcomes += round_.run(environ)
    return outcomes


def write_samples(
    mail: Mail, built: BuiltReport, *, page: Path | None = None, base_url: str | None = None
) -> list[Path]:
    """The dry run: <report>/<list>.eml or .json for each list and webhook, without recipients. Sends nothing.

    The same bytes every time.
    """
    paths = []
    for audience in mail.audiences:
        post = post_of(mail, audience, built, page or built.page, base_url, [])
        path = built.folder / post.artefact
        path.write_bytes(post.sample())
        paths.append(path)
    return paths


@contextmanager
def page_to_attach(settings: Settings, built: BuiltReport, published: Path) -> Iterator[Path]:
    """The page as one file: where library or charts lie beside it, it is built once more with all of it inside."""
    is_asked = any(mail_list.attach == "page" for mail_list in settings.mail.lists)
    is_whole = settings.report.self_contained and not built.group_pages
    if is_whole or not is_asked:
        yield built.page
        return
    with TemporaryDirectory() as folder:
        whole = settings.report.model_copy(update={"self_contained": True, "group": None})
        yield make_page(published, built.as_of, Path(folder), whole).page


def period_of(cadence: str, as_of: date) -> str:
    """The period in which a recipient gets one mail: the day, the ISO week or the month of `as_of`."""
    if cadence == "weekly":
        year, week, _ = as_of.isocalendar()
        return f"{year}-W{week:02}"
    return f"{as_of:%Y-%m}" if cadence == "monthly" else as_of.isoformat()


@dataclass
class _Round:
    """One list of one run."""

    con: duckdb.DuckDBPyConnection
    mail: Mail
    audience: MailList | Webhook
    built: BuiltReport
    page: Path
    base_url: str | None
    now: datetime
    resend_uncertain: bool
    sleep: Callable[[float], None]

    def __post_init__(self) -> None:
        self._period = period_of(self.audience.cadence, self.built.as_of)
        self._key = identity_key(self.con)
        self._known = read_deliveries(self.con, list_name=self.audience.name, period=self._period)
        self._part = part_of(self.built, frozenset(self.audience.frameworks))
        self._because: list[str] = []

    def run(self, environ: Mapping[str, str]) -> Iterator[Outcome]:
        """Those settled before, then every other recipient in the order of config.toml."""
        settled = {address: self._settled(address) for address in recipients_of(self.audience)}
        yield from (outcome for outcome in settled.values() if outcome)
        unsent = [address for address, outcome in settled.items() if outcome is None]
        if not unsent:
            return
        if reason := self._not_now():
            yield from (self._outcome(address, *reason) for address in unsent)
            return
        try:
            line = line_to(self.mail, self.audience, environ)
        except ServerUnusableError as error:
            yield from (self._deferred(address, error) for address in unsent)
            return
        with line as session:
            yield from self._send_all(session, unsent)

    def _not_now(self) -> tuple[Status, str] | None:
        """Why nothing is sent tonight, to nobody of them."""
        until = self.audience.pause_until
        if until and self.now.date() < until:
            return "paused", f"until {long_day(until)}"
        if late := self._late():
            return "waiting", late
        return self._unchanged()

    def _unchanged(self) -> tuple[Status, str] | None:
        """For an audience that is told of changes alone. What has begun to go out goes on to those who wait for it."""
        if self.audience.when == "always" or self._known:
            return None
        told = read_list_state(self.con, self.audience.name)
        if told is None:
            return None
        day, before = told
        facts, rows = self._part
        levels = [(item.framework, item.metric, item.level) for item in self.audience.thresholds]
        self._because = changes(json.loads(before), state_of(facts, rows), facts, rows, levels)
        return None if self._because else ("unchanged", f"since the report of {long_day(day)}")

    def _late(self) -> str:
        """What a monthly mail waits for; empty where it is due. From the last day on, the mail says what it lacks."""
        as_of = self.built.as_of
        if self.audience.cadence != "monthly" or as_of.day >= _LAST_DAY_TO_WAIT:
            return ""
        late = still_to_come(self._part[0])
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

    def _send_all(self, session: Line, addresses: list[str]) -> Iterator[Outcome]:
        """One address that fails stops no other; a server that is gone or of no use is not asked for each again."""
        post = post_of(self.mail, self.audience, self.built, self.page, self.base_url, self._because)
        gone, stop = 0, None
        for address in addresses:
            result = stop or self._send(session, post, address)
            gone = gone + 1 if isinstance(result, ServerGoneError) else 0
            if isinstance(result, ServerUnusableError) or (isinstance(result, PostError) and gone == _GONE_IN_A_ROW):
                stop = result
            yield self._deferred(address, result) if isinstance(result, PostError) else result
        self._record_issue(post)

    def _send(self, session: Line, post: Post, address: str) -> Outcome | PostError:
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
                list_name=self.audience.name,
                period=self._period,
                recipient_key=recipient_key(self._key, address),
                report_id=self.built.report_id,
                status=status,
                began_at=self.now,
                sent_at=self.now if status == "sent" else None,
                error=error,
            ),
        )

    def _record_issue(self, post: Post) -> None:
        """Into the ledger of reports: how many have this mail by now, and what it says."""
        delivered = read_deliveries(self.con, list_name=self.audience.name, period=self._period).values()
        number = sum(delivery.status == "sent" for delivery in delivered)
        if number:
            issue = ReportIssue(
                report_id=self.built.report_id,
                as_of=self.built.as_of,
                definitions_version=definitions_version(self.con),
                artefact=post.artefact,
                sha256=sha256(post.sample()).hexdigest(),
                recipients=f"{number} of {len(recipients_of(self.audience))}",
                sent_at=self.now,
            )
            save_report_issue(self.con, issue)
            save_list_state(self.con, self.audience.name, self.built.as_of, state_text(state_of(*self._part)))

    def _outcome(self, address: str, status: Status, detail: str = "") -> Outcome:
        return Outcome(self.audience.name, self._period, shown(self.audience, address), status, detail)
