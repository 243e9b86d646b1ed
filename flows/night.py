"""One night from end to end: the warehouse, Prefect, the ledger, and the flow that does the work.

Prefect takes seconds to start, so it starts in a child while this process opens, plans and begins to collect. A night
without Prefect is a night all the same: it only leaves no record there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from importlib.metadata import version

import duckdb

from flows.diagnosis.sizes import remember
from flows.process.loading import without_collecting
from flows.process.logbook import Logbook
from flows.process.own_prefect import Prefect, prefect_of_night
from flows.process.private import kept_private
from flows.process.progress import Progress
from flows.process.signals import Stop
from flows.run import Night, Run, attempt
from warehouse import PUBLISHED
from warehouse.ledger import begin_run, finish_run, interrupt_running, last_run_at
from warehouse.open import writing_warehouse
from warehouse.publish import snapshot


def run_nightly(night: Night, progress: Progress, stop: Stop) -> Run:
    """Run the job once, now. Raises WarehouseBusy when another process writes to the warehouse."""
    with ExitStack() as stack:
        stack.enter_context(kept_private(night.data))
        with progress.waiting("opens the warehouse"):
            con = stack.enter_context(writing_warehouse(night.warehouse))
        if night.doubts_clock:
            _doubt_clock(night, con, progress)
        tell = partial(progress.end, "prefect", "fallback")
        prefect = stack.enter_context(prefect_of_night(night.data, tell))
        run = Run(night, con, progress, stop)
        logbook = Logbook(progress, night.data / "log" / "nights.jsonl", run.run_id, run.now)
        run.progress = logbook
        try:
            with _in_ledger(run):
                _collect_and_report(run, prefect)
            prefect.stop()
        finally:
            attempt(run, "publish", put_in_place)  # also where the report or a mail failed: the figures are whole
            if night.send_mail and not stop.asked:
                attempt(run, "alarms", tell_alarms)
            remember(night.data, night.now.date())
            logbook.write("night", "interrupted" if stop.asked else "failed" if run.failed else "ok", run.outcome)
            del run.con  # Prefect holds on to the run until the process ends; the connection has to be closed by then
    return run


def _doubt_clock(night: Night, con: duckdb.DuckDBPyConnection, progress: Progress) -> None:
    with progress.waiting("looks at the clock"):
        from flows.diagnosis.clock import refuse_wrong_clock, upstream_times

        tell = partial(progress.end, "clock", "fallback")
        refuse_wrong_clock(night.now, last_run_at(con), upstream_times(night.settings.sources), tell)


def put_in_place(run: Run) -> None:
    """Let readers open the copy that was prepared, now that the ledger knows how the night ended."""
    if run.prepared:
        snapshot.finish(run.con, run.prepared, run.night.data / PUBLISHED)


def tell_alarms(run: Run) -> None:
    """Tell those of [alarms] where nights begin to fail or are well again, and the heartbeat of a good night."""
    settings = run.night.settings
    from flows.mailing.alarms import Outcome, beat, tell_outcome
    from flows.mailing.smtp import PostError

    outcome = Outcome(run.now(), [*run.failed, *_too_old(run)] + ([] if run.report else ["there is no report"]))
    for name, error in tell_outcome(run.con, settings, outcome, os.environ, time.sleep):
        run.progress.end(f"alarm to {name}", "failed" if error else "ok", error or outcome.title)
        run.failed += [f"alarm to {name}: {error}"] if error else []
    if not outcome.problems:
        try:
            beat(settings, os.environ)
        except PostError as error:
            run.failed.append(f"heartbeat: {error}")
            run.progress.end("heartbeat", "failed", str(error))


def _too_old(run: Run) -> list[str]:
    """A line for each source whose figures are older than [freshness] allows."""
    limits, off = run.night.settings.freshness, run.night.settings.sources.off
    lines = []
    for age in run.report.facts.ages if run.report else ():
        status = limits.judge(age.source, age.status, age.age_days)
        if status != "fresh" and age.source not in off:
            lines.append(f"{age.source} {age.entity}: {status}, newest day {age.last_day or 'none'}")
    return lines


def _collect_and_report(run: Run, prefect: Prefect) -> None:
    with run.progress.waiting("plans what to ask"):
        with without_collecting():
            from flows.collecting.side_by_side import asking_side_by_side
        asking = asking_side_by_side(run)
    with asking:
        with run.progress.waiting("starts Prefect"):
            with without_collecting():
                from flows.nightly import nightly, run_in_prefect
            is_ready = prefect.is_ready()
        if is_ready:
            run_in_prefect(run, prefect.api_url)
        if not run.has_begun:
            nightly.fn(run)


@contextmanager
def _in_ledger(run: Run) -> Iterator[None]:
    """Write down that the run began and how it ended, whatever happens in between."""
    begin_run(
        run.con, run_id=run.run_id, flow="nightly", as_of=run.night.now.date(), started_at=run.now(),
        program_version=version("framework-trends"),
    )  # fmt: skip
    try:
        yield
    except BaseException as error:
        if run.stop.asked:
            with run.con.cursor() as con:  # the other one may be in the midst of a query
                interrupt_running(con, finished_at=run.now())
            raise KeyboardInterrupt from None  # DuckDB turns the interruption of a query into an error of its own
        with suppress(duckdb.Error):  # of a full disk, say; the next run then finds this one unfinished
            finish_run(run.con, run.run_id, finished_at=run.now(), status="failed", error=type(error).__name__)
        raise
    status = "failed" if run.report is None else "partial" if run.failed else "ok"
    finish_run(
        run.con, run.run_id, finished_at=run.now(), status=status, error="\n".join(run.failed) or None
    )  # fmt: skip
