"""`trends backfill`: the loads of a night for days that are long over, piece by piece.

Each piece is saved as soon as it is whole, and what was asked before is not asked again: the same command goes on where
it was stopped or killed. What comes is checked like the answers of a night, so that nothing better is replaced.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib.metadata import version

import duckdb

from flows.collecting.clients import open_clients
from flows.collecting.plan import Step, configuration
from flows.collecting.ranges import WITH_RANGE, WITHOUT_RANGE, steps_between
from flows.process.arguments import UsageError
from flows.process.private import kept_private
from flows.process.progress import Progress
from flows.process.signals import Stop
from flows.run import Night
from flows.sources.errors import SourceError
from warehouse import PUBLISHED, checks
from warehouse.ledger import begin_run, begin_step, finish_run, finish_step, interrupt_running
from warehouse.open import writing_warehouse
from warehouse.publish import snapshot
from warehouse.rows import Answer
from warehouse.save import save_answers


@dataclass
class Backfill:
    """One backfill under way: of `source` from `first_day` to `last_day`, for one framework or all of config.toml."""

    night: Night
    source: str
    first_day: date
    last_day: date
    progress: Progress
    stop: Stop
    framework: str | None = None
    failed: list[str] = field(default_factory=list)
    loaded: dict[str, tuple[int, str | None]] = field(default_factory=dict)  # by entity: new rows, last error

    @property
    def run_id(self) -> str:
        return f"backfill {self.night.now:%Y-%m-%dT%H:%M:%S.%f}"

    @property
    def narrowed(self) -> Night:
        """The night as if nothing but the framework that is asked for was tracked."""
        settings = self.night.settings
        chosen = {key: value for key, value in settings.frameworks.items() if self.framework in (None, key)}
        narrow = settings.model_copy(update={"frameworks": chosen})
        return Night(narrow, self.night.data, self.night.now, self.night.as_of)


def run_backfill(backfill: Backfill) -> bool:
    """Whether all of it is there now. Raises UsageError for what cannot be asked, and WarehouseError."""
    _refuse_what_cannot_be(backfill)
    night = backfill.night
    with kept_private(night.data), writing_warehouse(night.warehouse) as con, _in_ledger(backfill, con):
        save_answers(con, backfill.run_id, configuration(night))
        with open_clients(night.settings.sources, os.environ) as clients:
            steps = steps_between(
                backfill.narrowed, con, clients, backfill.source, backfill.first_day, backfill.last_day
            )
            _load_all(backfill, con, steps)
    return not backfill.failed


def _refuse_what_cannot_be(backfill: Backfill) -> None:
    source, settings = backfill.source, backfill.night.settings
    if source in WITHOUT_RANGE:
        raise UsageError(f"{source}: nothing to backfill: {WITHOUT_RANGE[source]}")
    if source not in WITH_RANGE:
        raise UsageError(f"{source} is no source; one of {', '.join((*WITH_RANGE, *WITHOUT_RANGE))}")
    if source in settings.sources.off:
        raise UsageError(f"{source} is switched off in config.toml")
    if backfill.framework is not None and backfill.framework not in settings.frameworks:
        raise UsageError(f"--framework {backfill.framework}: not in config.toml ({', '.join(settings.frameworks)})")
    if backfill.first_day > backfill.last_day:
        raise UsageError(f"--from {backfill.first_day} is after --to {backfill.last_day}")
    if backfill.last_day > backfill.night.last_day:
        raise UsageError(f"--to {backfill.last_day} is after {backfill.night.last_day}, the last day that is over")


def _load_all(backfill: Backfill, con: duckdb.DuckDBPyConnection, steps: list[Step]) -> None:
    if not steps:
        backfill.progress.end("backfill", "ok", "all of it is there already; nothing was asked")
    began = time.monotonic()
    for number, step in enumerate(steps, 1):
        backfill.progress.begin(step.name)
        status, note = _load(backfill, con, step)
        left = (time.monotonic() - began) / number * (len(steps) - number)
        to_come = f"; {number} of {len(steps)}, about {timedelta(seconds=round(left))} left" if left else ""
        backfill.progress.end(step.name, status, note + to_come)


def _load(backfill: Backfill, con: duckdb.DuckDBPyConnection, step: Step) -> tuple[str, str]:
    """Ask and save one piece, whole: half of it would look as if all of it had been asked. Status and line for people.

    Pages of stars are each a whole of their own, so those that came are kept, also where somebody stops it.
    """
    answers: list[Answer] = []
    error = None
    try:
        for answer in step.fetch():
            answers.append(answer)
    except SourceError as problem:
        error = str(problem)
        backfill.failed.append(error)
    except KeyboardInterrupt:
        if step.window_start is None:
            save_answers(con, backfill.run_id, answers)
        raise
    rows = save_answers(con, backfill.run_id, [] if error and step.window_start else answers)
    _enter(backfill, con, step, rows, error)
    days = f"{step.window_start or backfill.first_day} to {step.window_end or backfill.last_day}"
    asked = ", ".join(dict.fromkeys(answer.service for answer in answers if answer.rows)) or "no service has any"
    return "failed" if error else "ok", f"{days}: {error or f'{rows:,} new rows ({asked})'}"


def _enter(backfill: Backfill, con: duckdb.DuckDBPyConnection, step: Step, rows: int, error: str | None) -> None:
    """Write a piece down: all pieces of an entity are one step of the run, and the last error of them stays."""
    run_id, now = backfill.run_id, backfill.night.now
    if step.entity not in backfill.loaded:
        begin_step(
            con, run_id=run_id, source=step.source, entity=step.entity, window_start=backfill.first_day,
            window_end=backfill.last_day, started_at=now,
        )  # fmt: skip
    before, failed = backfill.loaded.get(step.entity, (0, None))
    backfill.loaded[step.entity] = rows, error = before + rows, error or failed
    finish_step(
        con, run_id=run_id, source=step.source, entity=step.entity, finished_at=now,
        status="failed" if error else "ok", rows=rows, error=error,
    )  # fmt: skip


@contextmanager
def _in_ledger(backfill: Backfill, con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Enter the run; at the end check and publish what came."""
    now = backfill.night.now
    begin_run(
        con, run_id=backfill.run_id, flow="backfill", as_of=now.date(), started_at=now,
        program_version=version("framework-trends"),
    )  # fmt: skip
    try:
        yield
    except BaseException:
        if backfill.stop.asked:
            with con.cursor() as other:  # this one may be in the midst of a query
                interrupt_running(other, finished_at=now)  # the next run checks what came
            raise KeyboardInterrupt from None
        raise
    for held in checks.run_checks(con, backfill.run_id):
        if held.status in ("failed", "broken"):
            line = f"{held.service} {held.entity}: withheld, {held.check_name}: {held.detail}"
            backfill.failed.append(line)
            backfill.progress.end(f"check {held.check_name}", "withheld", line)
    status = "partial" if backfill.failed else "ok"
    finish_run(con, backfill.run_id, finished_at=now, status=status, error="\n".join(backfill.failed) or None)
    if backfill.loaded:
        snapshot.publish(con, backfill.night.data / PUBLISHED)
