"""Pictures of the signals for the mail: PNG bytes straight from typed rows, the same bytes on every machine.

No browser is needed. A picture that cannot be drawn leaves its text: `Picture.alt` says what it would show.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.report_queries import CountingBreak, Framework, Rolling, SearchBand

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

WIDTH, HEIGHT = 480, 330  # CSS pixels; drawn twice as sharp, and small enough that 12 px letters survive a phone
MOST_CURVES, MOST_BREAKS = 8, 6

# Okabe and Ito's colours, told apart with every kind of colour vision; each has a dash of its own as well.
STYLES: tuple[tuple[str, str | tuple[int, tuple[float, ...]]], ...] = (
    ("#0072B2", "-"),
    ("#D55E00", (0, (6, 2))),
    ("#009E73", (0, (1.5, 1.5))),
    ("#CC79A7", (0, (6, 2, 1.5, 2))),
    ("#8A6D00", (0, (3, 1.5))),
    ("#56B4E9", (0, (9, 3))),
    ("#5B4B8A", (0, (3, 1.5, 1, 1.5, 1, 1.5))),
    ("#555555", (0, (1, 3))),
)
_INK, _FAINT, _GRID = "#1f2933", "#5f6b76", "#e3e7eb"


@dataclass(frozen=True, slots=True)
class Signal:
    """One of the four things shown; `metric` is its name in the warehouse, `unit` what 12 months of it are."""

    metric: str
    title: str
    unit: str


SIGNALS = (
    Signal("search_interest", "Search interest", "mean of 12 months, 0 to 100"),
    Signal("pypi_downloads", "PyPI downloads", "sum of 12 months"),
    Signal("active_contributors", "Contributors", "distinct commit authors in 12 months"),
    Signal("stars", "GitHub stars", "given in 12 months"),
)


@dataclass(frozen=True, slots=True)
class Curve:
    """The rolling 12 months of one framework, one day after the other. A value of None is a gap in the line."""

    label: str
    days: tuple[date, ...]
    values: tuple[float | None, ...]
    style: int
    band: tuple[tuple[date, float, float], ...] = ()

    @property
    def last(self) -> float | None:
        return self.values[-1] if self.values else None


@dataclass(frozen=True, slots=True)
class Chart:
    """What one picture shows. `breaks`, the last six, are in order of their day and carry letters."""

    signal: Signal
    basis: str
    curves: tuple[Curve, ...]
    left_out: int
    breaks: tuple[tuple[date, str], ...]
    is_synthetic: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """`png` is None where it could not be drawn; `problem` then says why in a few words."""

    name: str
    title: str
    alt: str
    notes: tuple[str, ...]
    png: bytes | None = field(repr=False)
    problem: str = ""


def charts_of(
    frameworks: Sequence[Framework],
    rolling: Iterable[Rolling],
    bands: Iterable[SearchBand],
    breaks: Iterable[CountingBreak],
    *,
    synthetic_metrics: frozenset[str] = frozenset(),
    only: frozenset[str] = frozenset(),
) -> tuple[Chart, ...]:
    """One chart a signal. `only`: the frameworks to show, empty for all; each keeps its colour in any selection."""
    rows, band_rows, break_rows = list(rolling), list(bands), list(breaks)
    return tuple(
        _chart(signal, frameworks, only, rows, band_rows, break_rows, signal.metric in synthetic_metrics)
        for signal in SIGNALS
    )


def _chart(
    signal: Signal,
    frameworks: Sequence[Framework],
    only: frozenset[str],
    rolling: list[Rolling],
    bands: list[SearchBand],
    breaks: list[CountingBreak],
    is_synthetic: bool,
) -> Chart:
    rows = [row for row in rolling if row.metric == signal.metric]
    curves = [
        _curve(framework, style, rows, bands if signal.metric == "search_interest" else [])
        for style, framework in enumerate(frameworks)
        if not only or framework.framework in only
    ]
    drawn = sorted((c for c in curves if c.last is not None), key=lambda c: -(c.last or 0))[:MOST_CURVES]
    days = [day for curve in drawn for day in curve.days]
    shown = sorted(
        (row.effective_on, f"{row.effective_on:%-d %B %Y}: {row.what_changed}")
        for row in breaks
        if row.metric in (signal.metric, "*") and days and min(days) <= row.effective_on <= max(days)
    )
    basis = ", ".join(sorted({row.basis for row in rows if row.basis}))
    return Chart(signal, basis, tuple(drawn), len(curves) - len(drawn), tuple(shown[-MOST_BREAKS:]), is_synthetic)


def _curve(framework: Framework, style: int, rows: list[Rolling], bands: list[SearchBand]) -> Curve:
    mine = sorted((row for row in rows if row.framework == framework.framework), key=lambda row: row.day)
    values = tuple(row.value if row.value is not None and isfinite(row.value) else None for row in mine)
    band = tuple(
        (row.day, row.interest_low, row.interest_high)
        for row in sorted(bands, key=lambda row: row.day)
        if row.framework == framework.framework
        and row.draws > 1
        and row.interest_low is not None
        and row.interest_high is not None
    )
    return Curve(one_line(framework.label, 300), tuple(row.day for row in mine), values, style % len(STYLES), band)


# ---- the words ------------------------------------------------------------------------------------------------------


def one_line(text: str, longest: int) -> str:
    """`text` without control characters, line ends and direction marks, cut to `longest` characters."""
    kept = "".join(c if unicodedata.category(c)[0] != "C" or c == "\u200d" else " " for c in text)
    words = " ".join(kept.split())
    return words if len(words) <= longest else words[: longest - 1].rstrip() + "…"


def short_number(value: float) -> str:
    """A figure as people say it: 873 M, 1.2 k, 54.3, 2,310."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            scaled = value / (1e3 if letter == "k" else size)
            return f"{scaled:.3g} {letter}" if scaled < 1000 else f"{scaled:,.0f} {letter}"
    return f"{value:,.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:.1f}"


