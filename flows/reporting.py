"""From the published copy to a report folder: the page, the CSV, the pointer to the newest, and their hashes."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import date
from hashlib import sha256
from pathlib import Path

import duckdb

from flows.settings import Settings
from reports.build import BuiltReport, build_report
from warehouse import read, store
from warehouse.rows import ReportIssue
from warehouse.snapshot import open_published


def make_report(settings: Settings, data: Path, as_of: date, out: Path | None = None) -> BuiltReport:
    """Build the report of `as_of` from data/published.duckdb into `out`, by default data/reports/YYYY-MM-DD.

    Raises warehouse.snapshot.NothingPublishedError before the first night.
    """
    folder = out or data / "reports" / as_of.isoformat()
    with closing(open_published(data / "published.duckdb", as_of)) as con:
        built = build_report(con, as_of=as_of, out=folder, self_contained=settings.report.self_contained)
    if out is None:
        point_to_newest(data / "reports")
    return built


def point_to_newest(reports: Path) -> None:
    """Let reports/latest lead to the report of the latest day, in one step."""
    newest = max(folder.name for folder in reports.iterdir() if (folder / "report.html").is_file() and _is_day(folder))
    pointer = reports / ".latest.partial"
    pointer.unlink(missing_ok=True)
    pointer.symlink_to(newest, target_is_directory=True)
    pointer.replace(reports / "latest")


def record_report(con: duckdb.DuckDBPyConnection, built: BuiltReport) -> None:
    """Write down the hash of each file, by which definitions and which queries it came about."""
    digests = {path.name: sha256(path.read_bytes()).hexdigest() for path in (built.page, built.csv)}
    report_id = f"{built.as_of}-{digests[built.page.name][:12]}"
    for artefact, digest in digests.items():
        issue = ReportIssue(
            report_id=report_id, as_of=built.as_of, definitions_version=read.definitions_version(con),
            artefact=artefact, sha256=digest, query_texts=json.dumps(built.queries, sort_keys=True),
        )  # fmt: skip
        store.save_report_issue(con, issue)


def _is_day(folder: Path) -> bool:
    try:
        return date.fromisoformat(folder.name).isoformat() == folder.name
    except ValueError:
        return False
