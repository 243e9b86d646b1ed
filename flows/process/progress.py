"""What a person sees while the nightly job runs: live lines on a terminal, plain lines elsewhere. Never an error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import IO, TYPE_CHECKING, Protocol, Self, TextIO, cast, runtime_checkable

from flows.process.streams import Patient, say
from warehouse.printable import printable

if TYPE_CHECKING:
    from rich.progress import TaskID

_MARKS = {"ok": "[green]✓[/]", "fallback": "[yellow]≈[/]", "failed": "[red]✗[/]", "withheld": "[red]![/]"}


@runtime_checkable  # Prefect builds a schema of what a flow takes
class Progress(Protocol):
    """Told what begins and what ends; names are "source entity", status: ok, fallback, failed, withheld."""

    def begin(self, name: str) -> None:
        """Work on `name` begins."""

    def end(self, name: str, status: str, note: str) -> None:
        """Work on `name` is over; `note` is one line for people."""

    def waiting(self, what: str) -> AbstractContextManager[None]:
        """Within this context the program does `what` and nothing else."""


class PlainProgress(AbstractContextManager["PlainProgress"]):
    """One line for each thing that ends: for logs and pipes."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def __exit__(self, *_: object) -> None:
        """Nothing: each line is out."""

    def begin(self, name: str) -> None:
        """Nothing: a log needs what happened."""

    def end(self, name: str, status: str, note: str) -> None:
        say(f"{status:<9}{printable(name)}: {printable(note)}", self._out)

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:  # noqa: ARG002 - a log needs what happened
        yield


class TerminalProgress(AbstractContextManager["TerminalProgress"]):
    """A spinner for each thing under way, above them a line for each that ended."""

    def __init__(self, out: TextIO) -> None:
        from rich.console import Console
        from rich.progress import Progress as RichBar
        from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

        console = Console(file=cast("IO[str]", Patient(out)))
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
        from rich.markup import escape

        self._tasks[name] = self._bar.add_task(escape(printable(name)), total=None)

    def end(self, name: str, status: str, note: str) -> None:
        from rich.markup import escape

        self._remove(name)
        said = f"{_MARKS[status]} {escape(printable(name))}  [dim]{escape(printable(note))}[/]"
        self._bar.console.print(said, highlight=False)

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        self.begin(what)
        try:
            yield
        finally:
            self._remove(what)

    def _remove(self, name: str) -> None:
        if name in self._tasks:
            self._bar.remove_task(self._tasks.pop(name))


def progress_on(out: TextIO) -> PlainProgress | TerminalProgress:
    """Live lines when `out` is a terminal, plain ones when it is not."""
    return TerminalProgress(out) if Patient(out).isatty() else PlainProgress(out)
