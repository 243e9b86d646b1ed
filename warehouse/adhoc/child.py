"""The child process in which a person's SQL runs: ask.py starts it, nobody else.

In: on standard input perhaps a line that says what copy to open while the request is on its way, then the request; both
JSON. Out: the answer on standard output, or one line on standard error and exit TOLD
(or UNUSABLE, where the fault lies in the published copy).
Everything that needs a file is imported and warmed up first; then this process gives up the right to open one.
Of DuckDB only its core is imported: the package around it takes three times as long and has nothing that a query needs.
"""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import _duckdb as duckdb

from warehouse.adhoc import ask
from warehouse.adhoc.formats import WRITERS, Answer, NotWritableError, Screen, load, warm_up
from warehouse.faults import is_damaged, why_copy_is_unusable

_THREADS = 4
_QUESTIONS = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN, duckdb.StatementType.MULTI)  # MULTI: PIVOT
_LOCKS: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "autoload_known_extensions": False,
    "autoinstall_known_extensions": False,
    "allow_community_extensions": False,
    "python_enable_replacements": False,
    "temp_directory": "",
    "lock_configuration": True,
}


class WorkTime:
    """An alarm that ends this process when its work takes too long, without the waiting for the reader."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    @contextmanager
    def counted(self) -> Iterator[None]:
        """All that is done in this context is work: answering, and putting what was answered into its form."""
        signal.setitimer(signal.ITIMER_REAL, self._left)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """But not this, inside it."""
        left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, max(left, 0.001))


def main(output_format: str) -> int:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    load(output_format)
    line = sys.stdin.buffer.readline()
    likely = json.loads(line).get("likely", {}) if line else {}
    early = _opened_early(likely, output_format) if likely else None
    asked = sys.stdin.buffer.read() if likely else line
    if not asked:  # whoever started this had nothing to ask after all
        return 0
    request = json.loads(asked)
    con = None
    try:
        if early is None or any(likely[name] != request[name] for name in likely):
            early = _connect(request)
            warm_up(early, output_format)
        _as_of(early, request["as_of"])
        con = early
        _give_up_rights(request["memory_limit_mb"])
        _answer(con, request)
    except BrokenPipeError:  # nobody reads the answer any more
        os._exit(0)
    # Faults of DuckDB, a full memory, and values that Python or Arrow has no place for, like a year 300000.
    except (duckdb.Error, NotWritableError, MemoryError, ArithmeticError, ValueError, NotImplementedError) as error:
        code, line = _complaint(error, con, request)
        sys.stderr.buffer.write(line.encode(errors="replace"))
        sys.stderr.buffer.flush()
        return code
    return 0


def _opened_early(likely: dict[str, Any], output_format: str) -> duckdb.DuckDBPyConnection | None:
    """The copy that will most likely be asked, warmed up; None where it cannot be: why not is told when it is asked."""
    try:
        con = _connect(likely)
        warm_up(con, output_format)
    except (duckdb.Error, MemoryError):
        return None
    return con


def _connect(copy: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    """Opened by connecting, not by ATTACH: external access has to be off from the first moment."""
    return duckdb.connect(
        copy["published"],
        read_only=True,
        config=_LOCKS
        | {"threads": min(_THREADS, os.cpu_count() or 1), "memory_limit": f"{copy['memory_limit_mb'] * 3 // 4}MB"},
    )


def _as_of(con: duckdb.DuckDBPyConnection, day: str | None) -> None:
    if day:
        from warehouse.publish.snapshot import answer_as_of

        answer_as_of(con, date.fromisoformat(day))


def _give_up_rights(memory_limit_mb: int) -> None:
    """From here on: no more memory than allowed, no file opened, none grown, no core dump. Pipes still work."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    memory = pages * resource.getpagesize() + memory_limit_mb * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    for limit in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_NOFILE):
        resource.setrlimit(limit, (0, 0))


