"""Where 12 months cannot be compared the report has a number all the same, labelled apart: on real figures of 2026."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from reports.build import BuiltReport, build_report
from reports.compare import SummaryRow
from reports.mail.digest import attached_page, digest_of
from reports.mail.message import html, picture_file, text
from reports.sentences import framework_sentences
from reports.spans.longest import none_text, shorter, shorter_text
from warehouse.breaks.known import known_breaks
from warehouse.read.report import Longest
from warehouse.rows import Answer, Download, FrameworkEntry, PackageEntry

NB = "\u00a0"
AS_OF = date(2026, 10, 10)
RECORDED = "clickpy_daily_all_installers_2026-03-25_2026-09-27.csv"
SERIES = Path(__file__).parents[2] / "fixtures" / "series" / RECORDED
WINDOWS = "10 weeks to 23 August 2026"


def recorded() -> Iterator[tuple[str, date, int]]:
    with SERIES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["project"], date.fromisoformat(row["date"]), int(row["count"])


@pytest.fixture(scope="module")
def report(
    made_up: SimpleNamespace,
    warehouse_of: Callable[..., duckdb.DuckDBPyConnection],
    tmp_path_factory: pytest.TempPathFactory,
) -> BuiltReport:
    """What ClickPy told of two packages before and after the break of 24 August 2026, beside a control."""
    at = datetime(2026, 10, 10, 2, tzinfo=UTC)
    names = sorted({name for name, *_ in recorded()})
    entries = [FrameworkEntry(name, name.title(), n, f"o/{name}", name, "term") for n, name in enumerate(names)]
    packages = [PackageEntry(name, name, "counted", None, "") for name in names]
    days = [date(2026, 3, 25) + timedelta(days=n) for n in range(187)]
    control = [Download("__all__", day, day, 1, "all", 10**9 if day < date(2026, 6, 15) else 2 * 10**9) for day in days]
    answers = [
        made_up.answer("config", "frameworks", *entries, at=at),
        made_up.answer("config", "packages", *packages, at=at),
        made_up.answer("config", "breaks", *known_breaks(), at=at),
        *(Answer("clickpy", name, "{}", at, downloads_of(name)) for name in names),
        Answer("pypistats", "__all__", "{}", at, tuple(control)),
    ]
    return build_report(warehouse_of(answers, AS_OF), as_of=AS_OF, out=tmp_path_factory.mktemp("longest") / "r")


def downloads_of(package: str) -> tuple[Download, ...]:
    return tuple(Download(name, day, day, 1, "all", count) for name, day, count in recorded() if name == package)


def row_of(report: BuiltReport, framework: str) -> SummaryRow:
    return next(row for row in report.summary if (row.framework, row.signal.key) == (framework, "downloads"))


def test_the_windows_are_those_before_the_break_and_the_figures_those_of_the_recording(report: BuiltReport) -> None:
    """152 days from 25 March to 23 August 2026 are 10 weeks and 10 weeks; from the break on there are 35 days."""
    counts = {(name, day): count for name, day, count in recorded()}
    for name in ("tensorboard", "transformers"):
        found = row_of(report, name).longest
        assert found is not None
        assert (found.weeks, found.window_start, found.window_end) == (10, date(2026, 6, 15), date(2026, 8, 23))
        newer = sum(counts[name, date(2026, 6, 15) + timedelta(days=n)] for n in range(70))
        older = sum(counts[name, date(2026, 4, 6) + timedelta(days=n)] for n in range(70))
        assert (found.value, found.previous_value) == (newer, older)
        assert found.change == pytest.approx(newer / older - 1)
        assert found.low is not None
        assert found.high is not None
        assert found.low < found.change < found.high
        assert found.relative_change == pytest.approx(newer / older / 2 - 1)
        assert row_of(report, name).change is None, "never in the change of 12 months"


def test_sentence_page_mail_and_csv_have_it_apart(report: BuiltReport) -> None:
    row = row_of(report, "transformers")
    told = shorter(row)
    assert told is not None
    missing = "no data yet on search interest, contributors and stars."
    assert report.sentences["transformers"].endswith(f"; in place of 12 months: {shorter_text(row)}; {missing}")
    assert shorter_text(row).startswith(f"{WINDOWS} beside the 10 weeks before, downloads {told.change}")
    assert ", season not removed, and beside all packages of the index together down " in shorter_text(row)
    page = " ".join(re.sub(r"<[^>]+>", " ", report.page.read_text(encoding="utf-8")).split())
    assert page.count(f"{WINDOWS}: {told.change}".replace(NB, " ")) == 1, "at a glance"
    assert "In place of 12 months, the longest honest comparison" in page
    digest = digest_of(report, page=attached_page("p"))
    cell = digest.rows[1].cells[1]
    assert (cell.change, cell.span) == ("not comparable", "")
    assert cell.instead.startswith(f"{WINDOWS}: ")
    assert cell.instead.endswith(", season not removed")
    assert cell.instead.replace(NB, "&nbsp;") in html(digest, picture_source=picture_file)
    assert cell.instead in text(digest)


def test_the_csv_has_it_under_names_of_its_own(report: BuiltReport) -> None:
    with report.csv.open(encoding="utf-8", newline="") as file:
        lines = [line for line in csv.DictReader(file) if line["framework"] == "transformers"]
    assert [line["value"] for line in lines if line["statistic"] == "change"] == [""] * 4
    told = {(line["statistic"], line["period"]): line for line in lines if line["statistic"].startswith("longest_")}
    newer, older = "2026-06-15/2026-08-23", "2026-04-06/2026-06-14"
    assert {(name, newer) for name in (
        "longest_value", "longest_change", "longest_change_low", "longest_change_high", "longest_control_change",
        "longest_relative_change", "longest_relative_change_low", "longest_relative_change_high",
    )} | {("longest_value", older)} == told.keys()  # fmt: skip
    assert {line["reason"] for line in told.values()} == {"Season not removed."}
    assert told["longest_control_change", newer]["value"] == "1"


SHORT = Longest(
    "a", "stars", 10, date(2021, 3, 1), date(2021, 5, 9), date(2020, 12, 21), date(2021, 2, 28), 700.0, 1400.0, -0.5,
    -0.6, -0.4, None, None, None, None, None, "Season not removed.", "x", "github",
)  # fmt: skip


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({}, f"stars down 50{NB}% (95{NB}% range \u221260 to \u221240{NB}%), season not removed"),
        ({"low": -0.6, "high": 0.1}, f"stars no clear change (95{NB}% range \u221260 to +10{NB}%), season not removed"),
        ({"low": -0.9, "high": 3.0}, "stars too few to say, season not removed"),
        ({"low": None, "high": None}, "stars too few weeks for a range, season not removed"),
        (
            {"relative_change": 0.2, "relative_low": 0.1, "relative_high": 0.3},
            f"stars down 50{NB}% (95{NB}% range \u221260 to \u221240{NB}%), season not removed, and beside all "
            f"packages of the index together up 20{NB}% (95{NB}% range +10 to +30{NB}%)",
        ),
    ],
)
def test_each_way_to_say_it(report: BuiltReport, more: dict[str, float | None], says: str) -> None:
    from reports.signals import SIGNALS

    row = replace(row_of(report, "transformers"), signal=SIGNALS[3], longest=replace(SHORT, **more))
    assert shorter_text(row) == f"10 weeks to 9 May 2021 beside the 10 weeks before, {says}"


def test_where_there_is_none_the_reason_is_on_the_page_and_nothing_in_the_sentence(report: BuiltReport) -> None:
    none = replace(SHORT, weeks=None, window_end=None, change=None, low=None, high=None, reason="The run has 55 days.")
    row = replace(row_of(report, "transformers"), longest=none)
    assert (shorter(row), shorter_text(row), none_text(row)) == (None, "", "The run has 55 days.")
    others = [item for item in report.summary if item.framework == "transformers" and item.signal.key != "downloads"]
    assert "in place of" not in framework_sentences(report.facts, [*others, row])["transformers"]
