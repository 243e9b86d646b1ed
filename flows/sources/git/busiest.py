"""Persons who made so much of a year's commits that a machine or a shared account may be behind the name.

Names and addresses are read from the clone, for the terminal alone: nothing here is stored or reported.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flows.config.settings import GitHistory
from flows.sources.git.addresses import Accounts, normalised
from flows.sources.git.clone import Clone, LoggedCommit
from flows.sources.git.identities import Identities
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
    commits = [commit for commit in clone.log(None, clone.tip()) if " " not in commit.parents]
    authors = [mailmap.proper(commit.name, commit.address) for commit in commits]
    accounts = Accounts({normalised(address) for _, address in authors})
    years: dict[int, Counter[str]] = defaultdict(Counter)
    seen: dict[str, tuple[str, str]] = {}
    for commit, (name, address) in zip(commits, authors, strict=True):
        account = accounts.account(normalised(address))
        years[_year(commit)][account] += 1
        seen.setdefault(account, (name, address))
    found: dict[str, BusyPerson] = {}
    for year in sorted(years.keys() & set(range(1971, this_year + 1)), reverse=True):
        for account, count in years[year].items():
            share = count / years[year].total()
            if share > LARGE_SHARE and identities.kind(*seen[account]) == "person":
                busiest = found.get(account)
                if busiest is None or share > busiest.share:
                    found[account] = BusyPerson(*seen[account], share, year)
    return sorted(found.values(), key=lambda person: (-person.year, -person.share, person.name))


def _year(commit: LoggedCommit) -> int:
    """0 where git cannot read the time."""
    seconds = commit.committed
    return datetime.fromtimestamp(int(seconds), UTC).year if 0 < len(seconds) < 12 else 0
