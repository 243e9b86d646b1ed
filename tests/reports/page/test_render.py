"""What goes into the page cannot get out of its place."""

from __future__ import annotations

import base64
import json
import re
from hashlib import sha256
from pathlib import Path

import plotly.graph_objects as go
import pytest

from reports import palette
from reports.charts.parts import shown
from reports.metrics_csv import Number, csv_text
from reports.page import render
from reports.page.sparkline import spark

NASTY = ["</script><script>alert(1)</script>", "<!--", "]]>", "\u2028\u2029", "'\"&<>", "\U0001f600", "\u202eabc"]


@pytest.mark.parametrize("text", NASTY)
def test_json_in_a_script_tag_stays_inside_and_reads_back(text: str) -> None:
    made = str(render.json_in_script({text: [text]}))
    assert not re.search("[<>&\u2028\u2029]", made)
    assert json.loads(made) == {text: [text]}


def test_json_refuses_what_javascript_cannot_read() -> None:
    with pytest.raises(ValueError, match="JSON"):
        render.json_in_script([float("nan")])


@pytest.mark.parametrize("text", ["<b>x</b>", '<a href="https://x.invalid">x</a>', "a & b", "%{y}", "<br>"])
def test_plotly_gets_names_without_its_own_markup(text: str) -> None:
    made = shown(text)
    assert not re.search(r"<|>|%\{", made)
    assert "&" not in re.sub("&(amp|lt|gt);", "", made)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_texts_that_would_run_as_a_formula_are_guarded(start: str) -> None:
    number = Number(f"{start}cmd|'/c calc'!A0", "m", "value", "p", -1.5, "u", "", "", None, None, f"{start}1")
    line = csv_text([number]).splitlines()[1] if start != "\r" else csv_text([number])
    assert f"'{start}cmd" in line
    assert ",-1.5," in line, "a negative number is a number"


def test_the_policy_names_each_script_by_its_hash_and_allows_nothing_else() -> None:
    script = render.own_script("page.js")
    digest = base64.b64encode(sha256(str(script.text).encode()).digest()).decode()
    policy = render.policy([script])
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy
    assert "unsafe-eval" not in policy


def test_the_library_inside_a_page_cannot_end_its_own_tag() -> None:
    assert not re.search("</script", render.library(), re.IGNORECASE)


def test_the_shared_library_is_written_once_and_found_from_every_folder(tmp_path: Path) -> None:
    page_folder = tmp_path / "2021-06-25"
    page_folder.mkdir()
    script = render.library_script(tmp_path, self_contained=False, page_folder=page_folder)
    path = page_folder / script.address
    assert path.resolve() == tmp_path / render.LIBRARY_NAME
    before = path.stat().st_mtime_ns
    render.library_script(tmp_path, self_contained=False, page_folder=page_folder)
    assert path.stat().st_mtime_ns == before


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


GROUNDS = {"light": "#fbfaf6", "dark": "#131518"}


def test_letters_stand_out_as_wcag_asks() -> None:
    dark = palette.dark_partners()
    for colour in (palette.INK, palette.MUTED):
        assert contrast(colour, GROUNDS["light"]) >= 4.5
        assert contrast(dark[colour], GROUNDS["dark"]) >= 4.5
    for style in palette.STYLES:
        assert contrast(style.on_colour, style.colour) >= 4.5
        assert contrast(palette.ON_LIGHT, style.dark) >= 4.5


@pytest.mark.parametrize("style", palette.STYLES[:4], ids=lambda style: style.colour)
def test_lines_stand_out_as_wcag_asks(style: palette.Style) -> None:
    assert contrast(style.colour, GROUNDS["light"]) >= 2.9
    assert contrast(style.dark, GROUNDS["dark"]) >= 3


def test_no_two_of_fifty_frameworks_look_the_same() -> None:
    styles = [palette.style_of(position) for position in range(50)]
    assert len({(style.colour, style.dash, style.marker) for style in styles}) == 50
    assert len({style.colour for style in styles[:8]}) == len({style.dash for style in styles[:8]}) == 8


def test_every_colour_of_a_style_is_one_that_plotly_knows() -> None:
    for style in map(palette.style_of, range(16)):
        line = {"color": style.colour, "dash": style.dash}
        go.Figure({"data": [{"type": "scatter", "line": line, "marker": {"symbol": style.marker}}]})
        go.Figure({"data": [{"type": "scatter", "marker": {"symbol": f"{style.marker}-open"}}]})


def test_a_gap_in_a_sparkline_is_a_gap() -> None:
    made = spark([1, None, 2], [3, 4])
    assert made is not None
    assert [run.count(",") for run in made["before"]] == [1, 1, 2]  # type: ignore[attr-defined]
    assert spark([None], [None]) is None
    assert spark([0, 0], [0, 0]) is None
