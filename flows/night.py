"""One night from end to end: the warehouse, Prefect, the ledger, and the flow that does the work.

Prefect takes seconds to start, so it starts in a child while this process opens, plans and begins to collect. A night
without Prefect is a night all the same: it only leaves no record there.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from traceback import format_exception
from typing import TYPE_CHECKING
from uuid import uuid4

import duckdb

from flows.config.settings import Settings
from flows.process.endings import of_the_system
from flows.process.own_prefect import Prefect, prefect_of_night
from flows.process.progress import Progress
from flows.process.signals import Stop
from flows.process.streams import say
from warehouse import snapshot
from warehouse.ledger import begin_run, finish_run, interrupt_running
from warehouse.open import PUBLISHED, WarehouseError, writing_warehouse
from warehouse.read.faults import storage_fault
from warehouse.snapshot import PublishedError

if TYPE_CHECKING:  # these load what the first words on the terminal must not wait for
    from concurrent.futures import Future

    from flows.collecting.plan import Step
    from reports.build import BuiltReport
    from warehouse.rows import Answer


@dataclass(frozen=True)
class Night:
    """One run of the nightly job: what, where, and the one moment that everything below takes as now.

    `send_mail`: whether the lists of config.toml get the report.
    """

    settings: Settings
    data: Path
    now: datetime
    as_of: date
    send_mail: bool = True

    @property
    def warehouse(self) -> Path:
        return self.data / "warehouse.duckdb"

    @property
    def last_day(self) -> date:
        """The last UTC day that is over, and not after `as_of`."""
        return min(self.as_of, self.now.date() - timedelta(days=1))


@dataclass
class Run:
    """One night under way: its connection (the only writer), its ledger entry and what came of it.

    `asked`: the answers that are to come, and the step of each. `failed` holds a line for each thing that went wrong;
    `succeeded` counts the steps that brought all they should. `prepared` is the copy of the warehouse that the report
    reads and that takes its place when the ledger is closed. `stop` knows whether somebody wants it to end.
    `has_begun` and `is_done` say how far the flow has got, `in_prefect` whether Prefect is told of it; `is_broken`:
    something else than a source failed.
    """

    night: Night
    con: duckdb.DuckDBPyConnection
    progress: Progress
    stop: Stop
    asked: Mapping[Future[tuple[Answer, ...]], Step] = field(default_factory=dict)
    run_id: str = field(default_factory=lambda: uuid4().hex)
    started: float = field(default_factory=time.monotonic)
    succeeded: int = 0
    failed: list[str] = field(default_factory=list)
    report: BuiltReport | None = None
    prepared: Path | None = None
    in_prefect: bool = False
    has_begun: bool = False
    is_done: bool = False
    is_broken: bool = False

    def now(self) -> datetime:
        """The moment that the command line read, moved on by a steady clock."""
        return self.night.now + timedelta(seconds=time.monotonic() - self.started)

    @property
    def exit_code(self) -> int:
        """0 all done; 1 finished, but something failed and the report says so; 3 nothing could be done."""
        if self.report is None:
            return 3
        return 1 if self.failed else 0


def run_nightly(night: Night, progress: Progress, stop: Stop) -> Run:
    """Run the job once, now. Raises WarehouseBusy when another process writes to the warehouse."""
    with ExitStack() as stack:
        with progress.waiting("opens the warehouse"):
            con = stack.enter_context(writing_warehouse(night.warehouse))
        tell = partial(progress.end, "prefect", "fallback")
        prefect = stack.enter_context(prefect_of_night(night.data, tell))
        run = Run(night, con, progress, stop)
        try:
            with _in_ledger(run):
                _collect_and_report(run, prefect)
            prefect.stop()
        finally:
            attempt(run, "publish", put_in_place)  # also where the report or a mail failed: the figures are whole
            del run.con  # Prefect holds on to the run until the process ends; the connection has to be closed by then
    return run


def attempt(run: Run, name: str, work: Callable[[Run], None]) -> bool:
    """Whether `work` was done. What fails costs itself alone: it is told, and the night goes on."""
    try:
        work(run)
    except Exception as error:
        if run.stop.asked:
            raise
        line = _fault(run, error)
        run.is_broken = True
        run.failed.append(f"{name}: {line}")
        run.progress.end(name, "failed", line)
        return False
    return True


def _fault(run: Run, error: Exception) -> str:
    """What went wrong in one line; for a fault of the program, where as well."""
    if isinstance(error, OSError):
        return of_the_system(error)
    if isinstance(error, PublishedError | WarehouseError):
        return str(error)
    if isinstance(error, duckdb.Error) and (fault := storage_fault(str(error), run.night.warehouse)):
        return fault
    say("".join(format_exception(error)), sys.stderr)
    return f"fault in the program, please report it with the lines above: {type(error).__name__}: {error}"


def put_in_place(run: Run) -> None:
    """Let readers open the copy that was prepared, now that the ledger knows how the night ended."""
    if run.prepared:
        snapshot.finish(run.con, run.prepared, run.night.data / PUBLISHED)


def _collect_and_report(run: Run, prefect: Prefect) -> None:
    with run.progress.waiting("plans what to ask"):
        from flows.collecting.side_by_side import asking_side_by_side

        asking = asking_side_by_side(run)
    with asking:
        with run.progress.waiting("starts Prefect"):
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
        run.con, run_id=run.run_id, flow="nightly", as_of=run.night.as_of, started_at=run.now(),
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
