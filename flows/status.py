"""`trends status`: how fresh each source is, how the last runs ended, what is missing, which breaks are in force."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import get_terminal_size
from typing import Any, TextIO

from flows.config.alarms import Freshness
from flows.diagnosis.sizes import parts
from flows.process.arguments import not_after, not_before
from warehouse import PUBLISHED
from warehouse.adhoc.terminal import Cell, table
from warehouse.publish.snapshot import reading_published
from warehouse.read.queries import ask_dicts, ask_one

SECTIONS = {
    "freshness": "Freshness",
    "runs": "Last runs",
    "gaps": "Gaps in the last 13 months",
    "breaks": "Measurement breaks in force",
    "notes": "To look at, and still to come",
    "sizes": "Size of the data folder",
}
_COLOURS = {
    "fresh": "green",
    "ok": "green",
    "fallback": "yellow",
    "late": "yellow",
    "stale": "red",
    "never": "red",
    "failed": "red",
}

MEGABYTE = 10**6
_OTHERS = {"freshness", "sizes"}  # not, or not only, from a query of their own

Row = Mapping[str, Any]
_AS_CATALOGUED = Freshness()


@dataclass(frozen=True, slots=True)
class Status:
    """What the published warehouse says of itself as of a day: rows by section, see SECTIONS."""

    as_of: date
    sections: Mapping[str, Sequence[Row]]

    @property
    def wants_attention(self) -> bool:
        """Whether something is late, an answer looks wrong or the last run did not end well."""
        runs = self.sections["runs"]
        last_run = [run["status"] for run in runs if run["run_id"] == runs[0]["run_id"]]
        is_well = set(last_run) <= {"ok", "fallback"}  # what a stand-in brought is there
        return (
            any(row["status"] not in ("fresh", "off") for row in self.sections["freshness"])
            or any(row["kind"] == "doubt" for row in self.sections["notes"])
            or not is_well
        )


def read_status(
    data: Path, as_of: date, off: frozenset[str] = frozenset(), limits: Freshness = _AS_CATALOGUED
) -> Status:
    """Ask the published copy. `off`: sources that are switched off, of which nothing is expected.

    `limits`: how old figures may be where config.toml says so.

    Raises PublishedError.
    """
    with reading_published(data / PUBLISHED, as_of) as con:
        sections = {section: ask_dicts(con, f"status/{section}") for section in SECTIONS if section not in _OTHERS}
        ages = ask_dicts(con, "report/freshness")  # the report shows the same
    freshness = [
        row | {"status": "off" if row["source"] in off else limits.judge(row["source"], row["status"], row["age_days"])}
        for row in ages
    ]
    return Status(as_of, {"freshness": freshness, **sections, "sizes": _sizes(data, as_of)})


def _sizes(data: Path, as_of: date) -> list[Row]:
    """Each part in megabytes, and by how much it grows a night."""
    return [
        {
            "part": part.name,
            "megabytes": round(part.bytes / MEGABYTE, 1),
            "megabytes_a_night": None if part.bytes_a_night is None else round(part.bytes_a_night / MEGABYTE, 3),
        }
        for part in parts(data, as_of)
    ]


def day_to_report(data: Path, asked: date | None) -> date:
    """`asked`, of which the published copy must know something; by default the day of the last night.

    Raises PublishedError, UsageError.
    """
    with reading_published(data / PUBLISHED) as con:
        last: date = con.execute("SELECT as_of FROM core.clock").fetchall()[0][0]
        found = ask_one(con, "state/first_day")
    day = not_after(asked or last, last, "the last day that is published")
    return not_before(day, min(last, found[0]), "the first day of which anything is known") if found else day


def show_json(status: Status, out: TextIO) -> None:
    """A list of objects, each with the section it belongs to."""
    rows = [{"section": section, **row} for section, rows in status.sections.items() for row in rows]
    print(json.dumps(rows, indent=2, ensure_ascii=False, default=_plain), file=out)


def show_tables(status: Status, out: TextIO) -> None:
    """Tables as wide as the terminal; elsewhere the same without rules and colours, however long the lines."""
    width = get_terminal_size().columns if out.isatty() else None
    print(f"As of {status.as_of}", file=out)
    for section, rows in status.sections.items():
        print(f"\n{SECTIONS[section]}" if rows else f"\n{SECTIONS[section]}: none", file=out)
        if rows:
            cells = [[_cell(value) for value in row.values()] for row in rows]
            on_terminal = width is not None
            color = on_terminal and not os.environ.get("NO_COLOR")
            print(table(list(rows[0]), cells, width=width, color=color, rule=on_terminal), file=out, end="")


def _cell(value: Any) -> Cell:
    text = "" if value is None else str(_plain(value))
    return Cell(text, _COLOURS.get(text, ""))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else value
