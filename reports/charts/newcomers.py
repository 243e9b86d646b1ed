"""The figure of contributors by month: those who came back, and those who are new."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from reports import palette
from reports.charts.marks import mark_days, notes_of, with_notes
from reports.charts.parts import (
    Chart,
    Drawing,
    LegendEntry,
    Table,
    axis,
    has_months,
    lay_out_panel,
    layout_of,
    month_cell,
    month_hover,
    panels_of,
    rounded,
)
from reports.facts import Facts
from reports.signals import Signal
from reports.wording import exact, month_name, short_label
from warehouse.read.report import Framework

_FAINT = 0.4  # how strong the bar of a month is that is not complete
_GROUPS = (("returning", "returning_contributors"), ("new", "newly_active_contributors"))


def newcomers_chart(facts: Facts, signal: Signal) -> Chart | None:
    """One panel for each framework: contributors of each month, those who came back and those who are new."""
    items = [item for item in facts.frameworks if has_months(facts, item.framework, "returning_contributors")]
    if not items:
        return None
    months = (*facts.period.previous_months, *facts.period.months)
    drawing = Drawing(layout=layout_of(0))
    drawing.layout |= {"hovermode": "x", "barmode": "stack", "bargap": 0.18}
    panels = panels_of(len(items))
    drawing.layout["height"] = panels.height
    ticks = {"type": "date", "dtick": "M6", "tick0": months[0].isoformat(), "tickformat": "%b<br>%Y"}
    for index, item in enumerate(items):
        drawing.traces += _traces(facts, item, index, months)
        lay_out_panel(drawing, panels, index, item.label, ticks)
        mine = [mark for mark in facts.marks_of(signal) if item.framework in mark.frameworks]
        mark_days(drawing, facts.period, mine, panel=(axis("x", index), axis("y", index)))
    return Chart(
        name=f"{signal.key}-newcomers",
        title="Who comes back, and who is new",
        unit="people active in the month; each panel has its own scale; faint: month not complete",
        alt=with_notes(_alt(facts), notes_of(facts, signal)),
        figure=drawing.figure(),
        narrow=panels.narrow(),
        tables=(_table(facts, months),),
        queries=("months", "breaks"),
        legend=(
            LegendEntry("returning", "Returning", mark="full"),
            LegendEntry("new", "New: first commit ever", mark="hatched"),
        ),
        notes=notes_of(facts, signal),
    )


def _traces(facts: Facts, item: Framework, index: int, months: Sequence[date]) -> Iterator[dict[str, Any]]:
    style = palette.style_of(item.position)
    pattern = {"shape": "/", "fgcolor": style.colour, "bgcolor": palette.GROUND, "size": 5, "solidity": 0.35}
    for group, metric in _GROUPS:
        rows = facts.month_values(item.framework, metric, months)
        hatched = {"pattern": pattern} if group == "new" else {}
        strengths = [1 if row is None or row.is_complete else _FAINT for row in rows]
        yield {
            "type": "bar",
            "x": [month.isoformat() for month in months],
            "xperiod": "M1",
            "xperiodalignment": "middle",
            "y": [rounded(row.value) if row else None for row in rows],
            "xaxis": axis("x", index),
            "yaxis": axis("y", index),
            "marker": {"color": style.colour, "line": {"width": 0}, "opacity": strengths, **hatched},
            "customdata": [
                month_hover(month, row, row.value if row else None) for month, row in zip(months, rows, strict=True)
            ],
            "hovertemplate": f"%{{customdata}} {group}<extra></extra>",
            "meta": {"groups": [group]},
        }


def _alt(facts: Facts) -> str:
    years = [(item.label, facts.latest.get((item.framework, "newly_active_contributors"))) for item in facts.frameworks]
    texts = [
        f"{short_label(label)} {exact(row.previous_value)} new, then {exact(row.value)}"
        for label, row in years
        if row and row.value is not None and row.previous_value is not None
    ]
    return f"Stacked bars by month, contributors returning and new. In the two years: {'; '.join(texts)}."


def _table(facts: Facts, months: Sequence[date]) -> Table:
    head = ["Month"]
    for item in facts.frameworks:
        head += [f"{short_label(item.label)}: returning", "new"]
    body = []
    for month in months:
        cells = [month_name(month)]
        for item in facts.frameworks:
            for _, metric in _GROUPS:
                row = facts.months.get((item.framework, metric, month))
                cells.append(month_cell(row, row.value if row else None))
        body.append(tuple(cells))
    caption = "Contributors returning and new, by month (people); * marks a month that is not complete"
    return Table(caption, tuple(head), tuple(body))
