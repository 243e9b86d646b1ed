"""The command line: arguments -> settings -> one call. The only place that reads the clock.

The commands are in flows/commands, by subject. Whatever one of them needs is imported inside it, so that
`trends --help` does not wait for Prefect, pandas or DuckDB.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import NoReturn

import typer

from flows.commands import beginning, gathering, letters, questions, upkeep  # noqa: F401 - in the order of --help
from flows.commands.root import Invocation, app
from flows.process import completion
from flows.process.arguments import for_every_command_first
from flows.process.endings import (
    ALL_DONE,
    INTERRUPTED,
    NOTHING_DONE,
    USAGE,
    complain,
    of_the_system,
    one_line,
    told,
)
from flows.process.signals import Stop, stop_on_signals
from flows.process.streams import open_closed_streams, send_to_nothing

# Errors that a person can do something about end as one line; every other one is a fault of the program.
# By name, because importing the classes would load the modules that --help must not wait for.
FORESEEN = {
    "flows.process.arguments.UsageError": USAGE,
    "flows.config.settings.ConfigError": USAGE,
    "flows.config.shipped.InPlaceError": USAGE,
    "flows.diagnosis.clock.ClockError": NOTHING_DONE,
    "flows.scheduling.serve.ScheduleError": NOTHING_DONE,
    "flows.sources.errors.SourceError": NOTHING_DONE,
    "warehouse.open.WarehouseError": NOTHING_DONE,
    "warehouse.publish.snapshot.PublishedError": NOTHING_DONE,
    "warehouse.adhoc.ask.CopyUnusableError": NOTHING_DONE,
    "warehouse.adhoc.ask.QueryError": USAGE,
}


def main(arguments: Sequence[str] | None = None, now: datetime | None = None) -> int:
    """Run one command and return its exit code. `arguments` and `now` default to those of this process."""
    open_closed_streams()
    stop = Stop(give_up=lambda: os._exit(_stopped()))
    with stop_on_signals(stop):
        code = _ended(list(sys.argv[1:] if arguments is None else arguments), now or _clock(), stop)
        if arguments is None:
            _leave(code)
    return code


def _leave(code: int) -> NoReturn:
    """End this process at once. What had to be closed is closed; taking the rest apart would take up to a second."""
    with suppress(OSError):
        sys.stdout.flush()
    os._exit(code)


def _clock() -> datetime:
    return datetime.now(UTC)


def _ended(arguments: list[str], now: datetime, stop: Stop) -> int:
    try:
        return _run(arguments, now, stop)
    except BrokenPipeError:  # whoever read the output has seen enough, as in `trends sql ... | head`
        send_to_nothing(sys.stdout)
        return ALL_DONE
    except KeyboardInterrupt:
        return _stopped()


def _stopped() -> int:
    return complain("stopped; what was loaded stays, the same command goes on from there", INTERRUPTED)


def _run(arguments: list[str], now: datetime, stop: Stop) -> int:
    command = typer.main.get_command(app)
    if completion.is_asked():
        return completion.complete(command)
    try:
        words = for_every_command_first(arguments) or ["--help"]
        with command.make_context("trends", words, obj=Invocation(now, stop, _clock)) as context:
            return int(command.invoke(context) or ALL_DONE)
    except typer.Exit as end:
        return end.exit_code
    except typer.TyperException as error:
        return complain(f"{one_line(error.format_message())} See trends --help.", USAGE)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        return complain(of_the_system(error), NOTHING_DONE)
    except Exception as error:  # noqa: BLE001 - the exit code of an uncaught error would read as "a source failed"
        if stop.asked:  # DuckDB turns the interruption of a query into an error of its own
            raise KeyboardInterrupt from None
        return told(error, FORESEEN)
