"""How figures, days and names are written: one style for the page, the charts, the mail. The templates escape it."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from string import ascii_lowercase
from typing import TypeVar

from warehouse.catalogue.metrics import METRICS
from warehouse.catalogue.services import SERVICES, name_of_source

Item = TypeVar("Item")

NBSP = "\u00a0"
MINUS = "\u2212"
NO_FIGURE = "\N{EN DASH}"
RANGE = f"95{NBSP}% range"
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
LONGEST_NAME = 40
WIDEST = 9.0  # the end of a range past tenfold is not quoted
_NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}
# From which size on a figure is told in which unit; each begins where three digits of the unit below round up to it.
_UNITS = ((999.5e6, 1e9, "B"), (999.5e3, 1e6, "M"), (9_999.5, 1e3, "k"))
# How people call what has a key that is no ordinary word: services and sources, then metrics.
_NAMES = {
    **{key: metric.label for key, metric in METRICS.items() if "_" in key},
    **{service.source: name_of_source(service.source) for service in SERVICES.values() if "_" in service.source},
    **{key: service.name for key, service in SERVICES.items() if key not in ("git", "github", "config")},
}
_KEYS = re.compile(rf"\b({'|'.join(sorted(_NAMES, key=len, reverse=True))})\b(?![./=])")
_FIRST_STRONG, _POP = "\u2068", "\u2069"


def month_name(month: date) -> str:
    return f"{MONTHS[month.month - 1]} {month.year}"


def short_month(month: date) -> str:
    return f"{MONTHS[month.month - 1][:3]} {month.year}"


def long_day(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def told(text: str) -> str:
    """A text from elsewhere on one clean line, with days, services and metrics as the report writes them."""
    said = re.sub(r"\b(\d{4})-(\d{2})-(\d{2})\b", _day_in_words, clean_label(text))
    return _KEYS.sub(lambda found: _NAMES[found[0]], said)


def without_addresses(text: str) -> str:
    """Without the address that a text begins with; another one is called "that address"; Google's ids of topics go."""
    said = re.sub(r"^\s*(?:GET|POST|HEAD)?\s*[a-z][a-z0-9+.-]*://\S*?[:,;]?\s+", "", text, flags=re.IGNORECASE)
    said = re.sub(r"\b[a-z][a-z0-9+.-]*://[^\s,;)\]]*[^\s,;)\].:]", "that address", said, flags=re.IGNORECASE)
    return re.sub(r"(?<!\S)/[gm]/\S+\s?", "", said)


def _day_in_words(found: re.Match[str]) -> str:
    try:
        return long_day(date.fromisoformat(found[0]))
    except ValueError:
        return found[0]


