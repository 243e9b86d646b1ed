"""What detect.py asks of every day of a series, for all days of it at once: a year of days costs no more than one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

Floats = npt.NDArray[np.float64]
_YEAR = 364  # whole weeks
_YEARS = 10


@dataclass(frozen=True, slots=True)
class Sides:
    """The window that begins with each of `days` and the one before it, both of as many days, one after the other.

    medians  before, after; halves of them: before, after, each the earlier and the later; means: before, after
    last     the last day of the window before, as an ordinal
    """

    days: list[int]
    medians: Floats
    halves: Floats
    means: Floats
    last: list[int]


def sides(days: Sequence[date], levels: Sequence[float], length: int) -> Sides:
    """Of a series of single days, in order, the days that have a whole window on both sides.

    The window before may end up to `length` days before the day. No day where the series has one twice.
    """
    starts = np.array([day.toordinal() for day in days], dtype=np.int64)
    if len(starts) < 2 * length or not np.all(np.diff(starts)):
        empty = np.empty((2, 0))
        return Sides([], empty, np.empty((4, 0)), empty, [])
    windows = sliding_window_view(np.array(levels), length)
    half = (length + 1) // 2
    middle, earlier, later = (
        np.median(part, axis=1) for part in (windows, windows[:, :half], windows[:, length - half :])
    )
    mean = windows.mean(axis=1)
    is_whole = starts[length - 1 :] - starts[: len(windows)] == length - 1
    after = np.arange(length, len(windows))
    after = after[is_whole[after] & is_whole[after - length] & (starts[after] - starts[after - 1] <= length)]
    before = after - length
    return Sides(
        starts[after].tolist(),
        np.stack([middle[before], middle[after]]),
        np.stack([earlier[before], later[before], earlier[after], later[after]]),
        np.stack([mean[before], mean[after]]),
        starts[after - 1].tolist(),
    )


def same_season(values: Mapping[date, float], tolerance: int) -> list[float | None]:
    """For each day the median of the values of the days nearest to it in the calendar of up to ten years around.

    Of another year counts the day nearest to the same one, if it is at most `tolerance` days away. None where no other
    year has one. `values` in the order of their days.
    """
    days = np.array([day.toordinal() for day in values], dtype=np.int64)
    found = np.array(list(values.values()))
    if not len(days):
        return []
    others = np.full((2 * _YEARS, len(days)), np.nan)
    years = [year for year in range(-_YEARS, _YEARS + 1) if year]
    for row, year in zip(others, years, strict=True):
        wanted = days + _YEAR * year
        place = np.searchsorted(days, wanted, side="right")
        below, above = np.maximum(place - 1, 0), np.minimum(place, len(days) - 1)
        nearest = np.where(np.abs(days[above] - wanted) < np.abs(days[below] - wanted), above, below)
        is_near = np.abs(days[nearest] - wanted) <= tolerance
        row[is_near] = found[nearest[is_near]]
    others.sort(axis=0)  # what is missing comes last
    number = len(years) - np.isnan(others).sum(axis=0)
    column = np.arange(len(days))
    middle = (others[np.maximum(number - 1, 0) // 2, column] + others[number // 2, column]) / 2
    return [float(value) if many else None for value, many in zip(middle, number, strict=True)]
