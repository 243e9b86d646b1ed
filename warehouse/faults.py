"""What is wrong with a file of the data folder, from DuckDB's words: one line that says what it is and what to do."""

from __future__ import annotations

import re
from pathlib import Path

_NO_ROOM = re.compile(r"No space left|Disk quota exceeded|File too large|max_temp_directory_size")
_DAMAGED = re.compile(
    r"Corrupt database file|checksum|has been invalidated|Could not read enough bytes|Input/output err"
)
_DENIED = re.compile(r"Permission denied|Read-only file system|Too many open files|Cannot open file")


def is_held(message: str) -> bool:
    """Whether another process has the file open in a way that leaves no room for this one."""
    return "Could not set lock on file" in message


def holder_of(message: str) -> int | None:
    """The process that holds the file; None where DuckDB did not say which."""
    found = re.search(r"\(PID (\d+)\)", message)
    return int(found[1]) if found else None


def is_damaged(message: str) -> bool:
    """Whether what is on the disk is not what was written there."""
    return _DAMAGED.search(message) is not None


def why_copy_is_unusable(path: Path, message: str) -> str:
    """Why the published copy at `path` cannot be read."""
    if is_held(message):
        pid = holder_of(message)
        who = f"process {pid}" if pid else "another process"
        return f"{path} cannot be opened: {who} has opened it for writing; close it there, or open it read-only there"
    if "WAL" in message:
        return (
            f"{path} cannot be opened: a program that wrote to it has left {path.name}.wal beside it; delete that file"
        )
    return f"{path} cannot be opened: {_first_line(message)}; trends nightly publishes it again"


def storage_fault(message: str, path: Path) -> str | None:
    """What is wrong with the disk or with the warehouse at `path`; None where `message` is about something else."""
    if _NO_ROOM.search(message):
        return f"the disk is full: {_first_line(message)}; make room and run it again, what was loaded stays"
    if "replaying WAL" in message:
        return f"{path}.wal does not belong to {path}; move it away, what it holds cannot be read, and run again"
    if is_damaged(message):
        return f"{path}: damaged: {_first_line(message)}; put back your last copy of the data folder"
    if _DENIED.search(message):
        return f"{path}: {_first_line(message)}; check the rights on the data folder"
    return None


def _first_line(message: str) -> str:
    """DuckDB's words without the kind of error before them."""
    return re.sub(r"^[A-Za-z ]+ Error: ", "", message.splitlines()[0]) if message else "no word why"
