"""Search interest made up for the replay: no public series of these terms exists.

recordings/google_trends/README.md says what the levels lean on and what is invented. The same term, window, moment and
draw always give the same answer; another draw differs by sampling noise, as Google's do.
"""

from __future__ import annotations

import csv
import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

LEVELS = Path(__file__).parent / "recordings" / "google_trends" / "synthetic_levels.csv"
SAMPLING_NOISE = 0.03  # of one draw against another
OWN_NOISE = 0.02  # of a week against its neighbours, the same in every draw
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

TOPIC_NAMES = {"/g/11bwp1s2k3": "TensorFlow", "/g/11gd3905v1": "PyTorch", "/g/11c1r2rvnp": "Keras"}

# A topic gathers spellings and languages, so it stands a little above its term.
_KNOWN = {
    **{name.casefold(): (name.casefold(), 1.0) for name in TOPIC_NAMES.values()},
    **{topic: (name.casefold(), 1.12) for topic, name in TOPIC_NAMES.items()},
}


def made_up_timeline(
    terms: Sequence[str], *, geo: str, first: date, last: date, resolution: str, today: date, draw: int
) -> list[dict[str, Any]]:
    """Points as Google sends them: 0-100 of the maximum over all terms. Nothing at all where no term is known."""
    spans = list(buckets(first, last, resolution))
    levels = [[_drawn(term, geo, start, end, today, draw) for term in terms] for start, end in spans]
    peak = max((level for row in levels for level in row), default=0.0)
    if peak == 0:
        return []
    shares = ([100 * level / peak for level in row] for row in levels)
    return [_point(span, row, resolution, today) for span, row in zip(spans, shares, strict=True)]


def buckets(first: date, last: date, resolution: str) -> Iterator[tuple[date, date]]:
    """First and last day of buckets. Weeks start on Sunday; the first holds `first`, the last starts before `last`."""
    start = _start_of_bucket(first, resolution)
    yield start, (end := _end_of_bucket(start, resolution))
    while (start := end + timedelta(days=1)) < last or (start == last and resolution == "DAY"):
        yield start, (end := _end_of_bucket(start, resolution))


def _start_of_bucket(day: date, resolution: str) -> date:
    if resolution == "MONTH":
        return day.replace(day=1)
    return day - timedelta(days=day.isoweekday() % 7) if resolution == "WEEK" else day


def _end_of_bucket(start: date, resolution: str) -> date:
    if resolution == "MONTH":
        return (start + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return start + timedelta(days=6) if resolution == "WEEK" else start


def _drawn(term: str, geo: str, start: date, end: date, today: date, draw: int) -> float:
    """The level of a bucket as this draw samples it; 0 for a term that nothing is known of."""
    name, factor = _KNOWN.get(term.casefold(), ("", 0.0))
    if not factor:
        return 0.0
    middle = start + (end - start) / 2
    level = factor * _level(name, middle) * _season(middle)
    own = Random(f"{name} {geo} {start}").gauss(1, OWN_NOISE)  # noqa: S311  (no secret hangs on it)
    sampled = Random(f"{term} {geo} {start} {today} {draw}").gauss(1, SAMPLING_NOISE)  # noqa: S311  (the same)
    return max(0.0, level * own * sampled)


def _level(name: str, day: date) -> float:
    """Straight lines between the days of synthetic_levels.csv; nothing before the first, level after the last."""
    days, levels = _levels()[name]
    after = bisect_right(days, day)
    if after in {0, len(days)}:
        return levels[-1] if after else 0.0
    share = (day - days[after - 1]) / (days[after] - days[after - 1])
    return levels[after - 1] + share * (levels[after] - levels[after - 1])


@cache
def _levels() -> dict[str, tuple[list[date], list[float]]]:
    with LEVELS.open(newline="") as file:
        rows = list(csv.DictReader(file))
    days = [date.fromisoformat(row["day"]) for row in rows]
    return {name: (days, [float(row[name]) for row in rows]) for name in rows[0] if name != "day"}


def _season(day: date) -> float:
    """Two waves a year with the terms of universities, and a dip of a quarter at Christmas."""
    wave = 1 + 0.05 * math.cos(2 * math.pi * (day.timetuple().tm_yday - 75) / 182.6)
    from_christmas = min(abs((day - date(year, 12, 27)).days) for year in (day.year - 1, day.year))
    return wave * (1 - 0.25 * math.exp(-((from_christmas / 6) ** 2)))


def _point(span: tuple[date, date], shares: list[float], resolution: str, today: date) -> dict[str, Any]:
    """Below 1 Google says 0 and "<1"; without data it says 0 and hasData false."""
    start, end = span
    values = [0 if share < 1 else round(share) for share in shares]
    point: dict[str, Any] = {
        "time": str(int(datetime(start.year, start.month, start.day, tzinfo=UTC).timestamp())),
        "formattedTime": formatted_time(start, end, resolution),
        "formattedAxisTime": _formatted_day(start, resolution),
        "value": values,
        "hasData": [share > 0 for share in shares],
        "formattedValue": ["<1" if 0 < share < 1 else str(value) for share, value in zip(shares, values, strict=True)],
    }
    return point | ({"isPartial": True} if end >= today else {})


def formatted_time(start: date, end: date, resolution: str) -> str:
    """What Google writes under a point: Jan 1, 2021; Apr 1 - 7, 2018 with a dash between thin spaces; Jan 2021."""
    if resolution != "WEEK":
        return _formatted_day(start, resolution)
    left = f"{_MONTHS[start.month - 1]} {start.day}" + (f", {start.year}" if start.year != end.year else "")
    right = f"{end.day}" if start.month == end.month else f"{_MONTHS[end.month - 1]} {end.day}"
    return f"{left}\u2009\u2013\u2009{right}, {end.year}"


def _formatted_day(day: date, resolution: str) -> str:
    month = _MONTHS[day.month - 1]
    return f"{month} {day.year}" if resolution == "MONTH" else f"{month} {day.day}, {day.year}"
