"""Accounts that are one person, by their names: only where that is nearly certain, and in memory alone.

A false merge is worse than a missed one. Accounts are put together when they have the same full name and either

    the name is rare: in this history no more than one other full name ends with its last word, or
    their addresses have the same part before the @, of six letters or more.

Never put together are machines and masked names, names of one word, names of more than five accounts, accounts with
more than two full names, two accounts with different numbers on GitHub, and whatever `apart` names. Addresses of one
account (addresses.py, the mailmap) are one before.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import combinations
from typing import NamedTuple

from flows.sources.git.addresses import hidden

_MOST_ACCOUNTS = 5
_MOST_SPELLINGS = 2  # full names of one account; with more of them it is shared
_MOST_NAMES = 2  # that end with the same word
_LETTERS = 9  # of a full name, at least
_LOCAL = 6
_NOBODY = frozenset((
    "admin", "anonymous", "bot", "build", "committer", "dev", "developer", "github", "gitlab", "name", "noreply",
    "robot", "root", "service", "support", "team", "test", "the", "ubuntu", "unknown", "user", "your",
))  # fmt: skip


class Seen(NamedTuple):
    """A name with an account: what stands for its addresses (Accounts.account), and its kind."""

    name: str
    account: str
    kind: str


def people_of(seen: Iterable[Seen], apart: Collection[str] = ()) -> Mapping[str, str]:
    """Account -> the account that stands for the person. `apart`: accounts that are never put together by name."""
    persons = sorted({one for one in seen if one.kind == "person"})
    names: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for one in persons:
        if words := _words(one.name):
            names[one.account].add(words)
    by_name: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for account, spellings in names.items():
        if account not in apart and len(spellings) <= _MOST_SPELLINGS:
            for words in spellings:
                by_name[words].add(account)
    endings: dict[str, int] = defaultdict(int)
    for words in by_name:
        endings[words[-1]] += 1
    first = {one.account: one.account for one in persons}
    for words, accounts in sorted(by_name.items()):
        for low, high in _alike(accounts, is_rare=endings[words[-1]] <= _MOST_NAMES):
            _join(first, low, high)
    return {account: _root(first, account) for account in first}


def _words(name: str) -> tuple[str, ...]:
    """The words of a full name in one spelling; () for what is no full name, such as anything with digits."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    words = tuple(re.findall(r"[^\W\d_]+", "".join(sign for sign in plain if not unicodedata.combining(sign))))
    long = [word for word in words if len(word) > 1]
    is_full = (
        not re.search(r"\d", name)
        and len(long) > 1
        and len(words[-1]) > 1
        and sum(map(len, words)) >= _LETTERS
        and not _NOBODY & set(words)
    )
    return words if is_full else ()


def _alike(accounts: Collection[str], *, is_rare: bool) -> Iterator[tuple[str, str]]:
    """Pairs of accounts of one full name that are one person."""
    if len(accounts) > _MOST_ACCOUNTS or len({number for account in accounts if (number := _number(account))}) > 1:
        return
    for one, other in combinations(sorted(accounts), 2):
        if is_rare or (_local(one) and _local(one) == _local(other)):
            yield one, other


def _number(account: str) -> str | None:
    found = hidden(account) or re.fullmatch(r"(\d+)\+()@(.*)", account)
    return found[0 if isinstance(found, tuple) else 1] if found else None


def _local(account: str) -> str:
    local = account.partition("@")[0].partition("+")[0]
    return local if len(local) >= _LOCAL and local not in _NOBODY else ""


def _root(first: dict[str, str], account: str) -> str:
    while first[account] != account:
        account = first[account]
    return account


def _join(first: dict[str, str], one: str, other: str) -> None:
    """The smaller account stands for both."""
    low, high = sorted((_root(first, one), _root(first, other)))
    first[high] = low
