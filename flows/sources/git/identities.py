"""Who wrote a commit, without keeping who: addresses become keyed hashes, robots and shared names are told apart.

identities.csv lists the addresses that are no single person, one a line: its kind, what it is, and where that is known
from. Kinds: bot (a machine), masked (one name for many people, or none), agent (a program that writes code at a
person's request; as an author it is a bot). An address there may be

    name@host                             that address
    123+login@users.noreply.github.com    a hidden address: its number or its login, with and without "[bot]"
    *@host, name*@host                    every address of that form
    sha256:<16 hex digits>                an address known by its hash only

Addresses of the form "<16 hex digits>@example.invalid" are already anonymised, as in the recordings, and left so.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from importlib.resources import files

from flows.config.settings import Identity
from flows.sources.git.addresses import Accounts, hidden, normalised

_RULES = b"2"  # change it when the rules here or in addresses.py change: every history is then walked again
_ANONYMISED = re.compile(r"([0-9a-f]{16})@example\.invalid")
_BOT = "[bot]"
_HASH = "sha256:"
_NAMED = re.compile(r"<([^<>]+)>|^assisted-by: *([\w .-]+?):[\w.-]", re.MULTILINE | re.IGNORECASE)
_NO_HISTORY = Accounts()


class Identities:
    """The identities that are no single person: the list that ships, and `extra` from config.toml, which wins."""

    def __init__(self, extra: Iterable[Identity] = ()) -> None:
        self._shipped = files("flows.sources.git").joinpath("identities.csv").read_bytes()
        rows = list(csv.DictReader(self._shipped.decode().splitlines()))
        self._extra = sorted((normalised(identity.email), identity.kind) for identity in extra)
        listed = [(row["address"], row["kind"]) for row in rows] + self._extra
        self._kinds = {spelling: kind for address, kind in listed for spelling in _spellings(address, kind)}
        self._patterns = [(_pattern(address), kind) for address, kind in listed if "*" in address]
        self._agents = {row["label"].lower() for row in rows if row["kind"] == "agent"}

    def kind(self, name: str, email: str) -> str:
        """person, bot (a machine) or masked (one name for many people, or no address to tell them apart)."""
        address = normalised(email)
        known = self._known(address)
        if known:
            return "bot" if known == "agent" else known
        if not any(sign.isalnum() for sign in address):
            return "masked"
        found = hidden(address)
        is_app = found is not None and found[1].endswith(_BOT)
        return "bot" if is_app or name.strip().lower().endswith(_BOT) else "person"

    def names_agent(self, trailers: str) -> bool:
        """Whether trailers, a line each, name a coding agent: by its address, or as "Assisted-by: Agent:model".

        A name alone is not enough: Claude and Devin are first names too.
        """
        return any(
            self._known(normalised(address)) == "agent" if address else agent.lower() in self._agents
            for address, agent in _NAMED.findall(trailers)
        )

    def fingerprint(self, mailmap: bytes) -> str:
        """Changes whenever the same commits could come out with another author or kind."""
        parts = (_RULES, self._shipped, repr(self._extra).encode(), mailmap)
        return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:32]

    def _known(self, address: str) -> str | None:
        """The kind that a list gives to a normalised address, None where none does."""
        kind = next((self._kinds[key] for key in _looked_up(address) if key in self._kinds), None)
        return kind or next((kind for pattern, kind in self._patterns if pattern.fullmatch(address)), None)


def author_key(identity_key: bytes, email: str, accounts: Accounts = _NO_HISTORY) -> str:
    """The keyed hash of a person, 32 hex digits: the same within a warehouse, meaningless outside of it."""
    return hmac.digest(identity_key, _bytes(accounts.account(normalised(email))), "sha256")[:16].hex()


def person_key(identity_key: bytes, what: str, text: str) -> str:
    """The keyed hash of an address or of the account that stands for a person (`what`), 32 hex digits."""
    return hmac.digest(identity_key, what.encode("ascii") + b" " + _bytes(text), "sha256")[:16].hex()


def commit_key(identity_key: bytes, sha: str) -> str:
    """The keyed hash of a commit's id, 20 hex digits: tells commits apart, and nobody which ones they are."""
    (key,) = commit_keys(identity_key, [sha])
    return key


def commit_keys(identity_key: bytes, shas: Iterable[str]) -> Iterator[str]:
    """The same of many: the key is worked in once, which takes most of the time for a short text."""
    keyed = hmac.new(identity_key, b"commit ", "sha256")
    for sha in shas:
        one = keyed.copy()
        one.update(sha.encode("ascii"))
        yield one.digest()[:10].hex()


def _spellings(address: str, kind: str) -> Iterator[str]:
    """What the lists are searched for: a listed address in every spelling, and the hash of each spelling."""
    found = hidden(address)
    spellings = {address}
    if found:
        number, login, host = found
        plain = login.removesuffix(_BOT)
        logins = {login, plain, plain + _BOT} if kind in {"bot", "masked"} else {login}
        spellings |= {f"{name}@{host}" for name in logins}
        spellings |= {f"{number}+{name}@{host}" for name in (*logins, "") if number}
    for spelling in spellings:
        yield spelling
        yield _HASH + _digits(spelling)


def _looked_up(address: str) -> Iterator[str]:
    """The spellings under which an address may be listed, the most exact first; a login says more than its number."""
    anonymised = _ANONYMISED.fullmatch(address)
    yield _HASH + (anonymised[1] if anonymised else _digits(address))
    found = hidden(address)
    if found:
        number, login, host = found
        yield f"{login}@{host}"
        yield f"{number}+@{host}"


def _pattern(address: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, address.split("*"))))


def _digits(address: str) -> str:
    return hashlib.sha256(_bytes(address)).hexdigest()[:16]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
