"""The one way to draw a table for a terminal."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from warehouse.printable import visible


@dataclass(frozen=True, slots=True)
class Cell:
    """One place of a table; `style` is rich's, for example "red" or "dim italic"."""

    text: str
    style: str = ""


def table(
    names: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    *,
    width: int | None = None,
    color: bool = False,
    numbers: frozenset[int] = frozenset(),
    rule: bool = True,
) -> str:
    """`rows` under `names`, aligned; columns at the places in `numbers` to the right.

    `width` in characters of a terminal: longer texts are folded to keep to it, and where even that does not do, each
    row becomes lines of one column each. None: as wide as it takes. `rule`: a line under the names.
    """
    names = [visible(name) for name in names]
    lines = [[Cell(visible(cell.text), cell.style) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in _columns(names, lines)]
    if width is not None and sum(min(one, _NARROWEST) + _GAP for one in widths) > width:
        return _records(names, lines)
    drawn = _table(names, rule=rule, numbers=numbers)
    for line in lines:
        drawn.add_row(*(Text(cell.text, style=cell.style) for cell in line))
    return _page(drawn, sum(widths) + _GAP * len(widths) if width is None else width, color)


_NARROWEST = 12  # a column of text may be folded to this many characters before rows become records
_GAP = 3


def _columns(names: Sequence[str], lines: Sequence[Sequence[Cell]]) -> list[list[str]]:
    return [[name, *(line[place].text for line in lines)] for place, name in enumerate(names)]


def _table(names: Sequence[str], *, rule: bool, numbers: frozenset[int]) -> Table:
    drawn = Table(
        box=box.SIMPLE_HEAD if rule else None, show_edge=False, pad_edge=False, padding=(0, 1), header_style="bold"
    )
    for place, name in enumerate(names):
        is_number = place in numbers
        drawn.add_column(
            Text(name), justify="right" if is_number else "left", no_wrap=is_number, overflow="fold", min_width=1
        )
    return drawn


def _page(drawn: Table, width: int, color: bool) -> str:
    page = io.StringIO()
    Console(
        file=page, width=width, force_terminal=color, color_system="standard" if color else None, legacy_windows=False
    ).print(drawn)
    return "\n".join(line.rstrip() for line in page.getvalue().splitlines()) + "\n"


def _records(names: Sequence[str], lines: Sequence[Sequence[Cell]]) -> str:
    """One column a line."""
    longest = max(map(cell_len, names))
    told = []
    for number, line in enumerate(lines, 1):
        told.append(f"-- row {number}")
        told += [
            f"{name}{' ' * (longest - cell_len(name))}  {cell.text}" for name, cell in zip(names, line, strict=True)
        ]
    return "\n".join(told) + "\n"
