"""What the page's template is given: plain values made from the facts and the judged rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from reports.charts.marks import along_months, places
from reports.charts.parts import Chart, Table
from reports.claims.ladder import ladder
from reports.claims.review import reviews
from reports.claims.told import claims_told
from reports.compare import SummaryRow
from reports.facts import Facts, month_level
from reports.noise import NOISE_RULE
from reports.page import render
from reports.page.groups import Group
from reports.page.sparkline import spark
from reports.sentences import finding, labels_of, lowered, standing_text
from reports.signals import SIGNALS, Signal
from reports.since.changes import Since
from reports.spans.longest import limits_of, none_text, shorter
from reports.wording import NO_FIGURE, clean_label, exact, letters, listed, long_day, percent, short_label, told
from warehouse.catalogue.metrics import METRICS
from warehouse.catalogue.services import name_of
from warehouse.read.report import CountingBreak, Definition, SourceAge

QUERY_TITLES = {
    "rolling": "The rolling 12 months",
    "longest": "The longest honest comparison",
    "months": "The months of both years",
    "weeks": "Weekly means of downloads and stars",
    "search_weeks": "Search interest by the week",
    "search_bands": "The band around the rolling search interest",
    "releases": "Feature releases",
    "breaks": "Counting breaks",
    "freshness": "Data as of",
    "definitions": "Definitions",
}
_WHAT = {"search_interest": "search interest", "pypi_downloads": "downloads", "stars": "stars and forks"}
_MARKS = {"fresh": "\N{BLACK CIRCLE}", "late": "\N{CIRCLE WITH LEFT HALF BLACK}", "stale": "\N{WHITE CIRCLE}"}
_KINDS = {"counting": "counted differently", "own": "from config.toml"}


@dataclass(frozen=True, slots=True)
class Pair:
    """A figure of the 12 months and of the 12 before, as texts."""

    now: str
    before: str


@dataclass(frozen=True, slots=True)
class Companions:
    """Further metrics of a signal: a line for each metric, a pair of figures for each framework."""

    caption: str
    labels: tuple[str, ...]
    lines: tuple[tuple[str, tuple[Pair, ...]], ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """What the pages of one report share; `group` is the one that this page is of, None on report.html."""

    library: render.Script
    queries: Mapping[str, str]
    groups: tuple[Group, ...] = ()
    group: Group | None = None

    @property
    def is_overview(self) -> bool:
        """Whether the charts are on pages of groups."""
        return bool(self.groups) and self.group is None


def page_values(
    facts: Facts,
    rows: Sequence[SummaryRow],
    frame: Frame,
    *,
    charts: Mapping[str, tuple[Chart, ...]],
    problems: Sequence[str],
    since: Sequence[Since],
    sentences: Mapping[str, str],
) -> dict[str, Any]:
    """Everything that report.html.j2 names."""
    script = render.own_script("page.js")
    return {
        "title": title(facts),
        "period": facts.period,
        "policy": render.policy([frame.library, script]),
        "frame": frame,
        "css": render.style_sheet("page.css"),
        "mark_css": render.mark_css(max((item.position for item in facts.frameworks), default=-1) + 1),
        "problems": problems,
        "since": since,
        "statements": [
            {"position": item.position, "label": item.label, "text": sentences[item.framework]}
            for item in (() if frame.is_overview else facts.frameworks)
        ],
        "glance": list(_glance(facts, rows)),
        "sources": list(_sources(facts, rows)),
        "sections": [_section(facts, rows, signal, charts[signal.key]) for signal in SIGNALS],
        "claims": claims_told(facts.claims),
        "reviews": render.json_in_script(reviews(facts.claims)) if facts.claims else "",
        "noise_rule": NOISE_RULE,
        "definitions": [(row.label, row, _small_print(row)) for row in facts.definitions],
        "breaks": _breaks_table(facts),
        "checks": _checks_table(facts),
        "query_titles": QUERY_TITLES,
        "has_marks": any(facts.marks.values()),
        "queries": [(name, QUERY_TITLES[name], text) for name, text in frame.queries.items()],
        "figures": render.figures_json([chart for group in charts.values() for chart in group]),
        "library": frame.library,
        "script": script,
    }


def title(facts: Facts) -> str:
    """TensorFlow, PyTorch and Keras; of more than four the rest as a number."""
    return labels_of(facts, [item.framework for item in facts.frameworks]) or "Nothing is tracked yet"


def _glance(facts: Facts, rows: Sequence[SummaryRow]) -> Iterator[dict[str, Any]]:
    for item in facts.frameworks:
        cells = [_glance_cell(facts, row) for row in rows if row.framework == item.framework]
        yield {"position": item.position, "label": item.label, "cells": cells}


def _glance_cell(facts: Facts, row: SummaryRow) -> dict[str, Any]:
    period = facts.period
    months = facts.month_values(row.framework, row.signal.metric, (*period.previous_months, *period.months))
    levels = [month_level(row.signal, month) for month in months]
    mine = [mark for mark in facts.marks_of(row.signal) if row.framework in mark.frameworks]
    line = spark(
        levels[:12],
        levels[12:],
        incomplete=[month is not None and not month.is_complete for month in months],
        marked=places(mine, period.previous_start, period.end, along_months(period.previous_start)),
    )
    return {"row": row, "unit": row.signal.short_unit, "inside": _inside(row), "spark": line, "shorter": shorter(row)}


def _inside(row: SummaryRow) -> str:
    """The letters of the breaks inside the 12 months."""
    return letters([mark.letter for mark in row.marks]) if row.marks else ""


# ---- data as of -----------------------------------------------------------------------------------------------------


def _sources(facts: Facts, rows: Sequence[SummaryRow]) -> Iterator[dict[str, Any]]:
    """A line for what shares service, signal, last day and state; what needs attention first."""
    groups: dict[tuple[str, str, str, date | None], list[SourceAge]] = {}
    for age in facts.ages:
        groups.setdefault((age.service, age.signal, age.status, age.last_day), []).append(age)
    order = ("never", "stale", "late", "fresh")
    for (service, signal, status, last_day), ages in sorted(groups.items(), key=lambda group: order.index(group[0][2])):
        yield {
            "source": name_of(service),
            "what": _WHAT.get(signal, signal),
            "entities": listed([_entity(facts, age.entity) for age in ages]),
            "last_day": long_day(last_day) if last_day else NO_FIGURE,
            "status": status,
            "state": f"{_MARKS.get(status, '!')} {status}{_age_text(ages[0])}",
            "coverage": _months_text(rows, signal),
            "is_synthetic": any(row.is_synthetic and row.signal.metric == signal for row in rows),
        }


def _entity(facts: Facts, entity: str) -> str:
    """The framework's name in place of a topic id, which says nothing to a reader."""
    label = next((item.label for item in facts.frameworks if item.search_query == entity), entity)
    return short_label(clean_label(label))


