"""How a command ends: its exit code, and one line for whatever a person can do something about."""

from __future__ import annotations

import errno
import sys
import traceback
from collections.abc import Mapping

from flows.process.streams import say

ALL_DONE, INCOMPLETE, USAGE, NOTHING_DONE, INTERRUPTED = 0, 1, 2, 3, 130

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def told(error: Exception, foreseen: Mapping[str, int]) -> int:
    """Write the line of an error and return its exit code; a traceback only for a fault of the program.

    `foreseen`: qualified name of a class -> exit code.
    """
    for cls in type(error).__mro__:
        code = foreseen.get(f"{cls.__module__}.{cls.__qualname__}")
        if code is not None:
            return complain(str(error), code)
    traceback.print_exception(error)
    return complain("fault in the program; please report it with the lines above", NOTHING_DONE)


def of_the_system(error: OSError) -> str:
    """What the system refused, and of which file where it says so."""
    said = error.strerror or str(error)
    if error.filename:
        return f"{error.filename}: {said}"
    return f"{said}; make room and run it again" if error.errno in _NO_ROOM else said


def complain(line: str, code: int) -> int:
    say(f"trends: {line}", sys.stderr)
    return code


def one_line(message: str) -> str:
    line = " ".join(message.replace("Value error, ", "").split())
    return line if line.endswith((".", "?")) else f"{line}."
