"""A break in the counting inside the 12 months is marked wherever a figure of them stands, with the same letter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import duckdb
import pytest

from reports.build import BuiltReport, build_report
from reports.charts import charts_of
from reports.charts.marks import labelled, places
from reports.compare import SummaryRow
from reports.facts import Mark, with_marks
from reports.mail.digest import attached_page, digest_of
from reports.mail.pictures import chart_of, draw
from reports.sentences import break_words, finding
from reports.signals import SIGNALS
from warehouse.read.report import CountingBreak
from warehouse.rows import Break

AS_OF = date(2021, 6, 25)
START, END = date(2020, 6, 1), date(2021, 5, 31)
SIGNAL = {signal.key: signal for signal in SIGNALS}
BREAKS = (
    Break("github", "stars", date(2020, 12, 1), "counting", "Counted anew", "a post"),
    Break("git", "*", date(2021, 2, 1), "loss", "Gone", "a thread", ends_on=date(2021, 2, 20)),
    Break("pypi", "pypi_downloads", date(2021, 1, 10), "counting", "Mirrors left out", "a blog", entity="f1"),
)
MadeUp = Any  # the namespace of conftest.py


@pytest.fixture(scope="module")
def report(
    made_up: MadeUp,
    warehouse_of: Callable[..., duckdb.DuckDBPyConnection],
    tmp_path_factory: pytest.TempPathFactory,
) -> BuiltReport:
    """Two frameworks; a change in the counting of stars, a loss of commits, and a change of the second's downloads."""
    answers = [
        *made_up.configured("Alpha", "Beta"), made_up.searches((40, 40), (60, 60)), *made_up.everything(0),
        *made_up.everything(1), made_up.answer("config", "breaks", *BREAKS),
    ]  # fmt: skip
    return build_report(warehouse_of(answers), as_of=AS_OF, out=tmp_path_factory.mktemp("breaks") / "r")


def row_of(report: BuiltReport, framework: str, key: str) -> SummaryRow:
    return next(row for row in report.summary if (row.framework, row.signal.key) == (framework, key))


def layout_of(report: BuiltReport, chart: str) -> dict[str, Any]:
    figure = next(item for item in report.charts if item.name == chart).figure
    layout: dict[str, Any] = figure.to_plotly_json()["layout"]
    return layout


def letters_in(report: BuiltReport, chart: str) -> list[str]:
    texts = [note["text"] for note in layout_of(report, chart)["annotations"]]
    return [text for text in texts if text.startswith("<b>") and len(text) == len("<b>a</b>")]


def test_it_is_said_first_and_neither_share_nor_lead_is_in_title_or_sentence(report: BuiltReport) -> None:
    assert report.problems[:3] == (
        "PyPI downloads: the way of counting changed inside these 12 months for Beta. The level mixes what was counted "
        "in different ways, so no ranking is given. (a) 10 January 2021 (Beta only): Mirrors left out.",
        "Contributors: figures were lost inside these 12 months. The level lacks what was lost, so no ranking is "
        "given. (a) 1 February 2021 to 20 February 2021: Gone.",
        "GitHub stars: the way of counting changed inside these 12 months. The level mixes what was counted in "
        "different ways, so no ranking is given. (a) 1 December 2020: Counted anew.",
    )
    assert not any("withheld" in text and "stars" in text.lower() for text in report.problems), "said once"
    assert finding(SIGNAL["stars"], report.summary) == "No ranking: the way of counting changed inside these 12 months"
    assert finding(SIGNAL["contributors"], report.summary) == "No ranking: figures were lost inside these 12 months"
    assert finding(SIGNAL["downloads"], report.summary).startswith("No ranking"), "one of two is enough"
    assert "ahead of Alpha" in finding(SIGNAL["search"], report.summary), "other signals are told as ever"
    assert {row.ratio for row in report.summary if row.signal.key != "search"} == {None}


def test_every_chart_of_the_signal_has_its_line_and_its_note(report: BuiltReport) -> None:
    for name in ("stars-rolling", "stars-months", "stars-share"):
        chart = next(item for item in report.charts if item.name == name)
        assert chart.notes == ("a: 1 December 2020: Counted anew.",), name
        assert chart.alt.endswith(" Breaks in the counting, a: 1 December 2020: Counted anew."), name
    assert letters_in(report, "stars-rolling") == ["<b>a</b>"]
    assert letters_in(report, "stars-months") == ["<b>a</b>"] * 2, "one in each panel"
    lines = [shape["x0"] for shape in layout_of(report, "stars-months")["shapes"]]
    assert lines == [5.5, 5.5], "before the month of December"
    share = next(item for item in report.charts if item.name == "stars-share").figure.to_plotly_json()["data"]
    assert share[0]["y"][-1] == "12 months<br>a"
    for name in ("contributors-rolling", "contributors-months", "contributors-newcomers"):
        assert "rect" in {shape["type"] for shape in layout_of(report, name)["shapes"]}, name
    assert letters_in(report, "search-rolling") == []