def _age_text(age: SourceAge) -> str:
    if age.age_days is None:
        return ""
    return f", {age.age_days} day{'' if age.age_days == 1 else 's'} old"


def _months_text(rows: Sequence[SummaryRow], signal: str) -> str:
    metric = "active_contributors" if signal == "commits" else signal
    months = sorted({row.months for row in rows if row.signal.metric == metric})
    if not months:
        return NO_FIGURE
    return f"{months[0]} of 12" if len(months) == 1 else f"{months[0]} to {months[-1]} of 12"


# ---- signals --------------------------------------------------------------------------------------------------------


def _section(facts: Facts, rows: Sequence[SummaryRow], signal: Signal, charts: tuple[Chart, ...]) -> dict[str, Any]:
    mine = [row for row in rows if row.signal is signal]
    definition = next((row for row in facts.definitions if row.metric == signal.metric), None)
    return {
        "signal": signal,
        "finding": finding(signal, rows),
        "definition": definition,
        "from": listed(sorted({name_of(row.service) for row in mine if row.service})),
        "is_synthetic": facts.is_synthetic(signal),
        "charts": charts,
        "rows": [{"row": row, "inside": _inside(row), "standing": standing_text(row)} for row in mine],
        "reasons": _reasons(mine),
        "shorter": [{"label": row.label, "told": it} for row in mine if (it := shorter(row))],
        "shorter_limits": limits_of(mine),
        "companions": _companions(facts, signal),
        "ladder": ladder(facts) if signal.key == "contributors" else None,
    }


