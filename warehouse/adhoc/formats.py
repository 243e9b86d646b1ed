"""The forms in which an answer of ad-hoc SQL is written: table, CSV, JSON, Parquet. Bytes are UTF-8."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import singledispatch
from typing import Any

import duckdb

from warehouse.adhoc.ask import printable

Row = tuple[Any, ...]
_BATCH = 2048
_NARROWEST = 12  # a column of text may be folded to this many characters before rows become records
_NUMBERS = (int, float, Decimal)


class NotWritableError(Exception):
    """The answer cannot be written in this form; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query gives, in batches. `work` is entered whenever DuckDB has to do something."""

    con: duckdb.DuckDBPyConnection
    work: Callable[[], AbstractContextManager[None]]
    max_rows: int | None

    @property
    def columns(self) -> list[str]:
        return [str(column[0]) for column in self.con.description or ()]

    def rows(self) -> Iterator[list[Row]]:
        """Batches of up to `max_rows` rows in all."""
        left = math.inf if self.max_rows is None else self.max_rows
        while left > 0:
            with self.work():
                batch = self.con.fetchmany(int(min(_BATCH, left)))
            if not batch:
                return
            left -= len(batch)
            yield batch

    def is_exhausted(self) -> bool:
        with self.work():
            return not self.con.fetchmany(1)


@dataclass(frozen=True, slots=True)
class Screen:
    """Where the answer is read. `width` None: not on a terminal."""

    width: int | None
    color: bool

    def text(self, value: str) -> str:
        """`value`, harmless where a terminal would obey it; as it is where a program reads it."""
        return value if self.width is None else printable(value)


def write_csv(answer: Answer, screen: Screen, write: Callable[[bytes], object]) -> None:
    """RFC 4180 with \\n: NULL is empty, an empty text is "". Every value as it is, formulas too: this is data."""
    write((",".join(_csv_field(screen.text(name)) for name in answer.columns) + "\n").encode())
    for batch in answer.rows():
        lines = (",".join("" if v is None else _csv_field(screen.text(as_text(v))) for v in row) for row in batch)
        write(("\n".join(lines) + "\n").encode())


def write_json(answer: Answer, screen: Screen, write: Callable[[bytes], object]) -> None:
    """A list of objects, one a line; days as YYYY-MM-DD. What JSON cannot say (NaN, infinity) is null."""
    names = _distinct(answer.columns)
    between = b"[\n"
    for batch in answer.rows():
        objects = (dict(zip(names, map(_json_value, row), strict=True)) for row in batch)
        lines = (json.dumps(item, ensure_ascii=screen.width is not None, allow_nan=False) for item in objects)
        write(between + ",\n".join(lines).encode())
        between = b",\n"
    write(b"[]\n" if between == b"[\n" else b"\n]\n")


def write_parquet(answer: Answer, _: Screen, write: Callable[[bytes], object]) -> None:
    """Types as DuckDB hands them to Arrow."""
    import pyarrow.parquet as pq

    _distinct(answer.columns)
    with answer.work():
        reader: Any = answer.con.to_arrow_reader(1 << 16)
    with pq.ParquetWriter(_Sink(write), reader.schema) as writer:
        left = math.inf if answer.max_rows is None else answer.max_rows
        while left > 0:
            with answer.work():
                batch = next(reader, None)
            if batch is None:
                break
            writer.write_batch(batch.slice(0, int(min(batch.num_rows, left))))
            left -= batch.num_rows


def write_table(answer: Answer, screen: Screen, write: Callable[[bytes], object]) -> None:
    """For eyes: aligned, NULL told apart from a text 'NULL', at most as wide as the terminal."""
    rows = [row for batch in answer.rows() for row in batch]
    names = [printable(name) for name in answer.columns]
    if names == ["explain_key", "explain_value"]:
        write("\n".join(printable(line) for _, plan in rows for line in plan.splitlines()).encode() + b"\n")
        return
    cells = [["NULL" if value is None else _cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(names, *cells, strict=True)]
    if screen.width is not None and sum(min(width, _NARROWEST) + 3 for width in widths) > screen.width:
        write(_records(names, cells).encode())
    else:
        write(_rich_table(names, rows, cells, screen.width or sum(widths) + 3 * len(widths), screen.color).encode())
    write(_footer(answer, len(rows)).encode())


WRITERS: dict[str, Callable[[Answer, Screen, Callable[[bytes], object]], None]] = {
    "table": write_table,
    "csv": write_csv,
    "json": write_json,
    "parquet": write_parquet,
}


def warm_up(output_format: str) -> None:
    """Load all that `output_format` will need, while files may still be opened."""
    con = duckdb.connect()
    con.execute("SELECT 'é' AS a, NULL AS b, now() AS c, DATE '2021-06-25' AS d, 1.5 AS e")
    WRITERS[output_format](Answer(con, _NoLimit, None), Screen(80, True), io.BytesIO().write)
    con.close()


@singledispatch
def as_text(value: Any) -> str:
    """A value as CSV gives it: shortest exact figures, ISO days, nested values as JSON."""
    return str(value)


@as_text.register
def _(value: bool) -> str:
    return "true" if value else "false"


@as_text.register
def _(value: datetime) -> str:
    return value.isoformat(sep=" ")


@as_text.register
def _(value: Decimal) -> str:
    return f"{value:f}"


@as_text.register
def _(value: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 and byte != ord("\\") else f"\\x{byte:02X}" for byte in value)


@as_text.register(dict)
@as_text.register(list)
@as_text.register(tuple)
def _(value: Any) -> str:
    return json.dumps(_json_value(value), ensure_ascii=False)


@singledispatch
def _json_value(value: Any) -> Any:
    return value if value is None or isinstance(value, int | str) else as_text(value)


@_json_value.register
def _(value: float) -> float | None:
    return value if math.isfinite(value) else None


@_json_value.register
def _(value: Decimal) -> float:
    return int(value) if value == value.to_integral_value() else float(value)


@_json_value.register
def _(value: datetime) -> str:
    return value.isoformat()


@_json_value.register(dict)
def _(value: dict[Any, Any]) -> dict[str, Any]:
    return {str(key): _json_value(item) for key, item in value.items()}


@_json_value.register(list)
@_json_value.register(tuple)
def _(value: Any) -> list[Any]:
    return [_json_value(item) for item in value]


def _csv_field(text: str) -> str:
    if text and not any(sign in text for sign in ',"\r\n'):
        return text
    return '"' + text.replace('"', '""') + '"'


def _distinct(names: list[str]) -> list[str]:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise NotWritableError(
            f"two columns are called {printable(twice[0])!r}, which this format cannot tell apart; "
            "give each a name of its own with AS, or choose --format csv"
        )
    return names


def _cell(value: Any) -> str:
    """A value for eyes: long fractions are cut, whole figures have no point, and the text NULL stands in quotes."""
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.10g}"
    return "'NULL'" if value == "NULL" else printable(as_text(value))


def _rich_table(names: list[str], rows: list[Row], cells: list[list[str]], width: int, color: bool) -> str:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1), header_style="bold")
    for position, name in enumerate(names):
        is_number = any(isinstance(row[position], _NUMBERS) and not isinstance(row[position], bool) for row in rows)
        table.add_column(
            Text(name), justify="right" if is_number else "left", no_wrap=is_number, overflow="fold", min_width=1
        )
    for row, line in zip(rows, cells, strict=True):
        pairs = zip(row, line, strict=True)
        table.add_row(*(Text(text, style="dim italic" if value is None else "") for value, text in pairs))
    page = io.StringIO()
    Console(
        file=page, width=width, force_terminal=color, color_system="standard" if color else None, legacy_windows=False
    ).print(table)
    return "\n".join(line.rstrip() for line in page.getvalue().splitlines()) + "\n"


def _records(names: list[str], cells: list[list[str]]) -> str:
    """Too many columns for the terminal: one column a line."""
    longest = max(map(len, names))
    lines = []
    for number, line in enumerate(cells, 1):
        lines.append(f"-- row {number}")
        lines += [f"{name:<{longest}}  {text}" for name, text in zip(names, line, strict=True)]
    return "\n".join(lines) + "\n"


def _footer(answer: Answer, shown: int) -> str:
    if shown == answer.max_rows and not answer.is_exhausted():
        return f"(the first {shown} rows; --format csv gives all)\n"
    return f"({shown} row{'' if shown == 1 else 's'})\n"


class _Sink(io.RawIOBase):
    """A file for pyarrow that only grows: a pipe cannot tell where it is."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        content = bytes(data)
        self._write(content)
        self._written += len(content)
        return len(content)

    def tell(self) -> int:
        return self._written


class _NoLimit(AbstractContextManager[None]):
    def __exit__(self, *_: object) -> None:
        return None