def test_tables_small_lines_pictures_and_the_mail_have_the_letter(report: BuiltReport) -> None:
    page = report.page.read_text(encoding="utf-8")
    assert page.count('<path class="break"') == 5, "two of stars, two of commits, one of downloads"
    assert page.count('<rect class="loss"') == 2
    assert page.count('<sup class="inside">') == 5 * 2 + 3, "at a glance and in the table, and beside three shares"
    digest = digest_of(report, page=attached_page("p"))
    assert [cell.value[-4:] for cell in digest.rows[1].cells[1:]] == [" (a)"] * 3
    assert digest.problems == report.problems
    assert digest.pictures[3].notes == ("a: 1 December 2020: Counted anew.",)


def test_a_break_of_one_framework_marks_that_one_alone(report: BuiltReport) -> None:
    assert (row_of(report, "f0", "downloads").marks, len(row_of(report, "f1", "downloads").marks)) == ((), 1)
    assert letters_in(report, "downloads-months") == ["<b>a</b>"]
    other = digest_of(report, page=attached_page("p"), only=frozenset({"f0"}))
    assert not any("Mirrors left out" in text for text in (*other.problems, *other.pictures[1].notes))
    assert other.rows[0].cells[1].value[-1] != ")"


@pytest.mark.parametrize(
    ("first", "last", "inside"),
    [
        (START, None, False),  # all 12 months are counted the new way
        (START + timedelta(days=1), None, True),
        (END, None, True),
        (END + timedelta(days=1), None, False),
        (date(2020, 3, 1), START - timedelta(days=1), False),
        (date(2020, 3, 1), START, True),
        (date(2021, 2, 14), date(2021, 2, 14), True),  # a loss of one day
    ],
)
def test_what_lies_inside(first: date, last: date | None, *, inside: bool) -> None:
    assert Mark("a", first, last, "loss", "x", frozenset()).is_inside(START, END) is inside


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        (["counting", "dependency"], "the way of counting changed"),
        (["loss"], "figures were lost"),
        (["loss", "jump"], "the way of counting changed and figures were lost"),
        (["suspected"], "the way of counting may have changed"),
        (["suspected", "counting"], "the way of counting changed"),
        (["own"], "the way of counting changed"),
    ],
)
def test_losses_and_suspicions_are_called_what_they_are(kinds: list[str], words: str) -> None:
    assert break_words([Mark("a", START, None, kind, "x", frozenset()) for kind in kinds]) == words


def test_thirty_breaks_are_the_same_list_on_page_and_in_mail(report: BuiltReport) -> None:
    touched = frozenset({("f0", "stars", "github")})
    early = CountingBreak(
        "github", "stars", date(2019, 4, 1), "loss", "Long ago", "x", "f0", date(2019, 6, 20), touched
    )
    days = [date(2019, 7, 1) + timedelta(days=20 * n) for n in range(30)]
    many = [
        CountingBreak("github", "stars", day, "counting", f"Change {day}", "x", "f0", None, touched) for day in days
    ]
    facts = with_marks(replace(report.facts, breaks=(early, *many)))
    chart = charts_of(facts, report.summary, SIGNAL["stars"])[0]
    assert [note.split(":")[0] for note in chart.notes[:2]] == ["a", "b"]
    assert [note.split(":")[0] for note in chart.notes[25:]] == ["z", "aa", "ab", "ac", "ad", "ae"]
    assert draw(chart_of(facts, SIGNAL["stars"])).notes == chart.notes
    marked = {shape["x0"] for shape in chart.figure.to_plotly_json()["layout"]["shapes"]}
    assert min(marked) == "2019-06-01", "what began earlier stands at the first day"


def test_letters_that_would_touch_share_a_place() -> None:
    days = (("a", 0), ("b", 9), ("c", 30), ("d", 30), ("e", 39), ("f", 60))
    marks = [Mark(letter, AS_OF + timedelta(days=day), None, "counting", "x", frozenset()) for letter, day in days]
    placed = places(marks, AS_OF, AS_OF + timedelta(days=99), lambda day: float((day - AS_OF).days))
    assert labelled(placed, 10) == [(0.0, "a b"), (30.0, "c\u2013e"), (60.0, "f")]
