"""Pictures of the signals for the mail: PNG bytes straight from the facts, the same bytes on every machine.

No browser is needed. A picture that cannot be drawn leaves its words: `Picture.alt` says what it would show.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from reports.charts.marks import labelled, places, with_notes
from reports.facts import Facts, Mark, level_of
from reports.palette import BAND, GRID, INK, MUTED, Style, style_of
from reports.sentences import mark_text
from reports.signals import SIGNALS, Signal
from reports.wording import clean_label, compact, letters, long_day, month_name, short_label, short_month, tick
from warehouse.read.report import Framework

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

WIDTH, HEIGHT = 480, 330  # CSS pixels; drawn twice as sharp, and small enough that its letters survive a phone
MOST_CURVES = 8
_SMALL = 8.3
_DAYS_OF_A_LETTER = 26  # as wide as a letter is, of two years


@dataclass(frozen=True, slots=True)
class Curve:
    """The rolling 12 months of one framework in the unit of the chart; None is a gap in the line.

    `inside`: the letters of the breaks inside the last 12 months.
    """

    label: str
    style: Style
    days: tuple[date, ...]
    values: tuple[float | None, ...]
    band: tuple[tuple[date, float, float], ...] = ()
    inside: str = ""

    @property
    def last(self) -> float | None:
        return self.values[-1] if self.values else None


@dataclass(frozen=True, slots=True)
class Chart:
    """What one picture shows. `marks` are the breaks, with the letters of the page, and `marks_say` their words."""

    signal: Signal
    basis: str
    curves: tuple[Curve, ...]
    left_out: int
    marks: tuple[Mark, ...]
    marks_say: tuple[str, ...]
    is_synthetic: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """`png` is None where there is none; `problem` then says why, to be read after "The picture"."""

    name: str
    title: str
    alt: str
    notes: tuple[str, ...]
    png: bytes | None = field(repr=False)
    problem: str = ""


def pictures_of(facts: Facts) -> tuple[Picture, ...]:
    """One picture a signal."""
    return tuple(draw(chart_of(facts, signal)) for signal in SIGNALS)


def write(pictures: Iterable[Picture], folder: Path) -> tuple[Path, ...]:
    """Write the PNG files into `folder`; delete one that an earlier try left and that cannot be drawn now."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for picture in pictures:
        path = folder / f"{picture.name}.png"
        if picture.png is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(picture.png)
            written.append(path)
    return tuple(written)


# ---- what is shown --------------------------------------------------------------------------------------------------


def chart_of(facts: Facts, signal: Signal) -> Chart:
    """The curves of one signal, the largest first, with the breaks that touch them."""
    shown = [_curve(facts, signal, item) for item in facts.frameworks]
    known = sorted((curve for curve in shown if curve.last is not None), key=lambda curve: -(curve.last or 0))
    curves = tuple(known[:MOST_CURVES])
    return Chart(
        signal=signal,
        basis=_basis(facts, signal),
        curves=curves,
        left_out=len(shown) - len(curves),
        marks=facts.marks_of(signal),
        marks_say=tuple(mark_text(facts, signal, mark) for mark in facts.marks_of(signal)),
        is_synthetic=facts.is_synthetic(signal),
    )


def _basis(facts: Facts, signal: Signal) -> str:
    """What the source counted, where it says so: all (installers), pip, without mirrors."""
    found = {row.basis for (_, metric), row in facts.latest.items() if metric == signal.metric and row.basis}
    return ", ".join(sorted(found))


