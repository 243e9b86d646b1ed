"""The processes that a night starts: each carries the night's mark, so that none is left when the night has ended.

The mark is an environment variable, which every descendant inherits, also one that leads a session of its own.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MARK = "TRENDS_NIGHT"
PAUSE_SECONDS = 0.05


def end_marked(mark: str) -> None:
    """Kill every process of this user that was started with this mark, except the one that asks."""
    for process in _marked(mark):
        with suppress(OSError):
            os.kill(process, signal.SIGKILL)


def ask_marked_to_end(mark: str, longest_seconds: float) -> None:
    """Send SIGTERM to every process with this mark and wait until all have ended, or for so long."""
    for process in _marked(mark):
        with suppress(OSError):
            os.kill(process, signal.SIGTERM)
    deadline = time.monotonic() + longest_seconds
    while time.monotonic() < deadline and any(_marked(mark)):
        time.sleep(PAUSE_SECONDS)


def _marked(mark: str) -> Iterator[int]:
    """The processes with this mark, except the one that asks; an ended one has no environment any more."""
    wanted = f"{MARK}={mark}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # of another user, or it has just ended
            if int(entry.name) != os.getpid() and wanted in (entry / "environ").read_bytes().split(b"\0"):
                yield int(entry.name)
