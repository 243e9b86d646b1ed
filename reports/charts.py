"""The figures of the page: plotly figures with their words and the tables behind them.

Names come from config.toml and may hold anything: plotly reads a little HTML in its texts, so they go through `shown`.
Lists are plain lists and figures are rounded, which keeps the page small and the same on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import plotly.graph_objects as go

from reports import palette
from reports.compare import SummaryRow
from reports.facts import SIGNALS, Facts, Signal, add_months, days_in_year_to
from reports.sentences import source_name
from reports.wording import compact, exact, long_day, month_name, percent, short_label, short_month
from warehouse.report_queries import CountingBreak, Month, Rolling

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
NO_FIGURE = "\N{EN DASH}"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
SYNTHETIC = "SYNTHETIC<br>generated for the demonstration"
_PANEL_HEIGHT, _STRIP_ROW = 220, 20


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts; the first column names the row, the others hold figures."""

    caption: str
    head: tuple[str, ...]
    body: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """A button that shows and hides every trace of `group`. `position` is the framework's, None for other entries."""

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


def charts_of(facts: Facts, rows: Sequence[SummaryRow], signal: Signal) -> tuple[Chart, ...]:
    """The figures of one signal; none where it has no figures at all."""
    mine = [row for row in rows if row.signal is signal]
    made = [rolling_chart(facts, mine, signal), months_chart(facts, mine, signal), share_chart(facts, mine, signal)]
    if signal.key == "contributors":
        made.insert(2, newcomers_chart(facts))
    return tuple(chart for chart in made if chart is not None)


def _layout(height: int) -> dict[str, Any]:
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


def _value_axis(**more: Any) -> dict[str, Any]:
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
        **more,
    }


def _note(text: str, **more: Any) -> dict[str, Any]:
    base = {"text": text, "showarrow": False, "xref": "paper", "yref": "paper", "font": {"color": palette.MUTED}}
    return {**base, **more}


def _synthetic_mark(**more: Any) -> dict[str, Any]:
    font = {"color": palette.MUTED, "size": 19}
    return _note(SYNTHETIC, x=0.5, y=0.62, font=font, opacity=0.55, name="synthetic", **more)


# ---- the rolling 12 months ------------------------------------------------------------------------------------------


def rolling_chart(facts: Facts, rows: Sequence[SummaryRow], signal: Signal) -> Chart | None:
    """The 12 months ending on each day, over two years, with releases, breaks and the band of the draws."""
    if not any(facts.curves.get((item.framework, signal.metric)) for item in facts.frameworks):
        return None
    strip = _STRIP_ROW * len(_released(facts))
    drawing = Drawing(layout=_layout(360 + strip))
    for position, item in enumerate(facts.frameworks):
        drawing.traces += _curve_traces(facts, signal, item.framework, item.label, position)
    breaks = _visible_breaks(facts, signal)
    _lay_out_rolling(drawing, facts, signal, strip)
    _mark_breaks(drawing, breaks)
    return Chart(
        name=f"{signal.key}-rolling",
        title="The 12 months ending on each day",
        unit=f"{signal.level_unit}{_basis_text(rows)}",
        alt=_rolling_alt(facts, signal),
        figure=drawing.figure(),
        narrow=_narrow_rolling(drawing.layout),
        tables=tuple(_rolling_tables(facts, signal)),
        queries=_rolling_queries(signal),
        legend=tuple(_rolling_legend(facts, signal, drawing)),
        notes=tuple(break_text(letter, row) for letter, row in breaks),
        is_synthetic=facts.is_synthetic(signal),
    )


def level_of(signal: Signal, row: Rolling) -> float | None:
    """A rolling figure in the unit of the charts: sums as a daily mean."""
    if row.value is None or signal.kind != "sum":
        return row.value
    return row.value / days_in_year_to(row.day)