def _answer(con: duckdb.DuckDBPyConnection, request: dict[str, Any]) -> None:
    work = WorkTime(request["seconds"])

    def write(data: bytes) -> None:
        with work.waiting():
            sys.stdout.buffer.write(data)

    with work.counted():
        con.execute(_question(con, request["query"]), request["parameters"] or None)
        if request["format"] != "parquet" and any(column[1] == "INTERVAL" for column in con.description or ()):
            raise NotWritableError(  # Python knows no months: three of them would become 90 days
                "an INTERVAL cannot be written exactly; ask for CAST(x AS VARCHAR) or date_diff('second', a, b)"
            )
        answer = Answer(con, request["max_rows"])
        WRITERS[request["format"]](answer, Screen(request["width"], request["color"]), write)
    sys.stdout.buffer.flush()
    if answer.is_cut and request["format"] != "table":
        raise NotWritableError(
            f"the answer has more than {request['max_rows']} rows; the first {request['max_rows']} are written; "
            "ask for fewer days or aggregate first"
        )


def _question(con: duckdb.DuckDBPyConnection, query: str) -> duckdb.Statement:
    """The one statement, if it is a question. The fences would stop the others too; this says so plainly."""
    statements = con.extract_statements(query)
    if len(statements) != 1:
        raise NotWritableError(f"one statement at a time, not {len(statements)}; put them into WITH, or ask one by one")
    if statements[0].type not in _QUESTIONS:
        raise NotWritableError(
            f"{statements[0].type.name.replace('_', ' ')} is not available: the published copy is read-only and only "
            "questions are answered (SELECT, FROM, WITH, VALUES, PIVOT, DESCRIBE, SUMMARIZE, SHOW, EXPLAIN)"
        )
    return statements[0]


def _complaint(error: Exception, con: duckdb.DuckDBPyConnection | None, request: dict[str, Any]) -> tuple[int, str]:
    if con is None or is_damaged(str(error)):
        return ask.UNUSABLE, why_copy_is_unusable(Path(request["published"]), str(error))
    return ask.TOLD, _line(error, con, request)


def _line(error: Exception, con: duckdb.DuckDBPyConnection, request: dict[str, Any]) -> str:
    """What went wrong in one line, with what to do next."""
    text = _first_part(str(error))
    if isinstance(error, duckdb.OutOfMemoryException | MemoryError):
        return (
            f"the query needs more than {request['memory_limit_mb']} MB of memory; "
            "ask for fewer rows, or aggregate before sorting or joining"
        )
    if isinstance(error, duckdb.PermissionException) or re.search(r"Too many open files|exists in the \w+ ext", text):
        return (
            "files, other databases, extensions and the network are out of reach of a query; only the views are there"
        )
    if isinstance(error, ArithmeticError | ValueError | NotImplementedError):
        return f"a value cannot be written in this format ({text}); cast it: CAST(x AS VARCHAR)"
    return _unknown_name(text, con) or text


def _unknown_name(text: str, con: duckdb.DuckDBPyConnection) -> str | None:
    """A better line for a view or column that does not exist: what DuckDB guesses may be one of its own tables."""
    if table := re.search(r'Table with name "?(.+?)"? does not exist', text):
        return ask.no_such_view(table[1], _names(con, "table_name FROM duckdb_tables()"))
    if column := re.search(r'(?:Referenced column|not have a column named) "(.+?)"', text):
        names = _names(con, "column_name FROM duckdb_columns()")
        near = get_close_matches(column[1].lower(), names, n=1)
        guess = f"did you mean {near[0]}?" if near else f"a text stands in single quotes: '{column[1]}'."
        return f'there is no column "{column[1]}" here; {guess} .describe VIEW shows the columns of a view'
    return None


def _names(con: duckdb.DuckDBPyConnection, what: str) -> list[str]:
    """Names of the public views or of their columns; `what` is one of two constants above."""
    query = f"SELECT DISTINCT {what} WHERE NOT internal AND schema_name = 'main' ORDER BY 1"
    return [name for (name,) in con.execute(query).fetchall()]


def _first_part(message: str) -> str:
    """DuckDB's words without the kind of error, the quoted query and the list of all functions of that name."""
    told = re.split(r"\n\nLINE \d|\n\tCandidate functions", message, maxsplit=1)[0]
    told = re.sub(r"^[A-Za-z ]+ Error: ", "", told)
    return "; ".join(line.strip() for line in told.splitlines() if line.strip())[:400]
