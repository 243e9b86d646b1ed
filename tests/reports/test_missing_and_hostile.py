"""Reports of warehouses that lack something, and of names that mean harm."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest

from reports.build import BuiltReport, build_report
from reports.compare import SummaryRow
from warehouse.rows import (
    Break,
)

AS_OF = date(2021, 6, 25)
MadeUp = Any  # the namespace of conftest.py
Warehouse = Callable[..., duckdb.DuckDBPyConnection]


def rows_of(report: BuiltReport, framework: str) -> dict[str, SummaryRow]:
    return {row.signal.key: row for row in report.summary if row.framework == framework}


def test_nothing_at_all(made_up: MadeUp, warehouse_of: Warehouse, tmp_path: Path) -> None:
    report = build_report(warehouse_of([]), as_of=AS_OF, out=tmp_path / "r")
    page = report.page.read_text(encoding="utf-8")
    assert "Nothing is tracked yet" in page
    assert report.charts == ()
    assert report.csv.read_text(encoding="utf-8").count("\n") == 1


def test_a_framework_that_was_just_added(made_up: MadeUp, warehouse_of: Warehouse, tmp_path: Path) -> None:
    con = warehouse_of([*made_up.configured("Old", "JAX"), *made_up.everything(0), made_up.searches((40, 40))])
    report = build_report(con, as_of=AS_OF, out=tmp_path / "r")
    assert report.problems[0] == "No data yet for JAX."
    assert report.sentences["f1"] == "No data yet."
    assert {row.verdict for row in rows_of(report, "f1").values()} == {"no data"}
    assert not any(chart.name.endswith("share") for chart in report.charts), "there is no share of one"
    assert "Figures for Old only" in report.page.read_text(encoding="utf-8")


def test_a_signal_without_data_says_so(made_up: MadeUp, warehouse_of: Warehouse, tmp_path: Path) -> None:
    report = build_report(
        warehouse_of([*made_up.configured("A", "B"), *made_up.everything(0), *made_up.everything(1)]),
        as_of=AS_OF,
        out=tmp_path / "r",
    )
    assert "Search interest: no data yet for A and B." in report.problems
    assert "No data yet for this signal." in report.page.read_text(encoding="utf-8")
    assert report.sentences["f0"].endswith("no data yet on search interest.")


def test_a_clear_change_and_none(made_up: MadeUp, warehouse_of: Warehouse, tmp_path: Path) -> None:
    answers = [
        *made_up.configured("Up", "Level"),
        *made_up.everything(0, 1.5),
        *made_up.everything(1),
        made_up.searches((20, 40), (60, 60)),
    ]
    report = build_report(warehouse_of(answers), as_of=AS_OF, out=tmp_path / "r")
    up, level = rows_of(report, "f0"), rows_of(report, "f1")
    assert {key: up[key].verdict for key in ("search", "downloads", "stars")} == dict.fromkeys(
        ("search", "downloads", "stars"), "up"
    )
    assert up["stars"].change == pytest.approx(0.5 * 365 / 366, abs=0.003)
    assert {row.verdict for row in level.values()} == {"no clear change"}
    assert report.sentences["f0"].startswith("0.66 times Level's search interest (")
    assert "on the year before" in report.sentences["f0"]
    assert report.sentences["f1"].startswith("1.5 times Up's search interest (")


def test_signals_that_disagree_are_said_to(made_up: MadeUp, warehouse_of: Warehouse, tmp_path: Path) -> None:
    answers = [
        *made_up.configured("Torn", "Other"),
        *made_up.everything(0, 1.5),
        *made_up.everything(1),
        made_up.searches((80, 40), (60, 60)),
    ]
    report = build_report(warehouse_of(answers), as_of=AS_OF, out=tmp_path / "r")
    assert report.sentences["f0"].endswith(". The signals disagree.")
    assert "disagree" not in report.sentences["f1"]


def test_a_break_inside_the_two_years_withholds_the_change_and_is_drawn(
    made_up: MadeUp, warehouse_of: Warehouse, tmp_path: Path
) -> None:
    brk = Break("clickpy", "pypi_downloads", date(2020, 9, 1), "counting", "Only wheels are counted", "a post")
    loss = Break("git", "*", date(2020, 2, 1), "loss", "Rows lost", "a thread", ends_on=date(2020, 2, 20))
    answers = [*made_up.configured("A"), *made_up.everything(0, 1.5), made_up.answer("config", "breaks", brk, loss)]
    report = build_report(warehouse_of(answers), as_of=AS_OF, out=tmp_path / "r")
    rows, charts = rows_of(report, "f0"), {chart.name: chart for chart in report.charts}
    assert rows["downloads"].verdict == rows["contributors"].verdict == "not comparable"
    assert "Only wheels are counted" in rows["downloads"].reason
    assert rows["stars"].verdict == "up"
    drawn = charts["downloads-rolling"]
    assert drawn.notes == ("a: 1 September 2020: Only wheels are counted.",)
    assert any(shape["x0"] == "2020-09-01" for shape in drawn.figure.to_plotly_json()["layout"]["shapes"])
    assert any(
        shape["type"] == "rect" for shape in charts["contributors-rolling"].figure.to_plotly_json()["layout"]["shapes"]
    )
    assert charts["stars-rolling"].notes == ()
    assert "the change in downloads is withheld: counted differently since 1 September 2020" in report.sentences["f0"]


def test_breaks_are_drawn_where_the_warehouse_says_that_they_touch(
    made_up: MadeUp, warehouse_of: Warehouse, tmp_path: Path
) -> None:
    """A source of config.toml counts as well as a service; what is not tracked, or has no figure, touches nothing."""
    day = date(2020, 9, 1)
    told = [
        Break("pypi_downloads", "*", day, "counting", "By its source", "x"),
        Break("pypi", "pypi_downloads", day, "counting", "By its family, of one package", "x", entity="package0"),
        Break("clickpy", "pypi_downloads", day, "counting", "Of another package", "x", entity="elsewhere"),
        Break("pypistats", "pypi_downloads", day, "counting", "By a service without figures", "x"),
        Break("git", "pypi_downloads", day, "counting", "By a service of another metric", "x"),
    ]
    answers = [*made_up.configured("A"), *made_up.everything(0), made_up.answer("config", "breaks", *told)]
    report = build_report(warehouse_of(answers), as_of=AS_OF, out=tmp_path / "r")
    charts = {chart.name: chart for chart in report.charts}
    assert {note.split(": ")[2] for note in charts["downloads-rolling"].notes} == {
        "By its source.",
        "By its family, of one package.",
    }
    assert charts["contributors-rolling"].notes == ()


def test_a_stale_source_is_said_first(made_up: MadeUp, warehouse_of: Warehouse, tmp_path: Path) -> None:
    con = warehouse_of([*made_up.configured("A"), *made_up.everything(0)], AS_OF + timedelta(days=40))
    report = build_report(con, as_of=AS_OF + timedelta(days=40), out=tmp_path / "r")
    assert any("is stale for A: last figures of 24 June 2021, 41 days old." in text for text in report.problems)
    assert report.headline.endswith("stale")
    assert {row.verdict for row in report.summary} <= {"not comparable", "no data"}, "July is missing everywhere"


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.handlers: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


def test_hostile_names_are_only_text_on_the_page(hostile_report: BuiltReport) -> None:
    page = hostile_report.page.read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(page)
    assert tags.seen.count("script") == 3
    assert tags.handlers == []
    assert all(link.startswith(("#", "data:image/svg+xml,", "charts/")) for link in tags.links)
    assert tags.seen.count("img") == sum(link.startswith("charts/") for link in tags.links)
    assert "&lt;/script&gt;" in page
    assert not re.search("[\u202a-\u202e]", page)
    assert "{{ 7 * 7 }}" in page, "a name is no template"


def test_hostile_names_are_cut_in_running_text_only(hostile_report: BuiltReport) -> None:
    page = hostile_report.page.read_text(encoding="utf-8")
    assert "x" * 39 + "\u2026" in page
    assert not re.search("x{60}", page.split('id="figures"')[0])


def test_hostile_names_stay_text_in_figures(hostile_report: BuiltReport) -> None:
    for chart in hostile_report.charts:
        made = chart.figure.to_plotly_json()
        texts = [trace.get("name") or "" for trace in made["data"]]
        texts += [re.sub("</?(b|sup)>", "", note["text"]) for note in made["layout"].get("annotations", ())]
        assert not any(re.search(r"<(?!br>)|%\{", text) for text in texts)


def test_hostile_texts_do_not_run_in_a_spreadsheet(hostile_report: BuiltReport) -> None:
    with hostile_report.csv.open(encoding="utf-8", newline="") as file:
        cells = [(name, cell) for row in csv.DictReader(file) for name, cell in row.items()]
    assert len(cells) > 1000
    assert not [cell for name, cell in cells if name != "value" and cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert all(re.fullmatch(r"-?[0-9.e+-]*", cell) for name, cell in cells if name == "value")


def test_eight_frameworks_have_a_title_that_fits(hostile_report: BuiltReport) -> None:
    assert "and 5 more</bdi></h1>" in hostile_report.page.read_text(encoding="utf-8")
