"""What a person sees while the nightly job runs: live lines on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol, Self, TextIO, runtime_checkable

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress as RichBar
from rich.progress import SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

_MARKS = {"ok": "[green]✓[/]", "fallback": "[yellow]≈[/]", "failed": "[red]✗[/]", "withheld": "[red]![/]"}


@runtime_checkable  # Prefect builds a schema of what a flow takes
class Progress(Protocol):
    """Told what begins and what ends; names are "source entity", status: ok, fallback, failed, withheld."""

    def begin(self, name: str) -> None:
        """Work on `name` begins."""

    def end(self, name: str, status: str, note: str) -> None:
        """Work on `name` is over; `note` is one line for people."""


class PlainProgress(AbstractContextManager["PlainProgress"]):
    """One line for each thing that ends: for logs and pipes."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def __exit__(self, *_: object) -> None:
        self._out.flush()

    def begin(self, name: str) -> None:
        """Nothing: a log needs what happened."""

    def end(self, name: str, status: str, note: str) -> None:
        print(f"{status:<9}{name}: {note}", file=self._out, flush=True)


class TerminalProgress(AbstractContextManager["TerminalProgress"]):
    """A spinner for each thing under way, above them a line for each that ended."""

    def __init__(self, console: Console) -> None:
        self._bar = RichBar(
            SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console, transient=True
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def begin(self, name: str) -> None:
        self._tasks[name] = self._bar.add_task(escape(name), total=None)

    def end(self, name: str, status: str, note: str) -> None:
        if name in self._tasks:
            self._bar.remove_task(self._tasks.pop(name))
        self._bar.console.print(f"{_MARKS[status]} {escape(name)}  [dim]{escape(note)}[/]", highlight=False)


def progress_on(out: TextIO = sys.stderr) -> PlainProgress | TerminalProgress:
    """Live lines when `out` is a terminal, plain ones when it is not."""
    console = Console(file=out)
    return TerminalProgress(console) if console.is_terminal else PlainProgress(out)
