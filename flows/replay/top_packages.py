"""top-pypi-packages on loopback: the list of the day, and every list before it in the history of the project.

/top-pypi-packages.json                  the current list
/<commit or tag>/top-pypi-packages...    an earlier one; tags (2021.06) exist since March 2020
The recorded lists hold the 25 packages that matter here, not the thousands of the real ones. The first list of all is
its rows alone, without the object around them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flows.replay.pypi_recordings import recorded
from flows.replay.server import Reply, Request, json_reply

CURRENT = "top-pypi-packages.json"
_OLD_NAME = "top-pypi-packages-30-days.json"
_RENAMED_ON = date(2025, 4, 1)
_TAGS_SINCE = date(2020, 3, 1)
_FIRST_LIST = date(2018, 2, 7)


@dataclass(frozen=True, slots=True)
class _List:
    last_update: datetime
    source: str
    bytes_processed: str
    commit: str
    counts: Mapping[str, int]

    @property
    def listed_on(self) -> date:
        return self.last_update.date()

    @property
    def names(self) -> set[str]:
        return {_OLD_NAME, CURRENT} if self.listed_on >= _RENAMED_ON else {_OLD_NAME}


class TopPackagesReplay:
    """As it was on the evening of `as_of`. `later`: lists after the recorded ones, by the time of their update."""

    def __init__(self, as_of: date, *, later: Mapping[datetime, Mapping[str, int]] | None = None) -> None:
        lists = [*_recorded_lists(), *(_List(at, "ClickHouse", "", "", counts) for at, counts in (later or {}).items())]
        self._lists = [listing for listing in lists if listing.listed_on <= as_of]
        self._by_ref = {listing.commit: listing for listing in self._lists}
        for listing in self._lists:
            if listing.listed_on >= _TAGS_SINCE:
                self._by_ref.setdefault(f"{listing.listed_on:%Y.%m}", listing)

    def __call__(self, request: Request) -> Reply:
        match request.path.split("/"):
            case ["", name] if name == CURRENT and self._lists:
                return json_reply(_body(self._lists[-1]))
            case ["", ref, name] if ref in self._by_ref and name in self._by_ref[ref].names:
                return json_reply(_body(self._by_ref[ref]), headers={"Content-Type": "text/plain; charset=utf-8"})
            case _:
                return Reply(404, b"404: Not Found", {"Content-Type": "text/plain; charset=utf-8"})


def _recorded_lists() -> list[_List]:
    counts: dict[str, dict[str, int]] = {}
    for row in recorded("top_packages_counts"):
        counts.setdefault(row["listed_on"], {})[row["package"]] = int(row["downloads"])
    return [
        _List(
            datetime.fromisoformat(row["last_update"]),
            row["source"],
            row["bytes_processed"],
            row["commit"],
            counts[row["listed_on"]],
        )
        for row in recorded("top_packages_lists")
    ]


def _body(listing: _List) -> Any:
    """The shape that the list had at its time: made with pypinfo, from July 2025 with ClickHouse."""
    rows = [
        {"download_count": count, "project": package}
        for package, count in sorted(listing.counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    if listing.listed_on == _FIRST_LIST:
        return rows
    moment = f"{listing.last_update:%Y-%m-%d %H:%M:%S}"
    if not listing.source.startswith("ClickHouse"):
        processed = int(listing.bytes_processed) if listing.bytes_processed else 0
        return {"last_update": moment, "query": {"bytes_processed": processed, "cached": False}, "rows": rows}
    meta = [{"name": "download_count", "type": "Int64"}, {"name": "project", "type": "String"}]
    return {"last_update": moment, "source": "ClickHouse", "meta": meta, "rows": rows, "total_rows": len(rows)}
