"""One frozen row type per fact, used unchanged from the source to the store.

A source yields `Answer`s: what one request said, when, and for which span of days. The rows inside hold the facts.
Times are timezone-aware UTC datetimes, days are `datetime.date`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from warehouse.catalogue.services import source_of


@dataclass(frozen=True, slots=True)
class SearchPoint:
    """Interest (0-100, of the maximum of its request) in `term` over the bucket that starts on `bucket_start`.

    `is_below_one`: Google says "<1", a positive figure that rounds to 0. `has_data` False: too little to say, not zero.
    `is_partial`: the bucket was not over when the answer was made. `resolution`: WEEK, DAY, MONTH, or "HOUR 14" for
    the hour that begins at 14 in the time zone of whoever asked.
    """

    term: str
    bucket_start: date
    resolution: str
    interest: int
    is_below_one: bool
    has_data: bool
    is_partial: bool


@dataclass(frozen=True, slots=True)
class Download:
    """Downloads of a package over a period, both ends included. A day has period_start == period_end.

    `window_days` is what to divide by for a daily mean: 30 x 24 h may touch 31 dates.
    `basis`: what was counted: "all" (every installer), "without_mirrors" (as pypistats), "pip" (pip only).
    """

    package: str
    period_start: date
    period_end: date
    window_days: int
    basis: str
    downloads: int


@dataclass(frozen=True, slots=True)
class Release:
    """A version on the package index; `released_at` is the upload of its first file."""

    package: str
    version: str
    released_at: datetime
    is_prerelease: bool
    is_yanked: bool


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of the default branch. `author_kind`: person, bot or masked.

    `commit_key` and `author_key` are keyed hashes, and of the time only the day is kept: with the id or the second of a
    commit anybody could look its author up in the public repository. `committed_on` is a UTC day, None where git cannot
    read it. `has_agent_trailer`: its message names a coding agent beside the author.
    """

    repository: str
    commit_key: str
    author_key: str
    author_kind: str
    committed_on: date | None
    is_merge: bool
    has_agent_trailer: bool = False


@dataclass(frozen=True, slots=True)
class Contributor:
    """An address that takes part in a history, as keyed hashes: of the address, of its account as commits have it, and
    of the person whom accounts are put together to. `kind`: person, bot or masked. A co-author is named in a trailer.
    `organisation`: the domain of the address where five people or more share it, else empty.
    """

    repository: str
    address_key: str
    author_key: str
    person_key: str
    kind: str
    is_author: bool
    is_committer: bool
    is_co_author: bool
    organisation: str = ""


@dataclass(frozen=True, slots=True)
class StarDay:
    """Stars given on a UTC day by users who still star today."""

    repository: str
    day: date
    stars_added: int


@dataclass(frozen=True, slots=True)
class RepositoryTotal:
    """Totals of a repository as they stood on `day`."""

    repository: str
    day: date
    stars: int
    forks: int


@dataclass(frozen=True, slots=True)
class FrameworkEntry:
    """A framework as config.toml names it. `search_query` is the term or topic that is asked."""

    framework: str
    label: str
    position: int
    repository: str
    search_query: str
    search_match: str


@dataclass(frozen=True, slots=True)
class PackageEntry:
    """`role` "counted": its downloads are the framework's. "requires": it installs the framework's package.

    `since`: the first day on which it did; None: it always did.
    """

    framework: str
    package: str
    role: str
    since: date | None
    reason: str


@dataclass(frozen=True, slots=True)
class Break:
    """A day from which a source counts differently. `break_source`, `metric` and `entity` "*" mean all of them.

    `break_source`: a source, a service of one, or "pypi" for every service that counts downloads. `entity`: a
    framework's key, a package or a repository. `ends_on`: the last day of a loss that was temporary; None where the
    new way of counting stayed.
    """

    break_source: str
    metric: str
    effective_on: date
    kind: str
    what_changed: str
    evidence: str
    entity: str = "*"
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class ClaimReading:
    """One way in which a claim of config.toml may be meant, with the claim itself; days are UTC days, both included.

    position       of the reading among all of the file, from 0
    made_on        when it was claimed, None where that is not known
    value          the number that is claimed, None where it names none; it stands for all from value_low to value_high
                   (None: without end), which is what it would be rounded from
    begins_from, begins_until   the time in which something is claimed to have begun, None for a number
    packages       whose downloads are meant, with commas between; empty: all of the framework
    first_day, last_day   from when to when is counted; None: since the beginning, until today
    basis          what is counted, empty where there is no choice
    """

    claim: str
    quote: str
    source_name: str
    source_url: str
    made_on: date | None
    framework: str
    value: int | None
    value_low: int | None
    value_high: int | None
    begins_from: date | None
    begins_until: date | None
    reading: str
    position: int
    metric: str
    packages: str
    first_day: date | None
    last_day: date | None
    basis: str


Row = (
    SearchPoint
    | Download
    | Release
    | Commit
    | Contributor
    | StarDay
    | RepositoryTotal
    | FrameworkEntry
    | PackageEntry
    | Break
    | ClaimReading
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request said. Rows are of one type: a tuple, or warehouse.columns.Columns where they are many.

    service       who answered: google_trends, clickpy, pypistats, top_pypi_packages, pypi_index, git, github, config,
                  break_detection; `source` is the source of config.toml that it answers for
    entity        what was asked about: a package, a repository, "tensorflow+pytorch+keras" for a group of terms
    request       the request in full, JSON, without secrets: whoever repeats it gets the same kind of answer
    window_start, window_end   days asked for, as far as the service has come, both included; None where the request
                  names none. Downloads: a day in it without a row is before the first of the package
    replaces_all  True: a whole, everything this service said of this entity before is superseded, also by absence
    state         what the next request needs (etag, tip commit); kept as JSON
    body          the raw body where it is kept (Google Trends)
    """

    service: str
    entity: str
    request: str
    collected_at: datetime
    rows: Sequence[Row]
    window_start: date | None = None
    window_end: date | None = None
    replaces_all: bool = False
    is_synthetic: bool = False
    state: Mapping[str, Any] = field(default_factory=dict)
    body: str | None = None

    @property
    def source(self) -> str:
        """The source of config.toml. Raises ValueError for a service that services.toml does not list."""
        return source_of(self.service)


@dataclass(frozen=True, slots=True)
class ReportIssue:
    """An artefact of a report that was written or sent: its hash, and what its figures were made of.

    definitions_version   of the views, from read.definitions_version
    query_texts           JSON: name of the figure -> SQL
    recipients            how many or which list, never addresses
    said                  JSON, of the page: what it said, for the next report to compare with
    """

    report_id: str
    as_of: date
    definitions_version: str
    artefact: str
    sha256: str
    query_texts: str = ""
    recipients: str = ""
    sent_at: datetime | None = None
    said: str | None = None
