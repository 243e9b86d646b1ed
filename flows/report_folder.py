"""From the published copy to a report folder: page, CSV, mail and pictures, the list of reports, and their hashes."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext, suppress
from datetime import date
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from flows.config.settings import Report, Settings
from flows.process.endings import of_the_system
from flows.process.private import kept_private
from reports.build import CSV, GROUP_PAGES, PAGE, BuiltReport, build_report
from reports.claims.badge import badges
from reports.claims.told import claims_told
from reports.index import DATA, report_folders, write_index
from reports.mail.message import write_files
from reports.since.changes import state_of, state_text
from warehouse import PUBLISHED, WAREHOUSE
from warehouse.ledger import save_report_issue
from warehouse.open import WarehouseBusy, WarehouseError, alone_in, writing_warehouse
from warehouse.publish.exports import export_views
from warehouse.publish.snapshot import reading_published
from warehouse.read.queries import query
from warehouse.read.report import ClaimCheck, read_claims
from warehouse.read.state import definitions_version
from warehouse.rows import ReportIssue

BADGES = "badges"
_PRUNED_A_NIGHT = 5


def make_report(
    settings: Settings, data: Path, as_of: date, out: Path | None = None, *, published: Path | None = None
) -> BuiltReport:
    """Build the report of `as_of` into `out`, by default data/reports/YYYY-MM-DD.

    It reads `published`, by default data/published.duckdb; in a night that is the copy that will take this place.

    Raises warehouse.publish.snapshot.PublishedError. Where another process builds in the same folder, it is waited for.
    """
    folder = out or data / "reports" / as_of.isoformat()
    with nullcontext() if out else kept_private(data), alone_in(folder):
        built = make_page(published or data / PUBLISHED, as_of, folder, settings.report)
        write_files(built)
    return built


def update_list(reports: Path, built: BuiltReport, last_day: date, base_url: str | None = None) -> None:
    """Write the list of reports anew and let reports/latest lead to the newest. Raises OSError.

    Later reports than of `last_day` do not count: a night whose clock was wrong has left them.
    """
    labels = {item.framework: item.label for item in built.facts.frameworks}
    with alone_in(reports):
        write_index(reports, labels, last_day, base_url=base_url)
        point_to_newest(reports, last_day)
        if built.as_of == max(report_folders(reports, last_day)):
            write_badges(reports / BADGES, built.facts.claims)


def make_badges(published: Path, as_of: date | None, folder: Path) -> list[Path]:
    """The badges of all claims as known on `as_of`, by default the last night. Raises PublishedError, OSError."""
    with reading_published(published, as_of) as con:
        return write_badges(folder, read_claims(con))


def write_badges(folder: Path, claims: Sequence[ClaimCheck]) -> list[Path]:
    """A badge for each claim as `folder`/NAME.svg, in one step; those of claims that are gone go. Raises OSError."""
    told = badges(claims_told(claims))
    if told:
        folder.mkdir(parents=True, exist_ok=True)
    for name, svg in told.items():
        partial = folder / f".{name}.partial"
        partial.write_text(svg, encoding="utf-8", newline="\n")
        partial.replace(folder / name)
    for path in folder.glob("*.svg"):
        if path.name not in told:
            path.unlink()
    return [folder / name for name in told]


def make_page(published: Path, as_of: date, folder: Path, report: Report) -> BuiltReport:
    """Only the pages and the CSV of `as_of`. Raises warehouse.publish.snapshot.PublishedError."""
    with reading_published(published, as_of) as con:
        return build_report(con, as_of=as_of, out=folder, self_contained=report.self_contained, group=report.group)


def point_to_newest(reports: Path, last_day: date) -> None:
    """Let reports/latest lead to the report of the latest day, in one step."""
    _, newest = max(report_folders(reports, last_day).items())
    latest, pointer = reports / "latest", reports / ".latest.partial"
    if latest.is_dir() and not latest.is_symlink():
        said = "is a folder, so it cannot lead to the newest report; move it away"
        raise IsADirectoryError(errno.EISDIR, said, str(latest))
    pointer.unlink(missing_ok=True)
    pointer.symlink_to(newest.name, target_is_directory=True)
    pointer.replace(latest)


def write_data_files(settings: Settings, data: Path, published: Path | None = None) -> None:
    """Every public view as files in reports/data, as `[report] data_files` says. Raises OSError, PublishedError.

    What they were made of is noted beside them: files of the same copy in the same forms are not written again.
    """
    folder, copy = data / "reports" / DATA, published or data / PUBLISHED
    forms = settings.report.data_files
    if not forms and not folder.is_dir():
        return
    noted = folder.with_name(f".{DATA}.json")
    with kept_private(data), alone_in(folder):
        if noted.is_file() and noted.read_bytes() == _made_of(copy, forms, folder):
            return
        noted.unlink(missing_ok=True)
        with reading_published(copy) as con:
            try:
                export_views(con, folder, forms)
            except duckdb.IOException as error:
                raise OSError(str(error).partition("\n")[0]) from None
        noted.write_bytes(_made_of(copy, forms, folder))


def _made_of(copy: Path, forms: Collection[str], folder: Path) -> bytes:
    """By what the files in `folder` are known to be those of `copy` in these forms."""
    status = copy.stat()
    names = sorted(path.name for path in folder.iterdir())
    return json.dumps([status.st_ino, status.st_mtime_ns, status.st_size, sorted(forms), names]).encode()


def prune(settings: Settings, data: Path, last_day: date, published: Path | None = None) -> None:
    """Take away reports beyond those that `[report] keep` keeps, where the published copy gives the same bytes again.

    A few a night, each built and compared; whatever else lies in their folders stays. Raises OSError, PublishedError.
    """
    folders = report_folders(data / "reports", last_day)
    old = sorted(folders)[: -settings.report.keep]
    if not old:
        return
    published = published or data / PUBLISHED
    with reading_published(published) as con:
        issued = set(con.execute(query("state/issued")).fetchall())
    may_go = [day for day in old if (day, _hash(folders[day] / PAGE)) in issued]
    for number in range(min(_PRUNED_A_NIGHT, len(may_go))):  # not each time the same, in case one cannot go
        day = may_go[(last_day.toordinal() * _PRUNED_A_NIGHT + number) % len(may_go)]
        with alone_in(folders[day]):
            if _comes_again(published, day, folders[day], settings.report):
                _take_away(folders[day])


def _comes_again(published: Path, day: date, folder: Path, report: Report) -> bool:
    with TemporaryDirectory() as elsewhere:
        built = make_page(published, day, Path(elsewhere) / folder.name, report)
        files = (built.page, *built.group_pages, built.csv)
        kept = {path: folder / path.name for path in files}
        return all(old.is_file() and old.read_bytes() == new.read_bytes() for new, old in kept.items())


def _take_away(folder: Path) -> None:
    """The files of a report, and the folder where nothing else is in it."""
    for name in (PAGE, GROUP_PAGES, CSV, "email.html", "email.txt", "charts/*.png", "*.eml", "*.json"):
        for path in folder.glob(name):
            path.unlink()
    for path in (folder / "charts", folder):
        with suppress(OSError):
            path.rmdir()


def _hash(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def record_report(con: duckdb.DuckDBPyConnection, built: BuiltReport) -> None:
    """Write down the hash of each file, by which definitions and which queries it came about."""
    for path in (built.page, *built.group_pages, built.csv):
        issue = ReportIssue(
            report_id=built.report_id,
            as_of=built.as_of,
            definitions_version=definitions_version(con),
            artefact=path.name,
            sha256=_hash(path),
            query_texts=json.dumps(built.queries, sort_keys=True),
            said=state_text(state_of(built.facts, built.summary)) if path == built.page else None,
        )
        save_report_issue(con, issue)


def record_in_warehouse(data: Path, built: BuiltReport) -> None:
    """record_report for a report that was built outside a night. Raises WarehouseError."""
    with writing_warehouse(data / WAREHOUSE) as con:
        record_report(con, built)


def list_and_record(
    settings: Settings, data: Path, built: BuiltReport, last_day: date, tell: Callable[[str], object]
) -> bool:
    """What a night does with its report, for one that was built outside a night; False where somebody has to help.

    While a night runs, its hash cannot be written down: the same report gives the same hash at any other time.
    """
    try:
        write_data_files(settings, data)
        update_list(data / "reports", built, last_day, settings.report.base_url)
        record_in_warehouse(data, built)
    except OSError as error:
        tell(of_the_system(error))
        return False
    except WarehouseError as error:
        tell(f"the report is built, but its hash is not written down: {error}")
        return isinstance(error, WarehouseBusy)
    return True
