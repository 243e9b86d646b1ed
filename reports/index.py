"""The list of past reports, newest first, with what changed from each to the next; a page a year, and a feed.

It reads only what reports left in their folders (metrics.csv), so it can be written again at any time. What it found
before is kept beside it, so that a night reads two of them and not all.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from reports.facts import Period
from reports.metrics_csv import span
from reports.page import render
from reports.signals import SIGNALS
from reports.wording import clean_label, compact, exact, first_ones, long_day, short_label, signed_percent
from warehouse.calendar import FIRST_DAY

INDEX, FEED, DATA = "index.html", "feed.xml", "data"
MOST_CHANGES = 12
MOST_LISTED = 60
_FOUND, _FORM = ".changes.json", 1  # another form when what_changed says other things
_NOTHING_NEW = "No figure changed."
_NEEDED = {"framework", "metric", "statistic", "period", "value", "comparable"}
_NOUNS = {signal.metric: signal.noun for signal in SIGNALS}


@dataclass(frozen=True, slots=True)
class Headline:
    """The 12 months of one framework in one metric, as a past report's metrics.csv has them."""

    value: float | None
    change: float | None
    is_comparable: bool


@dataclass(frozen=True, slots=True)
class PastReport:
    """A report folder. `headlines` is keyed by (framework, metric); None where its metrics.csv cannot be read."""

    as_of: date
    headlines: dict[tuple[str, str], Headline] | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One report of the list. `changes`: since the one before."""

    as_of: date
    changes: list[str]

    @property
    def name(self) -> str:
        return self.as_of.isoformat()

    @property
    def day(self) -> str:
        return long_day(self.as_of)

    @property
    def period(self) -> str:
        return Period(self.as_of).text

    @property
    def is_the_same(self) -> bool:
        return self.changes == [_NOTHING_NEW]

    @property
    def uuid(self) -> str:
        return str(uuid5(NAMESPACE_URL, f"framework-trends/{self.name}"))


def write_index(
    reports_root: Path,
    labels: Mapping[str, str] | None = None,
    last_day: date = date.max,
    *,
    base_url: str | None = None,
) -> Path:
    """Write the list of every YYYY-MM-DD folder below `reports_root` up to `last_day` that holds a report.

    index.html has the newest, YYYY.html those of a year, feed.xml the newest for feed readers. Returns the path of the
    first. `labels`: framework key -> how it is written; a key without one, of what is no longer tracked, is shown as it
    is. `base_url`: where the folder is served.
    """
    entries = _entries(reports_root, labels, last_day)
    by_year = {year: list(group) for year, group in groupby(entries, lambda entry: entry.as_of.year)}
    common = {
        "css": render.style_sheet("page.css"),
        "policy": render.policy([]),
        "years": {year: len(group) for year, group in by_year.items()},
        "data": _data_files(reports_root / DATA),
    }
    newest = entries[:MOST_LISTED]
    pages = {INDEX: {"entries": newest, "year": None}}
    pages |= {f"{year}.html": {"entries": group, "year": year} for year, group in by_year.items()}
    for name, values in pages.items():
        _write(reports_root / name, render.page("index.html.j2", common | values))
    _write(reports_root / FEED, render.page("feed.xml.j2", {"entries": newest, "base_url": base_url}))
    for path in reports_root.glob("[0-9][0-9][0-9][0-9].html"):
        if path.name not in pages:
            path.unlink()
    return reports_root / INDEX


def _write(path: Path, text: str) -> None:
    """In one step, and only where it says something else than what is there."""
    if path.is_file() and path.read_bytes() == text.encode():
        return
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8", newline="\n")
    partial.replace(path)


def _data_files(folder: Path) -> dict[str, list[str]]:
    """View -> the names of its files."""
    names = sorted(path.name for path in folder.glob("[!.]*.*")) if folder.is_dir() else []
    return {view: list(group) for view, group in groupby(names, lambda name: name.partition(".")[0])}


def _entries(reports_root: Path, labels: Mapping[str, str] | None, last_day: date) -> list[Entry]:
    """Newest first. Only reports that are new, or whose figures or neighbours are, are read."""
    folders = report_folders(reports_root, last_day)
    days = sorted(folders)
    found = _found_before(reports_root / _FOUND, labels)

    @cache
    def past(day: date) -> PastReport:
        return past_report(folders[day], day)

    stamps = {day: _stamp(folders[day] / "metrics.csv") for day in days}
    known: dict[str, Any] = {}
    for before, day in zip([None, *days], days, strict=False):
        made_of = [stamps[day], before and before.isoformat(), before and stamps[before]]
        entry = found.get(day.isoformat())
        if not entry or entry["made_of"] != made_of:
            changes = what_changed(past(before) if before else None, past(day), labels)
            entry = {"made_of": made_of, "changes": changes}
        known[day.isoformat()] = entry
    _write(reports_root / _FOUND, json.dumps({"form": _FORM, "labels": dict(labels or {}), "days": known}))
    return [Entry(day, known[day.isoformat()]["changes"]) for day in reversed(days)]


def _found_before(path: Path, labels: Mapping[str, str] | None) -> dict[str, Any]:
    """What was found when the list was written last; nothing where that is damaged or names have changed."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        days = found["days"] if (found["form"], found["labels"]) == (_FORM, dict(labels or {})) else {}
        return {str(day): {"made_of": entry["made_of"], "changes": entry["changes"]} for day, entry in days.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}


