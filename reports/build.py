"""One report: read the facts once, judge them, draw, and write the page and the CSV beside it.

The same warehouse and day give the same bytes: nothing here reads a clock or a random number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from reports import render
from reports.charts import NO_FIGURE, Chart, Table, all_charts, month_level, source_line
from reports.compare import NOISE_RULE, SummaryRow, summarise
from reports.facts import METRIC_NAMES, SIGNALS, Facts, Period, Signal, read_facts
from reports.numbers import csv_text, numbers_of
from reports.sentences import finding, framework_sentences, headline, problems, source_name
from reports.sparkline import spark
from reports.wording import clean_label, exact, listed, long_day, short_label
from warehouse.report_queries import SourceAge, displayed_sql

PAGE, CSV = "report.html", "metrics.csv"
QUERY_TITLES = {
    "rolling": "rolling: the rolling 12 months",
    "months": "months: the months of both years",
    "weeks": "weeks: weekly means of downloads and stars",
    "search_weeks": "search weeks: search interest by the week",
    "search_bands": "search bands: the band around the rolling search interest",
    "releases": "releases: feature releases",
    "breaks": "breaks: counting breaks",
    "freshness": "freshness: data as of",
    "definitions": "definitions",
}
_NAMES_IN_TITLE = 4
_STATE_MARKS = {"fresh": "\N{BLACK CIRCLE}", "late": "\N{CIRCLE WITH LEFT HALF BLACK}"}


@dataclass(frozen=True, slots=True)
class BuiltReport:
    """What was written, and what mail and pictures need of it.

    period      first and last month (firsts of the month) of the 12
    problems    short texts, the ones at the top of the page
    sentences   framework key -> its sentence, without the name
    summary     one row a signal and framework, also where nothing is known
    charts      every figure with its title, alt text and table, in the order of the page
    queries     name -> the SQL shown in the appendix
    """

    as_of: date
    period: tuple[date, date]
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


def build_report(
    con: duckdb.DuckDBPyConnection,
    *,
    as_of: date,
    out: Path,
    self_contained: bool = True,
    library_folder: Path | None = None,
) -> BuiltReport:
    """Write `out`/report.html and `out`/metrics.csv from a connection of `warehouse.snapshot.open_published`.

    Without `self_contained` the chart library lies once in `library_folder` (the folder above `out` if not given).
    """
    facts = read_facts(con, as_of)
    rows = summarise(facts)
    charts = all_charts(facts, rows)
    drawn = tuple(chart for group in charts.values() for chart in group)
    out.mkdir(parents=True, exist_ok=True)
    library = render.library_script(library_folder or out.parent, self_contained=self_contained, page_folder=out)
    queries = dict(_queries(facts.period))
    built = BuiltReport(
        as_of=as_of, period=(facts.period.start, facts.period.last_month), folder=out, page=out / PAGE, csv=out / CSV,
        headline=headline(facts, rows), problems=problems(facts, rows), sentences=framework_sentences(facts, rows),
        summary=rows, charts=drawn, queries=queries, facts=facts,
    )  # fmt: skip
    _write(built.page, render.page("report.html.j2", _page_values(built, charts, library)))
    _write(built.csv, csv_text(list(numbers_of(facts, rows))))
    return built


def _write(path: Path, text: str) -> None:
    """In one step, so that a reader never sees half a page."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8", newline="\n")
    partial.replace(path)


def _queries(period: Period) -> Iterator[tuple[str, str]]:
    values = {
        "first_day": period.previous_start,
        "last_day": period.end,
        "first_month": period.previous_start,
        "last_month": period.last_month,
    }
    for name in QUERY_TITLES:
        yield name, displayed_sql(name, **values)


def _page_values(built: BuiltReport, charts: dict[str, tuple[Chart, ...]], library: render.Script) -> dict[str, Any]:
    facts, script = built.facts, render.own_script("page.js")
    return {
        "title": _title(facts),
        "period": facts.period,
        "policy": render.policy([library, script]),
        "css": render.style_sheet("page.css"),
        "mark_css": render.mark_css(len(facts.frameworks)),
        "problems": built.problems,
        "statements": [
            {"position": position, "label": item.label, "text": built.sentences[item.framework]}
            for position, item in enumerate(facts.frameworks)
        ],
        "glance": list(_glance(facts, built.summary)),
        "sources": list(_source_rows(facts, built.summary)),
        "sections": [_section(facts, built.summary, signal, charts[signal.key]) for signal in SIGNALS],
        "noise_rule": NOISE_RULE,
        "definitions": [_definition(row) for row in facts.definitions],
        "breaks": _breaks_table(facts),
        "checks": _checks_table(facts),
        "queries": [{"name": name, "title": QUERY_TITLES[name], "text": text} for name, text in built.queries.items()],
        "figures": render.figures_json(built.charts),
        "library": library,
        "script": script,
    }


def _title(facts: Facts) -> str:
    labels = [short_label(item.label) for item in facts.frameworks]
    if not labels:
        return "No framework"
    if len(labels) > _NAMES_IN_TITLE:
        labels = [*labels[: _NAMES_IN_TITLE - 1], f"{len(labels) - _NAMES_IN_TITLE + 1} more"]
    return listed(labels)


def _glance(facts: Facts, rows: Sequence[SummaryRow]) -> Iterator[dict[str, Any]]:
    for position, item in enumerate(facts.frameworks):
        cells = [_glance_cell(facts, row) for row in rows if row.framework == item.framework]
        yield {"position": position, "label": item.label, "cells": cells}


