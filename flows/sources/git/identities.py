"""Who wrote a commit, without keeping who: addresses become keyed hashes, robots and shared names are told apart.

An address is lower-cased and stripped. GitHub hides addresses as "login@users.noreply.github.com" and, since 2017, as
"123+login@users.noreply.github.com": the number is dropped, so that one person with both is one identity. Addresses of
the form "<16 hex digits>@example.invalid" are already anonymised, as in the recordings, and left as they are.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import re
from collections.abc import Iterable
from importlib.resources import files

from flows.config.settings import Identity

_RULES = b"1"  # change it when the rules below change: every history is then walked again
_ANONYMISED = re.compile(r"([0-9a-f]{16})@example\.invalid")
_NUMBERED_NOREPLY = re.compile(r"\d+\+(.+@users\.noreply\.github\.com)")
_BOT_ADDRESS = "[bot]@users.noreply.github.com"
_BOT_NAME = "[bot]"


class Identities:
    """The identities that are no single person: the list that ships, and `extra` from config.toml, which wins."""

    def __init__(self, extra: Iterable[Identity] = ()) -> None:
        self._shipped = files("flows.sources.git").joinpath("identities.csv").read_bytes()
        rows = csv.DictReader(self._shipped.decode().splitlines())
        self._kind_of_hash = {row["identity_hash"]: row["kind"] for row in rows}
        self._extra = sorted((normalised(identity.email), identity.kind) for identity in extra)
        self._kind_of_hash |= {address_hash(email): kind for email, kind in self._extra}

    def kind(self, name: str, email: str) -> str:
        """person, bot (a machine) or masked (one name for many people)."""
        known = self._kind_of_hash.get(address_hash(email.strip().lower()))
        known = known or self._kind_of_hash.get(address_hash(normalised(email)))
        if known:
            return known
        is_bot = normalised(email).endswith(_BOT_ADDRESS) or name.strip().lower().endswith(_BOT_NAME)
        return "bot" if is_bot else "person"

    def fingerprint(self, mailmap: bytes) -> str:
        """Changes whenever the same commits could come out with another author or kind."""
        parts = (_RULES, self._shipped, repr(self._extra).encode(), mailmap)
        return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:32]


def normalised(email: str) -> str:
    """The address as identities are told apart by it."""
    return _NUMBERED_NOREPLY.sub(r"\1", email.strip().lower())


def address_hash(email: str) -> str:
    """How identities.csv writes an address: 16 hex digits of its SHA-256; an anonymised address says its own."""
    anonymised = _ANONYMISED.fullmatch(email)
    return anonymised[1] if anonymised else hashlib.sha256(_bytes(email)).hexdigest()[:16]


def author_key(identity_key: bytes, email: str) -> str:
    """The keyed hash of a person, 32 hex digits: the same within a warehouse, meaningless outside of it."""
    return hmac.digest(identity_key, _bytes(normalised(email)), "sha256")[:16].hex()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
