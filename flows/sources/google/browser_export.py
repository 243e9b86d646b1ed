"""Google Trends' browser export (multiTimeline.csv): bytes -> figures, whatever language and step it is in.

Nothing in it is recognised by words. Figures begin at the first line whose first cell is a day, a month or an hour, as
Google writes them in every language; the line before holds the terms, "term: (region)"; the step is what the days say.
"""

from __future__ import annotations

import codecs
import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO

from flows.sources.answers import day_in, shown
from warehouse.printable import printable
from warehouse.rows import SearchPoint

LARGEST_BYTES = 4 * 2**20  # of 40 years of weeks, say, of 25 terms it takes a tenth
HOUR, DAY, WEEK, MONTH = "HOUR", "DAY", "WEEK", "MONTH"
_STEPS = {timedelta(hours=1): HOUR, timedelta(days=1): DAY, timedelta(days=7): WEEK}
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# A day, a month or an hour; older exports write both ends of a week: "2004-01-04 - 2004-01-10".
_START = re.compile(r"(\d{4}-\d\d)(-\d\d)?(?:[T ](\d\d)(:00){0,2})?(?: - \d{4}-\d\d-\d\d)?", re.ASCII)
_NAMED = re.compile(r"(?P<term>.*\S)\s*:\s*\((?P<region>[^()]*(?:\([^()]*\)[^()]*)*)\)", re.DOTALL)
_DIRECTIONS = re.compile(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # of writing: Arabic and Hebrew exports have them
_FIGURE = re.compile(r"(<?)\s*(\d{1,3}(?:[.,]\d{1,15})?)")


class ExportError(ValueError):
    """The export cannot be used: `line`, counted from 1, and why."""

    def __init__(self, line: int, why: str) -> None:
        self.line = line
        super().__init__(f"line {line}: {why}")


@dataclass(frozen=True, slots=True)
class Series:
    """One column: what was searched for and where, as the export calls both; `region` "" where it names none.

    `figures`: interest 0-100 and whether it is "<1"; None where the export says nothing.
    """

    term: str
    region: str
    figures: tuple[tuple[int, bool] | None, ...]


@dataclass(frozen=True, slots=True)
class Export:
    """What a file holds.

    step         HOUR, DAY, WEEK or MONTH; `starts`: of each bucket, of hours in the time zone of the browser
    preamble     its first line; `text`: all of it
    names_line   where the terms stand; `first_line`: where the first figures do
    """

    step: str
    starts: tuple[datetime, ...]
    series: tuple[Series, ...]
    preamble: str
    text: str
    names_line: int
    first_line: int

    @property
    def regions(self) -> list[str]:
        """Each once, in the order of the file."""
        return list(dict.fromkeys(series.region for series in self.series))

    @property
    def end(self) -> datetime:
        """The moment at which the last bucket is over."""
        return _next(self.starts[-1], self.step)


def read_export(content: bytes) -> Export:
    """The figures of an export. Raises ExportError with the line and why."""
    text = _text(content)
    rows = _rows(text)
    place = next((n for n, (_, cells) in enumerate(rows) if len(cells) > 1 and _start(cells[0])), None)
    if place is None:
        raise ExportError(
            1, "no line begins with a day, such as 2025-10-26, and figures; this is no export of a timeline"
        )
    named = [row for row in rows[:place] if any(row[1])]
    first_line = rows[place][0]
    if not named:
        raise ExportError(first_line, "figures begin here, but no line before names the terms")
    (names_line, names), figures = named[-1], _without_empty_end(rows[place:])
    for line, cells in figures:
        if len(cells) != len(names):
            raise ExportError(line, f"{len(cells)} cells, but line {names_line} names {len(names)}")
    starts = [_start_of(line, cells[0]) for line, cells in figures]
    return Export(
        step=_step(starts, [line for line, _ in figures], is_month=len(figures[0][1][0].strip()) == len("2025-10")),
        starts=tuple(starts),
        series=tuple(_series(names_line, names, figures)),
        preamble=printable(" ".join(named[0][1]), most=200) if len(named) > 1 else "",
        text=text,
        names_line=names_line,
        first_line=first_line,
    )


def points(export: Export, queries: Mapping[Series, str]) -> Iterator[SearchPoint]:
    """The rows of `queries`: the columns that are wanted, and what Google is asked for each of them.

    The last bucket counts as partial: nothing in an export says whether it was over.
    """
    for series, query in queries.items():
        for start, figure in zip(export.starts, series.figures, strict=True):
            interest, is_below_one = figure or (0, False)
            yield SearchPoint(
                term=query,
                bucket_start=start.date(),
                resolution=f"{HOUR} {start:%H}" if export.step == HOUR else export.step,
                interest=interest,
                is_below_one=is_below_one,
                has_data=figure is not None,
                is_partial=start == export.starts[-1],
            )


def _text(content: bytes) -> str:
    if len(content) > LARGEST_BYTES:
        raise ExportError(1, f"{len(content):,} bytes, an export has at most {LARGEST_BYTES:,}")
    try:
        text = content.decode("utf-16" if content.startswith(_UTF16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ExportError(line, f"byte {error.start + 1} is no {error.encoding}; save the file as UTF-8") from None
    return _DIRECTIONS.sub("", text)


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Lines and their cells. What parts the cells is what parts the most lines that begin with a day."""
    found = [_parted(text, delimiter) for delimiter in ",;\t"]
    return max(found, key=lambda rows: sum(len(cells) > 1 and bool(_start(cells[0])) for _, cells in rows))


def _parted(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    try:
        rows.extend((reader.line_num, [cell.strip() for cell in cells]) for cells in reader)
    except csv.Error as error:
        raise ExportError(reader.line_num, f"no CSV: {error}") from None
    return rows


def _without_empty_end(rows: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    last = max(n for n, (_, cells) in enumerate(rows) if any(cells))
    return rows[: last + 1]


def _start(cell: str) -> re.Match[str] | None:
    return _START.fullmatch(cell)


def _start_of(line: int, cell: str) -> datetime:
    match = _start(cell)
    if match is None:
        raise ExportError(line, f"{shown(cell)} is no day, month or hour as Google writes them")
    month, day, hour, _ = match.groups()
    try:
        return datetime.combine(day_in(month + (day or "-01")), datetime.min.time()).replace(hour=int(hour or 0))
    except ValueError as error:
        raise ExportError(line, str(error)) from None


def _step(starts: Sequence[datetime], lines: Sequence[int], *, is_month: bool) -> str:
    if is_month:
        step = MONTH
    elif len(starts) < 2:
        raise ExportError(lines[0], "a single line of figures does not say whether it is of an hour, a day or a week")
    else:
        apart = starts[1] - starts[0]
        if apart not in _STEPS:
            raise ExportError(
                lines[1], f"{_told(starts[1])} after {_told(starts[0])} is no step of an hour, a day or a week"
            )
        step = _STEPS[apart]
    for before, start, line in zip(starts, starts[1:], lines[1:], strict=False):
        if start != _next(before, step) and not _is_change_of_clocks(before, start, step):
            raise ExportError(line, f"{_told(start)} after {_told(before)}, wanted {_told(_next(before, step))}")
    if step == WEEK and starts[0].isoweekday() != 7:
        raise ExportError(
            lines[0], f"the week of {_told(starts[0])} begins on a {starts[0]:%A}, Google's begin on Sunday"
        )
    return step


def _is_change_of_clocks(before: datetime, start: datetime, step: str) -> bool:
    """An hour that is left out in spring; one that comes twice in autumn would be two figures of one hour."""
    return step == HOUR and start - before == timedelta(hours=2)


def _next(start: datetime, step: str) -> datetime:
    if step == MONTH:
        return (start + timedelta(days=31)).replace(day=1)
    return start + next(apart for apart, name in _STEPS.items() if name == step)


def _told(start: datetime) -> str:
    return start.strftime("%Y-%m-%dT%H" if start.hour else "%Y-%m-%d")


def _series(names_line: int, names: list[str], rows: Sequence[tuple[int, list[str]]]) -> Iterator[Series]:
    seen = set()
    for column, name in enumerate(names[1:], start=1):
        match = _NAMED.fullmatch(name)
        named = (match["term"], match["region"].strip()) if match else (name, "")
        if not named[0]:
            raise ExportError(names_line, f"column {column + 1} has no name")
        if named in seen:
            raise ExportError(names_line, f"{shown(name)} is there twice")
        seen.add(named)
        term, region = (printable(text, most=200) for text in named)
        yield Series(term, region, tuple(_figure(line, name, cells[column]) for line, cells in rows))


def _figure(line: int, name: str, cell: str) -> tuple[int, bool] | None:
    """Interest and whether it is below one; None for an empty cell. Decimals are rounded as Google does, half up."""
    if not cell:
        return None
    match = _FIGURE.fullmatch(unicodedata.normalize("NFKC", cell).strip())
    value = Decimal(match[2].replace(",", ".")) if match else None
    if match is None or value is None or value > 100 or (match[1] and value != 1):
        raise ExportError(line, f"{shown(cell)} of {shown(name)} is no figure from 0 to 100 and no <1")
    if match[1] or 0 < value < Decimal("0.5"):
        return 0, True
    return int(value + Decimal("0.5")), False