def _curve_traces(facts: Facts, signal: Signal, framework: str, label: str, position: int) -> Iterator[dict[str, Any]]:
    style = palette.style_of(position)
    rows = facts.curves.get((framework, signal.metric), ())
    if signal.key == "search":
        yield from _band_traces(facts, rows, style, framework)
    yield from _weekly_traces(facts, signal, framework, style)
    days = [row.day.isoformat() for row in rows]
    values = [rounded(level_of(signal, row)) for row in rows]
    sparse = len(rows) <= 26
    yield {
        "type": "scatter",
        "mode": "lines+markers" if sparse else "lines",
        "x": days,
        "y": values,
        "name": shown(label),
        "legendgroup": framework,
        "meta": {"groups": [framework]},
        "line": {"color": style.colour, "width": 2.5, "dash": style.dash},
        "marker": {"symbol": style.marker, "size": 6},
        "hovertemplate": f"%{{y:{_hover_format(signal)}}}",
    }
    yield _endpoint_trace(facts, signal, rows, style, framework)
    yield from _release_traces(facts, framework, label, style)


def _hover_format(signal: Signal) -> str:
    return ".1f" if signal.kind == "mean" else ",.0f"


def _band_traces(
    facts: Facts, rows: Sequence[Rolling], style: palette.Style, framework: str
) -> Iterator[dict[str, Any]]:
    bands = [facts.search_bands.get((framework, row.day)) for row in rows]
    known = [band for band in bands if band and band.draws > 1]
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
            "legendgroup": framework,
            "meta": {"groups": [framework]},
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
            "legendgroup": framework,
            "meta": {"groups": [framework, "weeks"]},
        }


def weekly_points(facts: Facts, signal: Signal, framework: str) -> Iterator[tuple[date, float | None]]:
    """Single weeks in the unit of the rolling curve. Contributors have none: people of a week are not their unit."""
    if signal.key == "search":
        for week in facts.search_weeks.get(framework, ()):
            yield week.week_start, week.interest
    elif signal.kind == "sum":
        for row in facts.weeks.get((framework, signal.metric), ()):
            yield row.week_end, row.daily_mean


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
        "legendgroup": framework,
        "meta": {"groups": [framework]},
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
        "text": [shown(row.version.removesuffix(".0")) for row in releases],
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
        "legendgroup": framework,
        "meta": {"groups": [framework, "releases"]},
    }


def _released(facts: Facts) -> list[str]:
    return [item.framework for item in facts.frameworks if facts.releases.get(item.framework)]


def _lay_out_rolling(drawing: Drawing, facts: Facts, signal: Signal, strip: int) -> None:
    period, layout = facts.period, drawing.layout
    plot = layout["height"] - 64
    split = strip / plot
    layout["hovermode"] = "x unified"
    layout["xaxis"] = {
        "type": "date",
        "range": [period.previous_start.isoformat(), add_months(period.last_month, 1).isoformat()],
        "dtick": "M3",
        "tick0": period.start.isoformat(),
        "tickformat": "%b<br>%Y",
        "hoverformat": "12 months to %-d %b %Y",
        "showgrid": False,
        "fixedrange": True,
        "anchor": "y2" if strip else "y",
        "tickfont": {"color": palette.MUTED},
        "ticks": "outside",
        "tickcolor": palette.GRID,
        "zeroline": False,
    }
    layout["margin"]["b"] = 40
    layout["yaxis"] = _value_axis(domain=[split + 0.03 if strip else 0, 1], title=None)
    if strip:
        lanes = strip // _STRIP_ROW
        layout["yaxis2"] = {
            "domain": [0, split],
            "range": [0.6 - lanes, 0.6],
            "visible": False,
            "fixedrange": True,
            "anchor": "x",
        }
        layout["annotations"].append(
            _note(
                "releases",
                x=0,
                xanchor="right",
                y=split / 2,
                yanchor="middle",
                xshift=-6,
                font={"size": 10, "color": palette.MUTED},
            )
        )
    layout["annotations"].append(_axis_note(signal.level_unit))
    layout["shapes"].append(_year_line(period.start))
    if facts.is_synthetic(signal):
        layout["annotations"].append(_synthetic_mark())


