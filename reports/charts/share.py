"""The figure of shares: the period and the 12 months before it, split by framework."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reports import palette
from reports.charts.parts import (
    Chart,
    Drawing,
    LegendEntry,
    Table,
    group_of,
    how_many,
    layout_of,
    position_of,
    rounded,
    shown,
)
from reports.compare import SummaryRow
from reports.facts import Facts
from reports.signals import Signal
from reports.wording import NO_FIGURE, percent, short_label

_FIFTHS = [0, 0.2, 0.4, 0.6, 0.8, 1]


def share_chart(facts: Facts, rows: Sequence[SummaryRow], signal: Signal) -> Chart | None:
    """Two bars, the period and the 12 months before, split by framework. None where they are not counted alike."""
    known = [row for row in rows if row.share is not None]
    if len(known) < 2:
        return None
    with_previous = all(row.previous_share is not None for row in known)
    made_up = " (synthetic)" if facts.is_synthetic(signal) else ""
    drawing = Drawing(layout=layout_of(190 if with_previous else 120))
    drawing.layout |= {"barmode": "stack", "bargap": 0.28, "hovermode": "closest"}
    drawing.layout["margin"] = {"l": 84, "r": 14, "t": 8, "b": 40}
    drawing.layout["xaxis"] = {
        "range": [0, 1], "tickvals": _FIFTHS, "ticktext": [percent(part) for part in _FIFTHS], "fixedrange": True,
        "showgrid": False, "zeroline": False,
        "tickfont": {"color": palette.MUTED},
        "title": {"text": f"share of {signal.noun}{made_up}", "font": {"size": 12, "color": palette.MUTED}},
    }  # fmt: skip
    drawing.layout["yaxis"] = {
        "fixedrange": True, "tickfont": {"color": palette.INK}, "zeroline": False, "ticks": "outside", "ticklen": 8,
        "tickcolor": "rgba(0,0,0,0)",
    }  # fmt: skip
    drawing.layout["uniformtext"] = {"mode": "hide", "minsize": 10}
    for row in known:
        drawing.traces.append(_share_trace(facts, row, with_previous))
    return Chart(
        name=f"{signal.key}-share",
        title=f"Share of {how_many(len(known))}",
        unit=_share_unit(signal, len(known), len(facts.frameworks)),
        alt=_share_alt(known, signal),
        figure=drawing.figure(),
        narrow={},
        tables=(_share_table(known, signal, facts),),
        queries=("rolling",),
        legend=tuple(
            LegendEntry("", short_label(row.label), position_of(facts, row.framework), "box") for row in known
        ),
        is_synthetic=facts.is_synthetic(signal),
    )


def _share_unit(signal: Signal, known: int, tracked: int) -> str:
    text = (
        "whoever contributes to two counts in both" if signal.kind == "distinct" else "12 months beside the 12 before"
    )
    return text if known == tracked else f"{text}; {known} of {tracked} tracked have figures"


def _share_trace(facts: Facts, row: SummaryRow, with_previous: bool) -> dict[str, Any]:
    style = palette.style_of(position_of(facts, row.framework))
    shares = ([row.previous_share] if with_previous else []) + [row.share]
    names = (["12 before"] if with_previous else []) + ["12 months"]
    return {
        "type": "bar",
        "orientation": "h",
        "x": [rounded(share) for share in shares],
        "y": names,
        "name": shown(row.label),
        "text": [f"{shown(row.label)}<br>{percent(share or 0)}" for share in shares],
        "textposition": "inside",
        "insidetextanchor": "middle",
        "textangle": 0,
        "textfont": {"color": style.on_colour, "size": 13},
        "marker": {"color": style.colour, "line": {"width": 2, "color": palette.GROUND}},
        "hovertemplate": "%{text}<extra></extra>",
        "meta": {"groups": [group_of(row.framework)]},
    }


def _share_alt(rows: Sequence[SummaryRow], signal: Signal) -> str:
    texts = [
        f"{short_label(row.label)} {percent(row.share or 0)}"
        + (f" (12 months before: {percent(row.previous_share)})" if row.previous_share is not None else "")
        for row in rows
    ]
    return f"Stacked bars, share of {signal.noun}: {'; '.join(texts)}."


def _share_table(rows: Sequence[SummaryRow], signal: Signal, facts: Facts) -> Table:
    body = tuple(
        (
            short_label(row.label),
            percent(row.share or 0),
            NO_FIGURE if row.previous_share is None else percent(row.previous_share),
        )
        for row in rows
    )
    return Table(f"Share of {signal.noun}", ("Framework", facts.period.text, facts.period.previous_text), body)
