"""Breaks in the counting as charts mark them: a dotted line with its letter; a loss is a shaded span."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from reports import palette
from reports.charts.parts import Drawing, note
from reports.facts import Facts, Mark, Period
from reports.sentences import mark_text
from reports.signals import Signal
from reports.wording import letters
from warehouse.calendar import add_months

_LINE = {"color": palette.INK, "width": 1, "dash": "2px 3px"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a break stands along an axis; `last` is the end of a loss or of a slow change."""

    letter: str
    first: float
    last: float | None


def notes_of(facts: Facts, signal: Signal) -> tuple[str, ...]:
    """A line under a chart for each letter in it."""
    return tuple(f"{mark.letter}: {mark_text(facts, signal, mark)}" for mark in facts.marks_of(signal))


def with_notes(alt: str, notes: Sequence[str]) -> str:
    """What a chart shows in words, with the breaks that are marked in it."""
    return f"{alt} Breaks in the counting, {' '.join(notes)}" if notes else alt


def places(marks: Sequence[Mark], first: date, last: date, along: Callable[[date], float]) -> list[Place]:
    """The marks that fall between two days, both included; what began before stands at the first."""
    return [
        Place(
            mark.letter,
            along(max(mark.first, first)),
            along(min(mark.last, last) + timedelta(days=1)) if mark.last else None,
        )
        for mark in marks
        if mark.first <= last and (mark.last or mark.first) >= first
    ]


def labelled(marked: Sequence[Place], gap: float) -> list[tuple[float, str]]:
    """Where each letter is written; letters closer than `gap` share a place."""
    groups: list[list[Place]] = []
    for place in sorted(marked, key=lambda place: place.first):
        if groups and place.first - groups[-1][0].first < gap:
            groups[-1].append(place)
        else:
            groups.append([place])
    return [(group[0].first, letters([place.letter for place in group])) for group in groups]


def along_months(start: date) -> Callable[[date], float]:
    """Days along an axis on which month `start` is at 0, the next at 1: a month reaches half a step to either side."""

    def along(day: date) -> float:
        month = day.replace(day=1)
        whole = (month.year - start.year) * 12 + month.month - start.month
        return round(whole - 0.5 + (day - month).days / (add_months(month, 1) - month).days, 3)

    return along


def mark_days(drawing: Drawing, period: Period, marks: Sequence[Mark], *, panel: tuple[str, str] | None = None) -> None:
    """Mark the two years of a chart whose axis is of days; `panel`: the axes of one of several panels."""
    marked = places(marks, period.previous_start, period.end, lambda day: float(day.toordinal()))

    def to_axis(x: float) -> str:
        return date.fromordinal(int(x)).isoformat()

    _draw(drawing, marked, panel, gap=45 if panel else 12, to_axis=to_axis, colour=palette.INK)


def mark_months(drawing: Drawing, period: Period, marks: Sequence[Mark], panel: tuple[str, str]) -> None:
    """Mark a panel that lays the 12 months over the 12 before; breaks of the year before are as grey as its line."""
    for start, end, colour in (
        (period.previous_start, period.previous_end, palette.MUTED),
        (period.start, period.end, palette.INK),
    ):
        marked = places(marks, start, end, along_months(start))
        _draw(drawing, marked, panel, gap=0.6, to_axis=lambda x: x, colour=colour)


def _draw(
    drawing: Drawing, marked: Sequence[Place], panel: tuple[str, str] | None, *,
    gap: float, to_axis: Callable[[float], float | str], colour: str,
) -> None:  # fmt: skip
    """Letters stand above the plot; in a panel, which has its heading there, at its upper edge."""
    x_axis, heights = (panel[0], f"{panel[1]} domain") if panel else ("x", "paper")
    where = {"yanchor": "top", "xanchor": "left", "xshift": 2} if panel else {"yanchor": "bottom"}
    base: dict[str, Any] = {"xref": x_axis, "yref": heights, "y0": 0, "y1": 1}
    font = {"color": colour, "size": 12}
    for place in marked:
        x = to_axis(place.first)
        if place.last is not None:
            ends = {"x0": x, "x1": to_axis(place.last)}
            shade = {"type": "rect", "layer": "below", "fillcolor": palette.SHADE, "line": {"width": 0}}
            drawing.layout["shapes"].append({**base, **shade, **ends})
        drawing.layout["shapes"].append({**base, "type": "line", "x0": x, "x1": x, "line": {**_LINE, "color": colour}})
    drawing.layout["annotations"] += [
        note(f"<b>{text}</b>", x=to_axis(x), y=1, xref=x_axis, yref=heights, font=font, **where)
        for x, text in labelled(marked, gap)
    ]
