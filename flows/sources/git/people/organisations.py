"""For whom somebody works, only where the address says so: "@google.com", never a guess by name or by time."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

_FEWEST = 5  # people of one domain; a domain of fewer may be that of a person
_MAIL = frozenset((
    "126.com", "139.com", "163.com", "aol.com", "example.com", "foxmail.com", "gmail.com", "gmx.de", "gmx.net",
    "googlemail.com", "hey.com", "hotmail.com", "icloud.com", "live.com", "mac.com", "mail.ru", "me.com", "msn.com",
    "naver.com", "outlook.com", "pm.me", "proton.me", "protonmail.com", "qq.com", "sina.com", "yahoo.com", "yandex.ru",
    "ymail.com", "zoho.com",
))  # fmt: skip
_TWO_LEVELS = frozenset(("ac", "co", "com", "edu", "gov", "net", "or", "org"))  # cam.ac.uk, not ac.uk


def organisations(person_of: Mapping[str, str]) -> Mapping[str, str]:
    """Address -> the domain of its organisation, without those whose address names none that several people share.

    `person_of`: normalised address -> whatever stands for the person.
    """
    found = {address: domain for address in person_of if (domain := _domain(address))}
    people: dict[str, set[str]] = defaultdict(set)
    for address, domain in found.items():
        people[domain].add(person_of[address])
    return {address: domain for address, domain in found.items() if len(people[domain]) >= _FEWEST}


def _domain(address: str) -> str:
    """The registered part of the domain; empty for providers of mail, hidden addresses and bare machines."""
    host = address.rpartition("@")[2]
    if "noreply" in address or not re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", host):
        return ""
    labels = host.split(".")
    size = 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _TWO_LEVELS else 2
    domain = ".".join(labels[-size:])
    is_nobody = domain in _MAIL or host in _MAIL or labels[-1] in ("invalid", "local", "localdomain", "test", "example")
    return "" if is_nobody else domain
