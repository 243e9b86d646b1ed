"""The processes that a night starts: each carries the night's mark, so that none is left when the night has ended.

The mark is an environment variable, which every descendant inherits, also one that leads a session of its own.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

MARK = "TRENDS_NIGHT"


def end_marked(mark: str) -> None:
    """Kill every process of this user that was started with this mark, except the one that asks."""
    wanted = f"{MARK}={mark}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # of another user, or it has just ended
            if int(entry.name) != os.getpid() and wanted in (entry / "environ").read_bytes().split(b"\0"):
                os.kill(int(entry.name), signal.SIGKILL)