def _stamp(path: Path) -> list[int] | None:
    """By what a file is known to be the same; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_mtime_ns, status.st_size]


def past_report(folder: Path, as_of: date) -> PastReport:
    """The report of `as_of` that lies in `folder`."""
    return PastReport(as_of, _headlines_of(folder / "metrics.csv", as_of))


def report_folders(reports_root: Path, last_day: date = date.max) -> dict[date, Path]:
    """Day -> folder, for every YYYY-MM-DD folder below `reports_root` up to `last_day` that holds a page."""
    return {
        day: folder
        for folder in reports_root.iterdir()
        if (day := _day_of(folder)) is not None and FIRST_DAY <= day <= last_day and (folder / "report.html").is_file()
    }


def _headlines_of(path: Path, as_of: date) -> dict[tuple[str, str], Headline] | None:
    """None for a file that is missing, damaged or of another version: the list names it, and goes on."""
    try:
        return dict(_headlines(path, as_of))
    except (OSError, ValueError, csv.Error):
        return None


def _day_of(folder: Path) -> date | None:
    try:
        day = date.fromisoformat(folder.name)
    except ValueError:
        return None
    return day if day.isoformat() == folder.name and not folder.is_symlink() else None


def _headlines(path: Path, as_of: date) -> Iterator[tuple[tuple[str, str], Headline]]:
    """The 12 months of every framework and signal, from the lines of `path` that cover the report's period."""
    period = Period(as_of)
    wanted = span(period.start, period.end)
    found: dict[tuple[str, str], dict[str, dict[str, str]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        lines = csv.DictReader(file)
        if not set(lines.fieldnames or ()) >= _NEEDED:
            raise ValueError("no metrics.csv of ours")
        for row in lines:
            if row["metric"] in _NOUNS and row["period"] == wanted and row["statistic"] in ("value", "change"):
                found.setdefault((row["framework"], row["metric"]), {})[row["statistic"]] = row
    for key, rows in found.items():
        value, change = rows.get("value", {}), rows.get("change", {})
        yield key, Headline(_number(value), _number(change), value.get("comparable") == "true")


def _number(row: dict[str, str]) -> float | None:
    return float(row["value"]) if row.get("value") else None


def what_changed(before: PastReport | None, after: PastReport, labels: Mapping[str, str] | None = None) -> list[str]:
    """The differences that a reader would want to know of, as short texts; at most twelve, the rest counted."""
    if after.headlines is None or (before and before.headlines is None):
        return ["Not compared: a metrics.csv cannot be read."]
    if before is None or before.headlines is None:
        return ["The first report."]
    moved = Period(before.as_of).start != Period(after.as_of).start
    texts = [f"The period moved on to {Period(after.as_of).text}."] if moved else []
    names = {key: short_label(clean_label(label)) for key, label in (labels or {}).items()}
    texts += list(_membership(before.headlines, after.headlines, names))
    for framework, metric in after.headlines:
        older, newer = before.headlines.get((framework, metric)), after.headlines[framework, metric]
        if older:
            name = f"{names.get(framework, framework)}, {_NOUNS[metric]}"
            texts += [f"{name}: {change}." for change in _changes(older, newer, moved=moved)]
    shown, left = first_ones(texts, MOST_CHANGES)
    return [*shown, f"{left} more."] if left else texts or [_NOTHING_NEW]


def _membership(
    before: Iterable[tuple[str, str]], after: Iterable[tuple[str, str]], names: Mapping[str, str]
) -> Iterator[str]:
    older, newer = ({framework for framework, _ in keys} for keys in (before, after))
    for framework in sorted(newer - older):
        yield f"{names.get(framework, framework)} is new."
    for framework in sorted(older - newer):
        yield f"{names.get(framework, framework)} is no longer tracked."


def _changes(before: Headline, after: Headline, *, moved: bool) -> Iterator[str]:
    """Whether a figure came, went or was revised; whether it can now be compared with the year before, or no longer."""
    if before.value is None and after.value is not None:
        yield f"first figure, {compact(after.value)}"
    elif before.value is not None and after.value is None:
        yield "no figure any more"
    elif before.value is not None and after.value is not None and _differ(before.value, after.value):
        yield f"{_from_to(before.value, after.value)}{'' if moved else ', revised'}"
    if before.is_comparable != after.is_comparable and None not in (before.value, after.value):
        word = "now comparable with" if after.is_comparable else "no longer comparable with"
        change = f" ({signed_percent(after.change)})" if after.change is not None else ""
        yield f"{word} the year before{change}"


def _differ(before: float, after: float) -> bool:
    return abs(after - before) > 1e-9 * max(abs(before), abs(after))


def _from_to(before: float, after: float) -> str:
    """In short where the short forms differ, else in full."""
    texts = compact(before), compact(after)
    return " to ".join(texts if texts[0] != texts[1] else (exact(before), exact(after)))
