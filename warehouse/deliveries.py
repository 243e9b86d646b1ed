"""The ledger of mails: each recipient gets each period of each list once. Holds keyed hashes, never addresses."""

from __future__ import annotations

import hmac
from dataclasses import astuple, dataclass
from datetime import UTC, datetime

import duckdb


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
    con.begin()
    try:
        con.execute(
            "DELETE FROM raw.deliveries WHERE list_name = ? AND period = ? AND recipient_key = ?",
            [delivery.list_name, delivery.period, delivery.recipient_key],
        )
        con.execute(
            "INSERT INTO raw.deliveries BY NAME SELECT ? AS list_name, ? AS period, ? AS recipient_key,"
            " ? AS report_id, ? AS status, ? AS began_at, ? AS sent_at, ? AS error",
            [_naive_utc(value) if isinstance(value, datetime) else value for value in astuple(delivery)],
        )
    except BaseException:
        con.rollback()
        raise
    con.commit()


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


def _naive_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} names no time zone; times here are UTC with tzinfo set")
    return moment.astimezone(UTC).replace(tzinfo=None)
