"""The report of the demonstration's day: word for word, number by number, byte for byte."""

from __future__ import annotations

import csv
import gzip
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Protocol

import duckdb
import pytest

from reports.build import BuiltReport, build_report
from reports.charts.parts import Table
from reports.mail.digest import attached_page, digest_of
from reports.mail.message import subject
from reports.mail.message import text as mail_text
from reports.page.values import QUERY_TITLES
from reports.sentences import change_text, finding
from reports.signals import SIGNALS
from reports.wording import NO_FIGURE, exact
from warehouse.catalogue.metrics import METRICS
from warehouse.read import report

DEMO_DAY = date(2021, 6, 25)

ROOT = Path(__file__).parents[2]
STARS = ROOT / "flows" / "replay" / "recordings" / "github" / "series" / "stars_forks_daily.csv.gz"
SameAsGolden = Callable[[str, str], None]
BUILD = """
import sys
from datetime import date
from pathlib import Path
from reports.build import build_report
from warehouse.publish.snapshot import open_published
day = date(2021, 6, 25)
build_report(open_published(Path(sys.argv[1]), day), as_of=day, out=Path(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def lines(demo_report: BuiltReport) -> list[dict[str, str]]:
    with demo_report.csv.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_words(demo_report: BuiltReport, same_as_golden: SameAsGolden) -> None:
    words = [demo_report.headline, "", *demo_report.problems, ""]
    words += [f"{label}: {text}" for label, text in demo_report.sentences.items()]
    for signal in SIGNALS:
        words += ["", f"{signal.title}: {finding(signal, demo_report.summary)}"]
        words += [
            f"  {row.label}: {change_text(row)} {row.reason}".rstrip()
            for row in demo_report.summary
            if row.signal is signal
        ]
    words += ["", *(f"{chart.name}: {chart.alt}" for chart in demo_report.charts)]
    same_as_golden("report.txt", "\n".join(words) + "\n")


def test_the_words_of_the_mail(demo_report: BuiltReport, same_as_golden: SameAsGolden) -> None:
    digest = digest_of(demo_report, page=attached_page("framework-trends-2021-06-25.html"))
    said = mail_text(digest, footer="Sent weekly to the list managers.")
    same_as_golden("email.txt", f"Subject: {subject(digest)}\n\n{said}")


def test_the_numbers(lines: list[dict[str, str]], same_as_golden: SameAsGolden) -> None:
    statistics = ("value", "daily_mean", "change", "change_low", "change_high", "share")
    columns = ("framework", "metric", "statistic", "period", "value", "unit", "comparable")
    kept = [row | {"value": _six_digits(row["value"])} for row in lines if row["statistic"] in statistics]
    rows = "\n".join(",".join(row[name] for name in columns) for row in kept)
    same_as_golden("report_numbers.csv", f"{','.join(columns)}\n{rows}\n")


def _six_digits(text: str) -> str:
    return f"{float(text):.6g}" if text else ""


def test_stars_are_those_of_the_recording(demo_report: BuiltReport) -> None:
    row = next(row for row in demo_report.summary if (row.framework, row.signal.key) == ("pytorch", "stars"))
    with gzip.open(STARS, "rt", newline="") as file:
        days = {
            row["date"]: max(int(row["count"]), 0)
            for row in csv.DictReader(file)
            if (row["repo"], row["metric"]) == ("pytorch/pytorch", "stars")
        }
    now = sum(count for day, count in days.items() if "2020-06-01" <= day <= "2021-05-31")
    before = sum(count for day, count in days.items() if "2019-06-01" <= day <= "2020-05-31")
    assert (row.value, row.previous) == (now, before)
    assert row.level == pytest.approx(now / 365)
    assert row.previous_level == pytest.approx(before / 366)
    assert row.change == pytest.approx(now / before - 1)


def test_shares_add_up_and_only_parts_of_a_whole_have_one(demo_report: BuiltReport) -> None:
    for signal in SIGNALS:
        rows = [row for row in demo_report.summary if row.signal is signal]
        if signal.key in ("search", "contributors"):
            assert {row.share for row in rows} == {None}, "an index has no whole, and people count twice"
            continue
        assert sum(row.share or 0 for row in rows) == pytest.approx(1)
        assert sum(int(row.share_text.split("\u00a0")[0]) for row in rows) == 100


def test_a_figure_that_is_not_comparable_has_a_reason_and_no_change(demo_report: BuiltReport) -> None:
    downloads = [row for row in demo_report.summary if row.signal.key == "downloads"]
    for row in downloads:
        assert row.verdict == "not comparable"
        assert row.change is row.low is row.high is None
        assert row.reason.endswith(".")
    assert any("PyPI downloads: the change from the year before is withheld" in text for text in demo_report.problems)


def test_a_break_inside_the_12_months_is_said_first_and_wherever_the_figures_stand(demo_report: BuiltReport) -> None:
    downloads = next(signal for signal in SIGNALS if signal.key == "downloads")
    assert demo_report.problems[0].startswith(
        "PyPI downloads: the way of counting changed and figures were lost inside"
    )
    assert finding(downloads, demo_report.summary).startswith("No ranking: ")
    for chart in demo_report.charts:
        if chart.name.startswith("downloads-"):
            assert [note[:2] for note in chart.notes] == ["a:", "b:"], chart.name
    page = demo_report.page.read_text(encoding="utf-8")
    assert page.count('<path class="break"') == 6, "two in each small line of downloads"
    assert re.search(r"67\u00a0%<sup", page)
    assert not re.search(r"has 67|284\u00a0k a day", page)


def test_what_is_synthetic_says_so_everywhere(demo_report: BuiltReport, lines: list[dict[str, str]]) -> None:
    page = demo_report.page.read_text(encoding="utf-8")
    assert "Search interest is synthetic: generated for the demonstration, not measured." in demo_report.problems
    for chart in demo_report.charts:
        texts = chart.figure.to_json() + chart.alt
        assert ("synthetic" in texts.lower()) == chart.name.startswith("search-")
    assert all("synthetic" in row["source"] for row in lines if row["metric"] == "search_interest" and row["source"])
    assert not any("synthetic" in row["source"] for row in lines if row["metric"] != "search_interest")
    assert "synthetic: generated for the demonstration" in page
    assert all("synthetic" in text for key, text in demo_report.sentences.items() if key == "keras")


def test_every_number_shown_is_in_the_csv(demo_report: BuiltReport, lines: list[dict[str, str]]) -> None:
    values = [float(row["value"]) for row in lines if row["value"]]
    whole = {f"{round(value * 100) + step}\u00a0%" for value in values if 0 <= value <= 1 for step in (-1, 0, 1)}
    known = {exact(value) for value in values} | whole
    shown = [
        number
        for chart in demo_report.charts
        for table in chart.tables
        if not table.is_text
        for row in table.body
        for cell in row[1:]
        for number in re.split(r" \(| to |\)|\*", cell)
        if number and number != NO_FIGURE
    ]
    assert len(shown) > 500
    assert sorted(set(shown) - known) == []


def test_every_figure_drawn_has_a_table_and_sql_behind_it(demo_report: BuiltReport) -> None:
    assert [chart.name for chart in demo_report.charts] == [
        "search-rolling", "search-months",
        "downloads-rolling", "downloads-months", "downloads-share",
        "contributors-rolling", "contributors-months", "contributors-newcomers",
        "stars-rolling", "stars-months", "stars-share",
    ]  # fmt: skip
    for chart in demo_report.charts:
        assert chart.tables
        assert chart.tables[0].body
        assert chart.queries
        assert set(chart.queries) <= set(QUERY_TITLES)
        assert len(chart.alt) > 40


def test_the_sql_shown_gives_the_rows_drawn(
    demo_report: BuiltReport, demo_warehouse: duckdb.DuckDBPyConnection
) -> None:
    facts = demo_report.facts
    drawn = {
        "months": len(facts.months),
        "weeks": sum(map(len, facts.weeks.values())),
        "search_weeks": sum(map(len, facts.search_weeks.values())),
        "search_bands": len(facts.search_bands),
        "releases": sum(map(len, facts.releases.values())),
        "breaks": len(facts.breaks),
        "freshness": len(facts.ages),
        "definitions": len(facts.definitions),
    }
    for name, number in drawn.items():
        assert len(demo_warehouse.execute(demo_report.queries[name]).fetchall()) == number, name
    rolling = [report.Rolling(*row) for row in demo_warehouse.execute(demo_report.queries["rolling"]).fetchall()]
    latest = {(row.framework, row.metric): row for row in rolling if row.day == facts.period.end}
    assert latest.keys() == facts.latest.keys()
    for key, row in latest.items():
        assert row.value == pytest.approx(facts.latest[key].value)
        assert row.reason == facts.latest[key].reason


def test_every_metric_has_a_definition_and_a_name(demo_report: BuiltReport) -> None:
    assert {row.metric for row in demo_report.facts.definitions} == set(METRICS)


def test_the_same_warehouse_and_day_give_the_same_bytes(
    demo_report: BuiltReport, demo: DemoFolder, tmp_path: Path
) -> None:
    out = tmp_path / "again"
    env = {**os.environ, "PYTHONHASHSEED": "4711", "TZ": "Asia/Kathmandu"}
    subprocess.run([sys.executable, "-c", BUILD, str(demo.published), str(out)], check=True, env=env, cwd=ROOT)
    assert (out / "report.html").read_bytes() == demo_report.page.read_bytes()
    assert (out / "metrics.csv").read_bytes() == demo_report.csv.read_bytes()


def test_sizes(demo_report: BuiltReport, demo_warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    shared = build_report(demo_warehouse, as_of=DEMO_DAY, out=tmp_path / "reports" / "x", self_contained=False)
    assert demo_report.page.stat().st_size < 6_000_000
    assert shared.page.stat().st_size < 400_000
    assert [path.name for path in (tmp_path / "reports").glob("*.js")] == ["plotly-7.1.0.min.js"]
    assert 'data-address="../plotly-7.1.0.min.js"' in shared.page.read_text(encoding="utf-8")


class DemoFolder(Protocol):
    """What is needed of the demo that all tests share."""

    @property
    def published(self) -> Path: ...


class Outside(HTMLParser):
    """Every address that a browser would follow on its own, and every handler that would run."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.scripts = 0
        self.ids: list[str] = []
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        for name, value in attrs:
            if name in ("src", "srcset", "data", "poster", "action") or (name == "href" and tag != "a"):
                self.addresses.append(value or "")
            if name == "href" and tag == "a" and (value or "").startswith("#"):
                self.targets.append((value or "")[1:])
            if name == "id":
                self.ids.append(value or "")
            if name.startswith("on"):
                self.handlers.append(name)


def outside_of(page: Path) -> Outside:
    parser = Outside()
    parser.feed(page.read_text(encoding="utf-8"))
    return parser


def test_the_page_asks_nobody_and_its_links_lead_somewhere(demo_report: BuiltReport) -> None:
    parser = outside_of(demo_report.page)
    icon, *pictures = parser.addresses
    assert icon.startswith("data:image/svg+xml,")
    assert pictures == [f"charts/{signal.key}.png" for signal in SIGNALS]
    assert parser.handlers == []
    assert parser.scripts == 4  # ours, the library, and two of data: figures for ours, claims for programs
    assert len(parser.ids) == len(set(parser.ids))
    assert set(parser.targets) <= set(parser.ids)


def test_no_cloud_button_and_no_logo(demo_report: BuiltReport) -> None:
    page = demo_report.page.read_text(encoding="utf-8")
    assert "displayModeBar: false, displaylogo: false" in page


def test_tables_are_whole(demo_report: BuiltReport) -> None:
    def check(table: Table) -> None:
        assert all(len(row) == len(table.head) for row in table.body), table.caption

    for chart in demo_report.charts:
        for table in chart.tables:
            check(table)
