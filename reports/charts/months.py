"""The figure of months: each beside the same month a year before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from reports import palette
from reports.charts.marks import mark_months, notes_of, with_notes
from reports.charts.parts import (
    INCOMPLETE,
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
    note,
    panels_of,
    rounded,
)
from reports.compare import SummaryRow
from reports.facts import Facts, month_level
from reports.sentences import change_text
from reports.signals import Signal
from reports.wording import month_name, short_label, short_month
from warehouse.read.report import Framework

_COLOURS = {"now": "", "before": palette.MUTED}


def months_chart(facts: Facts, rows: Sequence[SummaryRow], signal: Signal) -> Chart | None:
    """One panel for each framework: the 12 months over the 12 before. Each panel has its own scale, from zero."""
    items = [item for item in facts.frameworks if has_months(facts, item.framework, signal.metric)]
    if not items:
        return None
    drawing = Drawing(layout=layout_of(0))
    drawing.layout["hovermode"] = "x"
    panels = panels_of(len(items))
    drawing.layout["height"] = panels.height
    ticks = {"tickvals": list(range(12)), "ticktext": _tick_texts(facts.period.months), "range": [-0.6, 11.6]}
    for index, item in enumerate(items):
        drawing.traces += _month_traces(facts, signal, item, index)
        lay_out_panel(drawing, panels, index, item.label, ticks)
        mine = [mark for mark in facts.marks_of(signal) if item.framework in mark.frameworks]
        mark_months(drawing, facts.period, mine, (axis("x", index), axis("y", index)))
    if facts.is_synthetic(signal):
        drawing.layout["annotations"] += [_synthetic(index) for index in range(len(items))]
    return Chart(
        name=f"{signal.key}-months",
        title="Each month beside the same month a year before",
        unit=f"{_month_unit(signal)}; each panel has its own scale",
        alt=with_notes(_months_alt(facts, signal, rows), notes_of(facts, signal)),
        figure=drawing.figure(),
        narrow=panels.narrow(),
        tables=(_months_table(facts, signal),),
        queries=("months", "breaks"),
        legend=tuple(_legend(facts, drawing)),
        notes=notes_of(facts, signal),
        is_synthetic=facts.is_synthetic(signal),
    )


def _tick_texts(months: Sequence[date]) -> list[str]:
    """The first letter of each month, with the year below where one begins."""
    return [
        f"{short_month(month)[0]}<br>{month.year}" if place == 0 or month.month == 1 else short_month(month)[0]
        for place, month in enumerate(months)
    ]


def _synthetic(index: int) -> dict[str, Any]:
    return note(
        "synthetic", xref=f"{axis('x', index)} domain", yref=f"{axis('y', index)} domain", x=0.98, y=0.06,
        xanchor="right", font={"size": 12, "color": palette.MUTED}, name="synthetic",
    )  # fmt: skip


def _legend(facts: Facts, drawing: Drawing) -> Iterator[LegendEntry]:
    yield LegendEntry("now", facts.period.text, mark="bold")
    yield LegendEntry("before", facts.period.previous_text, mark="grey")
    if any(INCOMPLETE in trace["meta"]["groups"] for trace in drawing.traces):
        yield LegendEntry(INCOMPLETE, "Month not complete", mark="open")


def _month_traces(facts: Facts, signal: Signal, item: Framework, index: int) -> Iterator[dict[str, Any]]:
    """Each year as a line through its complete months, and as hollow marks for the others, which no line joins."""
    style = palette.style_of(item.position)
    for group, months in (("before", facts.period.previous_months), ("now", facts.period.months)):
        rows = facts.month_values(item.framework, signal.metric, months)
        levels = [month_level(signal, row) for row in rows]
        whole = [row is not None and row.is_complete for row in rows]
        colour, is_now = _COLOURS[group] or style.colour, group == "now"
        base = {
            "type": "scatter",
            "x": list(range(12)),
            "xaxis": axis("x", index),
            "yaxis": axis("y", index),
            "customdata": [
                month_hover(month, row, level) for month, row, level in zip(months, rows, levels, strict=True)
            ],
            "hovertemplate": "%{customdata}<extra></extra>",
        }
        yield {
            **base,
            "mode": "lines+markers",
            "y": [rounded(level) if done else None for level, done in zip(levels, whole, strict=True)],
            "line": {"color": colour, "width": 2.5 if is_now else 1.5, "dash": "solid" if is_now else "4px 3px"},
            "marker": {"symbol": style.marker, "size": 6 if is_now else 3, "color": colour},
            "meta": {"groups": [group]},
        }
        parts = [None if done else rounded(level) for level, done in zip(levels, whole, strict=True)]
        if any(part is not None for part in parts):
            yield {
                **base,
                "mode": "markers",
                "y": parts,
                "marker": {"symbol": f"{style.marker}-open", "size": 7, "color": colour},
                "meta": {"groups": [group, INCOMPLETE]},
            }


def _month_unit(signal: Signal) -> str:
    return "people active in the month" if signal.kind == "distinct" else signal.level_unit


def _months_alt(facts: Facts, signal: Signal, rows: Sequence[SummaryRow]) -> str:
    changes = "; ".join(f"{short_label(row.label)}: {change_text(row)}" for row in rows)
    return (
        f"Small line charts, {signal.title} by month, {facts.period.text} over {facts.period.previous_text}. "
        f"12 months against the 12 before: {changes}."
    )


def _months_table(facts: Facts, signal: Signal) -> Table:
    head = ["Month"]
    for item in facts.frameworks:
        head += [short_label(item.label), "a year before"]
    body = []
    for month, before in zip(facts.period.months, facts.period.previous_months, strict=True):
        cells = [month_name(month)]
        for item in facts.frameworks:
            for day in (month, before):
                row = facts.months.get((item.framework, signal.metric, day))
                cells.append(month_cell(row, month_level(signal, row)))
        body.append(tuple(cells))
    return Table(
        f"{signal.title} by month ({_month_unit(signal)}); * marks a month that is not complete",
        tuple(head),
        tuple(body),
    )