def _reasons(rows: Sequence[SummaryRow]) -> list[str]:
    """Why changes are withheld; frameworks with the same reason share a line."""
    reasons: dict[str, list[str]] = {}
    for row in rows:
        none = none_text(row)
        why = " ".join(filter(None, (row.reason, f"No shorter comparison either: {lowered(none)}" if none else "")))
        if why:
            reasons.setdefault(why, []).append(short_label(row.label))
    return [f"{listed(labels)}: {reason}" for reason, labels in reasons.items()]


def _companions(facts: Facts, signal: Signal) -> Companions | None:
    lines = [
        (METRICS[metric].label, tuple(_pair(facts, item.framework, metric) for item in facts.frameworks))
        for metric in signal.companions
    ]
    if signal.key == "contributors":
        shares = tuple(_masked_share(facts, item.framework) for item in facts.frameworks)
        lines.append(("Share of commits by bots or shared identities", shares))
    known = tuple(line for line in lines if any(pair.now != NO_FIGURE for pair in line[1]))
    if not known:
        return None
    labels = tuple(short_label(item.label) for item in facts.frameworks)
    return Companions(f"More on {signal.noun}: the 12 months, below them the 12 before", labels, known)


def _pair(facts: Facts, framework: str, metric: str) -> Pair:
    row = facts.latest.get((framework, metric))
    return Pair(_figure(row.value), _figure(row.previous_value)) if row else Pair(NO_FIGURE, NO_FIGURE)


def _figure(value: float | None) -> str:
    return NO_FIGURE if value is None else exact(value)


def _masked_share(facts: Facts, framework: str) -> Pair:
    masked, commits = (facts.latest.get((framework, metric)) for metric in ("masked_or_bot_commits", "commits"))
    if not masked or not commits:
        return Pair(NO_FIGURE, NO_FIGURE)
    return Pair(_ratio(masked.value, commits.value), _ratio(masked.previous_value, commits.previous_value))


def _ratio(part: float | None, whole: float | None) -> str:
    return NO_FIGURE if part is None or not whole else percent(part / whole)


# ---- appendix -------------------------------------------------------------------------------------------------------


def _breaks_table(facts: Facts) -> Table | None:
    if not facts.breaks:
        return None
    body = tuple(
        (
            long_day(row.effective_on) + (f" to {long_day(row.ends_on)}" if row.ends_on else ""),
            _where(facts, row),
            _KINDS.get(row.kind, row.kind),
            told(row.what_changed),
            told(row.evidence),
        )
        for row in facts.breaks
    )
    head = ("From", "Where", "Kind", "What changed", "Known from")
    return Table("Breaks that touch these two years", head, body, is_text=True)


def _where(facts: Facts, row: CountingBreak) -> str:
    """Which metric, as which service counts it, and for whom, where that is not everyone."""
    metric = METRICS[row.metric].label if row.metric in METRICS else "All metrics"
    service = name_of(row.source)
    counted = "" if service == row.source else f", {service}"
    return f"{metric}{counted}{'' if row.entity == '*' else f', {facts.label_of(row.entity)}'}"


def _checks_table(facts: Facts) -> Table | None:
    if not facts.failed_checks:
        return None
    body = tuple(
        (row.check_name.replace("_", " "), row.status, f"{name_of(row.service)}: {row.entity}", told(row.detail))
        for row in facts.failed_checks
    )
    return Table("On the newest answers", ("Check", "State", "Of", "Detail"), body, is_text=True)


def _small_print(row: Definition) -> str:
    """What is said of a metric in small print."""
    parts = (f"counted: {row.basis}" if row.basis else "", f"source: {row.answered_by}" if row.answered_by else "")
    return "; ".join(part for part in (*parts, row.reference or "") if part)
