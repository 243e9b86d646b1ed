"""What the program itself did: runs and their steps, reports that were written, mails that were sent.

Each recipient gets each period of each list once. Recipients are kept as keyed hashes, never as addresses.
"""

from __future__ import annotations

import hmac
from dataclasses import asdict, astuple, dataclass
from datetime import UTC, date, datetime
from typing import Any

import duckdb

from warehouse.calendar import naive_utc
from warehouse.open import transaction
from warehouse.read.queries import ask_dicts, ask_one
from warehouse.rows import ReportIssue


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one period of one list for one recipient; times are UTC.

    status    sending: handed to the mail server, and what it answered is not known; sent: it took the message;
              refused: it will never take it; deferred: it did not take it this time
    error     the answer's codes, never its text, which may name the recipient
    """

    list_name: str
    period: str
    recipient_key: str
    report_id: str
    status: str
    began_at: datetime
    sent_at: datetime | None = None
    error: str | None = None


# ---- runs ---------------------------------------------------------------------------------------------------------


def last_run_at(con: duckdb.DuckDBPyConnection) -> datetime | None:
    """When the last run began; None before the first."""
    found = ask_one(con, "ledger/last_run")
    return found[0].replace(tzinfo=UTC) if found else None


def last_night_at(con: duckdb.DuckDBPyConnection) -> datetime | None:
    """When the last night began that came to an end, good or bad; None before the first."""
    found = ask_one(con, "ledger/last_night")
    return found[0].replace(tzinfo=UTC) if found else None


def begin_run(
    con: duckdb.DuckDBPyConnection,
    *,
    run_id: str,
    flow: str,
    as_of: date,
    started_at: datetime,
    program_version: str,
) -> None:
    """Enter a run. There is one writer, so runs and steps still "running" were killed: they become "interrupted"."""
    with transaction(con):
        _interrupt_running(con)
        con.execute(
            "INSERT INTO raw.runs BY NAME SELECT ? AS run_id,"
            " (SELECT coalesce(max(run_number), 0) + 1 FROM raw.runs) AS run_number,"
            " ? AS flow, ? AS as_of, ? AS started_at, 'running' AS status, ? AS program_version",
            [run_id, flow, as_of, naive_utc(started_at), program_version],
        )


def interrupt_running(con: duckdb.DuckDBPyConnection, *, finished_at: datetime) -> None:
    """Close the run under way and its open steps: somebody stopped it."""
    with transaction(con):
        con.execute("UPDATE raw.runs SET finished_at = ? WHERE status = 'running'", [naive_utc(finished_at)])
        _interrupt_running(con)


def _interrupt_running(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("UPDATE raw.runs SET status = 'interrupted' WHERE status = 'running'")
    con.execute("UPDATE raw.run_steps SET status = 'interrupted' WHERE status = 'running'")


def finish_run(
    con: duckdb.DuckDBPyConnection, run_id: str, *, finished_at: datetime, status: str, error: str | None = None
) -> None:
    """Close a run with its status: ok, partial, failed; interrupt_running is for what was stopped."""
    con.execute(
        "UPDATE raw.runs SET finished_at = ?, status = ?, error = ? WHERE run_id = ?",
        [naive_utc(finished_at), status, error, run_id],
    )


def begin_step(
    con: duckdb.DuckDBPyConnection,
    *,
    run_id: str,
    source: str,
    entity: str,
    window_start: date | None,
    window_end: date | None,
    started_at: datetime,
) -> None:
    """Enter one source and entity of a run; a second try of the same step replaces the first."""
    with transaction(con):
        con.execute(
            "DELETE FROM raw.run_steps WHERE run_id = ? AND source = ? AND entity = ?", [run_id, source, entity]
        )
        con.execute(
            "INSERT INTO raw.run_steps BY NAME SELECT ? AS run_id, ? AS source, ? AS entity, ? AS window_start,"
            " ? AS window_end, ? AS started_at, 'running' AS status",
            [run_id, source, entity, window_start, window_end, naive_utc(started_at)],
        )


def finish_step(
    con: duckdb.DuckDBPyConnection,
    *,
    run_id: str,
    source: str,
    entity: str,
    finished_at: datetime,
    status: str,
    rows: int,
    error: str | None = None,
) -> None:
    """Close a step: how many new rows it brought, and what went wrong; status is ok, fallback or failed."""
    con.execute(
        'UPDATE raw.run_steps SET finished_at = ?, status = ?, "rows" = ?, error = ?'
        " WHERE run_id = ? AND source = ? AND entity = ?",
        [naive_utc(finished_at), status, rows, error, run_id, source, entity],
    )


def save_report_issue(con: duckdb.DuckDBPyConnection, issue: ReportIssue) -> None:
    """Record an artefact of a report; the same artefact of the same report again replaces the record."""
    values = asdict(issue) | {"sent_at": issue.sent_at and naive_utc(issue.sent_at)}
    with transaction(con):
        con.execute(
            "DELETE FROM raw.report_issues WHERE report_id = ? AND artefact = ?", [issue.report_id, issue.artefact]
        )
        con.execute(
            "INSERT INTO raw.report_issues BY NAME SELECT $report_id AS report_id, $as_of AS as_of,"
            " $definitions_version AS definitions_version, $artefact AS artefact, $sha256 AS sha256,"
            " $query_texts AS query_texts, $recipients AS recipients, $sent_at AS sent_at, $said AS said",
            values,
        )


# ---- mails --------------------------------------------------------------------------------------------------------


def recipient_key(identity_key: bytes, address: str) -> str:
    """The keyed hash that stands for an address, the same for any case of its letters."""
    return hmac.new(identity_key, b"recipient\x00" + address.lower().encode(), "sha256").hexdigest()


def read_deliveries(con: duckdb.DuckDBPyConnection, *, list_name: str, period: str) -> dict[str, Delivery]:
    """What is known of one period of one list, by recipient_key."""
    rows = con.execute(
        "SELECT list_name, period, recipient_key, report_id, status, began_at, sent_at, error"
        " FROM raw.deliveries WHERE list_name = ? AND period = ?",
        [list_name, period],
    ).fetchall()
    return {delivery.recipient_key: delivery for delivery in (_delivery(*row) for row in rows)}


def save_delivery(con: duckdb.DuckDBPyConnection, delivery: Delivery) -> None:
    """Keep what became of a delivery in place of what was known of it before; on disk when this returns."""
    with transaction(con):
        con.execute(
            "DELETE FROM raw.deliveries WHERE list_name = ? AND period = ? AND recipient_key = ?",
            [delivery.list_name, delivery.period, delivery.recipient_key],
        )
        con.execute(
            "INSERT INTO raw.deliveries BY NAME SELECT ? AS list_name, ? AS period, ? AS recipient_key,"
            " ? AS report_id, ? AS status, ? AS began_at, ? AS sent_at, ? AS error",
            [naive_utc(value) if isinstance(value, datetime) else value for value in astuple(delivery)],
        )


def read_list_state(con: duckdb.DuckDBPyConnection, list_name: str) -> tuple[date, str] | None:
    """As of which day a list was last told, and what, as JSON; None where it never was."""
    query = "SELECT as_of, state FROM raw.list_states WHERE list_name = ?"
    found: tuple[date, str] | None = con.execute(query, [list_name]).fetchone()
    return found


def save_list_state(con: duckdb.DuckDBPyConnection, list_name: str, as_of: date, state: str) -> None:
    """Keep what a list was told in place of what it was told before."""
    with transaction(con):
        con.execute("DELETE FROM raw.list_states WHERE list_name = ?", [list_name])
        con.execute(
            "INSERT INTO raw.list_states BY NAME SELECT ? AS list_name, ? AS as_of, ? AS state",
            [list_name, as_of, state],
        )


def _delivery(
    list_name: str,
    period: str,
    key: str,
    report_id: str,
    status: str,
    began_at: datetime,
    sent_at: datetime | None,
    error: str | None,
) -> Delivery:
    sent = sent_at.replace(tzinfo=UTC) if sent_at else None
    return Delivery(list_name, period, key, report_id, status, began_at.replace(tzinfo=UTC), sent, error)


# ---- what checks hold back -----------------------------------------------------------------------------------------


def quarantined(con: duckdb.DuckDBPyConnection, beginning: str = "") -> list[dict[str, Any]]:
    """A row for each answer and check that holds it back, of answers whose ids begin so."""
    return ask_dicts(con, "ledger/quarantined", beginning=beginning)


def release(con: duckdb.DuckDBPyConnection, answer_id: str) -> None:
    """Let an answer count that a check holds back."""
    con.execute("DELETE FROM raw.quarantine WHERE answer_id = ?", [answer_id])


def drop_held(con: duckdb.DuckDBPyConnection, answer_id: str) -> None:
    """Forget an answer that a check holds back: as if it had never come."""
    with transaction(con):
        con.execute("DELETE FROM raw.quarantine WHERE answer_id = ?", [answer_id])
        con.execute("DELETE FROM raw.run_answers WHERE answer_id = ?", [answer_id])
        con.execute("DELETE FROM raw.answers WHERE answer_id = ?", [answer_id])
