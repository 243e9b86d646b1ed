"""The data folder is for its owner alone: it holds the key with which people were hashed, and git their addresses."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from warehouse import PUBLISHED, WAREHOUSE

OURS = (
    WAREHOUSE,
    PUBLISHED,
    "git",
    "reports",
    "prefect",
    "schedule",
    "upstreams",
    "log",
    "demo",
    "nightly.log",
)
_OTHERS = 0o077


@contextmanager
def kept_private(data: Path) -> Iterator[None]:
    """Make the folder where there is none; within this context whatever is written is the owner's alone.

    What an earlier version has left readable is closed. Of a folder that holds other things too, only what is ours.
    """
    before = os.umask(_OTHERS)
    try:
        is_new = not data.exists()
        data.mkdir(parents=True, exist_ok=True)
        if not is_new:
            _close(data)
        yield
    finally:
        os.umask(before)


def is_open_to_others(path: Path) -> bool:
    """Whether anybody but the owner may read or enter `path`."""
    return bool(path.stat().st_mode & _OTHERS)


def _close(data: Path) -> None:
    ours = [entry for entry in data.iterdir() if _is_ours(entry.name)]
    if len(ours) == len(list(data.iterdir())) and is_open_to_others(data):
        for entry in ours:
            _close_tree(entry)
        _close_one(data)
    for entry in ours:
        _close_one(entry)


def _is_ours(name: str) -> bool:
    return name.removesuffix(".wal") in OURS or name.startswith(f".{PUBLISHED}.")


def _close_tree(folder: Path) -> None:
    for path, folders, files in os.walk(folder):
        for name in (*folders, *files):
            _close_one(Path(path, name))


def _close_one(path: Path) -> None:
    with suppress(OSError):  # of another owner, or just removed
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o777 & ~_OTHERS)
