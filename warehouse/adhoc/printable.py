"""Text that cannot steer the terminal on which it is shown."""

from __future__ import annotations

import re

_STEERS = re.compile(  # control characters, what turns the direction of writing or is not seen, halves of characters
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    r"\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def printable(text: str) -> str:
    """`text` with everything that steers a terminal or turns the direction of writing made visible."""
    return _STEERS.sub(lambda found: _written(ord(found[0])), text)


def _written(sign: int) -> str:
    return f"\\x{sign:02x}" if sign < 0x80 else f"\\u{sign:04x}" if sign < 0x10000 else f"\\U{sign:08x}"