def _axis_note(unit: str) -> dict[str, Any]:
    """The unit, above the axis where it can be read without turning the head."""
    return _note(unit, x=0, xanchor="left", xshift=-44, y=1, yanchor="bottom", yshift=8)


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


def _visible_breaks(facts: Facts, signal: Signal) -> list[tuple[str, CountingBreak]]:
    rows = [row for row in facts.breaks_of(signal) if row.effective_on <= facts.period.end]
    return list(zip(LETTERS, rows, strict=False))


def break_text(letter: str, row: CountingBreak) -> str:
    """A break as the note under a chart tells it."""
    return f"{letter}: {long_day(row.effective_on)}: {row.what_changed}"


def _mark_breaks(drawing: Drawing, breaks: Sequence[tuple[str, CountingBreak]]) -> None:
    line = {"color": palette.INK, "width": 1, "dash": "2px 3px"}
    letters: dict[date, str] = {}
    for letter, row in breaks:
        letters[row.effective_on] = f"{letters[row.effective_on]} {letter}" if row.effective_on in letters else letter
    for day, text in letters.items():
        x = day.isoformat()
        drawing.layout["shapes"].append(
            {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "line": line}
        )
        drawing.layout["annotations"].append(
            _note(f"<b>{text}</b>", xref="x", x=x, y=1, yanchor="bottom", font={"color": palette.INK, "size": 12})
        )


def _narrow_rolling(layout: dict[str, Any]) -> dict[str, Any]:
    return {"xaxis.dtick": "M6", "height": layout["height"] - 40, "margin.l": 42, "margin.r": 8}


def _rolling_queries(signal: Signal) -> tuple[str, ...]:
    if signal.key == "search":
        return ("rolling", "search_bands", "search_weeks", "releases", "breaks")
    if signal.kind == "sum":
        return ("rolling", "weeks", "releases", "breaks")
    return ("rolling", "releases", "breaks")


def _rolling_legend(facts: Facts, signal: Signal, drawing: Drawing) -> Iterator[LegendEntry]:
    for position, item in enumerate(facts.frameworks):
        if facts.curves.get((item.framework, signal.metric)):
            yield LegendEntry(item.framework, short_label(item.label), position)
    groups = {group for trace in drawing.traces for group in trace["meta"]["groups"]}
    if "weeks" in groups:
        yield LegendEntry("weeks", "Single weeks", mark="thin")
    if "releases" in groups:
        yield LegendEntry("releases", "Releases", mark="tick")


def _basis_text(rows: Sequence[SummaryRow]) -> str:
    bases = sorted({row.basis for row in rows if row.basis})
    return f"; counted: {', '.join(basis.replace('_', ' ') for basis in bases)}" if bases else ""


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
        yield Table("Feature releases on the chart", ("Day", "Framework", "Version"), rows)


def _level_cell(
    facts: Facts, signal: Signal, framework: str, day: date, points: dict[tuple[str, date], float | None]
) -> str:
    value = points.get((framework, day))
    if value is None:
        return NO_FIGURE
    band = facts.search_bands.get((framework, day)) if signal.key == "search" else None
    if band and band.draws > 1 and band.interest_low is not None and band.interest_high is not None:
        return f"{exact(value)} ({exact(band.interest_low)} to {exact(band.interest_high)})"
    return exact(value)


# ---- months beside the same months a year before --------------------------------------------------------------------


