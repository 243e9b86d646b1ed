"""What upstreams say, checked before it is believed or kept: JSON, counts, days and texts. All sources ask here.

A body that is no JSON is a TransientError, for it may have been broken on its way. A value that cannot be is a
ValueError in a few words: the source that asked knows whether that is a TerminalError of its own shape.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any, NoReturn

from flows.sources.errors import TransientError
from warehouse.printable import printable

# Far above anything real (all of PyPI serves some 10^9 files a day), far enough below 2^63 for sums over centuries.
LARGEST_COUNT = 10**12
LARGEST_STAR_COUNT = 2**31 - 1  # of one day; raw.repository_stars keeps 32 bits
LONGEST_TEXT = 10_000
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2199, 12, 31)  # no figure of any source is of a day before or after


def parsed_json(source: str, where: str, body: bytes | str) -> Any:
    """The value of a JSON body, its texts as they came; see `kept`.

    Raises TransientError for what is no JSON, is nested without end, or holds a number of thousands of digits.
    """
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):  # ValueError: no JSON, no UTF-8, or a number that is too long to be read
        what = "is not JSON" if body else "is empty"
        raise TransientError(source, f"{where}body {what}", "it is asked again next time") from None


def kept(value: Any) -> Any:
    """A JSON value with texts that can be stored: no halves of characters, no control characters.

    Raises RecursionError where it is nested deeper than parsed_json lets through.
    """
    if isinstance(value, str):
        return printable(value, most=LONGEST_TEXT)
    if isinstance(value, list):
        return [kept(item) for item in value]
    if isinstance(value, dict):
        return {kept(key): kept(item) for key, item in value.items()}
    return value


def count(value: Any, *, most: int = LARGEST_COUNT) -> int:
    """`value` as a count: a whole number from 0 to `most`. Raises ValueError."""
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"{shown(value)} is no count up to {most:,}")
    return value


def day_at(seconds: Any) -> date:
    """The UTC day of a moment in seconds since 1970. Raises ValueError for what is no number or no day of ours."""
    try:
        return _within(datetime.fromtimestamp(int(seconds), UTC).date())
    except (OverflowError, OSError, TypeError, ValueError):
        raise ValueError(f"{shown(seconds)} is no moment between {FIRST_DAY} and {LAST_DAY}") from None


def day_in(text: Any) -> date:
    """The day that YYYY-MM-DD names. Raises ValueError for any other text and for no day of ours."""
    try:
        day = date.fromisoformat(text)
        if text == day.isoformat():
            return _within(day)
    except (TypeError, ValueError):
        pass
    raise ValueError(f"{shown(text)} is no day between {FIRST_DAY} and {LAST_DAY}")


def shown(value: Any, *, most: int = 60) -> str:
    """`value` as a message may show it: on one line, and not long."""
    if isinstance(value, int) and value.bit_length() > 200:
        return "a number of very many digits"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return printable(repr(value), most=most)


def _within(day: date) -> date:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError
    return day


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
