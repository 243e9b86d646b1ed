"""The nightly job: collect -> load -> check -> publish -> report -> mail.

Collectors run side by side and only return answers; this thread alone writes to the warehouse, each answer as soon as
it is there. A source that fails is recorded and never stops the others. flows/night.py has set Prefect's environment
before it imports this module.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any

import duckdb
import pyarrow as pa
from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.events.worker import EventsWorker
from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.annotations import quote

from flows.collecting.plan import Step
from flows.collecting.side_by_side import SIDE_BY_SIDE, IncompleteError, as_they_come
from flows.mailing.send import deliver, page_to_attach
from flows.report_folder import make_report, prune, record_report, update_list, write_data_files
from flows.run import Run, attempt
from warehouse import PUBLISHED, checks
from warehouse.breaks.suspected import suspected_breaks
from warehouse.breaks.trailers import trailer_breaks
from warehouse.faults import storage_fault
from warehouse.ledger import finish_step
from warehouse.printable import printable
from warehouse.publish import snapshot
from warehouse.read.state import has_data, steps_of
from warehouse.rows import Answer
from warehouse.save import save_answers

LONGEST_DRAIN_SECONDS = 3.0


def run_in_prefect(run: Run, api_url: str) -> None:
    """Run the flow. What fails on Prefect's side is told and costs its record of this night, nothing else."""
    no_heartbeat = {PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}  # its thread would hold up the end for a second
    try:
        with temporary_settings(updates={PREFECT_API_URL: api_url} | no_heartbeat):
            run.in_prefect = True
            nightly(quote(run))  # Prefect hands over what is inside
            EventsWorker.drain_all(timeout=LONGEST_DRAIN_SECONDS, at_exit=False)
    except Exception as error:
        if run.has_begun and not run.is_done:
            raise
        run.progress.end("prefect", "fallback", f"has no record of this night: {type(error).__name__}: {error}")
    finally:
        run.in_prefect = False


@flow(name="nightly", task_runner=ThreadPoolTaskRunner(max_workers=SIDE_BY_SIDE), validate_parameters=False)  # type: ignore[arg-type]
def nightly(run: Any) -> None:
    """The table of contents of a night; `run` is a flows.night.Run."""
    run.has_begun = True
    run.stop.arm()  # Prefect has taken SIGTERM for itself
    collect_and_load(run)
    attempt(run, "break detection", look_for_breaks)
    attempt(run, "checks", check)
    if attempt(run, "publish", publish) and attempt(run, "report", report):
        attempt(run, "mail", mail)
    run.is_done = True
    leave_artifact(run)


def collect_and_load(run: Run) -> None:
    """Save each answer as soon as it is there. All upstreams are being asked already, see flows/process/collecting.py.

    What goes into `quote` is handed over as it is: Prefect neither looks into it nor keeps it.
    """
    if run.in_prefect:
        for future, step in run.asked.items():
            collect.with_options(task_run_name=step.name).submit(quote(future))  # type: ignore[call-overload]
    for future in as_they_come(run.asked):
        _load(run, run.asked[future], future.exception() or future.result())


@task(cache_policy=NO_CACHE, persist_result=False)
def collect(asked: Future[tuple[Answer, ...]]) -> int:
    """What Prefect sees of a step: it ends when the answers are there and fails where the step fails."""
    return len(asked.result())


def _load(run: Run, step: Step, result: object) -> None:
    """Save what a step brought and write down how it ended; any other error than IncompleteError is our own fault."""
    match result:
        case tuple():
            answers, error = result, None
        case IncompleteError():
            answers, error = result.answers, str(result)
        case BaseException():
            answers, error = (), f"{step.source}: fault in the program: {type(result).__name__}: {result}"
        case _:
            raise TypeError(f"{step.name}: {type(result).__name__} is no result of a step")
    rows, fault = _saved(run, answers)
    error = "; ".join(filter(None, (error, fault))) or None
    stand_in = _why_a_stand_in(answers)
    status = "failed" if error else "fallback" if stand_in else "ok"
    finish_step(
        run.con, run_id=run.run_id, source=step.source, entity=step.entity, finished_at=run.now(),
        status=status, rows=rows, error=error or stand_in,
    )  # fmt: skip
    if error:
        run.failed.append(error)
    else:
        run.succeeded += 1
    run.progress.end(step.name, status, error or _what_came(answers, rows, stand_in))


