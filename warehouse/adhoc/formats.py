"""The forms in which an answer of ad-hoc SQL is written: table, CSV, JSON, Parquet. Bytes are UTF-8."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import singledispatch
from typing import Any, TypeVar

import _duckdb as duckdb

from warehouse.printable import visible

Row = tuple[Any, ...]
Batch = TypeVar("Batch")
_BATCH = 2048
_NUMBERS = (int, float, Decimal)


class NotWritableError(Exception):
    """The answer cannot be written in this form; the message says what to do."""


@dataclass(slots=True)
class Answer:
    """What a query gives, in batches of up to `max_rows` rows in all; `is_cut` says at the end that there were more."""

    con: duckdb.DuckDBPyConnection
    max_rows: int
    is_cut: bool = False

    @property
    def columns(self) -> list[str]:
        return [str(column[0]) for column in self.con.description or ()]

    def rows(self) -> Iterator[list[Row]]:
        yield from self._cut(iter(lambda: self.con.fetchmany(_BATCH), []), len, lambda batch, left: batch[:left])

    def arrow_batches(self, reader: Any) -> Iterator[Any]:
        """The same of a reader that DuckDB made for Arrow."""
        yield from self._cut(reader, lambda batch: batch.num_rows, lambda batch, left: batch.slice(0, left))

    def _cut(
        self, batches: Iterator[Batch], size: Callable[[Batch], int], first: Callable[[Batch, int], Batch]
    ) -> Iterator[Batch]:
        left = self.max_rows
        for batch in batches:
            self.is_cut = size(batch) > left
            if left:
                yield first(batch, left) if self.is_cut else batch
            if self.is_cut:
                return
            left -= size(batch)


@dataclass(frozen=True, slots=True)
class Screen:
    """Where the answer is read. `width` None: not on a terminal."""

    width: int | None
    color: bool

    def text(self, value: str) -> str:
        """`value`, harmless where a terminal would obey it; as it is where a program reads it."""
        return value if self.width is None else visible(value)


def write_csv(answer: Answer, screen: Screen, write: Callable[[bytes], object]) -> None:
    """RFC 4180 with \\n: NULL is empty, an empty text is "". Every value as it is, formulas too: this is data.

    In an answer of one column NULL is "" too: readers skip a line without anything, and the row with it.
    """
    write((",".join(_csv_field(screen.text(name)) for name in answer.columns) + "\n").encode())
    null = '""' if len(answer.columns) == 1 else ""
    for batch in answer.rows():
        lines = (",".join(null if v is None else _csv_field(screen.text(as_text(v))) for v in row) for row in batch)
        write(("\n".join(lines) + "\n").encode())


def write_json(answer: Answer, screen: Screen, write: Callable[[bytes], object]) -> None:
    """A list of objects, one a line; days as YYYY-MM-DD, numbers with every digit. What JSON cannot say (NaN,
    infinity) is null."""
    names = [_quoted(name, screen) for name in _distinct(answer.columns)]
    between = b"[\n"
    for batch in answer.rows():
        lines = (_object(names, (_json(value, screen) for value in row)) for row in batch)
        write(between + ",\n".join(lines).encode())
        between = b",\n"
    write(b"[]\n" if between == b"[\n" else b"\n]\n")


def write_parquet(answer: Answer, _: Screen, write: Callable[[bytes], object]) -> None:
    """Types as DuckDB hands them to Arrow."""
    import pyarrow.parquet as pq

    _distinct(answer.columns)
    reader: Any = answer.con.to_arrow_reader(1 << 16)
    with pq.ParquetWriter(_Sink(write), reader.schema) as writer:
        for batch in answer.arrow_batches(reader):
            writer.write_batch(batch)


def write_table(answer: Answer, screen: Screen, write: Callable[[bytes], object]) -> None:
    """For eyes: aligned, NULL told apart from a text 'NULL', at most as wide as the terminal."""
    from warehouse.adhoc.terminal import Cell, table

    rows = [row for batch in answer.rows() for row in batch]
    names = answer.columns
    if names == ["explain_key", "explain_value"]:
        write("\n".join(visible(line) for _, plan in rows for line in plan.splitlines()).encode() + b"\n")
        return
    cells = [[Cell("NULL", "dim italic") if value is None else Cell(_shown(value)) for value in row] for row in rows]
    numbers = frozenset(place for place in range(len(names)) if any(_is_number(row[place]) for row in rows))
    write(table(names, cells, width=screen.width, color=screen.color, numbers=numbers).encode())
    write(_footer(answer, len(rows)).encode())


WRITERS: dict[str, Callable[[Answer, Screen, Callable[[bytes], object]], None]] = {
    "table": write_table,
    "csv": write_csv,
    "json": write_json,
    "parquet": write_parquet,
}


def load(output_format: str) -> None:
    """Import what `output_format` will need."""
    if output_format == "table":
        import warehouse.adhoc.terminal  # noqa: F401 - only loaded
    if output_format == "parquet":
        import duckdb  # noqa: F401 - its package is what hands rows to Arrow
        import pyarrow.parquet  # noqa: F401 - only loaded


def warm_up(con: duckdb.DuckDBPyConnection, output_format: str) -> None:
    """Write an answer in `output_format` to nowhere, which reads all files that it will need."""
    wide = "é 中 👩‍👩‍👧 e" + chr(0x301)  # how wide such signs are is in a file of its own
    con.execute(
        "SELECT $wide AS a, NULL AS b, now() AS c, DATE '2021-06-25' AS d, 1.5 AS e, uuid() AS f", {"wide": wide}
    )
    WRITERS[output_format](Answer(con, 1), Screen(80, True), io.BytesIO().write)


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
    return _json(value, Screen(None, False))


@singledispatch
def _json(value: Any, screen: Screen) -> str:
    """A value as JSON writes it."""
    return "null" if value is None else _quoted(as_text(value), screen)


@_json.register
def _(value: bool, _: Screen) -> str:
    return "true" if value else "false"


@_json.register(int)
@_json.register(Decimal)
def _(value: int | Decimal, _: Screen) -> str:
    return as_text(value)


@_json.register
def _(value: float, _: Screen) -> str:
    return repr(value) if math.isfinite(value) else "null"


@_json.register
def _(value: datetime, screen: Screen) -> str:
    return _quoted(value.isoformat(), screen)


@_json.register(dict)
def _(value: dict[Any, Any], screen: Screen) -> str:
    names = [_quoted(str(name), screen) for name in value]
    return _object(names, (_json(item, screen) for item in value.values()))


@_json.register(list)
@_json.register(tuple)
def _(value: Any, screen: Screen) -> str:
    return f"[{', '.join(_json(item, screen) for item in value)}]"


def _quoted(text: str, screen: Screen) -> str:
    """On a terminal in ASCII, so that nothing in it steers one."""
    return json.dumps(text, ensure_ascii=screen.width is not None)


def _object(names: Sequence[str], values: Iterable[str]) -> str:
    return "{" + ", ".join(f"{name}: {value}" for name, value in zip(names, values, strict=True)) + "}"


def _csv_field(text: str) -> str:
    if text and not any(sign in text for sign in ',"\r\n'):
        return text
    return '"' + text.replace('"', '""') + '"'


def _distinct(names: list[str]) -> list[str]:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise NotWritableError(
            f"two columns are called {visible(twice[0])!r}, which this format cannot tell apart; "
            "give each a name of its own with AS, or choose --format csv"
        )
    return names


def _shown(value: Any) -> str:
    """A value for eyes: long fractions are cut, whole figures have no point, and the text NULL stands in quotes."""
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.10g}"
    return "'NULL'" if value == "NULL" else as_text(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, _NUMBERS) and not isinstance(value, bool)


def _footer(answer: Answer, shown: int) -> str:
    if answer.is_cut:
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
