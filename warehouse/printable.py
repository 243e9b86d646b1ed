"""Texts from outside: kept on one line when they come in, shown whole when they go out; neither steers a terminal."""

from __future__ import annotations

import re

REPLACEMENT = "\ufffd"
_GAPS = re.compile(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
_UNSEEN = re.compile(  # control characters, what turns the direction of writing or is not seen, halves of characters
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    r"\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def is_printable(text: str) -> bool:
    """Whether `text` is one line of any script, signs and emoji, and nothing that is not seen."""
    return not _UNSEEN.search(text)


def printable(text: str, *, most: int = 1000) -> str:
    """`text` on one line, to keep: ends of lines and tabs are spaces, the unseen is U+FFFD, cut after `most` signs."""
    if not (text.isascii() and text.isprintable()):
        text = _UNSEEN.sub(REPLACEMENT, _GAPS.sub(" ", text[: 4 * most]))
    return text if len(text) <= most else f"{text[: most - 3]}..."


def visible(text: str) -> str:
    r"""`text` as it is kept, to show: nothing is lost, and what is not seen is written as \x1b or \u202e."""
    return _UNSEEN.sub(lambda found: _written(ord(found[0])), text)


def _written(sign: int) -> str:
    return f"\\x{sign:02x}" if sign < 0x80 else f"\\u{sign:04x}" if sign < 0x10000 else f"\\U{sign:08x}"
