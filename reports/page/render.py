"""The page: templates, the chart library, and figures as JSON that stays inside its script tag whatever it holds.

Autoescape is on for every template; JSON inside script tags has <, > and & written as \\u escapes; a content security
policy with the hash of each script forbids whatever else a page could load or run.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

import plotly
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reports import palette, wording
from reports.charts.parts import Chart
from reports.sentences import change_parts

LIBRARY_NAME = f"plotly-{plotly.__version__.split('.dev')[0]}.min.js"
_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass(frozen=True, slots=True)
class Script:
    """A script of the page: its text where it is inside, else the address beside the page."""

    text: Markup
    address: str
    integrity: str


def library() -> str:
    """The text of plotly.js, as plotly ships it; closing script tags inside would end ours, so they are split."""
    text = files("plotly").joinpath("package_data", "plotly.min.js").read_text(encoding="utf-8")
    return re.sub(r"</(?=script)", r"<\\/", text, flags=re.IGNORECASE)


def library_script(folder: Path, *, self_contained: bool, page_folder: Path) -> Script:
    """plotly.js inside the page, or one copy in `folder` that every page beside or below it shares."""
    text = library()
    if self_contained:
        return Script(Markup(text), "", _hash(text))  # noqa: S704 - our own library, closing tags split
    path = folder / LIBRARY_NAME
    if not path.exists() or path.stat().st_size != len(text.encode()):
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    steps = page_folder.resolve().relative_to(folder.resolve()).parts
    return Script(Markup(), f"{'../' * len(steps)}{LIBRARY_NAME}", _hash(text))


def own_script(name: str) -> Script:
    """A script of ours, inside the page."""
    text = _asset(name)
    return Script(Markup(text), "", _hash(text))  # noqa: S704 - our own file


def style_sheet(name: str) -> Markup:
    """A style sheet of ours, inside the page."""
    return Markup(_asset(name))  # noqa: S704 - our own file


@cache
def _asset(name: str) -> str:
    return files("reports").joinpath("templates", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}"


def policy(scripts: Sequence[Script]) -> str:
    """Only these scripts run; nothing is fetched but a script or a picture beside the page."""
    inside = " ".join(f"'{script.integrity}'" for script in scripts if not script.address) or "'none'"
    beside = " 'self' file:" if any(script.address for script in scripts) else ""
    return (
        f"default-src 'none'; script-src {inside}{beside}; style-src 'unsafe-inline'; "
        "img-src data: blob: 'self' file:; base-uri 'none'; form-action 'none'"
    )


def json_in_script(value: Any) -> Markup:
    """JSON that can stand inside a script tag whatever its texts hold."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)
    return Markup(re.sub("[<>&\u2028\u2029]", lambda match: _UNSAFE[match[0]], text))  # noqa: S704 - escaped just now


def mark_css(frameworks: int) -> Markup:
    """CSS that swaps the light colours of the small SVG marks for the dark ones."""
    colours = sorted({(style.colour, style.dark) for style in map(palette.style_of, range(frameworks))})
    rules = "".join(
        f'svg [fill="{light}"]{{fill:{dark}}}svg [stroke="{light}"]{{stroke:{dark}}}' for light, dark in colours
    )
    return Markup(f"@media screen and (prefers-color-scheme: dark) {{{rules}}}")  # noqa: S704 - colours of ours


def figures_json(charts: Sequence[Chart]) -> Markup:
    """What the page's script draws: name -> data, layout, the changes for a narrow window."""
    value = {chart.name: {**_plain(chart.figure), "narrow": chart.narrow} for chart in charts}
    return json_in_script({"charts": value, "dark": palette.dark_partners()})


def _plain(figure: Any) -> dict[str, Any]:
    both = figure.to_plotly_json()
    layout = {name: value for name, value in both["layout"].items() if name != "template"}
    return {"data": both["data"], "layout": layout}


def _icon() -> Markup:
    """The sign in the tab of a browser: three lines of the charts, in their colours."""
    lines = "".join(
        f'<path d="M3 {27 - 7 * place} 12 {20 - 4 * place} 20 {22 - 7 * place} 29 {12 - 4 * place}" stroke="{colour}"/>'
        for place, colour in enumerate(palette.style_of(number).colour for number in range(3))
    )
    drawn = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke-width="4">{lines}</svg>'
    return Markup(f'<link rel="icon" href="data:image/svg+xml,{quote(drawn)}">')  # noqa: S704 - quoted just now


def page(template: str, values: Mapping[str, Any]) -> str:
    """The template filled with `values`."""
    return _environment().get_template(template).render(**values).strip() + "\n"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "compact": wording.compact,
        "exact": wording.exact,
        "percent": wording.percent,
        "long_day": wording.long_day,
        "short_label": wording.short_label,
        "change_parts": change_parts,
    }
    environment.globals |= {"icon": _icon()}
    environment.globals |= {"style_of": palette.style_of, "no_figure": wording.NO_FIGURE, "range_word": wording.RANGE}
    return environment
