"""Colours, dashes and markers: each framework differs in all three, on light and on dark ground.

The colours are Okabe and Ito's, told apart with every kind of colour vision. Figures are made in the light colours; the
page swaps each for its dark partner by `dark_partners()` when the reader prefers dark.
"""

from __future__ import annotations

from dataclasses import dataclass

INK, MUTED, GRID, GROUND = "#1f2328", "#5d646e", "#e4e1da", "#fffefb"
SHADE = "rgba(31,35,40,0.06)"  # the span of a loss
ON_DARK, ON_LIGHT = "#fffffe", "#101214"  # letters on a filled area
_DARK = {
    ON_DARK: ON_LIGHT,
    SHADE: "rgba(233,231,226,0.08)",
    INK: "#e9e7e2",
    MUTED: "#a3a9b3",
    GRID: "#30353d",
    GROUND: "#1a1d22",
}


@dataclass(frozen=True, slots=True)
class Style:
    """How a framework is drawn. `dash` as plotly names it, `stroke` the same for SVG, `pattern` for filled areas."""

    colour: str
    dark: str
    dash: str
    stroke: str
    marker: str
    pattern: str

    @property
    def on_colour(self) -> str:
        """Letters on the colour: black or white, whichever stands out more."""
        channels = [int(self.colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
        luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
        return ON_DARK if luminance < 0.179 else ON_LIGHT

    def faint(self, share: float) -> str:
        """The colour at `share` opacity."""
        return rgba(self.colour, share)


STYLES = (
    Style("#0072b2", "#56b4e9", "solid", "", "circle", ""),
    Style("#d55e00", "#e8743b", "dash", "7 4", "square", "/"),
    Style("#009e73", "#1fc295", "dot", "2 3", "diamond", "."),
    Style("#cc79a7", "#d991b8", "dashdot", "7 3 2 3", "triangle-up", "x"),
    Style("#8a6d00", "#e69f00", "longdash", "11 4", "x", "-"),
    Style("#56b4e9", "#8fd0f5", "longdashdot", "11 3 2 3", "cross", "\\"),
    Style("#5b4b8a", "#a594d8", "5px 2px", "5 2", "star", "|"),
    Style("#555555", "#b5b5b5", "1px 3px", "1 3", "hexagon", "+"),
)
BAND = 0.16


def rgba(colour: str, share: float) -> str:
    """#0072b2 at 0.16 -> rgba(0,114,178,0.16)."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share})"


def style_of(position: int) -> Style:
    """The style of the framework at `position` (from 0); past the eighth, colours and dashes pair up differently."""
    base = STYLES[position % len(STYLES)]
    turn = position // len(STYLES)
    if not turn:
        return base
    other = STYLES[(position + turn) % len(STYLES)]
    return Style(base.colour, base.dark, other.dash, other.stroke, other.marker, other.pattern)


def dark_partners() -> dict[str, str]:
    """Every colour of the figures -> the one that takes its place on dark ground."""
    partners = dict(_DARK)
    for style in STYLES:
        partners[style.colour] = style.dark
        partners[rgba(style.colour, BAND)] = rgba(style.dark, BAND)
    return partners
