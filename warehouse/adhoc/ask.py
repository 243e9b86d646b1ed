"""Read-only SQL for people, on the published copy, in a child process that can reach nothing else.

Read-only alone is no fence: a query may still read files, and one `repeat('x', 2000000000)` may take more memory than
DuckDB was allowed. So the query runs in a child with external access off, settings locked, an empty environment, no
right to open another file, a limit on its address space and an alarm clock; it can write to its pipe and nowhere else.

Formats: `table` for eyes (control characters made visible, columns cut to the terminal), `csv`, `json` (a list of
objects, days as YYYY-MM-DD) and `parquet` for programs. Those three are data and give every value as it is: a text
that starts with "=" stays so, because a changed value would be a wrong one. Import such a CSV as text into a sheet.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, Literal, get_args

from warehouse.printable import visible

Format = Literal["table", "csv", "json", "parquet"]
TABLE_ROWS = 1000
DATA_ROWS = 5_000_000
MEMORY_LIMIT_MB = 1024
TOLD = 65  # exit code of the child when its standard error says what is wrong with the query
UNUSABLE = 66  # or with the published copy
_INHERITED = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "SYSTEMROOT")
# It ends at once, because taking a process apart takes as long as a small answer.
_START = """
import os, sys
sys.path[:0] = sys.argv[2:]
from warehouse.adhoc.child import main
os._exit(main(sys.argv[1]))"""
_GRAIN = r"(?:^|\s)Grain: ([^.]*)\."
_VIEWS = """
    SELECT table_name AS "view", coalesce(regexp_extract(comment, $grain, 1), '') AS grain,
           coalesce(trim(regexp_replace(comment, $grain, '')), '') AS "comment"
    FROM duckdb_tables() WHERE NOT internal AND schema_name = 'main' ORDER BY table_name"""
_COLUMNS = """
    SELECT column_name AS "column", data_type AS type, coalesce(comment, '') AS comment FROM duckdb_columns()
    WHERE NOT internal AND schema_name = 'main' AND table_name = $view ORDER BY column_index"""


class QueryError(Exception):
    """A query that cannot be answered; one line: what, value, limit, what to do next. Safe to print on a terminal."""


class CopyUnusableError(QueryError):
    """No query can be answered: the published copy is held by another process, or damaged."""


@dataclass(frozen=True, slots=True)
class ViewSummary:
    """A public view. `grain` is the columns that make a row unique, as its comment gives them."""

    name: str
    grain: str
    comment: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a public view; the unit is in the comment."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True, slots=True)
class ViewDescription:
    name: str
    grain: str
    comment: str
    columns: tuple[Column, ...]


def run_query(
    published: Path,
    query: str,
    *,
    out: BinaryIO,
    output_format: Format = "table",
    as_of: date | None = None,
    memory_limit_mb: int = MEMORY_LIMIT_MB,
    seconds: float = 60,
    max_rows: int | None = None,
    child: subprocess.Popen[bytes] | None = None,
) -> None:
    """Write the answer of `query` to `out`. `.tables` and `.describe VIEW` are answered as well.

    `seconds` counts the work, putting the answer into its form too, not the time that the reader of `out` takes. Of an
    answer of more than `max_rows` rows (TABLE_ROWS, DATA_ROWS) the first are written; a table says so in its last line,
    data end with QueryError, so that nobody takes a part for the whole. `child`: from `started(output_format)`, else
    one is started now.
    Raises QueryError, NothingPublishedError and, when the reader of `out` has gone, BrokenPipeError. Rows may have been
    written before the error.
    """
    _check_format(output_format, out)
    question, parameters = _question(published, _decoded(query))
    request = {
        "published": str(_existing(published)),
        "query": question,
        "parameters": parameters,
        "format": output_format,
        "as_of": as_of.isoformat() if as_of else None,
        "memory_limit_mb": memory_limit_mb,
        "seconds": seconds,
        "max_rows": max_rows or (TABLE_ROWS if output_format == "table" else DATA_ROWS),
        "width": os.get_terminal_size(out.fileno()).columns or 80 if out.isatty() else None,
        "color": out.isatty() and not os.environ.get("NO_COLOR"),
    }
    with started(output_format) if child is None else nullcontext(child) as process:
        error = _exchange(process, json.dumps(request).encode(), out)
    if process.returncode == UNUSABLE:
        raise CopyUnusableError(visible(error.decode(errors="replace").strip()))
    if process.returncode != 0:
        raise QueryError(_why(process.returncode, error, request))


@contextmanager
def started(output_format: Format) -> Iterator[subprocess.Popen[bytes]]:
    """The process that will run a query, and that ends with this context. It loads DuckDB while its caller gets ready.

    It has no environment and no settings of the user: what it imports is found on the path of this process.
    """
    keep_tidy = ["-B"] if sys.dont_write_bytecode else []
    where = [str(Path(__file__).parents[2]), *filter(None, sys.path)]
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    with subprocess.Popen(  # noqa: S603 - this interpreter, with what ships and the path it has
        [sys.executable, "-I", "-S", *keep_tidy, "-c", _START, output_format, *where],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment | {"TZ": "UTC", "MALLOC_ARENA_MAX": "2"},
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def get_ready(child: subprocess.Popen[bytes], published: Path) -> None:
    """Let a process that has `started` open the copy that a query will most likely be asked of; it may be another."""
    likely = {"published": str(published.resolve()), "memory_limit_mb": MEMORY_LIMIT_MB}
    assert child.stdin
    with suppress(BrokenPipeError):  # why it ended is told when it is asked
        child.stdin.write(json.dumps({"likely": likely}).encode() + b"\n")
        child.stdin.flush()


def list_views(published: Path) -> tuple[ViewSummary, ...]:
    """The public views, by name. Raises NothingPublishedError."""
    return tuple(ViewSummary(*row) for row in _rows(published, _VIEWS, {"grain": _GRAIN}))


def describe_view(published: Path, name: str) -> ViewDescription:
    """What one public view holds. Raises QueryError for a name that is none, NothingPublishedError."""
    views = {view.name: view for view in list_views(published)}
    view = views.get(name.lower())
    if view is None:
        raise QueryError(no_such_view(name, tuple(views)))
    columns = tuple(Column(*row) for row in _rows(published, _COLUMNS, {"view": view.name}))
    return ViewDescription(view.name, view.grain, view.comment, columns)


def no_such_view(name: str, views: Sequence[str]) -> str:
    """The line that says so and which there are."""
    from difflib import get_close_matches

    near = get_close_matches(name.lower(), views, n=1)
    guess = f"did you mean {near[0]}? The" if near else "the"
    return f"there is no view {visible(name)[:100]!r}; {guess} views are: {', '.join(views) or 'none'}"


def _check_format(output_format: str, out: BinaryIO) -> None:
    if output_format not in get_args(Format):
        raise QueryError(f"format {output_format!r} is not known; choose one of {', '.join(get_args(Format))}")
    if output_format == "parquet" and out.isatty():
        raise QueryError(
            "Parquet is no text for a terminal; send it to a file: trends sql ... --format parquet > x.parquet"
        )


def _decoded(text: str) -> str:
    """`text` in UTF-8, whatever the locale made of the bytes that were given."""
    try:
        return os.fsencode(text).decode() if any("\ud800" <= sign <= "\udfff" for sign in text) else text
    except UnicodeError:
        raise QueryError("the query is no UTF-8 text; write it in UTF-8, or other signs as chr(228)") from None


def _question(published: Path, query: str) -> tuple[str, dict[str, str]]:
    """The SQL to run and what is bound to it."""
    words = query.strip().rstrip(";").split()
    if words == [".tables"]:
        return _VIEWS, {"grain": _GRAIN}
    if len(words) == 2 and words[0] == ".describe":
        return _COLUMNS, {"view": describe_view(published, words[1]).name}
    if words and words[0].startswith("."):
        raise QueryError(f"{visible(words[0])} is not known; there are .tables and .describe VIEW, all else is SQL")
    return query, {}


def _existing(published: Path) -> Path:
    if not published.is_file():
        from warehouse.publish.snapshot import NothingPublishedError

        raise NothingPublishedError(published)
    return published.resolve()


def _rows(published: Path, query: str, parameters: dict[str, str]) -> list[tuple[Any, ...]]:
    from warehouse.publish.snapshot import open_published

    with open_published(published) as con:
        return con.execute(query, parameters).fetchall()


def _exchange(child: subprocess.Popen[bytes], request: bytes, out: BinaryIO) -> bytes:
    assert child.stdin
    assert child.stdout
    assert child.stderr
    with suppress(BrokenPipeError):  # a child that died at once says why below
        child.stdin.write(request)
        child.stdin.close()
    while chunk := os.read(child.stdout.fileno(), 1 << 16):  # as it comes, not block by block
        out.write(chunk)
    out.flush()
    error = child.stderr.read()
    child.wait()
    return error


def _why(returncode: int, error: bytes, request: dict[str, Any]) -> str:
    told = visible(error.decode(errors="replace").strip())
    if returncode == TOLD:
        return told
    if returncode == -signal.SIGALRM:
        return f"the query took longer than {request['seconds']:g} seconds; ask for fewer days or aggregate first"
    if returncode > 0:
        return f"the process that runs the query failed: {told[-300:]}"
    return (
        f"the query was ended (signal {-returncode}), most likely because it needed more than "
        f"{request['memory_limit_mb']} MB of memory; ask for fewer rows or aggregate first"
    )
