"""Reads that a run needs before it asks the sources: where the last run got to. The SQL is in sql/queries."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import duckdb

from warehouse.calendar import naive_utc
from warehouse.read.queries import ask, ask_dicts, ask_one
from warehouse.rows import RepositoryTotal


@contextmanager
def known_before(con: duckdb.DuckDBPyConnection, moment: datetime) -> Iterator[None]:
    """Within this context the views know only what was collected before `moment`.

    A night that is run again at the same moment then asks the same questions, and the answers change nothing.
    """
    con.execute("SET VARIABLE known_before = ?::TIMESTAMP", [naive_utc(moment)])
    try:
        yield
    finally:
        con.execute("RESET VARIABLE known_before")


def latest_state(con: duckdb.DuckDBPyConnection, service: str, entity: str) -> dict[str, Any]:
    """What the last answer of this service about this entity left for the next request; {} before the first.

    Answers that a check holds back do not count: what they brought has to be asked for again.
    """
    found = ask_one(con, "state/latest", service=service, entity=entity)
    return dict(json.loads(found[0])) if found else {}


def search_requests(
    con: duckdb.DuckDBPyConnection, question: Mapping[str, object], today: date
) -> list[tuple[str, dict[str, float], date, int]]:
    """The requests to Google Trends of the last 70 days that asked `question`, the last one at the end.

    Of each its role, the mean level (0-100) of its terms in the last answer, in the order of the request, its last day,
    and in how many nights of the last 30 days it was made. `today`: the day of asking, UTC.
    """
    told = "|".join(str(question[part]) for part in ("geo", "timeframe", "match", "category", "property"))
    found: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in ask_dicts(con, "state/search/requests", question=told, today=today):
        found.setdefault(tuple(row["terms"]), []).append(row)
    requests = []
    for terms, rows in found.items():
        levels = {row["term"]: float(row["level"]) for row in rows}
        in_order = {term: levels.get(term, 0.0) for term in terms}
        requests.append((rows[0]["role"], in_order, rows[0]["last_on"], rows[0]["draws"]))
    return requests


def downloads_to_ask(
    con: duckdb.DuckDBPyConnection,
    *,
    service: str,
    last_day: date,
    today: date,
    nightly_days: int,
    compare_days: int,
) -> dict[str, date]:
    """Package -> the first day that a night asks `service` for, up to `last_day`; {} before the first figure.

    That is `nightly_days` before the newest known day. Each week it reaches back to the first day of the last year that
    is missing or known to be lost, and every 30 days over the last `compare_days`. `today` is the day of asking, UTC.
    """
    found = ask_dicts(
        con, "state/downloads_to_ask", service=service, last_day=last_day, today=today, nightly_days=nightly_days,
        compare_days=compare_days,
    )  # fmt: skip
    return {row["entity"]: row["first_day"] for row in found}


def windows_asked(con: duckdb.DuckDBPyConnection, *, source: str, entity: str) -> list[tuple[date, date]]:
    """The days that a source was asked for about `entity`, as first and last days of spans that may overlap."""
    return [
        (row["first_day"], row["last_day"])
        for row in ask_dicts(con, "state/windows_asked", source=source, entity=entity)
    ]


def counted_days(con: duckdb.DuckDBPyConnection, *, service: str, entity: str) -> frozenset[date]:
    """The days on which `service` has counted any download of package `entity`."""
    return frozenset(ask(con, "state/counted_days", lambda day: day, service=service, entity=entity))


def star_days(con: duckdb.DuckDBPyConnection, repository: str) -> list[tuple[date, date]]:
    """The days whose stars are known, as first and last days of spans that may overlap."""
    return [(row["first_day"], row["last_day"]) for row in ask_dicts(con, "state/star_days", repository=repository)]


def star_history_begins(con: duckdb.DuckDBPyConnection, repository: str) -> date | None:
    """The first day of a repository's star history; None until its last page was read."""
    found = ask_one(con, "state/star_history_begins", repository=repository)
    return found[0] if found else None


def previous_total(con: duckdb.DuckDBPyConnection, repository: str) -> RepositoryTotal | None:
    """The last totals of a repository: what an answer "not modified" repeats."""
    found = ask_one(con, "state/previous_total", repository=repository)
    return RepositoryTotal(*found) if found else None


def has_data(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether there is any figure to report."""
    return ask_one(con, "state/has_data") is not None


def steps_of(con: duckdb.DuckDBPyConnection, run_id: str) -> list[dict[str, Any]]:
    """The steps of a run in the order they began, days and times as text."""
    return ask_dicts(con, "state/steps_of_a_run", run_id=run_id)


def definitions_version(con: duckdb.DuckDBPyConnection) -> str:
    """Twelve hex digits that change with the definition of any view of this warehouse."""
    found = ask_one(con, "state/definitions_version")
    return str(found[0]) if found else ""


def knows_request(con: duckdb.DuckDBPyConnection, service: str, request: str) -> bool:
    """Whether an answer of `service` to this very request is kept, also one that a check holds back."""
    found = ask_one(con, "save/known_request", service=service, request=request)
    return bool(found and found[0])
