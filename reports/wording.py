"""How figures, days and names are written. Plain text; the templates escape it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date

NBSP = "\u00a0"
MINUS = "\u2212"
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
LONGEST_NAME = 40
_WIDEST = 9.0  # past tenfold a range says nothing
_FIRST_STRONG, _POP = "\u2068", "\u2069"


def month_name(month: date) -> str:
    return f"{MONTHS[month.month - 1]} {month.year}"


def short_month(month: date) -> str:
    return f"{MONTHS[month.month - 1][:3]} {month.year}"


def long_day(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def clean_label(text: str) -> str:
    """One line without control characters and direction overrides, which could garble what stands beside it."""
    kept = "".join(" " if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp") else char for char in text)
    return " ".join(kept.split()) or "(no name)"


def short_label(label: str) -> str:
    """At most 40 characters; text that runs right to left is kept from turning the words around it."""
    cut = label if len(label) <= LONGEST_NAME else f"{label[: LONGEST_NAME - 1].rstrip()}…"
    runs_left = any(unicodedata.bidirectional(char) in ("R", "AL") for char in cut)
    return f"{_FIRST_STRONG}{cut}{_POP}" if runs_left else cut


def exact(value: float) -> str:
    """A figure in a table: thousands with commas, as many decimals as its size deserves."""
    if float(value).is_integer() and abs(value) >= 100:
        return f"{value:,.0f}".replace("-", MINUS)
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace("-", MINUS)
    if float(value).is_integer():
        return f"{value:.0f}".replace("-", MINUS)
    return f"{value:.1f}".replace("-", MINUS)


def compact(value: float) -> str:
    """A figure for a glance, three digits: 12.3 M, 4,560, 45.1."""
    for size, letter in ((1e9, "bn"), (1e6, "M")):
        if abs(value) >= size:
            return f"{value / size:.3g}{NBSP}{letter}"
    if abs(value) >= 1e4:
        return f"{value / 1e3:.3g}{NBSP}k"
    return exact(value)


def percent(share: float) -> str:
    """0.123 -> 12 %; below ten percent with one decimal where that says more than the whole number."""
    points = share * 100
    digits = 1 if 0 < abs(points) < 9.95 and round(points, 1) != round(points) else 0
    return f"{points:.{digits}f}{NBSP}%".replace("-", MINUS)


def signed_percent(share: float) -> str:
    """0.123 -> +12 %."""
    text = percent(share)
    return text if text.startswith(MINUS) or share == 0 else f"+{text}"


def percent_range(low: float, high: float) -> str:
    """8 to 17 %, or -3 to +5 % where the range holds zero; where it does not, the direction is said beside it."""
    if high > _WIDEST:
        return "too scattered for a range"
    keeps_sign = low * high > 0
    first, last = sorted((abs(low), abs(high))) if keeps_sign else (low, high)
    digits = 0 if max(abs(first), abs(last)) >= 0.0995 else 1
    sign = "" if keeps_sign else "+"
    return f"{first * 100:{sign}.{digits}f} to {last * 100:{sign}.{digits}f}{NBSP}%".replace("-", MINUS)


def times(ratio: float) -> str:
    """How many times: 1.9, 0.43, 12."""
    return f"{ratio:.0f}" if ratio >= 9.95 else f"{ratio:.1f}" if ratio >= 0.995 else f"{ratio:.2f}"


def listed(items: Sequence[str]) -> str:
    """a, b and c."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def sentence(text: str) -> str:
    """With a full stop at the end, and only one."""
    return f"{text.strip().rstrip('.')}."
