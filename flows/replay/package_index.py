"""The package index on loopback: project pages in JSON of recorded files, version 1.4 of the API.

PEP 691 is the page, PEP 700 its upload times and versions, PEP 592 what is yanked, PEP 792 the status of the project.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time

from packaging.utils import canonicalize_name
from pypi_simple import parse_filename

from flows.replay.pypi_recordings import FOLDER, recorded
from flows.replay.server import Reply, Request, json_reply

JSON_TYPE = "application/vnd.pypi.simple.v1+json"


class PackageIndexReplay:
    """As it was at `as_of`, a moment or the end of a day: the files uploaded until then.

    Whether one is yanked is as it was when recorded; the index does not tell since when. `statuses`: project -> its
    status (archived, deprecated, quarantined) and the reason; a quarantined project offers no file.
    """

    def __init__(self, as_of: date | datetime, *, statuses: Mapping[str, tuple[str, str]] | None = None) -> None:
        self._moment = as_of if isinstance(as_of, datetime) else datetime.combine(as_of, time.max, UTC)
        self._statuses = statuses or {}

    def __call__(self, request: Request) -> Reply:
        match request.path.split("/"):
            case ["", name, ""] if name == canonicalize_name(name):
                return self._page(name, wants_json=JSON_TYPE in request.headers.get("accept", ""))
            case ["", name, ""] if name:
                return Reply(301, b"", {"Location": f"../{canonicalize_name(name)}/"})
            case ["", name] if name:
                return Reply(301, b"", {"Location": f"{canonicalize_name(name)}/"})
            case _:
                return _not_found()

    def _page(self, project: str, *, wants_json: bool) -> Reply:
        files = self._files(project)
        if not files:
            return _not_found()
        if not wants_json:
            links = "".join(f'<a href="{file["url"]}">{file["filename"]}</a>\n' for file in files)
            return Reply(200, f"<!DOCTYPE html>\n{links}".encode(), {"Content-Type": "text/html; charset=UTF-8"})
        status, reason = self._statuses.get(project, ("active", None))
        page = {
            "meta": {"api-version": "1.4", "_last-serial": 1},
            "name": project,
            "versions": sorted({parse_filename(str(file["filename"]), project)[1] for file in files}),
            "files": [] if status == "quarantined" else files,
            "project-status": {"status": status} | ({"reason": reason} if reason else {}),
        }
        return json_reply(page, headers={"Content-Type": JSON_TYPE})

    def _files(self, project: str) -> list[dict[str, object]]:
        if not (FOLDER / f"index_{project}.csv.gz").is_file():
            return []
        return [
            {
                "filename": row["filename"],
                "url": f"../../files/{row['filename']}",
                "hashes": {},
                "upload-time": row["uploaded_at"],
                "yanked": row["yanked"] == "1",
            }
            for row in recorded(f"index_{project}")
            if datetime.fromisoformat(row["uploaded_at"]) <= self._moment
        ]


def _not_found() -> Reply:
    return Reply(404, b"404 Not Found", {"Content-Type": "text/plain; charset=UTF-8"})
