"""Texts from outside on one line, without what a terminal would act on or a warehouse could not keep."""

from __future__ import annotations

import re
import unicodedata

_NEVER = frozenset({"Cc", "Cs", "Zl", "Zp"})  # control characters, halves of characters, ends of lines and paragraphs
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # make text read another way round
_GAPS = re.compile(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
REPLACEMENT = "\ufffd"


def is_printable(text: str) -> bool:
    """Whether `text` is one line of any script, signs and emoji, and nothing that is not seen."""
    return not any(_is_unseen(sign) for sign in text)


def printable(text: str, *, most: int = 1000) -> str:
    """`text` on one line: ends of lines and tabs are spaces, what cannot be seen is U+FFFD, cut after `most` signs."""
    if not (text.isascii() and text.isprintable()):
        text = "".join(REPLACEMENT if _is_unseen(sign) else sign for sign in _GAPS.sub(" ", text[: 4 * most]))
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _is_unseen(sign: str) -> bool:
    return unicodedata.category(sign) in _NEVER or sign in _TURNS
