"""Rows as Arrow columns: what a row type looks like in Arrow, and answers of many rows without an object a row."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import date, datetime
from importlib.abc import MetaPathFinder
from operator import attrgetter
from threading import get_ident
from types import NoneType
from typing import Any, get_args, get_type_hints, overload

import pyarrow as pa
import pyarrow.compute as pc

from warehouse.rows import Row

_ARROW_TYPES: dict[type, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    bool: pa.bool_(),
    date: pa.date32(),
    datetime: pa.timestamp("us", tz="+00:00"),
}
_TEXT = pa.large_string()  # 2 GB are soon full
_LONG = 500  # rows; from here on what is the same in all rows of a table saves more
UNIT, RECORD, _NULL = "\x1f", "\x1e", "\x00"


class _NoPandas(MetaPathFinder):
    """Lets one thread find no pandas."""

    def __init__(self) -> None:
        self._thread = get_ident()

    def find_spec(self, name: str, *_: object) -> None:
        if name == "pandas" and get_ident() == self._thread:
            raise ModuleNotFoundError(name)


def _make_first_array() -> None:
    """pyarrow imports pandas for its first array, to know later ones of pandas: none is here, and it takes long."""
    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.array([])
    finally:
        sys.meta_path.remove(finder)


_make_first_array()


def schema_of(row_type: type[Row]) -> pa.Schema:
    """The fields of a row type as Arrow columns, in their order; times in microseconds, UTC."""
    hints = get_type_hints(row_type)
    return pa.schema([(item.name, _ARROW_TYPES[_plain(hints[item.name])]) for item in fields(row_type)])


def table_of(rows: Sequence[Row], row_type: type[Row]) -> pa.Table:
    """`rows` as the columns of `schema_of(row_type)`."""
    if isinstance(rows, Columns):
        return rows.table
    return pa.table(
        [
            pa.array(map(attrgetter(column.name), rows), type=column.type, size=len(rows))
            for column in schema_of(row_type)
        ],
        schema=schema_of(row_type),
    )


class Columns(Sequence[Row]):
    """Many rows of one type, held as Arrow columns. To whoever reads them the same as a tuple of those rows."""

    __slots__ = ("row_type", "table")

    def __init__(self, row_type: type[Row], **columns: Any) -> None:
        """`columns`: for each field of `row_type` its values in the order of the rows, as a list or as anything of
        Arrow, or one value that all rows share. Raises pyarrow.ArrowInvalid for a value of another type."""
        count = next(len(values) for values in columns.values() if _is_many(values))
        self.row_type = row_type
        self.table = pa.table(
            [_column(columns[item.name], item.type, count) for item in schema_of(row_type)], schema=schema_of(row_type)
        )

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __iter__(self) -> Iterator[Row]:
        for batch in self.table.to_batches(max_chunksize=10_000):
            yield from (self.row_type(*values) for values in zip(*(c.to_pylist() for c in batch.columns), strict=True))

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | Sequence[Row]:
        if isinstance(place, slice):
            return tuple(self)[place]
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        return self.row_type(*(column[place].as_py() for column in self.table.columns))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))


def without_duplicates(tables: Sequence[pa.Table]) -> Iterator[tuple[pa.Table, pa.LargeStringArray]]:
    """Each of `tables`, all of one schema, as it is stored (times without zone, each row once), and for each row a text
    that holds all its values, sorted.

    The texts name a content (warehouse.save), so they must never change: the fields in their order, parted by UNIT,
    and a RECORD before each. Those of short tables are made together, because a call takes longer than a row.
    """
    days = _Days()
    for together in _batches(tables):
        stored = _stored_table(pa.concat_tables(together))
        lines = _lines(stored, days)
        start = 0
        for table in together:
            yield _each_once(stored.slice(start, table.num_rows), lines.slice(start, table.num_rows))
            start += table.num_rows


def together(tables: Sequence[pa.Table], places: pa.Int32Array) -> dict[str, pa.Array | pa.ChunkedArray]:
    """The columns of `tables`, all of one schema, in one piece. `places`: of which table each row is.

    Where tables are long, texts that are the same in all rows of a table are not repeated, only numbered.
    """
    if len(places) < _LONG * len(tables):
        rows = pa.concat_tables(tables).combine_chunks()
        return dict(zip(rows.column_names, rows.columns, strict=True))
    columns = {}
    for name in tables[0].column_names:
        parts = [_in_one(table[name]) for table in tables]
        if pa.types.is_string(parts[0].type) and all(map(_is_one_text, parts)):
            columns[name] = pa.DictionaryArray.from_arrays(places, pa.concat_arrays([part[:1] for part in parts]))
        else:
            columns[name] = pa.concat_arrays(parts)
    return columns


def _in_one(column: pa.ChunkedArray) -> pa.Array:
    """Arrow copies even what is in one piece already."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _is_one_text(values: pa.Array) -> bool:
    return len(values) > 0 and values.null_count == 0 and _are_same(values)


