"""What every figure is made of: its parts as data, the common layout, panels, and how names and numbers go in.

Names come from config.toml and may hold anything: plotly reads a little HTML in its texts, so they go through `shown`.
Lists are plain lists and figures are rounded, which keeps the page small and the same on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import plotly.graph_objects as go

from reports import palette
from reports.facts import Facts
from reports.wording import NO_FIGURE, compact, exact, month_name, short_label, tick
from warehouse.read.report import Month

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
SYNTHETIC = "SYNTHETIC<br>generated for the demonstration"
INCOMPLETE = "incomplete"  # the group of months that are not complete
_PANEL_HEIGHT = 236


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts; the first column names the row, the others hold figures (or words, when `is_text`)."""

    caption: str
    head: tuple[str, ...]
    body: tuple[tuple[str, ...], ...]
    is_text: bool = False


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """A button that shows and hides every trace of `group`; without a group only a key to read the chart by.

    `position` is the framework's, None for other entries; `mark` the kind of sign in front.
    """

    group: str
    label: str
    position: int | None = None
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure with all that stands around it. `narrow` is what the layout changes to on a phone."""

    name: str
    title: str
    unit: str
    alt: str
    figure: go.Figure
    narrow: dict[str, Any]
    tables: tuple[Table, ...]
    queries: tuple[str, ...]
    legend: tuple[LegendEntry, ...] = ()
    notes: tuple[str, ...] = ()
    is_synthetic: bool = False


@dataclass(slots=True)
class Drawing:
    """Traces and layout on their way to a figure."""

    traces: list[dict[str, Any]] = field(default_factory=list)
    layout: dict[str, Any] = field(default_factory=dict)

    def figure(self) -> go.Figure:
        return go.Figure(data=self.traces, layout=self.layout)


def shown(label: str) -> str:
    """A name as plotly shows it unchanged: no tags, no placeholders of its templates."""
    text = short_label(label).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("%{", "%\u2060{")


def rounded(value: float | None) -> float | int | None:
    """Five digits; None stays a gap."""
    if value is None or not math.isfinite(value):
        return None
    if float(value).is_integer():
        return int(value)
    return float(f"{value:.5g}")


def layout_of(height: int) -> dict[str, Any]:
    """What all figures share: transparent ground, system fonts, no zoom, which would catch a finger that scrolls."""
    return {
        "template": "none",
        "height": height,
        "font": {"family": FONT, "size": 12, "color": palette.MUTED},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 48, "r": 14, "t": 30, "b": 34},
        "showlegend": False,
        "hoverlabel": {
            "bgcolor": palette.GROUND,
            "bordercolor": palette.GRID,
            "font": {"family": FONT, "size": 12, "color": palette.INK},
            "namelength": 24,
        },
        "shapes": [],
        "annotations": [],
        "dragmode": False,
    }


def value_axis(top: float, **more: Any) -> dict[str, Any]:
    """A vertical axis from zero up; `top` is the largest figure on it."""
    return {
        "rangemode": "tozero",
        "gridcolor": palette.GRID,
        "zeroline": True,
        "zerolinecolor": palette.MUTED,
        "zerolinewidth": 1,
        "nticks": 6,
        "tickfont": {"color": palette.MUTED},
        "fixedrange": True,
        "separatethousands": True,
        "labelalias": _axis_names(top),
        **more,
    }


def _axis_names(top: float) -> dict[str, str]:
    """plotly's own labels of an axis up to `top` -> ours: 400k -> 400 k, 0.5M -> 500 k.

    Its steps are 1, 2 or 5 times a power of ten, and it picks one unit for all labels of an axis.
    """
    names: dict[str, str] = {}
    if top < 1e4:
        return names
    highest = math.floor(math.log10(top))
    for step in (digit * 10.0**power for power in range(highest - 3, highest + 1) for digit in (1, 2, 5)):
        for value in (step * count for count in range(1, 13)):
            for size, unit in ((1e3, "k"), (1e6, "M"), (1e9, "B")):
                if 0.1 <= value / size < 1000:
                    names[f"{value / size:.6g}{unit}"] = tick(value)
    return names


def note(text: str, **more: Any) -> dict[str, Any]:
    """Words on a figure."""
    base = {"text": text, "showarrow": False, "xref": "paper", "yref": "paper", "font": {"color": palette.MUTED}}
    return {**base, **more}


def synthetic_mark(bottom: float) -> dict[str, Any]:
    """The words across the figure, in the empty part above zero; `bottom` is where that begins."""
    font = {"color": palette.MUTED, "size": 18}
    return note(SYNTHETIC, x=0.5, y=bottom + 0.04, yanchor="bottom", font=font, opacity=0.7, name="synthetic")


def has_months(facts: Facts, framework: str, metric: str) -> bool:
    """Whether any month of the two years has a figure."""
    months = (*facts.period.previous_months, *facts.period.months)
    return any(month and month.value is not None for month in facts.month_values(framework, metric, months))


def month_hover(month: date, row: Month | None, level: float | None) -> str:
    """What stands under the pointer: March 2021: 284 k, not complete."""
    incomplete = ", not complete" if row and level is not None and not row.is_complete else ""
    return f"{month_name(month)}: {NO_FIGURE if level is None else compact(level)}{incomplete}"


def month_cell(row: Month | None, level: float | None) -> str:
    """A month in a table of data; a star where it is not complete."""
    if row is None or level is None:
        return NO_FIGURE
    return exact(level) if row.is_complete else f"{exact(level)}*"


def group_of(framework: str) -> str:
    """The group of a framework's traces; prefixed, so that no name of a framework meets another group."""
    return f"framework:{framework}"


