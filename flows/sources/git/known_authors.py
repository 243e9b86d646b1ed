"""Which hidden addresses a history has, kept inside the clone: so a night need not read all authors again.

Only these matter to later commits: a number that turns up tells whose an address without one is (see addresses.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flows.sources.git.addresses import hidden

_FILE = "known-authors.json"


@dataclass(frozen=True, slots=True)
class KnownAuthors:
    """What is known of the first `commits` commits of a history: the normalised addresses that hide another."""

    addresses: frozenset[str] = frozenset()
    commits: int = 0

    def and_of(self, addresses: Iterable[str], commits: int) -> KnownAuthors:
        """With those of `commits` more commits."""
        more = frozenset(address for address in addresses if hidden(address))
        return KnownAuthors(self.addresses | more, self.commits + commits)


def kept_tip(clone: Path) -> str | None:
    """The last commit of the history of which anything is kept; None where nothing is, or it cannot be read."""
    try:
        return str(json.loads((clone / _FILE).read_text("ascii"))["tip"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def read_known_authors(clone: Path, *, tip: str, fingerprint: str) -> KnownAuthors | None:
    """What was kept for this tip under these rules; None where it is of another, or cannot be read."""
    try:
        kept = json.loads((clone / _FILE).read_text("ascii"))
        if (kept["tip"], kept["fingerprint"]) == (tip, fingerprint):
            return KnownAuthors(frozenset(map(str, kept["addresses"])), int(kept["commits"]))
    except (OSError, ValueError, TypeError, KeyError):
        pass
    return None


def keep_known_authors(clone: Path, known: KnownAuthors, *, tip: str, fingerprint: str) -> None:
    """In place of what was kept before, in one step."""
    kept = {"tip": tip, "fingerprint": fingerprint, "commits": known.commits, "addresses": sorted(known.addresses)}
    partial = clone / f".{_FILE}.partial"
    partial.write_text(json.dumps(kept), "ascii")
    partial.replace(clone / _FILE)
