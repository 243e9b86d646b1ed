"""One report: read the facts once, judge them, draw, and write the page and the CSV beside it.

The same warehouse and day give the same bytes: nothing here reads a clock or a random number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import duckdb

from reports.charts import all_charts
from reports.charts.parts import Chart
from reports.compare import SummaryRow, summarise
from reports.facts import Facts, Period, read_facts
from reports.metrics_csv import csv_text, numbers_of
from reports.page import render
from reports.page.groups import groups_of
from reports.page.values import QUERY_TITLES, Frame, page_values
from reports.problems import problems
from reports.sentences import framework_sentences, headline
from reports.signals import DRAWN, SIGNALS, WEEKLY
from reports.since.changes import Since, since_before
from warehouse.read.report import displayed_sql

PAGE, CSV, GROUP_PAGES = "report.html", "metrics.csv", "group-*.html"


@dataclass(frozen=True, slots=True)
class BuiltReport:
    """What was written, and what mail, index and ledger need of it.

    report_id   the day and the hash of the page: the same content has the same id
    headline    the one most important thing in a few words, for a subject line
    problems    short texts, the ones at the top of the page
    since       what has changed since earlier reports; () on a first one
    group_pages the pages of groups of frameworks beside it; () where one page holds them all
    sentences   framework key -> its sentence, without the name
    summary     one row a signal and framework, also where nothing is known
    charts      every figure with its title, alt text and table, in the order of the page
    queries     name -> the SQL shown in the appendix
    """

    report_id: str
    as_of: date
    folder: Path
    page: Path
    csv: Path
    headline: str
    problems: tuple[str, ...]
    sentences: dict[str, str]
    summary: tuple[SummaryRow, ...]
    charts: tuple[Chart, ...]
    queries: dict[str, str]
    facts: Facts
    since: tuple[Since, ...] = ()
    group_pages: tuple[Path, ...] = ()


def build_report(
    con: duckdb.DuckDBPyConnection,
    *,
    as_of: date,
    out: Path,
    self_contained: bool = True,
    group: int | None = None,
) -> BuiltReport:
    """Write `out`/report.html and `out`/metrics.csv from a connection of `warehouse.publish.snapshot.open_published`.

    Without `self_contained` the chart library lies once in the folder above `out`, and the reports there share it. With
    more than `group` frameworks report.html is an overview, and `out`/group-1.html and so on have the charts.
    """
    facts = read_facts(con, as_of)
    rows = summarise(facts)
    queries = dict(_queries(facts.period))
    out.mkdir(parents=True, exist_ok=True)
    library = render.library_script(out.parent, self_contained=self_contained, page_folder=out)
    groups = groups_of(facts, group)
    frame = Frame(library, queries, groups)
    parts = [(each, facts.only(each.keys)) for each in groups]
    pages = [_written(part, summarise(part), replace(frame, group=each)) for each, part in parts]
    whole = _written(facts, rows, frame)
    _remove_pages_of_groups(out)
    for file, text in ((PAGE, whole.text), *((each.file, page.text) for each, page in zip(groups, pages, strict=True))):
        _write(out / file, text)
    _write(out / CSV, csv_text(list(numbers_of(facts, rows))))
    said = "".join(page.text for page in (whole, *pages))
    return BuiltReport(
        report_id=f"{as_of.isoformat()}-{sha256(said.encode()).hexdigest()[:12]}",
        as_of=as_of,
        folder=out,
        page=out / PAGE,
        csv=out / CSV,
        headline=headline(facts, rows),
        problems=whole.problems,
        sentences=whole.sentences,
        summary=rows,
        charts=tuple(chart for page in (whole, *pages) for chart in page.charts),
        queries=queries,
        facts=facts,
        since=whole.since,
        group_pages=tuple(out / each.file for each in groups),
    )


@dataclass(frozen=True, slots=True)
class _Written:
    """A page and what it says."""

    text: str
    problems: tuple[str, ...]
    sentences: dict[str, str]
    since: tuple[Since, ...]
    charts: tuple[Chart, ...]


def _written(facts: Facts, rows: tuple[SummaryRow, ...], frame: Frame) -> _Written:
    charts = {signal.key: () for signal in SIGNALS} if frame.is_overview else all_charts(facts, rows)
    told, sentences, since = problems(facts, rows), framework_sentences(facts, rows), since_before(facts, rows)
    values = page_values(facts, rows, frame, charts=charts, problems=told, since=since, sentences=sentences)
    drawn = tuple(chart for group in charts.values() for chart in group)
    return _Written(render.page("report.html.j2", values), told, sentences, since, drawn)


def _remove_pages_of_groups(folder: Path) -> None:
    """Those of an earlier try: there may have been more groups."""
    for path in folder.glob(GROUP_PAGES):
        path.unlink()


def _write(path: Path, text: str) -> None:
    """In one step, so that a reader never sees half a page."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8", newline="\n")
    partial.replace(path)


def _queries(period: Period) -> Iterator[tuple[str, str]]:
    """Every query of the page as it was asked for this period."""
    values: dict[str, date | tuple[str, ...]] = {
        "first_day": period.previous_start,
        "last_day": period.end,
        "first_month": period.previous_start,
        "last_month": period.last_month,
        "drawn": DRAWN,
        "weekly": WEEKLY,
    }
    for name in QUERY_TITLES:
        yield name, displayed_sql(name, **values)
