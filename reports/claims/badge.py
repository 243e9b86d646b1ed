"""A badge for each claim, as SVG: what is claimed, and what is so as of which day. Nights write them anew.

It needs no font but the reader's, no script and no other file; texts of any length are cut to fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape

from reports.claims.told import ClaimText, counted
from reports.wording import NO_FIGURE

_LONGEST = 44  # characters of each half
_WIDTH = 7  # of a character, at most, in the size below
_PADDING = 10
_COLOURS = {"holds": "#1a7f37", "outdated": "#9a6700", "off by a factor": "#b42318", "contradicted": "#b42318"}
_GREY = "#57606a"


def badge_name(claim: ClaimText) -> str:
    return f"{claim.name}.svg"


def badge(claim: ClaimText) -> str:
    """The SVG of a claim."""
    left, right = _cut(claim.quote), _cut(_answer(claim))
    widths = [len(text) * _WIDTH + 2 * _PADDING for text in (left, right)]
    whole, colour = sum(widths), _COLOURS.get(claim.verdict, _GREY)
    title = escape(f"Claim: {claim.quote}. {_answer(claim)}, as of {_as_of(claim)}.")
    texts = "".join(
        f'<text x="{x:g}" y="14" text-anchor="middle" textLength="{len(text) * (_WIDTH - 0.6):g}">{escape(text)}</text>'
        for text, x in ((left, widths[0] / 2), (right, widths[0] + widths[1] / 2))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" viewBox="0 0 {whole} 20" role="img">'
        f"<title>{title}</title>"
        f'<rect width="{widths[0]}" height="20" fill="#24292f"/>'
        f'<rect x="{widths[0]}" width="{widths[1]}" height="20" fill="{colour}"/>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">{texts}</g></svg>\n'
    )


def _answer(claim: ClaimText) -> str:
    """The verdict and the figure of the first reading that has one, with its day."""
    row = next((row for row in claim.rows if row.our_value is not None or row.first_reached_on), None)
    if row is None or (figure := counted(row).partition(" (")[0]) == NO_FIGURE:
        return claim.verdict
    if row.our_value is None:
        return f"{claim.verdict}: since {figure}"
    until = row.checked_as_of if row.made_on and row.verdict == "outdated" else row.counted_until or row.checked_as_of
    return f"{claim.verdict}: {figure} on {until.isoformat()}"


def _as_of(claim: ClaimText) -> date:
    return claim.rows[0].checked_as_of


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"


def badges(claims: Sequence[ClaimText]) -> dict[str, str]:
    """Name of the file -> SVG."""
    return {badge_name(claim): badge(claim) for claim in claims}
