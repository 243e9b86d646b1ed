"""The nightly job: collect -> load -> check -> publish -> report -> mail.

Collectors run side by side and only return answers; this thread alone writes to the warehouse, each answer as soon as
it is there. A source that fails is recorded and never stops the others.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.metadata import version
from uuid import uuid4

# Prefect reads these when it is imported: no call to any outside service, and time enough to start on a busy machine.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")  # the terminal shows our own lines, the ledger keeps errors

import duckdb
from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.futures import as_completed
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.annotations import quote

from flows.clients import open_clients
from flows.mailing.send import deliver, page_to_attach
from flows.plan import Night, Step, configuration, plan
from flows.progress import Progress
from flows.report_folder import make_report, record_report
from flows.sources.errors import SourceError
from reports.build import BuiltReport
from warehouse import checks, snapshot
from warehouse.breaks.suspected import suspected_breaks
from warehouse.ledger import begin_run, begin_step, finish_run, finish_step
from warehouse.open import open_warehouse
from warehouse.read.state import freshness, has_data, known_before, steps_of
from warehouse.rows import Answer
from warehouse.save import save_answers

SIDE_BY_SIDE = 8


class IncompleteError(Exception):
    """A step that failed, with the answers it had got by then."""

    def __init__(self, answers: tuple[Answer, ...], cause: SourceError) -> None:
        super().__init__(str(cause))
        self.answers = answers


@dataclass
class Run:
    """One night under way: its connection (the only writer), its ledger entry and what came of it.

    `failed` holds a line for each thing that went wrong; `succeeded` counts the steps that brought all they should.
    """

    night: Night
    con: duckdb.DuckDBPyConnection
    progress: Progress
    run_id: str = field(default_factory=lambda: uuid4().hex)
    started: float = field(default_factory=time.monotonic)
    succeeded: int = 0
    failed: list[str] = field(default_factory=list)
    report: BuiltReport | None = None

    def now(self) -> datetime:
        """The moment that the command line read, moved on by a steady clock."""
        return self.night.now + timedelta(seconds=time.monotonic() - self.started)

    @property
    def exit_code(self) -> int:
        """0 all done; 1 finished, but something failed and the report says so; 3 nothing could be done."""
        if self.report is None:
            return 3
        return 1 if self.failed else 0


def run_nightly(night: Night, progress: Progress) -> Run:
    """Run the job once, now. Raises WarehouseBusy when another process writes to the warehouse."""
    night.data.mkdir(parents=True, exist_ok=True)
    with open_warehouse(night.data / "warehouse.duckdb") as con:
        run = Run(night, con, progress)
        try:
            with _in_ledger(run):
                nightly(quote(run))  # type: ignore[call-overload]  # Prefect hands over what is inside
            publish(run)
        finally:
            # Prefect keeps the run until the process ends, and DuckDB minds a connection that lives so long.
            del run.con
    return run


@flow(name="nightly", task_runner=ThreadPoolTaskRunner(max_workers=SIDE_BY_SIDE), validate_parameters=False)  # type: ignore[arg-type]
def nightly(run: Run) -> None:
    """The table of contents of a night."""
    save_answers(run.con, run.run_id, configuration(run.night))
    with open_clients(run.night.settings.sources, os.environ) as clients:
        with known_before(run.con, run.night.now):
            steps = plan(run.night, run.con, clients)
        collect_and_load(run, steps)
    look_for_breaks(run)
    check(run)
    publish(run)
    report(run)
    mail(run)
    leave_artifact(run)


def collect_and_load(run: Run, steps: list[Step]) -> None:
    """Ask every upstream side by side; save each answer as soon as it is there.

    What goes into `quote` is handed over as it is: Prefect neither looks into it nor keeps it.
    """
    for step in steps:
        run.progress.begin(step.name)
        begin_step(
            run.con, run_id=run.run_id, source=step.source, entity=step.entity,
            window_start=step.window_start, window_end=step.window_end, started_at=run.now(),
        )  # fmt: skip
    futures = {
        collect.with_options(task_run_name=step.name).submit(quote(step)): step  # type: ignore[call-overload]
        for step in steps
    }
    for future in as_completed(list(futures)):
        _load(run, futures[future], future.result(raise_on_failure=False))


@task(cache_policy=NO_CACHE, persist_result=False)
def collect(step: Step) -> tuple[Answer, ...]:
    """Ask one upstream. Raises IncompleteError, which carries the answers that came before the failure."""
    answers: list[Answer] = []
    try:
        answers.extend(step.fetch())
    except SourceError as error:
        raise IncompleteError(tuple(answers), error) from None
    return tuple(answers)


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
    rows = save_answers(run.con, run.run_id, answers)
    finish_step(
        run.con, run_id=run.run_id, source=step.source, entity=step.entity, finished_at=run.now(),
        status="failed" if error else "ok", rows=rows, error=error,
    )  # fmt: skip
    if error:
        run.failed.append(error)
    else:
        run.succeeded += 1
    run.progress.end(step.name, _status(answers, error), error or _what_came(answers, rows))


def _status(answers: Iterable[Answer], error: str | None) -> str:
    if error:
        return "failed"
    return "fallback" if any("fallback_because" in answer.state for answer in answers) else "ok"


def _what_came(answers: tuple[Answer, ...], rows: int) -> str:
    asked = ", ".join(dict.fromkeys(answer.source for answer in answers if answer.rows)) or "no rows"
    because = [str(answer.state["fallback_because"]) for answer in answers if "fallback_because" in answer.state]
    note = f"{rows:,} new rows from {asked}" if rows else f"nothing new from {asked}"
    return f"{note} ({because[-1]})" if because else note


def look_for_breaks(run: Run) -> None:
    """Record jumps that all series of a source make together, as suspected breaks."""
    suspected = suspected_breaks(run.con)
    answer = Answer("break_detection", "breaks", "{}", run.night.now, suspected, replaces_all=True)
    save_answers(run.con, run.run_id, [answer])


def check(run: Run) -> None:
    """Hold back the answers of this run that fail a quality check; what was published of them before stays."""
    for result in checks.run_checks(run.con, run.run_id):
        if result.status == "failed":
            line = f"{result.source} {result.entity}: withheld, {result.check_name}: {result.detail}"
            run.failed.append(line)
            run.progress.end(f"check {result.check_name}", "withheld", line)
        elif result.status == "broken":
            line = f"check {result.check_name} could not run, so it held nothing back: {result.detail}"
            run.failed.append(line)
            run.progress.end(f"check {result.check_name}", "failed", line)


def publish(run: Run) -> None:
    """Replace the copy that readers open."""
    snapshot.publish(run.con, run.night.data / "published.duckdb")


def report(run: Run) -> None:
    """Build the page and the CSV, if there is anything to report, and write down their hashes."""
    if not has_data(run.con):
        return
    run.progress.begin("report")
    built = make_report(run.night.settings, run.night.data, run.night.as_of)
    record_report(run.con, built)
    run.report = built
    run.failed += [f"{row['entity']}: no data yet from {row['source']}" for row in freshness(run.con)
                   if row["status"] == "never"]  # fmt: skip
    run.progress.end("report", "ok", str(built.page))


def mail(run: Run) -> None:
    """Send the report to whoever is due; a mail that cannot be sent is recorded and tried again the next night."""
    settings = run.night.settings
    if run.report is None or not run.night.send_mail or not settings.mail.lists:
        return
    run.progress.begin("mail")
    with page_to_attach(settings, run.report) as page:
        outcomes = deliver(run.con, settings.mail, run.report, now=run.now(), environ=os.environ, page=page)
    run.failed += [f"mail to {outcome}" for outcome in outcomes if outcome.is_problem]
    for outcome in outcomes:
        run.progress.end("mail", "failed" if outcome.is_problem else "ok", str(outcome))


def leave_artifact(run: Run) -> None:
    """What Prefect's own pages show of this night."""
    page = run.report.page if run.report else "none"
    create_table_artifact(
        key="nightly-outcome",
        table=steps_of(run.con, run.run_id),
        description=f"{run.succeeded} steps succeeded, {len(run.failed)} did not. Report: {page}",
    )


@contextmanager
def _in_ledger(run: Run) -> Iterator[None]:
    """Write down that the run began and how it ended, whatever happens in between."""
    begin_run(
        run.con, run_id=run.run_id, flow="nightly", as_of=run.night.as_of, started_at=run.now(),
        program_version=version("framework-trends"),
    )  # fmt: skip
    try:
        yield
    except BaseException as error:
        finish_run(run.con, run.run_id, finished_at=run.now(), status="failed", error=type(error).__name__)
        raise
    status = "failed" if run.report is None else "partial" if run.failed else "ok"
    finish_run(
        run.con, run.run_id, finished_at=run.now(), status=status, error="\n".join(run.failed) or None
    )  # fmt: skip