def _curve(facts: Facts, signal: Signal, item: Framework) -> Curve:
    rows = facts.curves.get((item.framework, signal.metric), ())
    days = tuple(row.day for row in rows)
    inside = facts.marks_inside(signal, item.framework, facts.period.start, facts.period.end)
    return Curve(
        label=clean_label(item.label),
        style=style_of(item.position),
        days=days,
        values=tuple(_finite(level_of(signal, row)) for row in rows),
        band=_band(facts, item.framework, days) if signal.key == "search" else (),
        inside=letters([mark.letter for mark in inside]) if inside else "",
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


def _band(facts: Facts, framework: str, days: Sequence[date]) -> tuple[tuple[date, float, float], ...]:
    bands = [facts.search_bands.get((framework, day)) for day in days]
    return tuple(
        (band.day, band.interest_low, band.interest_high)
        for band in bands
        if band and band.draws > 1 and band.interest_low is not None and band.interest_high is not None
    )


def alt_text(chart: Chart) -> str:
    """What the picture shows, for those who do not see it."""
    heading = f"{chart.signal.title}, {_subtitle(chart)}"
    if not chart.curves:
        return f"{heading}: no figures."
    courses = "; ".join(f"{short_label(curve.label)} {_course(curve)}" for curve in chart.curves)
    said = f"{heading}: {courses}.{' Synthetic figures, not measured.' if chart.is_synthetic else ''}"
    return with_notes(said, _marks_say(chart))


def _subtitle(chart: Chart) -> str:
    counted = f" ({clean_label(chart.basis)})" if chart.basis else ""
    return f"rolling 12 months, {chart.signal.level_unit}{counted}"


def _course(curve: Curve) -> str:
    known = [(day, value) for day, value in zip(curve.days, curve.values, strict=True) if value is not None]
    last = compact(known[-1][1])
    return last if len(known) == 1 else f"from {compact(known[0][1])} in {month_name(known[0][0])} to {last}"


def _marks_say(chart: Chart) -> tuple[str, ...]:
    return tuple(f"{mark.letter}: {says}" for mark, says in zip(chart.marks, chart.marks_say, strict=True))


def _notes(chart: Chart) -> tuple[str, ...]:
    notes = list(_marks_say(chart))
    if chart.left_out:
        notes.append(f"Not drawn: {chart.left_out}, without a figure for the period or smaller than those shown.")
    return tuple(notes)


# ---- the drawing ----------------------------------------------------------------------------------------------------


def draw(chart: Chart) -> Picture:
    """The picture of a chart. Where drawing fails there is no PNG, the words stay, and `problem` says so."""
    png, problem = None, ""
    if not chart.curves:
        problem = "has nothing to show"
    else:
        try:
            png = _png(chart)
        except (ImportError, OSError, ValueError, RuntimeError) as error:
            # The library or its font is broken, or they refuse a figure or a glyph: a mail without it is still a mail.
            problem = f"could not be drawn ({type(error).__name__})"
    return Picture(chart.signal.key, chart.signal.title, alt_text(chart), _notes(chart), png, problem)


def _png(chart: Chart) -> bytes:
    import matplotlib as mpl

    with _no_manuals():
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

    with mpl.rc_context():
        mpl.rcdefaults()  # the pictures of every machine are the same, whatever its matplotlibrc says
        mpl.rcParams["text.parse_math"] = False  # a name with two dollar signs is no formula
        figure = Figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=200, facecolor="white")
        FigureCanvasAgg(figure)
        _compose(figure, chart)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


@contextmanager
def _no_manuals() -> Iterator[None]:
    """What is loaded in this context has no text about the properties of each class: these take a third of the time."""
    from matplotlib import artist

    manual = artist.kwdoc
    artist.kwdoc = lambda artist: ""
    try:
        yield
    finally:
        artist.kwdoc = manual


def _compose(figure: Figure, chart: Chart) -> None:
    axes = figure.add_axes((0.105, 0.12, 0.625, 0.63))
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(MUTED)
    axes.tick_params(length=0, pad=4)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    figure.text(0.02, 0.93, chart.signal.title, fontproperties=_font(11, bold=True), color=INK)
    lines = textwrap.wrap(_drawable(_subtitle(chart), 130), 68)[:2]
    figure.text(
        0.02,
        0.905,
        "\n".join(lines),
        fontproperties=_font(_SMALL),
        color=MUTED,
        verticalalignment="top",
        linespacing=1.25,
    )
    for curve in chart.curves:
        _draw_curve(axes, curve)
    _scale(axes, chart)
    _draw_marks(axes, chart)
    _draw_labels(axes, chart)
    if chart.is_synthetic:
        _watermark(axes)


def _draw_curve(axes: Axes, curve: Curve) -> None:
    days = [day.toordinal() for day in curve.days]
    values = [float("nan") if value is None else value for value in curve.values]
    colour = curve.style.colour
    axes.plot(days, values, color=colour, linestyle=_dash(curve.style), linewidth=2, solid_capstyle="round")
    axes.plot(days[-1:], values[-1:], color=colour, marker="o", markersize=4, clip_on=False)
    if curve.band:
        band_days, low, high = zip(*curve.band, strict=True)
        axes.fill_between([day.toordinal() for day in band_days], low, high, color=colour, alpha=BAND, linewidth=0)


def _dash(style: Style) -> str | tuple[int, tuple[float, ...]]:
    """The dash of the page, in widths of the line (2) where SVG has pixels."""
    return (0, tuple(float(length) / 2 for length in style.stroke.split())) if style.stroke else "-"


