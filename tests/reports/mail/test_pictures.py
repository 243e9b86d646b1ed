"""The pictures of the mail: there on every machine, always the same, and never the reason that a mail fails."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from reports import palette
from reports.build import BuiltReport
from reports.mail import pictures
from reports.mail.pictures import HEIGHT, WIDTH, chart_of, draw, pictures_of, write
from reports.signals import SIGNALS

ReportOf = Callable[..., BuiltReport]
SEARCH, DOWNLOADS = SIGNALS[0], SIGNALS[1]
pytestmark = pytest.mark.filterwarnings("error", "default::ResourceWarning")  # what others left open is not ours


def test_one_picture_a_signal_twice_as_sharp_as_it_is_shown(report_of: ReportOf) -> None:
    drawn = pictures_of(report_of().facts)
    assert [picture.name for picture in drawn] == ["search", "downloads", "contributors", "stars"]
    for picture in drawn:
        assert picture.png is not None
        assert struct.unpack(">II", picture.png[16:24]) == (2 * WIDTH, 2 * HEIGHT)
        assert len(picture.png) < 150_000


def test_the_same_bytes_in_another_process_with_another_home_and_taste(report_of: ReportOf, tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("font.family: serif\nlines.linewidth: 9\naxes.grid: False\n")
    script = (
        "import sys; from hashlib import sha256; sys.path[:0] = sys.argv[1:]\n"
        "from conftest import facts_of; from reports.mail.pictures import pictures_of\n"
        "print(*[sha256(p.png).hexdigest() for p in pictures_of(facts_of('TensorFlow', 'PyTorch', 'Keras'))])"
    )
    root, here = Path(pictures.__file__).parents[2], Path(__file__).parent
    environment = os.environ | {"MPLCONFIGDIR": str(tmp_path), "PYTHONHASHSEED": "7", "LC_ALL": "C", "TZ": "Asia/Tokyo"}
    run = subprocess.run(
        [sys.executable, "-c", script, str(root), str(here)],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    hashes = [sha256(picture.png).hexdigest() for picture in pictures_of(report_of().facts) if picture.png]
    assert run.stdout.split() == hashes


def test_colours_and_dashes_are_those_of_the_page_also_in_a_selection(report_of: ReportOf) -> None:
    facts = report_of().facts
    everyone = {curve.label: curve.style for curve in chart_of(facts, DOWNLOADS).curves}
    assert everyone == {name: palette.style_of(n) for n, name in enumerate(("TensorFlow", "PyTorch", "Keras"))}
    (keras,) = chart_of(facts.only({"f2"}), DOWNLOADS).curves
    assert keras.style == palette.style_of(2)


def test_sums_are_drawn_as_a_daily_mean_and_bands_where_there_are_draws(report_of: ReportOf) -> None:
    facts = report_of().facts
    downloads = chart_of(facts, DOWNLOADS).curves[0]
    assert downloads.last == pytest.approx(facts.latest["f1", "pypi_downloads"].value / 365)
    assert downloads.band == ()
    assert len(chart_of(facts, SEARCH).curves[0].band) == len(chart_of(facts, SEARCH).curves[0].days)


def test_breaks_carry_letters_and_their_reason(report_of: ReportOf) -> None:
    picture = draw(chart_of(report_of().facts, DOWNLOADS))
    assert picture.notes == (
        "a: 3 August 2020 to 20 August 2020 (Keras only): A week of logs lost.",
        "b: 1 March 2021: Mirrors no longer counted.",
    )
    inside = {curve.label: curve.inside for curve in chart_of(report_of().facts, DOWNLOADS).curves}
    assert inside == {"TensorFlow": "b", "PyTorch": "b", "Keras": "a b"}
    unmarked = replace(chart_of(report_of().facts, DOWNLOADS), marks=(), marks_say=())
    assert draw(unmarked).png != picture.png, "they are in the picture"


def test_synthetic_figures_carry_a_watermark_and_say_so(report_of: ReportOf) -> None:
    chart = chart_of(report_of().facts, SEARCH)
    assert "Synthetic figures, not measured." in draw(chart).alt
    assert draw(chart).png != draw(replace(chart, is_synthetic=False)).png


@pytest.mark.parametrize(
    "error", [ImportError("no library"), OSError("no font"), ValueError("bad"), RuntimeError("glyph")]
)
def test_a_picture_that_cannot_be_drawn_leaves_its_words(
    report_of: ReportOf, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Figure, "savefig", broken)
    picture = draw(chart_of(report_of().facts, DOWNLOADS))
    assert picture.png is None
    assert picture.problem == f"could not be drawn ({type(error).__name__})"
    assert picture.alt.startswith("PyPI downloads, rolling 12 months, downloads a day (all): PyTorch from ")


def test_a_fault_of_the_program_is_not_swallowed(report_of: ReportOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Figure, "savefig", None)
    with pytest.raises(TypeError):
        draw(chart_of(report_of().facts, DOWNLOADS))


def test_no_figures_no_picture(report_of: ReportOf) -> None:
    facts = replace(report_of().facts, curves={}, latest={})
    assert [(picture.png, picture.problem) for picture in pictures_of(facts)] == [(None, "has nothing to show")] * 4


def test_a_single_day_and_gaps_and_infinity_are_drawn(report_of: ReportOf) -> None:
    facts = report_of().facts
    row = facts.curves["f0", "stars"][-1]
    gaps = (replace(row, value=None), replace(row, value=float("inf")), replace(row, value=0.0))
    days = tuple(replace(gap, day=old.day) for gap, old in zip(gaps, facts.curves["f0", "stars"], strict=False))
    for rows in ((row,), days):
        (picture,) = pictures_of(replace(facts, curves={("f0", "stars"): rows}))[3:]
        assert picture.png is not None
        assert picture.notes[-1].startswith("Not drawn: 2")


def test_hostile_names_are_drawn_as_they_are(report_of: ReportOf, hostile: tuple[str, ...]) -> None:
    for picture in pictures_of(report_of(*hostile).facts):
        assert picture.png is not None
        assert not set(picture.alt) & set("\x1b\x07\r\n\u202e\u202c")


def test_more_than_eight_are_said_to_be_left_out(report_of: ReportOf) -> None:
    picture = draw(chart_of(report_of(*(f"name {n}" for n in range(11))).facts, DOWNLOADS))
    assert picture.notes[-1] == "Not drawn: 3, without a figure for the period or smaller than those shown."


def test_settings_of_the_library_are_left_as_they_were(report_of: ReportOf) -> None:
    before = dict(mpl.rcParams)
    pictures_of(report_of().facts)
    assert dict(mpl.rcParams) == before


def test_write_replaces_and_takes_away(report_of: ReportOf, tmp_path: Path) -> None:
    drawn = pictures_of(report_of().facts)
    folder = tmp_path / "charts"
    assert [path.name for path in write(drawn, folder)] == [
        "search.png", "downloads.png", "contributors.png", "stars.png",
    ]  # fmt: skip
    assert (folder / "stars.png").read_bytes() == drawn[3].png
    write([replace(picture, png=None) for picture in drawn[3:]], folder)
    assert sorted(path.name for path in folder.iterdir()) == ["contributors.png", "downloads.png", "search.png"]
