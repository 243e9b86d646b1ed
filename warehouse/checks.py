"""Quality checks between loading and publishing: what fails is held back, everything else goes on.

Answers of this run from a service about an entity that fail a check go into quarantine: every view leaves them out, so
what was published before stays, and the next run asks for the same again. Who says the same on a third day is believed,
because some surprises are true (a package was withdrawn, a history was rewritten); figures that cannot be
true are held back for as long as they come. A check that cannot run holds nothing back and says so; the others run.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import date

import duckdb

from warehouse.catalogue.services import source_of
from warehouse.differences import star_pages
from warehouse.open import transaction
from warehouse.read.queries import ask_dicts, query

CHECKS = (
    "vanished",
    "other_history",
    "negative_counts",
    "missing_days",
    "abrupt_revision",
    "clock_skew",
    "duplicate_keys",
)
NEVER_BELIEVED = frozenset({"negative_counts", "duplicate_keys"})
NIGHTS_UNTIL_BELIEVED = 2


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found. Where no answer is meant, source, service and entity are "*".

    status: passed; failed: held back; believed: let in; broken: the check could not run, so it held nothing back
    first_day, last_day: the days that the finding is about; a history that is believed is a measurement break over them
    """

    check_name: str
    source: str
    service: str
    entity: str
    status: str
    detail: str
    first_day: date | None = None
    last_day: date | None = None


def run_checks(con: duckdb.DuckDBPyConnection, run_id: str) -> tuple[CheckResult, ...]:
    """Check the answers of a run, hold back what fails, and record what was found.

    Answers of a run that was killed before it could record its results are checked now. The checks themselves run
    outside a transaction, because an error in one would end it for all of them.
    """
    with transaction(con):
        con.execute("DELETE FROM raw.check_results WHERE run_id = ?", [run_id])
        _gather(con, run_id)
    results = tuple(result for name in CHECKS for result in _run_check(con, run_id, name))
    with transaction(con):
        for result in results:
            _record(con, run_id, result)
        con.execute(query("checks/inputs/forget"))
    return results


def _gather(con: duckdb.DuckDBPyConnection, run_id: str) -> None:
    """Put side by side what is checked and what it is compared with: not more of the past than that, however long."""
    con.execute(query("checks/inputs/answers_of_a_run"), {"run_id": run_id})
    for service, entity, at in con.execute(query("checks/inputs/held_stars")).fetchall():
        star_pages.tell_in_full(con, service=service, entity=entity, after=at)
    con.execute("DELETE FROM raw.quarantine WHERE answer_id IN (FROM checked_answers)")
    con.execute(query("checks/inputs/told_answers"))
    con.execute(query("checks/inputs/fresh_figures"))
    con.execute(query("checks/inputs/known_figures"), ask_dicts(con, "checks/inputs/fresh_spans")[0])


def _run_check(con: duckdb.DuckDBPyConnection, run_id: str, name: str) -> list[CheckResult]:
    try:
        found = con.execute(query(f"checks/{name}")).fetchall()
    except duckdb.Error as error:
        return [CheckResult(name, "*", "*", "*", "broken", str(error).splitlines()[0])]
    if not found:
        return [CheckResult(name, "*", "*", "*", "passed", "")]
    return [
        CheckResult(name, source_of(service), service, entity, _status(con, run_id, name, service, entity), *what)
        for service, entity, *what in found
    ]


def _status(con: duckdb.DuckDBPyConnection, run_id: str, name: str, service: str, entity: str) -> str:
    if name in NEVER_BELIEVED:
        return "failed"
    values = {"run_id": run_id, "check_name": name, "service": service, "entity": entity}
    nights = con.execute(query("checks/inputs/nights_failed"), values).fetchone()
    return "believed" if nights and nights[0] >= NIGHTS_UNTIL_BELIEVED else "failed"


def _record(con: duckdb.DuckDBPyConnection, run_id: str, result: CheckResult) -> None:
    con.execute(
        "INSERT INTO raw.check_results BY NAME SELECT ? AS run_id, ? AS check_name, ? AS source, ? AS service,"
        " ? AS entity, ? AS status, ? AS detail, ? AS first_day, ? AS last_day",
        [run_id, *astuple(result)],
    )
    if result.status == "failed":
        place = {"service": result.service, "entity": result.entity}
        for (at,) in con.execute(query("checks/inputs/first_checked"), place).fetchall():
            star_pages.tell_in_full(con, **place, after=at)
        con.execute(
            "INSERT INTO raw.quarantine BY NAME SELECT answer_id, ? AS run_id, ? AS check_name, ? AS reason"
            " FROM raw.answers WHERE service = ? AND entity = ? AND answer_id IN (FROM checked_answers)",
            [run_id, result.check_name, result.detail, result.service, result.entity],
        )
