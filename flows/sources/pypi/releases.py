"""The releases of a package, from the package index: version, first upload, pre-release, yanked (PEP 691, 700, 592).

A project may have a status (PEP 792): archived and deprecated ones keep their files, a quarantined one offers none.
"""

from __future__ import annotations

import json
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import requests
from packaging.utils import canonicalize_name
from packaging.version import Version
from pypi_simple import (
    ACCEPT_JSON_ONLY,
    PYPI_SIMPLE_ENDPOINT,
    DistributionPackage,
    ProjectPage,
    UnexpectedRepoVersionWarning,
    UnsupportedRepoVersionError,
)

from flows.config.settings import PypiReleases
from flows.sources.answers import FIRST_DAY, LAST_DAY
from flows.sources.errors import TerminalError, TransientError
from flows.sources.http import HttpClient, json_of
from warehouse.rows import Answer, Release

# An index that is newer by a minor version is no news for whoever reads the terminal. Set once, for filters are shared
# by all threads.
warnings.filterwarnings("ignore", category=UnexpectedRepoVersionWarning)

SOURCE = "pypi_index"
_ACTIVE = "active"


def fetch_releases(
    settings: PypiReleases,
    client: HttpClient,
    *,
    package: str,
    collected_at: datetime,
) -> Iterator[Answer]:
    """One Answer with every release. Its state counts files without a valid version and versions without a date, and
    has the status of a project that is not active.

    Raises TransientError; TerminalError for an unknown or quarantined package, an index that tells no upload times,
    another shape.
    """
    package = canonicalize_name(package)
    page, status = _page(settings, client, package)
    versions, unnamed = _by_version(page.packages)
    rows = tuple(
        _release(package, version, files) for version, files in sorted(versions.items()) if any(map(_is_dated, files))
    )
    if not rows:
        raise TerminalError(SOURCE, f"the index tells no upload times for {package}", "PEP 700 is needed")
    yield Answer(
        service=SOURCE,
        entity=package,
        request=json.dumps({"method": "GET", "path": f"/{package}/", "accept": ACCEPT_JSON_ONLY}),
        collected_at=collected_at,
        rows=rows,
        replaces_all=True,
        state={
            "files_without_version": unnamed,
            "versions_without_date": len(versions) - len(rows),
            **({} if status == _ACTIVE else {"project_status": status}),
        },
    )


def index_client(settings: PypiReleases, sleep: Callable[[float], None] = time.sleep) -> HttpClient:
    """The client for `fetch_releases`."""
    return HttpClient.of(SOURCE, settings, headers={"Accept": ACCEPT_JSON_ONLY}, sleep=sleep)


def _page(settings: PypiReleases, client: HttpClient, package: str) -> tuple[ProjectPage, str]:
    """The page of the project and its status. Our client asks and asks again, the library knows the format."""
    index = (settings.index_url or PYPI_SIMPLE_ENDPOINT).rstrip("/")
    response = client.get(
        f"{index}/{package}/", accept=partial(_is_page, package), content_type=ACCEPT_JSON_ONLY, follow=True
    )
    data = json_of(SOURCE, response)
    status = _status(data)
    try:
        page = _parsed(data, response.url)
    except UnsupportedRepoVersionError as error:
        raise TerminalError(SOURCE, f"{package}: {error}") from None
    except (ValueError, OverflowError) as error:
        raise TerminalError(SOURCE, f"{package}: page is not as in PEP 691: {str(error).splitlines()[0]}") from None
    if canonicalize_name(page.project) != package:
        raise TerminalError(SOURCE, f"asked for {package}, the index answers with {page.project}")
    if not page.packages and status == "quarantined":
        raise TerminalError(
            SOURCE, f"{package} is quarantined: the index offers none of its files", "what is known stays"
        )
    if not page.packages:  # it would wipe out every release that is known
        raise TransientError(SOURCE, f"the index lists no file of {package}")
    return page, status


def _status(data: Any) -> str:
    """The status of a project; one that says nothing is active."""
    match data:
        case {"project-status": {"status": str(status)}}:
            return status
    return _ACTIVE


def _parsed(data: Any, url: str) -> ProjectPage:
    """The page, without its status: the library refuses a page whose status it does not know."""
    known = {key: value for key, value in data.items() if key != "project-status"} if isinstance(data, dict) else data
    return ProjectPage.from_json_data(known, url)


def _is_page(package: str, response: requests.Response) -> bool:
    if response.status_code == 404:
        raise TerminalError(SOURCE, f"no package {package} in the index", "check the name in config.toml")
    return response.status_code == 200


def _by_version(files: Iterable[DistributionPackage]) -> tuple[dict[Version, list[DistributionPackage]], int]:
    """The files of each version, and how many have none that PEP 440 allows."""
    versions: dict[Version, list[DistributionPackage]] = defaultdict(list)
    unnamed = 0
    for file in files:
        try:
            versions[Version(file.version or "")].append(file)
        except ValueError:  # InvalidVersion, or a number of thousands of digits
            unnamed += 1
    return versions, unnamed


def _release(package: str, version: Version, files: list[DistributionPackage]) -> Release:
    return Release(
        package=package,
        version=str(version),
        released_at=min(_in_utc(file.upload_time) for file in files if file.upload_time and _is_dated(file)),
        is_prerelease=version.is_prerelease,
        is_yanked=all(file.is_yanked for file in files),
    )


def _in_utc(moment: datetime) -> datetime:
    """PEP 700 asks for UTC; an index that sends an offset means it, one that sends none means UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _is_dated(file: DistributionPackage) -> bool:
    """Whether the upload time is one that can be: some day of ours, not the first or last moment of the calendar."""
    return file.upload_time is not None and FIRST_DAY <= file.upload_time.date() <= LAST_DAY