def _glance_cell(facts: Facts, row: SummaryRow) -> dict[str, Any]:
    before, now = (
        [month_level(row.signal, month) for month in facts.month_values(row.framework, row.signal.metric, months)]
        for months in (facts.period.previous_months, facts.period.months)
    )
    units = {"search": "of 100", "downloads": "a day", "contributors": "people", "stars": "a day"}
    return {"row": row, "unit": units[row.signal.key], "spark": spark(before, now)}


def _source_rows(facts: Facts, rows: Sequence[SummaryRow]) -> Iterator[dict[str, Any]]:
    groups: dict[tuple[str, str, str, date | None], list[SourceAge]] = {}
    for age in facts.ages:
        groups.setdefault((age.source, age.signal, age.status, age.last_day), []).append(age)
    for (source, signal, status, last_day), ages in groups.items():
        yield {
            "source": source_name(source),
            "signal": signal.replace("_", " "),
            "entities": listed([short_label(clean_label(age.entity)) for age in ages]),
            "last_day": long_day(last_day) if last_day else NO_FIGURE,
            "status": status,
            "status_text": f"{_STATE_MARKS.get(status, '!')} {status}{_age_text(ages[0])}",
            "coverage": _months_text(rows, signal),
            "is_synthetic": any(row.is_synthetic and row.source == source for row in rows),
        }


def _age_text(age: SourceAge) -> str:
    if age.age_days is None:
        return ""
    return f", {age.age_days} day{'' if age.age_days == 1 else 's'} old"


def _months_text(rows: Sequence[SummaryRow], signal: str) -> str:
    metric = {"commits": "active_contributors"}.get(signal, signal)
    months = sorted({row.months for row in rows if row.signal.metric == metric})
    if not months:
        return NO_FIGURE
    return f"{months[0]} of 12" if len(months) == 1 else f"{months[0]} to {months[-1]} of 12"


def _section(facts: Facts, rows: Sequence[SummaryRow], signal: Signal, charts: tuple[Chart, ...]) -> dict[str, Any]:
    mine = [row for row in rows if row.signal is signal]
    return {
        "signal": signal,
        "finding": _capital(finding(signal, rows)),
        "basis": _basis(facts, signal, mine),
        "is_synthetic": facts.is_synthetic(signal),
        "charts": charts,
        "rows": mine,
        "reasons": _reasons(mine),
        "companions": list(_companions(facts, signal)),
    }


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _basis(facts: Facts, signal: Signal, rows: Sequence[SummaryRow]) -> str:
    """Definition, source and caveat of the signal in a short paragraph."""
    definition = next((row for row in facts.definitions if row.metric == signal.metric), None)
    parts = [definition.definition if definition else "", definition.caveat or "" if definition else ""]
    source = source_line(rows)
    return " ".join(part for part in [*parts, f"Source here: {source}." if source else ""] if part)


def _reasons(rows: Sequence[SummaryRow]) -> list[str]:
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row.reason:
            reasons.setdefault(row.reason, []).append(short_label(row.label))
    return [f"{listed(labels)}: {reason}" for reason, labels in reasons.items()]


def _companions(facts: Facts, signal: Signal) -> Iterator[Table]:
    body = []
    for metric in signal.companions:
        for item in facts.frameworks:
            row = facts.latest.get((item.framework, metric))
            if row and (row.value is not None or row.previous_value is not None):
                cells = [_figure(row.value), _figure(row.previous_value)]
                body.append((METRIC_NAMES[metric], short_label(item.label), *cells))
    if signal.key == "contributors":
        body += list(_masked_shares(facts))
    if body:
        yield Table(f"More on {signal.noun}", ("Metric", "Framework", "12 months", "12 before"), tuple(body))


def _masked_shares(facts: Facts) -> Iterator[tuple[str, ...]]:
    for item in facts.frameworks:
        masked = facts.latest.get((item.framework, "masked_or_bot_commits"))
        commits = facts.latest.get((item.framework, "commits"))
        if masked and commits and commits.value:
            shares = [_share(masked.value, commits.value), _share(masked.previous_value, commits.previous_value)]
            yield ("Share of commits by bots or shared identities", short_label(item.label), *shares)


def _share(part: float | None, whole: float | None) -> str:
    if part is None or not whole:
        return NO_FIGURE
    return f"{100 * part / whole:.0f} %"


def _figure(value: float | None) -> str:
    return NO_FIGURE if value is None else exact(value)


def _definition(row: Any) -> dict[str, Any]:
    return {
        "name": METRIC_NAMES.get(row.metric, row.metric),
        "metric": row.metric,
        "unit": row.unit,
        "definition": row.definition,
        "basis": row.basis,
        "source": row.source,
        "caveat": row.caveat,
        "reference": row.reference,
    }


def _breaks_table(facts: Facts) -> Table | None:
    body = tuple(
        (
            long_day(row.effective_on) + (f" to {long_day(row.ends_on)}" if row.ends_on else ""),
            row.kind,
            f"{row.source}, {row.metric}" + (f", {row.entity}" if row.entity != "*" else ""),
            row.what_changed,
            row.evidence,
        )
        for row in facts.breaks
    )
    return (
        Table("Breaks that touch these two years", ("From", "Kind", "Where", "What changed", "Evidence"), body)
        if body
        else None
    )


def _checks_table(facts: Facts) -> Table | None:
    body = tuple(
        (row.check_name, row.status, f"{row.source} {row.entity}".strip(), row.detail) for row in facts.failed_checks
    )
    return Table("On the newest answers", ("Check", "State", "Of", "Detail"), body) if body else None