def _batches(tables: Sequence[pa.Table]) -> Iterator[list[pa.Table]]:
    """`tables` in their order; a long one alone."""
    batch: list[pa.Table] = []
    for table in tables:
        if batch and (table.num_rows > _LONG or batch[-1].num_rows > _LONG):
            yield batch
            batch = []
        batch.append(table)
    if batch:
        yield batch


def _stored_table(rows: pa.Table) -> pa.Table:
    schema = pa.schema([(item.name, _stored(item.type)) for item in rows.schema])
    return rows if rows.schema.equals(schema) else rows.cast(schema)


def _each_once(stored: pa.Table, lines: pa.LargeStringArray) -> tuple[pa.Table, pa.LargeStringArray]:
    if _is_ascending(lines):
        return stored, lines
    in_order = lines.sort()
    if _is_ascending(in_order):
        return stored, in_order
    encoded = lines.dictionary_encode()
    places = pa.table({"code": encoded.indices, "place": pa.array(range(len(lines)))})
    first = places.group_by("code").aggregate([("place", "min")])["place_min"]
    return stored.take(first), encoded.dictionary.sort()


def text_of(lines: pa.LargeStringArray) -> memoryview:
    """The texts one after the other, as they are in memory."""
    _, _, text = lines.buffers()
    first, last = lines.offset, lines.offset + len(lines)
    offsets = memoryview(lines.buffers()[1]).cast("q")
    return memoryview(text)[offsets[first] : offsets[last]]


class _Days:
    """Texts of days. Columns of the same days follow each other: first and last day of periods, and many answers."""

    def __init__(self) -> None:
        self._days = pa.array([], pa.date32())
        self._texts = pa.array([], _TEXT)

    def texts(self, days: pa.Date32Array) -> pa.LargeStringArray:
        if not days.equals(self._days):
            encoded = days.dictionary_encode()  # days repeat, so each is written once
            self._days, self._texts = days, encoded.dictionary.cast(_TEXT).take(encoded.indices)
        return self._texts


def _lines(stored: pa.Table, days: _Days) -> pa.LargeStringArray:
    """For each row RECORD and its fields. Neighbours that are the same in every row are written once, as one text."""
    parts: list[pa.Array | str] = []
    for column in stored.columns:
        text = _texts(_in_one(column), days)
        if isinstance(text, str) and parts and isinstance(parts[-1], str):
            parts[-1] += UNIT + text
        else:
            parts.append(text)
    first, *rest = parts
    begun = RECORD + first if isinstance(first, str) else _joined(RECORD, first, by="")
    lines = _joined(begun, *rest, by=UNIT)
    return lines if isinstance(lines, pa.Array) else pa.repeat(lines, stored.num_rows)


def _joined(*texts: pa.Array | str, by: str) -> pa.Array | pa.Scalar:
    parts = (pa.scalar(text, _TEXT) if isinstance(text, str) else text for text in (*texts, by))
    return pc.binary_join_element_wise(*parts, null_handling="replace", null_replacement=_NULL)


def _texts(values: pa.Array, days: _Days) -> pa.Array | str:
    """One text where all are the same."""
    if _are_same(values):
        return _NULL if values.null_count else str(values[:1].cast(_TEXT)[0])
    if pa.types.is_date(values.type):
        return days.texts(values)
    return values.cast(_TEXT)


def _are_same(values: pa.Array) -> bool:
    if values.null_count:
        return bool(values.null_count == len(values))
    return bool(values[0] == values[-1] and pc.all(pc.equal(values, values[0])).as_py())


def _is_ascending(lines: pa.LargeStringArray) -> bool:
    """Each line after the one before it, none twice."""
    return bool(pc.all(pc.less(lines[:-1], lines[1:])).as_py())


def _stored(kind: pa.DataType) -> pa.DataType:
    return pa.timestamp("us") if pa.types.is_timestamp(kind) else kind


def _is_many(values: Any) -> bool:
    return isinstance(values, list | tuple | pa.Array | pa.ChunkedArray)


def _column(values: Any, kind: pa.DataType, count: int) -> pa.Array | pa.ChunkedArray:
    if not _is_many(values):
        return pa.repeat(pa.scalar(values, kind), count)
    return values.cast(kind) if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values, kind)


def _plain(hint: Any) -> type:
    """The type itself of one that may be None."""
    plain: type = next((kind for kind in get_args(hint) if kind is not NoneType), hint)
    return plain
