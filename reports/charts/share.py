"""The figure of shares: the period and the 12 months before it, split by framework."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reports import palette
from reports.charts.marks import notes_of, with_notes
from reports.charts.parts import (
    Chart,
    Drawing,
    LegendEntry,
    Table,
    group_of,
    layout_of,
    position_of,
    rounded,
    shown,
)
from reports.compare import SummaryRow
from reports.facts import Facts
from reports.signals import Signal
from reports.wording import NO_FIGURE, how_many, letters, percent, short_label

_FIFTHS = [0, 0.2, 0.4, 0.6, 0.8, 1]


def share_chart(facts: Facts, rows: Sequence[SummaryRow], signal: Signal) -> Chart | None:
    """Two bars, the period and the 12 months before, split by framework. None where they are no parts of one whole."""
    known = [row for row in rows if row.share is not None]
    if len(known) < 2:
        return None
    with_previous = all(row.previous_share is not None for row in known)
    made_up = " (synthetic)" if facts.is_synthetic(signal) else ""
    drawing = Drawing(layout=layout_of(190 if with_previous else 120))
    drawing.layout |= {"barmode": "stack", "bargap": 0.28, "hovermode": "closest"}
    drawing.layout["margin"] = {"l": 84, "r": 26, "t": 8, "b": 40}
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
    names = _bar_names(known, with_previous=with_previous)
    drawing.traces += [_share_trace(facts, row, names) for row in known]
    return Chart(
        name=f"{signal.key}-share",
        title=f"Share of {how_many(len(known))}",
        unit=_share_unit(len(known), len(facts.frameworks)),
        alt=with_notes(_share_alt(known, signal), _inside(facts, known, signal)),
        figure=drawing.figure(),
        narrow={},
        tables=(_share_table(known, signal, facts),),
        queries=("rolling",),
        legend=tuple(
            LegendEntry("", short_label(row.label), position_of(facts, row.framework), "box") for row in known
        ),
        notes=_inside(facts, known, signal),
        is_synthetic=facts.is_synthetic(signal),
    )


def _share_unit(known: int, tracked: int) -> str:
    text = "12 months beside the 12 before"
    return text if known == tracked else f"{text}; {known} of {tracked} tracked have figures"


def _inside(facts: Facts, rows: Sequence[SummaryRow], signal: Signal) -> tuple[str, ...]:
    """The breaks inside the 12 months, which the shares mix."""
    found = {mark.letter for row in rows for mark in row.marks}
    return tuple(note for note in notes_of(facts, signal) if note.split(":")[0] in found)


def _bar_names(rows: Sequence[SummaryRow], *, with_previous: bool) -> list[str]:
    inside = list(dict.fromkeys(mark.letter for row in rows for mark in row.marks))
    return [*(["12 before"] if with_previous else []), f"12 months<br>{letters(inside)}" if inside else "12 months"]


def _share_trace(facts: Facts, row: SummaryRow, names: Sequence[str]) -> dict[str, Any]:
    """One framework in each bar; without a year before there is only one bar."""
    style = palette.style_of(position_of(facts, row.framework))
    shares = [row.previous_share, row.share][-len(names) :]
    texts = [row.previous_share_text, row.share_text][-len(names) :]
    return {
        "type": "bar",
        "orientation": "h",
        "x": [rounded(share) for share in shares],
        "y": list(names),
        "name": shown(row.label),
        "text": [f"{shown(row.label)}<br>{text}" for text in texts],
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
        f"{short_label(row.label)} {row.share_text}"
        + (f" (12 months before: {row.previous_share_text})" if row.previous_share is not None else "")
        for row in rows
    ]
    return f"Stacked bars, share of {signal.noun}: {'; '.join(texts)}."


def _share_table(rows: Sequence[SummaryRow], signal: Signal, facts: Facts) -> Table:
    body = tuple(
        (
            short_label(row.label),
            row.share_text,
            row.previous_share_text if row.previous_share is not None else NO_FIGURE,
        )
        for row in rows
    )
    return Table(f"Share of {signal.noun}", ("Framework", facts.period.text, facts.period.previous_text), body)
