"""What a night is, how far it has got, and what happens to a part of it that fails."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from traceback import format_exception
from typing import TYPE_CHECKING
from uuid import uuid4

import duckdb

from flows.config.settings import Settings
from flows.process.endings import of_the_system
from flows.process.progress import Progress
from flows.process.signals import Stop
from flows.process.streams import say
from warehouse import WAREHOUSE
from warehouse.faults import storage_fault
from warehouse.open import WarehouseError
from warehouse.publish.snapshot import PublishedError

if TYPE_CHECKING:  # these load what the first words on the terminal must not wait for
    from concurrent.futures import Future

    from flows.collecting.plan import Step
    from reports.build import BuiltReport
    from warehouse.rows import Answer


@dataclass(frozen=True)
class Night:
    """One run of the nightly job: what, where, and the one moment that everything below takes as now.

    Collecting is always as of `now`; `as_of` is the day of the report alone. `send_mail`: whether the lists of
    config.toml get the report; `doubts_clock`: whether `now` is what the clock of this machine says; `computes_all`:
    whether to compute what the last night published, too, instead of carrying it over.
    """

    settings: Settings
    data: Path
    now: datetime
    as_of: date
    send_mail: bool = True
    doubts_clock: bool = False
    computes_all: bool = False

    @property
    def warehouse(self) -> Path:
        return self.data / WAREHOUSE

    @property
    def last_day(self) -> date:
        """The last UTC day that is over."""
        return self.now.date() - timedelta(days=1)


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
    def outcome(self) -> str:
        """What came of it, in a line."""
        report = self.report.page if self.report else "none"
        return f"{self.succeeded} steps succeeded, {len(self.failed)} things failed; report: {report}"

    @property
    def exit_code(self) -> int:
        """0 all done; 1 finished, but something failed and the report says so; 3 nothing could be done."""
        if self.report is None:
            return 3
        return 1 if self.failed else 0


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
