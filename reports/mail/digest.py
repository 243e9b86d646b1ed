"""The digest: what one mailing list reads of a report, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from reports.compare import SummaryRow, summarise
from reports.facts import Facts
from reports.mail.pictures import Picture, pictures_of
from reports.problems import problems
from reports.sentences import framework_sentences, headline
from reports.signals import SIGNALS, Signal
from reports.since.changes import Since, since_before
from reports.spans.longest import SEASON, shorter
from reports.wording import NO_FIGURE, compact, letters, listed, short_label, signed_size

if TYPE_CHECKING:
    from reports.build import BuiltReport


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure of the small table: the 12 months, the 12 before, what to say of the change, and its range.

    `instead`: what can be said of a shorter time where 12 months cannot be compared.
    """

    value: str
    before: str
    change: str
    span: str = ""
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """What is said of one framework, and its name."""

    label: str
    says: str


@dataclass(frozen=True, slots=True)
class Column:
    """One signal of the small table."""

    title: str
    unit: str


@dataclass(frozen=True, slots=True)
class TableRow:
    """One framework of the small table; `cells` are in the order of the digest's columns."""

    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class PageAt:
    """Where a reader of the mail finds the page: its name in a sentence, the words before `place`, and a link to it."""

    name: str
    says: str
    place: str
    link: str = ""


_EVERYTHING = "The full page with every figure, its definition and its SQL"


def attached_page(file_name: str) -> PageAt:
    return PageAt("the attached page", f"{_EVERYTHING} is attached: ", file_name)


def linked_page(link: str) -> PageAt:
    return PageAt("the full page", f"{_EVERYTHING}: ", link, link)


def page_left_behind(path: str) -> PageAt:
    return PageAt("the full page", f"{_EVERYTHING} is kept where this mail comes from: ", path)


@dataclass(frozen=True, slots=True)
class Digest:
    """What one list reads. `headline` is the one most important thing; it goes into the subject."""

    report_id: str
    as_of: date
    period: str
    previous_period: str
    headline: str
    problems: tuple[str, ...]
    sentences: tuple[Sentence, ...]
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    pictures: tuple[Picture, ...]
    page: PageAt
    selection: str = ""
    has_marks: bool = False
    since: tuple[Since, ...] = ()


def part_of(built: BuiltReport, only: frozenset[str]) -> tuple[Facts, tuple[SummaryRow, ...]]:
    """What the report knows of the frameworks that a list asks for; `only` is their keys, empty for all."""
    if not only:
        return built.facts, built.summary
    facts = built.facts.only(only)
    return facts, summarise(facts)


def digest_of(built: BuiltReport, *, page: PageAt, only: frozenset[str] = frozenset()) -> Digest:
    """The digest of a report. `only`: keys of the frameworks that the list asks for, empty for all."""
    facts, rows = part_of(built, only)
    says = framework_sentences(facts, rows) if only else built.sentences
    return Digest(
        report_id=built.report_id,
        as_of=facts.period.as_of,
        period=facts.period.text,
        previous_period=facts.period.previous_text,
        headline=headline(facts, rows) if only else built.headline,
        problems=problems(facts, rows) if only else built.problems,
        sentences=tuple(Sentence(short_label(item.label), says[item.framework]) for item in facts.frameworks),
        columns=tuple(_column(facts, signal) for signal in SIGNALS),
        rows=tuple(TableRow(short_label(item.label), _cells(rows, item.framework)) for item in facts.frameworks),
        pictures=pictures_of(facts),
        page=page,
        selection=listed([short_label(item.label) for item in facts.frameworks]) if only else "",
        has_marks=any(row.marks for row in rows),
        since=since_before(facts, rows) if only else built.since,
    )


def _column(facts: Facts, signal: Signal) -> Column:
    unit = signal.short_unit
    return Column(signal.title, f"{unit}, synthetic" if facts.is_synthetic(signal) else unit)


def _cells(rows: Sequence[SummaryRow], framework: str) -> tuple[Cell, ...]:
    found = {row.signal.key: row for row in rows if row.framework == framework}
    return tuple(_cell(found.get(signal.key)) for signal in SIGNALS)


def _cell(row: SummaryRow | None) -> Cell:
    if row is None:
        return Cell(NO_FIGURE, NO_FIGURE, "no data")
    inside = f" ({letters([mark.letter for mark in row.marks])})" if row.marks else ""
    value = NO_FIGURE if row.level is None else f"{compact(row.level)}{inside}"
    before = NO_FIGURE if row.previous_level is None else compact(row.previous_level)
    clear = row.verdict in ("up", "down") and row.change is not None
    word = signed_size(row.change or 0) if clear else row.verdict
    span = row.range_text if clear or row.verdict == "no clear change" else ""
    return Cell(value, before, word, span, _instead(row))


def _instead(row: SummaryRow) -> str:
    it = shorter(row)
    if it is None:
        return ""
    return f"{it.windows}: {it.signed}{f' ({it.span})' if it.span else ''}, {SEASON}"
