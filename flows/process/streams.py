"""Standard streams that never stop the work: closed, full, or with nobody left who reads them."""

from __future__ import annotations

import os
import select
import sys
from contextlib import suppress
from typing import TextIO


def open_closed_streams() -> None:
    """Open on nothing what was closed at start, else the first file that is opened takes its place: the warehouse."""
    for descriptor, mode in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, mode)  # takes the lowest free number, which is this one
    sys.stdin = sys.stdin or os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)


def say(line: str, out: TextIO) -> None:
    """Write a line, if anybody can take it."""
    Patient(out).write(f"{line}\n")


def send_to_nothing(out: TextIO) -> None:
    """What is written to `out` from now on, and what it still holds back, goes nowhere; it has failed once."""
    with suppress(OSError, ValueError, AttributeError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, out.fileno())
        os.close(nothing)


class Patient:
    """A text stream for progress and complaints: a write that fails, or that would have to wait, is left out."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, text: str) -> int:
        try:
            if self._takes_text():
                self._out.write(text)
                self._out.flush()
        except (OSError, ValueError):
            send_to_nothing(self._out)
        return len(text)

    def flush(self) -> None:
        """Nothing: each write is flushed."""

    def isatty(self) -> bool:
        try:
            return self._out.isatty()
        except ValueError:
            return False

    def fileno(self) -> int:
        return self._out.fileno()

    @property
    def encoding(self) -> str:
        return self._out.encoding

    def _takes_text(self) -> bool:
        """Whether a write comes back at once: not when whoever reads the pipe has stopped reading."""
        try:
            descriptor = self._out.fileno()
        except (OSError, ValueError):
            return True  # in memory
        ready = select.poll()
        ready.register(descriptor, select.POLLOUT)
        return bool(ready.poll(0))
