"""Addresses of authors: written in one way, and which of them belong to one account.

An address is lower-cased and stripped of what surrounds it. GitHub hides addresses: since 2017 as
"123+login@users.noreply.github.com", where the number is the account and the login may change hands or be renamed;
before that as "login@users.noreply.github.com", without a number. GitLab writes "123-login@users.noreply.gitlab.com".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_AROUND = " \t\r\n\v\f\0<>\"'`(),;:"
_HIDDEN = re.compile(r"(?:([0-9]{1,18})\+)?([^@+]+)@(users\.noreply\.[^@]+)")
_HIDDEN_ON_GITLAB = re.compile(r"(?:([0-9]{1,18})-)?([^@+]+)@(users\.noreply\.[^@]*gitlab[^@]*)")
_SCHEME = "mailto:"


def normalised(address: str) -> str:
    """The address as identities are told apart by it; empty where there is none."""
    text = address.strip(_AROUND).lower().removeprefix(_SCHEME).strip(_AROUND).rstrip(".")
    local, at, _ = text.rpartition("@")
    return "" if at and not local.strip(_AROUND) else text


def hidden(address: str) -> tuple[str | None, str, str] | None:
    """Number (None in the old form), login and host of a normalised address that hides another; None for any other."""
    found = _HIDDEN_ON_GITLAB.fullmatch(address) or _HIDDEN.fullmatch(address)
    return (found[1], found[2], found[3]) if found else None


class Accounts:
    """Which account an address belongs to, as far as the addresses of a history tell.

    An address with a number is the account of that number, whatever the login. One without a number belongs to the
    account that has its login in this history; where several had it, to the oldest, which is the smallest number:
    such addresses are older than 2017. Where none had it, it is an account of its own.
    """

    def __init__(self, addresses: Iterable[str] = ()) -> None:
        numbers: dict[tuple[str, str], int] = {}
        for address in addresses:
            found = hidden(address)
            if found and found[0]:
                holder = found[1], found[2]
                numbers[holder] = min(int(found[0]), numbers.get(holder, int(found[0])))
        self._numbers: Mapping[tuple[str, str], int] = numbers

    def account(self, address: str) -> str:
        """What stands for a normalised address: "123+@host" for an account with a number, else the address."""
        found = hidden(address)
        if found is None:
            return address
        number, login, host = found
        if number is None:
            known = self._numbers.get((login, host))
            return address if known is None else f"{known}+@{host}"
        return f"{int(number)}+@{host}"