def clean_label(text: str) -> str:
    """One line without control characters and direction overrides, which could garble what stands beside it."""
    kept = "".join(" " if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp") else char for char in text)
    return " ".join(kept.split()) or "(no name)"


def short_label(label: str) -> str:
    """At most 40 characters; text that runs right to left is kept from turning the words around it."""
    cut = label if len(label) <= LONGEST_NAME else f"{label[: LONGEST_NAME - 1].rstrip()}…"
    runs_left = any(unicodedata.bidirectional(char) in ("R", "AL") for char in cut)
    return f"{_FIRST_STRONG}{cut}{_POP}" if runs_left else cut


def letter(number: int) -> str:
    """The mark of the break at place `number`, from 0: a to z, then aa, ab, ..."""
    first, last = divmod(number, len(ascii_lowercase))
    return (letter(first - 1) if first else "") + ascii_lowercase[last]


def letters(marks: Sequence[str]) -> str:
    """Several marks in little room: a b; from the third on only the first and the last."""
    return " ".join(marks) if len(marks) < 3 else f"{marks[0]}\N{EN DASH}{marks[-1]}"


# ---- figures --------------------------------------------------------------------------------------------------------


def exact(value: float) -> str:
    """A figure in a table of data: thousands with commas, decimals only for small figures."""
    size = abs(value)
    if not math.isfinite(value):
        return NO_FIGURE
    if size and not round(size, 2):
        return "under 0.01" if value > 0 else f"above {MINUS}0.01"
    whole = float(value).is_integer() or size >= 999.95
    return _fixed(value, 0 if whole else 2 if size < 0.995 else 1)


def compact(value: float) -> str:
    """A figure in words, on an axis or in a summary, three digits: 12.3 M, 64.3 k, 4,560, 45.1."""
    for least, size, name in _UNITS:
        if math.isfinite(value) and abs(value) >= least:
            return f"{_three_digits(value / size)}{NBSP}{name}"
    return _fixed(value, 0) if math.isfinite(value) and abs(value) >= 99.95 else exact(value)


def tick(value: float) -> str:
    """A round figure beside an axis, as `compact` without zeros behind the point: 400 k, 1.5 M."""
    number, gap, unit = compact(value).partition(NBSP)
    return f"{number.rstrip('0').rstrip('.') if '.' in number else number}{gap}{unit}"


def _three_digits(value: float) -> str:
    return _fixed(value, 0 if abs(value) >= 99.95 else 1 if abs(value) >= 9.995 else 2)


def _fixed(value: float, digits: int) -> str:
    """With commas and a minus as wide as a plus; what rounds to zero has no sign."""
    text = f"{value:,.{digits}f}"
    return text.replace("-", MINUS if text.strip("-0.,") else "")


def percent(share: float) -> str:
    """0.123 -> 12 %; below ten percent with one decimal where that says more than the whole number."""
    return f"{_points(share)}{NBSP}%" if math.isfinite(share * 100) else NO_FIGURE


def size(change: float) -> str:
    """How large a clear change is, without its sign; never 0 %."""
    text = percent(abs(change))
    return text if text.strip(f"0.{NBSP}%") else f"under 0.1{NBSP}%"


def signed_size(change: float) -> str:
    """How large a clear change is, with its sign: +12 %; up under 0.1 %."""
    text = size(change)
    if text.startswith("under"):
        return f"{'up' if change > 0 else 'down'} {text}"
    return f"{'+' if change > 0 else MINUS}{text}"


def signed_percent(share: float) -> str:
    """0.123 -> +12 %."""
    return f"{_signed_points(share)}{NBSP}%" if math.isfinite(share * 100) else NO_FIGURE


def _points(share: float) -> str:
    points = share * 100
    return _fixed(points, 1 if abs(points) < 9.95 and round(points, 1) != round(points) else 0)


def _signed_points(share: float) -> str:
    text = _points(share)
    return text if text.startswith((MINUS, "0")) and not text.strip("0.") else _with_plus(text)


def _with_plus(text: str) -> str:
    return text if text.startswith(MINUS) else f"+{text}"


def percent_range(low: float, high: float) -> str:
    """Both ends with their signs: +8 to +17 %, -29 to -2 %, -3 to +5.2 %; an end past tenfold is left open."""
    if not (math.isfinite(low) and high <= WIDEST):
        return f"more than {signed_percent(low)}" if low > 0 and math.isfinite(low) else "too scattered for a range"
    ends = [_signed_points(end) for end in (low, high)]
    if low > 0 and ends[0] == "0":
        ends[0] = "just above 0"
    if high < 0 and ends[1] == "0":
        ends[1] = "just below 0"
    return f"{ends[0]} to {ends[1]}{NBSP}%"


def percents_of_whole(shares: Sequence[float | None]) -> tuple[str, ...]:
    """Shares of one whole in whole percents that add up to 100: the largest remainders are rounded up."""
    points = [None if share is None else share * 100 for share in shares]
    whole = [0 if point is None else math.floor(point) for point in points]
    known = [place for place, point in enumerate(points) if point is not None]
    missing = round(sum(points[place] or 0 for place in known)) - sum(whole)
    for place in sorted(known, key=lambda place: whole[place] - (points[place] or 0))[:missing]:
        whole[place] += 1
    return tuple(_part(point, number) for point, number in zip(points, whole, strict=True))


def _part(point: float | None, number: int) -> str:
    if point is None:
        return NO_FIGURE
    if point > 0 and number == 0:
        return f"under 1{NBSP}%"
    return f"over 99{NBSP}%" if point < 100 and number == 100 else f"{number}{NBSP}%"


def times(ratio: float) -> str:
    """How many times: 1.9, 0.43, 12."""
    if not math.isfinite(ratio):
        return NO_FIGURE
    if ratio < 0.005:
        return "under 0.01"
    return _fixed(ratio, 0 if ratio >= 9.95 else 1 if ratio >= 0.995 else 2)


# ---- words ----------------------------------------------------------------------------------------------------------


def listed(items: Sequence[str]) -> str:
    """a, b and c."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def first_ones(items: Sequence[Item], most: int) -> tuple[Sequence[Item], int]:
    """At most `most` of `items`, the last place being for their number where there are more, and how many are left."""
    shown = items if len(items) <= most else items[: most - 1]
    return shown, len(items) - len(shown)


def how_many(number: int) -> str:
    """the three, the 12."""
    return f"the {_NUMBERS.get(number, str(number))}"


def sentence(text: str) -> str:
    """With a full stop at the end, and only one."""
    return f"{text.strip().rstrip('.')}."
