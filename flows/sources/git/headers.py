"""The head of a commit as it was written, for those whose author or time git log cannot tell.

git log turns the whole of a commit that declares an encoding into UTF-8, its head too. From an encoding that is no
extension of ASCII, such as UTF-16, that leaves neither author nor time. And it takes the first angle brackets for the
address, also where they are part of the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_ENTRY = re.compile(rb"([0-9a-f]+) commit (\d+)\n")
_PERSON = re.compile(rb"(.*)<([^<>]*)>+ *(?:(\d+) [+-]\d+)?[^<>]*")  # the last angle brackets hold the address


class Header(NamedTuple):
    """Author name, author address and both times: seconds since 1970, empty where they cannot be read."""

    name: str
    address: str
    authored: str
    committed: str


def read_headers(said: bytes) -> Iterator[tuple[str, Header]]:
    """Id and head of each commit in what `git cat-file --batch` says."""
    at = 0
    while found := _ENTRY.match(said, at):
        end = found.end() + int(found[2])
        yield found[1].decode(), _header(said[found.end() : end])
        at = end + 1


def _header(commit: bytes) -> Header:
    head, _, _ = commit.partition(b"\n\n")
    lines = dict(line.split(b" ", 1) for line in head.splitlines() if b" " in line and not line.startswith(b" "))
    encoding = lines.get(b"encoding", b"").decode("ascii", "replace").strip()
    author = _PERSON.fullmatch(lines.get(b"author", b"").rstrip())
    committer = _PERSON.fullmatch(lines.get(b"committer", b"").rstrip())
    return Header(
        name=_text(author[1], encoding).strip() if author else "",
        address=_text(author[2], encoding) if author else "",
        authored=(author[3] or b"").decode() if author else "",
        committed=(committer[3] or b"").decode() if committer else "",
    )


def _text(written: bytes, encoding: str) -> str:
    """What is plain ASCII is meant so; the rest is in the declared encoding, where it is one and fits."""
    if not written.isascii():
        try:
            return written.decode(encoding)
        except (LookupError, UnicodeError):
            pass
    return written.decode("utf-8", "surrogateescape")