def months_chart(facts: Facts, rows: Sequence[SummaryRow], signal: Signal) -> Chart | None:
    """A panel a framework: the 12 months over the 12 before. Each panel has its own scale, from zero."""
    items = [item for item in facts.frameworks if _has_months(facts, item.framework, signal.metric)]
    if not items:
        return None
    drawing = Drawing(layout=_layout(0))
    drawing.layout["hovermode"] = "x"
    panels = _panels(len(items))
    drawing.layout["height"] = panels.height
    for index, item in enumerate(items):
        position = [known.framework for known in facts.frameworks].index(item.framework)
        drawing.traces += _month_traces(facts, signal, item.framework, palette.style_of(position), index)
        ticks = {"tickmode": "array", "tickvals": list(range(12)), "range": [-0.4, 11.4]}
        ticks["ticktext"] = [short_month(month)[0] for month in facts.period.months]
        _lay_out_panel(drawing, panels, index, item.label, ticks)
    if facts.is_synthetic(signal):
        drawing.layout["annotations"] += [
            _note("synthetic", xref=f"{axis} domain", yref=f"{axis.replace('x', 'y')} domain", x=0.98, y=0.06,
                  xanchor="right", font={"size": 12, "color": palette.MUTED}, name="synthetic")
            for axis in (_axis("x", index) for index in range(len(items)))
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
        gap_x, gap_y = 0.08, 64 / self.height_of(columns) if rows > 1 else 0
        width, tall = (1 - gap_x * (columns - 1)) / columns, (1 - gap_y * (rows - 1)) / rows
        left, top = column * (width + gap_x), 1 - row * (tall + gap_y)
        return [round(left, 4), round(left + width, 4)], [round(max(top - tall, 0), 4), round(top, 4)]

    def narrow(self) -> dict[str, Any]:
        patch: dict[str, Any] = {"height": self.height_of(1)}
        for index in range(self.number):
            x, y = self.domains(index, 1)
            patch[f"{_axis('xaxis', index)}.domain"] = x
            patch[f"{_axis('yaxis', index)}.domain"] = y
        return patch


def _panels(number: int) -> Panels:
    return Panels(number, min(number, 3))


def _axis(name: str, index: int) -> str:
    return name if index == 0 else f"{name}{index + 1}"


def _lay_out_panel(drawing: Drawing, panels: Panels, index: int, label: str, x_axis: dict[str, Any]) -> None:
    x, y = panels.domains(index, panels.columns)
    x_name, y_name = _axis("x", index), _axis("y", index)
    drawing.layout[_axis("xaxis", index)] = {
        "domain": x,
        "anchor": y_name,
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "tickfont": {"color": palette.MUTED},
        **x_axis,
    }
    drawing.layout[_axis("yaxis", index)] = _value_axis(domain=y, anchor=x_name, nticks=4)
    drawing.layout["annotations"].append(
        _note(f"<b>{shown(label)}</b>", xref=f"{x_name} domain", yref=f"{y_name} domain", x=0, xanchor="left", y=1,
              yanchor="bottom", yshift=8, font={"color": palette.INK, "size": 13})
    )  # fmt: skip


def _has_months(facts: Facts, framework: str, metric: str) -> bool:
    months = (*facts.period.previous_months, *facts.period.months)
    return any(month and month.value is not None for month in facts.month_values(framework, metric, months))


def month_level(signal: Signal, month: Month | None) -> float | None:
    """A month in the unit of the charts: sums as a daily mean."""
    if month is None:
        return None
    return month.daily_mean if signal.kind == "sum" else month.value


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
            "xaxis": _axis("x", index),
            "yaxis": _axis("y", index),
            "line": {"color": colour, "width": 2.5 if is_now else 1.5, "dash": "solid" if is_now else "4px 3px"},
            "marker": {
                "symbol": [style.marker if done else f"{style.marker}-open" for done in whole],
                "size": 6,
                "color": colour,
            },
            "customdata": [short_month(month) for month in months],
            "hovertemplate": f"%{{customdata}}: %{{y:{_hover_format(signal)}}}<extra></extra>",
            "meta": {"groups": [group]},
        }


def _month_unit(signal: Signal) -> str:
    return "people active in the month" if signal.kind == "distinct" else signal.level_unit


