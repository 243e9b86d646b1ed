"""The figure of the rolling 12 months: two years of them, with releases, breaks and the band of the draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import zip_longest
from typing import Any

from reports import palette
from reports.charts.marks import mark_days, notes_of, with_notes
from reports.charts.parts import (
    Chart,
    Drawing,
    LegendEntry,
    Table,
    group_of,
    highest,
    layout_of,
    note,
    rounded,
    shown,
    synthetic_mark,
    value_axis,
)
from reports.compare import SummaryRow
from reports.facts import Facts, level_of, weekly_points
from reports.signals import Signal
from reports.wording import NO_FIGURE, compact, exact, letters, listed, long_day, short_label
from warehouse.calendar import add_months
from warehouse.read.report import FeatureRelease, Framework, Rolling

_LANE, _ABOVE, _BELOW, _PLOT = 20, 30, 40, 300  # pixels: a lane of releases, margins, the plot itself
_LABEL_GAP = 16  # pixels between the figures at the ends of the lines
_DAYS_OF_A_LABEL = 30  # as wide as a version number is on a desktop


def rolling_chart(facts: Facts, rows: Sequence[SummaryRow], signal: Signal) -> Chart | None:
    """The 12 months ending on each day, over two years, with releases, breaks and the band of the draws."""
    if not any(facts.curves.get((item.framework, signal.metric)) for item in facts.frameworks):
        return None
    strip = _LANE * len(_released(facts))
    drawing = Drawing(layout=layout_of(_ABOVE + _PLOT + strip + _BELOW))
    for item in facts.frameworks:
        drawing.traces += _curve_traces(facts, signal, item)
    _lay_out_rolling(drawing, facts, signal, strip)
    mark_days(drawing, facts.period, facts.marks_of(signal))
    drawing.layout["annotations"] += _end_labels(rows, drawing)
    return Chart(
        name=f"{signal.key}-rolling",
        title="The 12 months ending on each day",
        unit=_basis_text(signal, rows),
        alt=with_notes(_rolling_alt(facts, signal), notes_of(facts, signal)),
        figure=drawing.figure(),
        narrow=_narrow_rolling(drawing.layout),
        tables=tuple(_rolling_tables(facts, signal)),
        queries=_rolling_queries(signal),
        legend=tuple(_rolling_legend(facts, signal, drawing)),
        notes=notes_of(facts, signal),
        is_synthetic=facts.is_synthetic(signal),
    )


def _curve_traces(facts: Facts, signal: Signal, item: Framework) -> Iterator[dict[str, Any]]:
    framework, label, style = item.framework, item.label, palette.style_of(item.position)
    rows = facts.curves.get((framework, signal.metric), ())
    if signal.key == "search":
        yield from _band_traces(facts, rows, style, framework)
    yield from _weekly_traces(facts, signal, framework, style)
    days = [row.day.isoformat() for row in rows]
    levels = [level_of(signal, row) for row in rows]
    sparse = len(rows) <= 26
    yield {
        "type": "scatter",
        "mode": "lines+markers" if sparse else "lines",
        "x": days,
        "y": [rounded(level) for level in levels],
        "name": shown(label),
        "meta": {"groups": [group_of(framework)]},
        "line": {"color": style.colour, "width": 2.5, "dash": style.dash},
        "marker": {"symbol": style.marker, "size": 6},
        "customdata": [NO_FIGURE if level is None else compact(level) for level in levels],
        "hovertemplate": "%{customdata}",
    }
    yield _endpoint_trace(facts, signal, rows, style, framework)
    yield from _release_traces(facts, framework, label, style)


def _band_traces(
    facts: Facts, rows: Sequence[Rolling], style: palette.Style, framework: str
) -> Iterator[dict[str, Any]]:
    bands = [facts.search_bands.get((framework, row.day)) for row in rows]
    known = [band for band in bands if band]
    if not known:
        return
    for edge, fill in (("interest_low", None), ("interest_high", "tonexty")):
        yield {
            "type": "scatter",
            "mode": "lines",
            "x": [band.day.isoformat() for band in known],
            "y": [rounded(getattr(band, edge)) for band in known],
            "line": {"width": 0, "color": style.colour},
            "fill": fill,
            "fillcolor": style.faint(palette.BAND),
            "hoverinfo": "skip",
            "meta": {"groups": [group_of(framework)]},
        }


def _weekly_traces(facts: Facts, signal: Signal, framework: str, style: palette.Style) -> Iterator[dict[str, Any]]:
    points = list(weekly_points(facts, signal, framework))
    if points:
        yield {
            "type": "scatter",
            "mode": "lines",
            "x": [day.isoformat() for day, _ in points],
            "y": [rounded(value) for _, value in points],
            "line": {"color": style.colour, "width": 1},
            "opacity": 0.38,
            "hoverinfo": "skip",
            "meta": {"groups": [group_of(framework), "weeks"]},
        }


def _endpoint_trace(
    facts: Facts, signal: Signal, rows: Sequence[Rolling], style: palette.Style, framework: str
) -> dict[str, Any]:
    """The two figures of the table: the period and the 12 months before it."""
    ends = [row for row in rows if row.day in (facts.period.end, facts.period.previous_end)]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [row.day.isoformat() for row in ends],
        "y": [rounded(level_of(signal, row)) for row in ends],
        "marker": {"symbol": style.marker, "size": 9, "color": style.colour, "line": {"width": 0}},
        "hoverinfo": "skip",
        "cliponaxis": False,
        "meta": {"groups": [group_of(framework)]},
    }


def _release_traces(facts: Facts, framework: str, label: str, style: palette.Style) -> Iterator[dict[str, Any]]:
    releases = facts.releases.get(framework, ())
    if not releases:
        return
    lane = _released(facts).index(framework)
    yield {
        "type": "scatter",
        "mode": "markers+text",
        "x": [row.released_on.isoformat() for row in releases],
        "y": [-lane] * len(releases),
        "yaxis": "y2",
        "name": shown(label),
        "text": _version_labels(releases),
        "textposition": "middle right",
        "textfont": {"size": 10, "color": palette.MUTED},
        "marker": {
            "symbol": "line-ns-open",
            "size": 9,
            "color": style.colour,
            "line": {"width": 2, "color": style.colour},
        },
        "customdata": [shown(row.version) for row in releases],
        "hovertemplate": "%{customdata} released",
        "meta": {"groups": [group_of(framework), "releases"]},
    }


def _version_labels(releases: Sequence[FeatureRelease]) -> list[str]:
    """Versions without a last .0; empty where the label of the next release would overlap."""
    labels = []
    for row, following in zip_longest(releases, releases[1:]):
        crowded = following is not None and (following.released_on - row.released_on).days < _DAYS_OF_A_LABEL
        labels.append("" if crowded else shown(row.version.removesuffix(".0")))
    return labels


def _released(facts: Facts) -> list[str]:
    return [item.framework for item in facts.frameworks if facts.releases.get(item.framework)]


def _lay_out_rolling(drawing: Drawing, facts: Facts, signal: Signal, strip: int) -> None:
    period, layout = facts.period, drawing.layout
    split = strip / (strip + _PLOT)
    layout["hovermode"] = "x unified"
    layout["xaxis"] = {
        "type": "date",
        "range": [period.previous_start.isoformat(), add_months(period.last_month, 1).isoformat()],
        "dtick": "M3",
        "tick0": period.start.isoformat(),
        "tickformat": "%b<br>%Y",
        "hoverformat": "12 months to %-d %B %Y",
        "showgrid": False,
        "fixedrange": True,
        "anchor": "y2" if strip else "y",
        "tickfont": {"color": palette.MUTED},
        "ticks": "outside",
        "tickcolor": palette.GRID,
        "zeroline": False,
    }
    layout["margin"] = {"l": 48, "r": 80 if facts.marks_of(signal) else 52, "t": _ABOVE, "b": _BELOW}
    layout["yaxis"] = value_axis(highest(drawing.traces), domain=[split + 0.03 if strip else 0, 1])
    if strip:
        lanes = strip // _LANE
        layout["yaxis2"] = {
            "domain": [0, split],
            "range": [0.6 - lanes, 0.6],
            "visible": False,
            "fixedrange": True,
            "anchor": "x",
        }
    layout["annotations"].append(_axis_note(signal.level_unit))
    layout["shapes"].append(_year_line(period.start))
    layout["annotations"] += _year_names(period.start)
    if facts.is_synthetic(signal):
        layout["annotations"].append(synthetic_mark(layout["yaxis"]["domain"][0]))


def _axis_note(unit: str) -> dict[str, Any]:
    """The unit, written level above the axis."""
    return note(unit, x=0, xanchor="left", xshift=-38, y=1, yanchor="bottom", yshift=8)


def _year_names(day: date) -> Iterator[dict[str, Any]]:
    """What lies on either side of the line where the period begins."""
    for words, anchor, shift in (("the year before", "right", -6), ("these 12 months", "left", 6)):
        yield note(
            words, xref="x", x=day.isoformat(), xanchor=anchor, xshift=shift, yref="y domain", y=1, yanchor="top",
            font={"size": 11, "color": palette.MUTED},
        )  # fmt: skip


def _year_line(day: date) -> dict[str, Any]:
    """Where the period begins."""
    return {
        "type": "line",
        "x0": day.isoformat(),
        "x1": day.isoformat(),
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "layer": "below",
        "line": {"color": palette.GRID, "width": 1},
    }


def _end_labels(rows: Sequence[SummaryRow], drawing: Drawing) -> Iterator[dict[str, Any]]:
    """The last figure of each line at its end, with the breaks inside it; moved apart where they would touch."""
    gap = _LABEL_GAP / _PLOT * (highest(drawing.traces) or 1) * 1.05
    lowest = 0.0
    for row in sorted((row for row in rows if row.level is not None), key=lambda row: row.level or 0):
        height = max(row.level or 0, lowest)
        lowest = height + gap
        inside = f" <sup>{letters([mark.letter for mark in row.marks])}</sup>" if row.marks else ""
        yield note(
            f"<b>{compact(row.level or 0)}</b>{inside}", x=1, xanchor="left", xshift=9, yref="y", y=rounded(height),
            yanchor="middle", font={"color": palette.INK, "size": 12}, name=group_of(row.framework),
        )  # fmt: skip


def _narrow_rolling(layout: dict[str, Any]) -> dict[str, Any]:
    return {"xaxis.dtick": "M6", "height": layout["height"] - 40, "margin.l": 40, "margin.r": layout["margin"]["r"] - 6}


def _rolling_queries(signal: Signal) -> tuple[str, ...]:
    if signal.key == "search":
        return ("rolling", "search_bands", "search_weeks", "releases", "breaks")
    if signal.kind == "sum":
        return ("rolling", "weeks", "releases", "breaks")
    return ("rolling", "releases", "breaks")


def _rolling_legend(facts: Facts, signal: Signal, drawing: Drawing) -> Iterator[LegendEntry]:
    for item in facts.frameworks:
        if facts.curves.get((item.framework, signal.metric)):
            yield LegendEntry(group_of(item.framework), short_label(item.label), item.position)
    groups = {group for trace in drawing.traces for group in trace["meta"]["groups"]}
    if "weeks" in groups:
        yield LegendEntry("weeks", "Single weeks", mark="thin")
    if "releases" in groups:
        yield LegendEntry("releases", "Releases", mark="tick")


def _basis_text(signal: Signal, rows: Sequence[SummaryRow]) -> str:
    how = {"mean": "mean of 12 months", "sum": "daily mean of 12 months", "distinct": "distinct over 12 months"}
    bases = sorted({row.basis.replace("_", " ") for row in rows if row.basis})
    return f"{how[signal.kind]}{f'; counted: {listed(bases)}' if bases else ''}"


def _rolling_alt(facts: Facts, signal: Signal) -> str:
    courses = []
    for item in facts.frameworks:
        rows = [row for row in facts.curves.get((item.framework, signal.metric), ()) if row.value is not None]
        if rows:
            first, last = level_of(signal, rows[0]), level_of(signal, rows[-1])
            courses.append(f"{short_label(item.label)} from {compact(first or 0)} to {compact(last or 0)}")
    synthetic = " Synthetic figures, generated for the demonstration." if facts.is_synthetic(signal) else ""
    span = f"{long_day(facts.period.previous_start)} to {long_day(facts.period.end)}"
    return f"Line chart, {signal.title}, {signal.level_unit}, {span}: {'; '.join(courses)}.{synthetic}"


def _rolling_tables(facts: Facts, signal: Signal) -> Iterator[Table]:
    ends = [add_months(month, 1) for month in (*facts.period.previous_months, *facts.period.months)]
    points = {
        (framework, row.day): level_of(signal, row)
        for (framework, metric), rows in facts.curves.items()
        if metric == signal.metric
        for row in rows
    }
    body = []
    for end in ends:
        day = date.fromordinal(end.toordinal() - 1)
        cells = [_level_cell(facts, signal, item.framework, day, points) for item in facts.frameworks]
        body.append((long_day(day), *cells))
    yield Table(
        f"{signal.title}, 12 months to the day, at month ends ({signal.level_unit}); metrics.csv has every point",
        ("12 months to", *(short_label(item.label) for item in facts.frameworks)),
        tuple(body),
    )
    released = [(row.released_on, item.label, row.version) for item in facts.frameworks
                for row in facts.releases.get(item.framework, ())]  # fmt: skip
    if released:
        rows = tuple(
            (long_day(day), short_label(label), short_label(version)) for day, label, version in sorted(released)
        )
        yield Table("Feature releases on the chart", ("Day", "Framework", "Version"), rows, is_text=True)


def _level_cell(
    facts: Facts, signal: Signal, framework: str, day: date, points: dict[tuple[str, date], float | None]
) -> str:
    value = points.get((framework, day))
    if value is None:
        return NO_FIGURE
    band = facts.search_bands.get((framework, day)) if signal.key == "search" else None
    if band and band.interest_low is not None and band.interest_high is not None:
        return f"{exact(value)} ({exact(band.interest_low)} to {exact(band.interest_high)})"
    return exact(value)
