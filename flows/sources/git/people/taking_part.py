"""Everybody who takes part in a history, as keyed hashes: which addresses are one account, and which one person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from operator import attrgetter
from typing import NamedTuple

from flows.sources.git.addresses import Accounts
from flows.sources.git.identities import author_key, person_key
from flows.sources.git.people.merging import Seen, people_of
from flows.sources.git.people.organisations import organisations
from warehouse.rows import Contributor

WAYS = ("authors", "committers", "co_authors")


class Part(NamedTuple):
    """One way in which a name with a normalised address takes part: one of WAYS. `kind`: person, bot or masked."""

    way: str
    name: str
    address: str
    kind: str


def contributors(
    parts: Sequence[Part], accounts: Accounts, key: bytes, *, repository: str, apart: Collection[str]
) -> tuple[Contributor, ...]:
    """A row for each address, in the order of their keys, which tells nothing.

    `accounts` of the authors, by which commits are told apart; `apart`: addresses that are never put together with
    others by their names.
    """
    whole = Accounts(part.address for part in parts)
    account_of = {part.address: whole.account(accounts.account(part.address)) for part in parts}
    left = {account_of.get(address, address) for address in apart}
    persons = people_of((Seen(part.name, account_of[part.address], part.kind) for part in parts), left)
    person_of = {address: persons.get(account, account) for address, account in account_of.items()}
    employers = organisations({part.address: person_of[part.address] for part in parts if part.kind == "person"})
    ways, kinds = defaultdict(set), defaultdict(set)
    for part in parts:
        ways[part.address].add(part.way)
        kinds[part.address].add(part.kind)
    rows = [
        Contributor(
            repository=repository,
            address_key=person_key(key, "address", address),
            author_key=author_key(key, address, accounts),
            person_key=person_key(key, "person", person_of[address]),
            kind=next(kind for kind in ("masked", "bot", "person") if kind in kinds[address]),
            is_author="authors" in ways[address],
            is_committer="committers" in ways[address],
            is_co_author="co_authors" in ways[address],
            organisation=employers.get(address, ""),
        )
        for address in account_of
    ]
    return tuple(sorted(rows, key=attrgetter("address_key")))