def _scale(axes: Axes, chart: Chart) -> None:
    """From zero up, so that half as high is half as much; months along the bottom."""
    from matplotlib.ticker import MaxNLocator

    top = max((value for curve in chart.curves for value in curve.values if value is not None), default=0) or 1
    ticks = [float(mark) for mark in MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(0, top)]
    axes.set_ylim(0, max(ticks[-1], top * 1.04))
    axes.set_yticks(ticks, [tick(mark) for mark in ticks], fontproperties=_font(_SMALL), color=MUTED)
    first = min(day for curve in chart.curves for day in curve.days)
    last = max(day for curve in chart.curves for day in curve.days)
    axes.set_xlim(first.toordinal() - 4, last.toordinal() + 6)
    months = _month_ticks(first, last)
    words = [short_month(day) for day in months] or [long_day(last)]
    axes.set_xticks([day.toordinal() for day in months or [last]], words, fontproperties=_font(_SMALL), color=MUTED)


def _month_ticks(first: date, last: date) -> list[date]:
    """Up to five firsts of a month, evenly spread."""
    start, end = first.year * 12 + first.month - (first.day == 1), last.year * 12 + last.month - 1
    step = next(months for months in (1, 2, 3, 6, 12, 24, 60, 120, 1200) if (end - start) / months < 5)
    return [date(index // 12, index % 12 + 1, 1) for index in range(start, end + 1, step)]


def _draw_marks(axes: Axes, chart: Chart) -> None:
    """A line at each break and a shade over each loss, as on the page; what began earlier stands at the first day."""
    first, last = (round(end) for end in axes.get_xlim())
    marked = places(chart.marks, date.fromordinal(first), date.fromordinal(last), lambda day: float(day.toordinal()))
    for place in marked:
        if place.last is not None:
            axes.axvspan(place.first, place.last, color=INK, alpha=0.06, linewidth=0)
        axes.axvline(place.first, color=INK, linewidth=0.9, linestyle=(0, (2, 2)), alpha=0.75)
    for day, text in labelled(marked, _DAYS_OF_A_LETTER):
        axes.annotate(
            text,
            (day, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 2),
            textcoords="offset points",
            horizontalalignment="center",
            fontproperties=_font(_SMALL, bold=True),
            color=INK,
            annotation_clip=False,
        )


def _draw_labels(axes: Axes, chart: Chart) -> None:
    """Name and last figure beside the end of each line, moved apart where lines end close together."""
    bottom, top = axes.get_ylim()
    wanted = [(curve.last or 0) / (top - bottom) for curve in chart.curves]
    for curve, height in zip(chart.curves, _apart(wanted, 0.155 if len(wanted) <= 6 else 0.125), strict=True):
        axes.plot(
            [1.02, 1.075],
            [height, height],
            transform=axes.transAxes,
            clip_on=False,
            color=curve.style.colour,
            linestyle=_dash(curve.style),
            linewidth=2,
        )
        axes.text(
            1.09,
            height,
            f"{_drawable(curve.label, 13)}\n{compact(curve.last or 0)}{f' ({curve.inside})' if curve.inside else ''}",
            transform=axes.transAxes,
            verticalalignment="center",
            fontproperties=_font(_SMALL),
            color=INK,
            linespacing=1.05,
        )


def _apart(heights: Sequence[float], gap: float) -> list[float]:
    """`heights` (falling) moved so that neighbours are at least `gap` apart, inside 0 to 1 as far as they fit."""
    placed: list[float] = []
    for height in heights:
        placed.append(min(height, placed[-1] - gap) if placed else min(height, 0.97))
    floor = 0.03
    for index in range(len(placed) - 1, -1, -1):
        placed[index] = max(placed[index], floor)
        floor = placed[index] + gap
    return placed


def _watermark(axes: Axes) -> None:
    axes.text(
        0.5,
        0.5,
        "SYNTHETIC",
        transform=axes.transAxes,
        horizontalalignment="center",
        verticalalignment="center",
        rotation=24,
        fontproperties=_font(30, bold=True),
        color=MUTED,
        alpha=0.22,
        zorder=0.5,
    )


def _font(size: float, *, bold: bool = False) -> FontProperties:
    """The font that comes with the chart library, by its file: fonts of the machine would change the picture."""
    from matplotlib.font_manager import FontProperties

    return FontProperties(fname=str(_font_file("DejaVuSans-Bold" if bold else "DejaVuSans")), size=size)


def _font_file(name: str) -> Path:
    import matplotlib as mpl

    return Path(mpl.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"


def _drawable(text: str, longest: int) -> str:
    """`text` cut to `longest` characters, with a square for each that the font lacks."""
    from matplotlib.ft2font import FT2Font

    known = FT2Font(str(_font_file("DejaVuSans"))).get_charmap()
    line = clean_label(text)
    cut = line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"
    return "".join(char if ord(char) in known else "\N{WHITE SQUARE}" for char in cut)
