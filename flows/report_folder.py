"""From the published copy to a report folder: page, CSV, mail and pictures, the list of reports, and their hashes."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import date
from hashlib import sha256
from pathlib import Path

import duckdb

from flows.config.settings import Settings
from reports.build import BuiltReport, build_report
from reports.index import report_folders, write_index
from reports.mail.message import write_files
from warehouse.ledger import save_report_issue
from warehouse.open import open_warehouse
from warehouse.read.state import definitions_version
from warehouse.rows import ReportIssue
from warehouse.snapshot import open_published


def make_report(
    settings: Settings, data: Path, as_of: date, out: Path | None = None, *, published: Path | None = None
) -> BuiltReport:
    """Build the report of `as_of` into `out`, by default data/reports/YYYY-MM-DD.

    It reads `published`, by default data/published.duckdb; in a night that is the copy that will take this place.

    Raises warehouse.snapshot.NothingPublishedError before the first night.
    """
    folder = out or data / "reports" / as_of.isoformat()
    built = make_page(
        published or data / "published.duckdb", as_of, folder, self_contained=settings.report.self_contained
    )
    write_files(built)
    if out is None:
        point_to_newest(data / "reports")
        write_index(data / "reports", {item.framework: item.label for item in built.facts.frameworks})
    return built


def make_page(published: Path, as_of: date, folder: Path, *, self_contained: bool) -> BuiltReport:
    """Only the page and the CSV of `as_of`. Raises warehouse.snapshot.NothingPublishedError."""
    with closing(open_published(published, as_of)) as con:
        return build_report(con, as_of=as_of, out=folder, self_contained=self_contained)


def point_to_newest(reports: Path) -> None:
    """Let reports/latest lead to the report of the latest day, in one step."""
    _, newest = max(report_folders(reports).items())
    pointer = reports / ".latest.partial"
    pointer.unlink(missing_ok=True)
    pointer.symlink_to(newest.name, target_is_directory=True)
    pointer.replace(reports / "latest")


def record_report(con: duckdb.DuckDBPyConnection, built: BuiltReport) -> None:
    """Write down the hash of each file, by which definitions and which queries it came about."""
    for path in (built.page, built.csv):
        issue = ReportIssue(
            report_id=built.report_id,
            as_of=built.as_of,
            definitions_version=definitions_version(con),
            artefact=path.name,
            sha256=sha256(path.read_bytes()).hexdigest(),
            query_texts=json.dumps(built.queries, sort_keys=True),
        )
        save_report_issue(con, issue)


def record_in_warehouse(data: Path, built: BuiltReport) -> None:
    """record_report for a report that was built outside a night. Raises WarehouseError."""
    with open_warehouse(data / "warehouse.duckdb") as con:
        record_report(con, built)
