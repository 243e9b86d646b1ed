"""How far chance reaches: the 95 % range of a change, and of the ratio between two frameworks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

NOISE_RULE = (
    "Each of the 12 months is compared with the same month a year before, so that seasons cancel out. That gives "
    "twelve ratios. The 95 % range of the change comes from how much they scatter (Student's t, of their logarithms). "
    "It is widened where neighbouring months move together. For counts it is at least as wide as chance alone makes "
    "it. For search interest, which is drawn as a sample, it is at least as wide as the differences between draws. If "
    "the range includes zero, the report says no clear change. If it includes zero and its two ends are more than "
    "four times apart (from half to double, say), the report says that there is too little to tell. With fewer than 6 "
    "pairs of months the change is withheld. Two frameworks are compared in the same way, month by month. They are "
    "called level if the range of their ratio includes 1. For contributors that range is widened, because people with "
    "several addresses count several times, which makes the counts 5 to 12 % too high. Where 12 months cannot be "
    "compared, two windows of weeks are, in the same way: each week with the one in the same place of the window "
    "before. Seasons do not cancel out then; what all packages of the index share, their season among it, does in the "
    "change beside these."
)
FEWEST_PAIRS = 6
TOO_WIDE = 4.0  # from half to double: a range that holds zero and reaches further says nothing
SEVERAL_ADDRESSES = math.log(1.12 / 1.05)  # counts of people are 5 to 12 % high, in one project more than in another
# 97.5 % points of Student's t by degrees of freedom, 5 to 11: 6 to 12 pairs of months.
_STUDENT_T = {5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262, 10: 2.228, 11: 2.201}
_MOST_WHEN_NONE = -math.log(0.025)  # upper 97.5 % bound of a count of which none was seen, by Poisson's law


def log_range(newer: Sequence[float], older: Sequence[float], *, counts: tuple[float, float] | None) -> float | None:
    """Half the width of the 95 % range of the logarithm of newer / older, from pairs of months.

    `counts`: the two totals, where figures count events: then the range is at least as wide as chance alone makes it.
    None with too few pairs.
    """
    spare = 0.5 if counts and 0 in (*newer, *older) else 0.0  # a month without any event says something too
    pairs = [(a + spare, b + spare) for a, b in zip(newer, older, strict=True)]
    logs = [math.log(a / b) for a, b in pairs if a > 0 and b > 0]
    if len(logs) < FEWEST_PAIRS:
        return None
    mean = sum(logs) / len(logs)
    rests = [value - mean for value in logs]
    variance = sum(rest * rest for rest in rests) / (len(logs) - 1)
    half = _STUDENT_T.get(len(logs) - 1, 2.201) * math.sqrt(variance / _independent_pairs(rests))
    return max(half, _chance(counts))


def _independent_pairs(rests: Sequence[float]) -> float:
    """How many independent pairs the pairs are worth: fewer when neighbours move together (an AR(1) process).

    Twelve values make neighbours look less alike than they are; Kendall's correction of that bias, (1 + 4 r) / n.
    """
    total, number = sum(rest * rest for rest in rests), len(rests)
    if total == 0:
        return number
    seen = sum(a * b for a, b in pairwise(rests)) / total
    together = min(max((number * seen + 1) / (number - 4), 0.0), 0.8)
    return max(number * (1 - together) / (1 + together), 2.0)


def _chance(counts: tuple[float, float] | None) -> float:
    if counts is None or min(counts) <= 0:
        return 0.0
    return 1.96 * math.sqrt(1 / counts[0] + 1 / counts[1])


def range_of_none(previous: float) -> tuple[float, float]:
    """The 95 % range of the change from `previous` events to none."""
    return -1.0, _MOST_WHEN_NONE / previous - 1


def is_too_wide(low: float, high: float) -> bool:
    """Whether a range of changes includes zero and its ends are more than four times apart, as half and double are."""
    return low <= 0 <= high and (1 + high) > TOO_WIDE * (1 + low)