def alt_text(chart: Chart) -> str:
    """What the picture shows, for those who do not see it."""
    heading = f"{chart.signal.title} ({chart.signal.unit})"
    if not chart.curves:
        return f"{heading}: no figures."
    parts = [f"{one_line(curve.label, 60)} {_course(curve)}" for curve in chart.curves]
    made_up = " Synthetic figures, not measured." if chart.is_synthetic else ""
    return f"{heading}: {'; '.join(parts)}.{made_up}"


def _course(curve: Curve) -> str:
    known = [value for value in curve.values if value is not None]
    last = short_number(known[-1])
    first_day = curve.days[curve.values.index(known[0])]
    return last if len(known) == 1 else f"from {short_number(known[0])} in {first_day:%B %Y} to {last}"


def _notes(chart: Chart) -> tuple[str, ...]:
    notes = [f"{letter}: {text}" for letter, (_, text) in zip("abcdef", chart.breaks, strict=False)]
    if chart.left_out:
        notes.append(f"{chart.left_out} not drawn: without figures, or smaller than the {len(chart.curves)} shown.")
    return tuple(notes)


# ---- the drawing ----------------------------------------------------------------------------------------------------


def draw(chart: Chart) -> Picture:
    """The picture of a chart. Where drawing fails there is no PNG, the words stay, and `problem` says so."""
    png, problem = None, ""
    if chart.curves:
        try:
            png = _png(chart)
        except (
            ImportError,
            OSError,
            ValueError,
            RuntimeError,
        ) as error:  # no library, no font file, figures or glyphs it refuses
            problem = f"could not be drawn ({type(error).__name__})"
    else:
        problem = "has no figures"
    return Picture(chart.signal.metric, chart.signal.title, alt_text(chart), _notes(chart), png, problem)


