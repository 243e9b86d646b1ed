"""A mailmap as git understands it, whatever the editor left in it: it says which name and address stand for which.

git itself stumbles over what other programs write: a byte order mark, UTF-16, old line ends, an indented comment, an
address in capitals or with spaces around it. A line is one of

    Proper Name <commit@address>
    <proper@address> <commit@address>
    Proper Name <proper@address> <commit@address>
    Proper Name <proper@address> Commit Name <commit@address>
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from flows.sources.errors import TerminalError
from flows.sources.git import SOURCE
from flows.sources.git.addresses import normalised

_LINE = re.compile(r"([^<>]*)<([^<>]*)>(?:([^<>]*)<([^<>]*)>)?")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class Mailmap:
    """The proper name and address of each that a commit may have. `content`: the file, empty for none."""

    def __init__(self, content: bytes = b"") -> None:
        self._proper: dict[tuple[str, str | None], tuple[str, str]] = {}
        for line in _text(content).splitlines():
            found = None if line.lstrip().startswith("#") else _LINE.match(line)
            if found:
                self._remember(*found.groups())

    def _remember(self, name: str, address: str, commit_name: str | None, commit_address: str | None) -> None:
        """A later line has the last word. A line with one address only gives it a name."""
        if commit_address is None:
            self._proper[normalised(address), None] = name.strip(), ""
        else:
            commit = normalised(commit_address), (commit_name or "").strip().lower() or None
            self._proper[commit] = name.strip(), address

    def proper(self, name: str, address: str) -> tuple[str, str]:
        """Name and address to use for those of a commit. A line that names the commit's name goes first."""
        if not self._proper:
            return name, address
        place = normalised(address)
        found = self._proper.get((place, name.strip().lower())) or self._proper.get((place, None))
        return (found[0] or name, found[1] or address) if found else (name, address)


def _text(content: bytes) -> str:
    encoding = next((encoding for mark, encoding in _MARKS if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return content.decode("latin-1")


def read_mailmap(path: Path | None) -> bytes:
    """The content of the mailmap that config.toml names, empty without one. Raises TerminalError."""
    try:
        return b"" if path is None else path.read_bytes()
    except OSError as error:
        what = f"mailmap {path}: {error.strerror}"
        raise TerminalError(SOURCE, what, "correct sources.git_history.mailmap in config.toml") from None