def _saved(run: Run, answers: tuple[Answer, ...]) -> tuple[int, str | None]:
    """How many rows were new, or why the answers cannot be saved. A full disk or a damaged file is raised: it would
    befall the next step too."""
    try:
        return save_answers(run.con, run.run_id, answers), None
    except (duckdb.Error, pa.ArrowException, ValueError, OverflowError) as error:
        if run.stop.asked or storage_fault(str(error), run.night.warehouse):
            raise
        told = printable(f"{type(error).__name__}: {error}", most=200)
        return (
            0,
            f"what came cannot be saved, so nothing of it was kept: {told}; look for a new version of this program",
        )


def _why_a_stand_in(answers: Iterable[Answer]) -> str | None:
    """Why another service than the preferred one had to be asked; None where it had not."""
    reasons = [str(answer.state["fallback_because"]) for answer in answers if "fallback_because" in answer.state]
    return reasons[-1] if reasons else None


def _what_came(answers: tuple[Answer, ...], rows: int, stand_in: str | None) -> str:
    asked = ", ".join(dict.fromkeys(answer.service for answer in answers if answer.rows)) or "no rows"
    note = f"{rows:,} new rows from {asked}" if rows else f"nothing new from {asked}"
    return f"{note} ({stand_in})" if stand_in else note


def look_for_breaks(run: Run) -> None:
    """Record jumps that all series of a source make together, and changes of trailers, as suspected breaks."""
    suspected = (*suspected_breaks(run.con), *trailer_breaks(run.con))
    answer = Answer("break_detection", "breaks", "{}", run.night.now, suspected, replaces_all=True)
    save_answers(run.con, run.run_id, [answer])


def check(run: Run) -> None:
    """Hold back the answers of this run that fail a quality check; what was published of them before stays."""
    for result in checks.run_checks(run.con, run.run_id):
        if result.status == "failed":
            line = f"{result.service} {result.entity}: withheld, {result.check_name}: {result.detail}"
            run.failed.append(line)
            run.progress.end(f"check {result.check_name}", "withheld", line)
        elif result.status == "broken":
            line = f"check {result.check_name} could not run, so it held nothing back: {result.detail}"
            run.failed.append(line)
            run.progress.end(f"check {result.check_name}", "failed", line)


def publish(run: Run) -> None:
    """Make the copy that readers will open; it takes its place when the ledger knows how the night ended."""
    run.prepared = snapshot.prepare(run.con, run.night.data / PUBLISHED, full=run.night.computes_all)


def report(run: Run) -> None:
    """Build the page and the CSV, if there is anything to report, and write down their hashes."""
    if not has_data(run.con):
        return
    run.progress.begin("report")
    run.report = make_report(run.night.settings, run.night.data, run.night.as_of, published=run.prepared)
    record_report(run.con, run.report)
    attempt(run, "list of reports", list_reports)
    never = [(age.entity, age.source) for age in run.report.facts.ages if age.status == "never"]
    off = run.night.settings.sources.off
    run.failed += [f"{entity}: no data yet from {source}" for entity, source in never if source not in off]
    run.progress.end("report", "ok", str(run.report.page))


def list_reports(run: Run) -> None:
    """Let the list and reports/latest know of tonight's; the figures lie beside them, and what is old goes."""
    if run.report and run.prepared:
        settings, data, today = run.night.settings, run.night.data, run.night.now.date()
        write_data_files(settings, data, run.prepared)
        prune(settings, data, today, run.prepared)
        update_list(data / "reports", run.report, today, settings.report.base_url)


def mail(run: Run) -> None:
    """Send the report to whoever is due; a mail that cannot be sent is recorded and tried again the next night."""
    settings = run.night.settings
    if run.report is None or run.prepared is None or not run.night.send_mail or not settings.mail.audiences:
        return
    run.progress.begin("mail")
    with page_to_attach(settings, run.report, run.prepared) as page:
        outcomes = deliver(
            run.con, settings.mail, run.report,
            now=run.now(), environ=os.environ, page=page, base_url=settings.report.base_url,
        )  # fmt: skip
    run.failed += [f"mail to {outcome}" for outcome in outcomes if outcome.is_problem]
    for outcome in outcomes:
        run.progress.end("mail", "failed" if outcome.is_problem else "ok", str(outcome))


def leave_artifact(run: Run) -> None:
    """What Prefect's own pages show of this night."""
    if not run.in_prefect:
        return
    page = run.report.page if run.report else "none"
    create_table_artifact(
        key="nightly-outcome",
        table=steps_of(run.con, run.run_id),
        description=f"{run.succeeded} steps succeeded, {len(run.failed)} did not. Report: {page}",
    )