@dataclass(frozen=True, slots=True)
class Panels:
    """Where small multiples stand: up to three in a row, one below the other on a phone."""

    number: int
    columns: int

    @property
    def height(self) -> int:
        return self.height_of(self.columns)

    def height_of(self, columns: int) -> int:
        return 60 + math.ceil(self.number / columns) * _PANEL_HEIGHT

    def domains(self, index: int, columns: int) -> tuple[list[float], list[float]]:
        rows = math.ceil(self.number / columns)
        row, column = divmod(index, columns)
        gap_x, gap_y = 0.08, 80 / self.height_of(columns) if rows > 1 else 0
        width, tall = (1 - gap_x * (columns - 1)) / columns, (1 - gap_y * (rows - 1)) / rows
        left, top = column * (width + gap_x), 1 - row * (tall + gap_y)
        return [round(left, 4), round(left + width, 4)], [round(max(top - tall, 0), 4), round(top, 4)]

    def narrow(self) -> dict[str, Any]:
        patch: dict[str, Any] = {"height": self.height_of(1)}
        for index in range(self.number):
            x, y = self.domains(index, 1)
            patch[f"{axis('xaxis', index)}.domain"] = x
            patch[f"{axis('yaxis', index)}.domain"] = y
        return patch


def panels_of(number: int) -> Panels:
    """Room for `number` panels."""
    return Panels(number, min(number, 3))


def axis(name: str, index: int) -> str:
    """plotly counts axes x, x2, x3, ..."""
    return name if index == 0 else f"{name}{index + 1}"


def lay_out_panel(drawing: Drawing, panels: Panels, index: int, label: str, x_axis: dict[str, Any]) -> None:
    """Axes and heading of one panel, whose traces are drawn already."""
    x, y = panels.domains(index, panels.columns)
    x_name, y_name = axis("x", index), axis("y", index)
    drawing.layout[axis("xaxis", index)] = {
        "domain": x,
        "anchor": y_name,
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "tickfont": {"color": palette.MUTED},
        **x_axis,
    }
    drawing.layout[axis("yaxis", index)] = value_axis(
        highest(drawing.traces, y_name), domain=y, anchor=x_name, nticks=5
    )
    drawing.layout["annotations"].append(
        note(f"<b>{shown(label)}</b>", xref=f"{x_name} domain", yref=f"{y_name} domain", x=0, xanchor="left", y=1,
              yanchor="bottom", yshift=8, font={"color": palette.INK, "size": 13})
    )  # fmt: skip


def highest(traces: Sequence[dict[str, Any]], y_axis: str = "y") -> float:
    """The largest figure of the traces on one vertical axis; stacked bars may reach twice as high."""
    mine = [trace for trace in traces if trace.get("yaxis", "y") == y_axis]
    return max((y for trace in mine for y in trace["y"] if y is not None), default=0)


def position_of(facts: Facts, framework: str) -> int:
    """Where a framework stands in config.toml, which decides how it is drawn."""
    return next(item.position for item in facts.frameworks if item.framework == framework)