def _months_alt(facts: Facts, signal: Signal, rows: Sequence[SummaryRow]) -> str:
    from reports.sentences import change_text

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
    drawing = Drawing(layout=_layout(0))
    drawing.layout |= {"hovermode": "x", "barmode": "stack", "bargap": 0.18}
    panels = _panels(len(items))
    drawing.layout["height"] = panels.height
    for index, item in enumerate(items):
        position = [known.framework for known in facts.frameworks].index(item.framework)
        drawing.traces += _newcomer_traces(facts, item.framework, palette.style_of(position), index, months)
        ticks = {"type": "date", "dtick": "M6", "tick0": months[0].isoformat(), "tickformat": "%b<br>%Y"}
        _lay_out_panel(drawing, panels, index, item.label, ticks)
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
            "xaxis": _axis("x", index),
            "yaxis": _axis("y", index),
            "marker": {"color": style.colour, "line": {"width": 0}, **({"pattern": pattern} if is_new else {})},
            "customdata": [short_month(month) for month in months],
            "hovertemplate": f"%{{customdata}}: %{{y:,.0f}} {group}<extra></extra>",
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


# ---- the share of each ----------------------------------------------------------------------------------------------


def share_chart(facts: Facts, rows: Sequence[SummaryRow], signal: Signal) -> Chart | None:
    """Two bars, the period and the 12 months before, split by framework. None where they are not counted alike."""
    known = [row for row in rows if row.share is not None]
    if len(known) < 2:
        return None
    with_previous = all(row.previous_share is not None for row in known)
    drawing = Drawing(layout=_layout(190 if with_previous else 120))
    drawing.layout |= {"barmode": "stack", "bargap": 0.28, "hovermode": "closest"}
    drawing.layout["margin"] = {"l": 84, "r": 14, "t": 8, "b": 40}
    drawing.layout["xaxis"] = {
        "range": [0, 1], "tickformat": ".0%", "fixedrange": True, "showgrid": False, "zeroline": False, "nticks": 6,
        "tickfont": {"color": palette.MUTED},
        "title": {"text": f"share of {signal.noun}", "font": {"size": 12, "color": palette.MUTED}, "standoff": 4},
    }  # fmt: skip
    drawing.layout["yaxis"] = {"fixedrange": True, "tickfont": {"color": palette.INK}, "zeroline": False}
    drawing.layout["uniformtext"] = {"mode": "hide", "minsize": 10}
    for row in known:
        drawing.traces.append(_share_trace(facts, row, with_previous))
    if facts.is_synthetic(signal):
        drawing.layout["annotations"].append(
            _note("synthetic", x=1, y=-0.02, xanchor="right", yanchor="top", yshift=-18, name="synthetic")
        )
    return Chart(
        name=f"{signal.key}-share",
        title=f"Share of {_how_many(len(known))}",
        unit=_share_unit(signal, len(known), len(facts.frameworks)),
        alt=_share_alt(known, signal),
        figure=drawing.figure(),
        narrow={},
        tables=(_share_table(known, signal, facts),),
        queries=("rolling",),
        legend=tuple(
            LegendEntry(row.framework, short_label(row.label), _position(facts, row.framework), "box") for row in known
        ),
        is_synthetic=facts.is_synthetic(signal),
    )


def _position(facts: Facts, framework: str) -> int:
    return [item.framework for item in facts.frameworks].index(framework)


def _how_many(number: int) -> str:
    return {2: "the two", 3: "the three", 4: "the four", 5: "the five"}.get(number, f"all {number}")


def _share_unit(signal: Signal, known: int, tracked: int) -> str:
    text = (
        "whoever contributes to two counts in both" if signal.kind == "distinct" else "12 months beside the 12 before"
    )
    return text if known == tracked else f"{text}; {known} of {tracked} tracked have figures"


def _share_trace(facts: Facts, row: SummaryRow, with_previous: bool) -> dict[str, Any]:
    style = palette.style_of(_position(facts, row.framework))
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
        "meta": {"groups": [row.framework]},
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


def all_charts(facts: Facts, rows: Sequence[SummaryRow]) -> dict[str, tuple[Chart, ...]]:
    """Signal key -> its figures."""
    return {signal.key: charts_of(facts, rows, signal) for signal in SIGNALS}


def source_line(rows: Sequence[SummaryRow]) -> str:
    """Where a signal's figures come from."""
    return ", ".join(sorted({source_name(row.source) for row in rows if row.source}))
