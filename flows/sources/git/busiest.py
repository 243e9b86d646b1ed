"""Persons who made so much of a year's commits that a machine or a shared account may be behind the name.

Names and addresses are read from the clone, for the terminal alone: nothing here is stored or reported.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from flows.config.settings import GitHistory
from flows.sources.git.addresses import Accounts, normalised
from flows.sources.git.clone import Clone
from flows.sources.git.identities import Identities
from flows.sources.git.log import Log
from flows.sources.git.mailmap import Mailmap, read_mailmap

LARGE_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class BusyPerson:
    """`share` (0-1) of the commits of calendar year `year`, merges left out: the year in which it was largest."""

    name: str
    address: str
    share: float
    year: int


def busy_persons(settings: GitHistory, repository: str, clone_dir: Path, this_year: int) -> list[BusyPerson]:
    """Everybody counted as a person with more than LARGE_SHARE of a year's commits, the latest years first.

    Raises SourceError or DamagedCloneError when the clone cannot be read.
    """
    clone = Clone(settings, repository, clone_dir)
    mailmap, identities = Mailmap(read_mailmap(settings.mailmap)), Identities(settings.identities)
    log = clone.log(None, clone.tip())
    authors = [mailmap.proper(*author) for author in log.authors]
    accounts = Accounts({normalised(address) for _, address in authors})
    years: dict[int, Counter[str]] = defaultdict(Counter)
    seen: dict[str, tuple[str, str]] = {}
    for author, year, count in _counts(log):
        account = accounts.account(normalised(authors[author][1]))
        years[year][account] += count
        seen.setdefault(account, authors[author])
    found: dict[str, BusyPerson] = {}
    for year in sorted(years.keys() & set(range(1971, this_year + 1)), reverse=True):
        for account, count in years[year].items():
            share = count / years[year].total()
            if share > LARGE_SHARE and identities.kind(*seen[account]) == "person":
                busiest = found.get(account)
                if busiest is None or share > busiest.share:
                    found[account] = BusyPerson(*seen[account], share, year)
    return sorted(found.values(), key=lambda person: (-person.year, -person.share, person.name))


def _counts(log: Log) -> Iterator[tuple[int, int, int]]:
    """Author, as a place in `log.authors`, year and commits without merges; the author of the latest commit first."""
    commits = log.commits.filter(pc.invert(log.commits["is_merge"]))
    years = pc.year(commits["committed"].cast(pa.timestamp("s")))
    found = pa.table({"author": commits["author"], "year": years}).group_by(["author", "year"], use_threads=False)
    counts = found.aggregate([([], "count_all")])
    return zip(*(counts[name].to_pylist() for name in ("author", "year", "count_all")), strict=True)