def write(pictures: Iterable[Picture], folder: Path) -> tuple[Path, ...]:
    """Write the PNG files into `folder`; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for picture in pictures:
        if picture.png is not None:
            path = folder / f"{picture.name}.png"
            path.write_bytes(picture.png)
            paths.append(path)
    return tuple(paths)


def _png(chart: Chart) -> bytes:
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context():
        mpl.rcdefaults()  # the pictures of every machine are the same, whatever its matplotlibrc says
        mpl.rcParams.update({"text.parse_math": False, "lines.scale_dashes": True})
        figure = Figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=200, facecolor="white")
        FigureCanvasAgg(figure)
        _compose(figure, chart)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _compose(figure: Figure, chart: Chart) -> None:
    axes = figure.add_axes((0.105, 0.12, 0.625, 0.66))
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(_FAINT)
    axes.tick_params(length=0, pad=4)
    axes.grid(axis="y", color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    figure.text(0.02, 0.93, chart.signal.title, fontproperties=_font(11, bold=True), color=_INK)
    subtitle = f"{chart.signal.unit}{f' · {chart.basis}' if chart.basis else ''}"
    figure.text(0.02, 0.865, _drawable(one_line(subtitle, 62)), fontproperties=_font(8.3), color=_FAINT)
    for curve in chart.curves:
        _draw_curve(axes, curve)
    _scale(axes, chart)
    _draw_breaks(axes, chart)
    _draw_labels(axes, chart)
    if chart.is_synthetic:
        _watermark(axes)


def _draw_curve(axes: Axes, curve: Curve) -> None:
    colour, dash = STYLES[curve.style]
    days = [day.toordinal() for day in curve.days]
    values = [float("nan") if value is None else value for value in curve.values]
    axes.plot(days, values, color=colour, linestyle=dash, linewidth=2, solid_capstyle="round")
    axes.plot(days[-1:], values[-1:], color=colour, marker="o", markersize=4, clip_on=False)
    if curve.band:
        band_days, low, high = zip(*curve.band, strict=True)
        axes.fill_between([day.toordinal() for day in band_days], low, high, color=colour, alpha=0.18, linewidth=0)


def _scale(axes: Axes, chart: Chart) -> None:
    """From zero up, so that half as high is half as much; months along the bottom."""
    from matplotlib.ticker import MaxNLocator

    top = max((value for curve in chart.curves for value in curve.values if value is not None), default=0) or 1
    ticks = [float(tick) for tick in MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(0, top)]
    axes.set_ylim(0, max(ticks[-1], top * 1.04))
    axes.set_yticks(ticks, [short_number(tick) for tick in ticks], fontproperties=_font(8.3), color=_FAINT)
    first = min(day for curve in chart.curves for day in curve.days)
    last = max(day for curve in chart.curves for day in curve.days)
    axes.set_xlim(first.toordinal() - 4, last.toordinal() + 6)
    months = _month_ticks(first, last)
    words = [f"{day:%b %Y}" for day in months] or [f"{last:%-d %b %Y}"]
    axes.set_xticks([day.toordinal() for day in months or [last]], words, fontproperties=_font(8.3), color=_FAINT)


def _month_ticks(first: date, last: date) -> list[date]:
    """Up to five firsts of a month, evenly spread."""
    start, end = first.year * 12 + first.month - (first.day == 1), last.year * 12 + last.month - 1
    step = next(months for months in (1, 2, 3, 6, 12, 24, 60, 120, 1200) if (end - start) / months < 5)
    return [date(index // 12, index % 12 + 1, 1) for index in range(start, end + 1, step)]


def _draw_breaks(axes: Axes, chart: Chart) -> None:
    for letter, (day, _) in zip("abcdef", chart.breaks, strict=False):
        axes.axvline(day.toordinal(), color=_INK, linewidth=0.9, linestyle=(0, (2, 2)), alpha=0.75)
        axes.annotate(
            letter,
            (day.toordinal(), 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontproperties=_font(8.3, bold=True),
            color=_INK,
            annotation_clip=False,
        )


def _draw_labels(axes: Axes, chart: Chart) -> None:
    """Name and last figure beside the end of each line, moved apart where lines end close together."""
    bottom, top = axes.get_ylim()
    wanted = [(curve.last or 0) / (top - bottom) for curve in chart.curves]
    for curve, height in zip(chart.curves, _apart(wanted, 0.155 if len(wanted) <= 6 else 0.125), strict=True):
        colour, dash = STYLES[curve.style]
        axes.plot([1.02, 1.075], [height, height], transform=axes.transAxes, clip_on=False,
                  color=colour, linestyle=dash, linewidth=2)  # fmt: skip
        name = _drawable(one_line(curve.label, 13))
        axes.text(1.09, height, f"{name}\n{short_number(curve.last or 0)}", transform=axes.transAxes, va="center",
                  fontproperties=_font(8.3), color=_INK, linespacing=1.05)  # fmt: skip


def _apart(heights: Sequence[float], gap: float) -> list[float]:
    """`heights` (falling) moved so that neighbours are at least `gap` apart, inside 0 to 1 as far as they fit."""
    placed: list[float] = []
    for height in heights:
        placed.append(min(height, placed[-1] - gap) if placed else min(height, 0.97))
    lift = max(0.0, 0.03 - placed[-1]) if placed else 0.0
    for index in range(len(placed) - 1, -1, -1):
        floor = placed[index + 1] + gap if index + 1 < len(placed) else 0.03
        placed[index] = max(placed[index], floor) if lift else placed[index]
    return placed


def _watermark(axes: Axes) -> None:
    axes.text(0.5, 0.5, "SYNTHETIC", transform=axes.transAxes, ha="center", va="center", rotation=24,
              fontproperties=_font(30, bold=True), color="#9aa5b1", alpha=0.35, zorder=0.5)  # fmt: skip


def _font(size: float, *, bold: bool = False) -> FontProperties:
    """The font that comes with the chart library, by its file: fonts of the machine would change the picture."""
    from matplotlib.font_manager import FontProperties

    return FontProperties(fname=str(_font_file("DejaVuSans-Bold" if bold else "DejaVuSans")), size=size)


def _font_file(name: str) -> Path:
    import matplotlib as mpl

    return Path(mpl.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"


def _drawable(text: str) -> str:
    """`text` with a square for each character that the font lacks, an emoji for one."""
    known: Mapping[int, int] = _characters()
    return "".join(c if ord(c) in known else "\N{WHITE SQUARE}" for c in text)


def _characters() -> Mapping[int, int]:
    from matplotlib.ft2font import FT2Font

    return FT2Font(str(_font_file("DejaVuSans"))).get_charmap()
