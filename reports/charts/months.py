"""The figures of months: beside the same months a year before, and contributors who return or are new."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from reports import palette
from reports.charts.parts import (
    Chart,
    Drawing,
    LegendEntry,
    Table,
    axis,
    lay_out_panel,
    layout_of,
    note,
    panels_of,
    rounded,
)
from reports.compare import SummaryRow
from reports.facts import Facts, month_level
from reports.sentences import change_text
from reports.signals import Signal
from reports.wording import NO_FIGURE, compact, exact, month_name, short_label, short_month


def months_chart(facts: Facts, rows: Sequence[SummaryRow], signal: Signal) -> Chart | None:
    """A panel a framework: the 12 months over the 12 before. Each panel has its own scale, from zero."""
    items = [item for item in facts.frameworks if _has_months(facts, item.framework, signal.metric)]
    if not items:
        return None
    drawing = Drawing(layout=layout_of(0))
    drawing.layout["hovermode"] = "x"
    panels = panels_of(len(items))
    drawing.layout["height"] = panels.height
    for index, item in enumerate(items):
        position = [known.framework for known in facts.frameworks].index(item.framework)
        drawing.traces += _month_traces(facts, signal, item.framework, palette.style_of(position), index)
        ticks = {"tickmode": "array", "tickvals": list(range(12)), "range": [-0.4, 11.4]}
        ticks["ticktext"] = [short_month(month)[0] for month in facts.period.months]
        lay_out_panel(drawing, panels, index, item.label, ticks)
    if facts.is_synthetic(signal):
        drawing.layout["annotations"] += [
            note("synthetic", xref=f"{axis('x', index)} domain", yref=f"{axis('y', index)} domain", x=0.98, y=0.06,
                  xanchor="right", font={"size": 12, "color": palette.MUTED}, name="synthetic")
            for index in range(len(items))
        ]  # fmt: skip
    return Chart(
        name=f"{signal.key}-months",
        title="Each month beside the same month a year before",
        unit=f"{_month_unit(signal)}; each panel has its own scale",
        alt=_months_alt(facts, signal, rows),
        figure=drawing.figure(),
        narrow=panels.narrow(),
        tables=(_months_table(facts, signal),),
        queries=("months",),
        legend=(
            LegendEntry("now", facts.period.text, mark="bold"),
            LegendEntry("before", facts.period.previous_text, mark="grey"),
        ),
        is_synthetic=facts.is_synthetic(signal),
    )


def _has_months(facts: Facts, framework: str, metric: str) -> bool:
    months = (*facts.period.previous_months, *facts.period.months)
    return any(month and month.value is not None for month in facts.month_values(framework, metric, months))


def _month_traces(
    facts: Facts, signal: Signal, framework: str, style: palette.Style, index: int
) -> Iterator[dict[str, Any]]:
    halves = (("before", facts.period.previous_months), ("now", facts.period.months))
    for group, months in halves:
        values = facts.month_values(framework, signal.metric, months)
        is_now = group == "now"
        colour = style.colour if is_now else palette.MUTED
        whole = [month is None or month.is_complete for month in values]
        yield {
            "type": "scatter",
            "mode": "lines+markers" if is_now else "lines",
            "x": list(range(12)),
            "y": [rounded(month_level(signal, month)) for month in values],
            "xaxis": axis("x", index),
            "yaxis": axis("y", index),
            "line": {"color": colour, "width": 2.5 if is_now else 1.5, "dash": "solid" if is_now else "4px 3px"},
            "marker": {
                "symbol": [style.marker if done else f"{style.marker}-open" for done in whole],
                "size": 6,
                "color": colour,
            },
            "customdata": [_hover(day, month_level(signal, row)) for day, row in zip(months, values, strict=True)],
            "hovertemplate": "%{customdata}<extra></extra>",
            "meta": {"groups": [group]},
        }


def _hover(month: date, value: float | None) -> str:
    """What stands under the pointer."""
    return f"{month_name(month)}: {NO_FIGURE if value is None else compact(value)}"


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
            cells += [_month_cell(facts, signal, item.framework, day) for day in (month, before)]
        body.append(tuple(cells))
    return Table(
        f"{signal.title} by month ({_month_unit(signal)}); * marks a month that is not complete",
        tuple(head),
        tuple(body),
    )


def _month_cell(facts: Facts, signal: Signal, framework: str, month: date) -> str:
    row = facts.months.get((framework, signal.metric, month))
    value = month_level(signal, row)
    if row is None or value is None:
        return NO_FIGURE
    return exact(value) if row.is_complete else f"{exact(value)}*"


# ---- new and returning contributors ---------------------------------------------------------------------------------


def newcomers_chart(facts: Facts) -> Chart | None:
    """A panel a framework: contributors of each month, those who came back and those who are new."""
    items = [item for item in facts.frameworks if _has_months(facts, item.framework, "returning_contributors")]
    if not items:
        return None
    months = (*facts.period.previous_months, *facts.period.months)
    drawing = Drawing(layout=layout_of(0))
    drawing.layout |= {"hovermode": "x", "barmode": "stack", "bargap": 0.18}
    panels = panels_of(len(items))
    drawing.layout["height"] = panels.height
    for index, item in enumerate(items):
        position = [known.framework for known in facts.frameworks].index(item.framework)
        drawing.traces += _newcomer_traces(facts, item.framework, palette.style_of(position), index, months)
        ticks = {"type": "date", "dtick": "M6", "tick0": months[0].isoformat(), "tickformat": "%b<br>%Y"}
        lay_out_panel(drawing, panels, index, item.label, ticks)
    return Chart(
        name="contributors-newcomers",
        title="Who comes back, and who is new",
        unit="people active in the month; each panel has its own scale",
        alt=_newcomers_alt(facts),
        figure=drawing.figure(),
        narrow=panels.narrow(),
        tables=(_newcomers_table(facts, months),),
        queries=("months",),
        legend=(
            LegendEntry("returning", "Returning", mark="full"),
            LegendEntry("new", "New: first commit ever", mark="hatched"),
        ),
    )


def _newcomer_traces(
    facts: Facts, framework: str, style: palette.Style, index: int, months: Sequence[date]
) -> Iterator[dict[str, Any]]:
    for group, metric in (("returning", "returning_contributors"), ("new", "new_contributors")):
        values = facts.month_values(framework, metric, months)
        is_new = group == "new"
        pattern = {"shape": "/", "fgcolor": style.colour, "bgcolor": palette.GROUND, "size": 5, "solidity": 0.35}
        yield {
            "type": "bar",
            "x": [month.isoformat() for month in months],
            "y": [rounded(month.value) if month else None for month in values],
            "xaxis": axis("x", index),
            "yaxis": axis("y", index),
            "marker": {"color": style.colour, "line": {"width": 0}, **({"pattern": pattern} if is_new else {})},
            "customdata": [_hover(day, row.value if row else None) for day, row in zip(months, values, strict=True)],
            "hovertemplate": f"%{{customdata}} {group}<extra></extra>",
            "meta": {"groups": [group]},
        }


def _newcomers_alt(facts: Facts) -> str:
    texts = []
    for item in facts.frameworks:
        sums = []
        for months in (facts.period.previous_months, facts.period.months):
            values = facts.month_values(item.framework, "new_contributors", months)
            sums.append(sum(month.value or 0 for month in values if month))
        if any(sums):
            texts.append(f"{short_label(item.label)} {exact(sums[0])} new, then {exact(sums[1])}")
    return f"Stacked bars by month, contributors returning and new. In the two years: {'; '.join(texts)}."


def _newcomers_table(facts: Facts, months: Sequence[date]) -> Table:
    head = ["Month"]
    for item in facts.frameworks:
        head += [f"{short_label(item.label)}: returning", "new"]
    body = []
    for month in months:
        cells = [month_name(month)]
        for item in facts.frameworks:
            for metric in ("returning_contributors", "new_contributors"):
                row = facts.months.get((item.framework, metric, month))
                cells.append(NO_FIGURE if row is None or row.value is None else exact(row.value))
        body.append(tuple(cells))
    return Table("Contributors returning and new, by month (people)", tuple(head), tuple(body))
