"""Search interest over more than one window: successive answers, each on a scale of its own, become one series.

Google gives days for 269 of them at most, and weeks for five years. Windows are asked so that they overlap. Chaining
them one after the other lets the error of every link pass into all that follow; here the scales of all windows are
solved for together (least squares of the logarithms), each link counting by what it tells, and an answer in longer
buckets that spans them all, of months say, holds them where they belong: no drift.

A 0 is no zero. It is anything under the least figure that a window tells, so it counts as half of that, and in a bucket
that the longer answer covers as what is left of it. In the quiet months of a seasonal term that is most of the figure.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from math import exp, log, sqrt

import numpy as np
import numpy.typing as npt

WEAK_LINK = 10  # of 100: below this rounding alone makes a figure wrong by 5 % and more
NOISE = 0.04  # of a figure, by chance: measured on repeated requests
_ROUNDING = 1 / 12  # variance of a rounded figure
_HALF, _HALF_ERROR = (
    0.5,
    0.15,
)  # of the least figure told: what zeros count as, and what that may be wrong by for all of them
_EVEN = 1 / sqrt(12)  # standard deviation of what lies anywhere between 0 and 1
_ROUNDS = 3  # scales and zeros depend on each other; after three rounds nothing moves by 0.1 %

Floats = npt.NDArray[np.float64]
Series = Mapping[date, float]


@dataclass(frozen=True, slots=True)
class Chained:
    """One series of all windows.

    values   by the bucket, 100 being the highest
    scales   what each window was multiplied by; `errors`: what that may be wrong by against the first window, a share
    notes    plain lines about links that tell little
    """

    values: dict[date, float]
    scales: tuple[float, ...]
    errors: tuple[float, ...]
    notes: tuple[str, ...]


@dataclass
class _Window:
    """Figures as they count, with what each may be wrong by (variance), and which are zeros below `least`."""

    days: list[date]
    told: Floats
    least: float
    counted: Floats
    variance: Floats

    @classmethod
    def of(cls, values: Series) -> _Window:
        days = sorted(values)
        told = np.array([values[day] for day in days], dtype=np.float64)
        if not (told > 0).any():
            raise ValueError(f"the window from {days[0] if days else 'nowhere'} has no figure above 0; leave it out")
        least = float(told[told > 0].min())
        variance = np.where(told > 0, (NOISE * told) ** 2 + _ROUNDING, (_EVEN * least) ** 2)
        return cls(days, told, least, np.where(told > 0, told, _HALF * least), variance)

    def sum_of(self, places: Sequence[int]) -> tuple[float, float]:
        """The sum of some figures, and the variance of its logarithm."""
        total = float(self.counted[places].sum())
        zeros = int((self.told[places] == 0).sum())
        return total, (float(self.variance[places].sum()) + (_HALF_ERROR * self.least * zeros) ** 2) / total**2


def chain(windows: Sequence[Series], longer: Series | None = None) -> Chained:
    """One series of windows that overlap, each {first day of a bucket: interest 0-100}.

    `longer`: an answer in longer buckets by their first day; each lasts until the next begins, the last one is not
    used. Raises ValueError for a window without any figure and for one that nothing links to the others.
    """
    known = sorted((_Window.of(values) for values in windows), key=lambda window: window.days)
    buckets = [(first, after, (longer or {})[first]) for first, after in pairwise(sorted(longer or {}))]
    logs, covariance, level = _solved(known, buckets)
    for _ in range(_ROUNDS - 1 if buckets else 0):
        for window, scale in zip(known, np.exp(logs), strict=True):
            _fill(
                window, [(first, after, level * value / float(scale)) for first, after, value in buckets], level / scale
            )
        logs, covariance, level = _solved(known, buckets)
    values = _merged(known, np.exp(logs))
    unit = 100 / max(values.values())
    return Chained(
        values={day: value * unit for day, value in values.items()},
        scales=tuple(float(scale) * unit for scale in np.exp(logs)),
        errors=tuple(float(error) for error in np.sqrt(covariance)),
        notes=tuple(_notes(known)),
    )


def _solved(known: Sequence[_Window], buckets: Sequence[tuple[date, date, float]]) -> tuple[Floats, Floats, float]:
    """Logarithms of the scales, the first being 0, their variances, and what a longer bucket's figure is worth."""
    number = len(known)
    rows, wanted, weights = [], [], []
    for later in range(1, number):
        for earlier in range(later):
            here, there = _shared(known[earlier], known[later])
            if here:
                (total, chance), (other, other_chance) = known[earlier].sum_of(here), known[later].sum_of(there)
                rows.append({later: 1.0, earlier: -1.0})
                wanted.append(log(total / other))
                weights.append(1 / (chance + other_chance))
    for place, window in enumerate(known):
        total, chance, told, told_chance = _beside(window, buckets)
        if total > 0 and told > 0:
            rows.append({place: 1.0, number: -1.0})
            wanted.append(log(told / total))
            weights.append(1 / (chance + told_chance))
    used = [*range(1, number), *([number] if any(number in row for row in rows) else [])]
    matrix = np.array([[row.get(column, 0.0) for column in used] for row in rows]).reshape(len(rows), len(used))
    weight = np.array(weights)
    normal = matrix.T @ (matrix * weight[:, None])
    if used and np.linalg.matrix_rank(normal) < len(used):
        raise ValueError("the windows do not all overlap, and no longer answer links them; ask for one between")
    covariance = np.linalg.inv(normal)
    found = covariance @ (matrix.T @ (weight * np.array(wanted)))
    logs = np.concatenate([[0.0], found[: number - 1]])
    variances = np.concatenate([[0.0], np.diag(covariance)[: number - 1]])
    return logs, variances, exp(float(found[-1])) if number in used else 1.0


def _shared(earlier: _Window, later: _Window) -> tuple[list[int], list[int]]:
    place = {day: n for n, day in enumerate(earlier.days)}
    pairs = [(place[day], n) for n, day in enumerate(later.days) if day in place]
    return [here for here, _ in pairs], [there for _, there in pairs]


def _whole(window: _Window, buckets: Sequence[tuple[date, date, float]]) -> list[tuple[list[int], float]]:
    """The places of the window's figures in each longer bucket that it covers whole, and the figure of that."""
    step = min((after - day for day, after in pairwise(window.days)), default=timedelta(days=1))
    places: dict[date, list[int]] = {}
    firsts = [first for first, _, _ in buckets]
    for n, day in enumerate(window.days):
        at = bisect_right(firsts, day) - 1
        if at >= 0 and day + step <= buckets[at][1]:
            places.setdefault(firsts[at], []).append(n)
    return [
        (places[first], value)
        for first, after, value in buckets
        if first in places and len(places[first]) * step == after - first
    ]


def _beside(window: _Window, buckets: Sequence[tuple[date, date, float]]) -> tuple[float, float, float, float]:
    """Over all longer buckets that it covers: the window's sum and the longer answer's, each with its variance."""
    whole = _whole(window, buckets) if buckets else []
    if not whole:
        return 0.0, 0.0, 0.0, 0.0
    total, chance = window.sum_of([n for places, _ in whole for n in places])
    told = sum(value * len(places) for places, value in whole)
    variance = sum(((NOISE * value) ** 2 + _ROUNDING) * len(places) ** 2 for places, value in whole)
    return total, chance, told, variance / told**2 if told else 0.0


def _fill(window: _Window, buckets: Sequence[tuple[date, date, float]], step: float) -> None:
    """Let zeros count as what the longer answer leaves for them, as far as its rounding (`step`) lets that be known."""
    for places, value in _whole(window, buckets):
        zeros = [n for n in places if window.told[n] == 0]
        if not zeros:
            continue
        most = window.least * len(zeros)
        left = (value * len(places) - float(window.told[places].sum())) / most
        doubt = sqrt((NOISE * value) ** 2 + _ROUNDING * step**2) * len(places) / most
        share = (left / doubt**2 + _HALF / _HALF_ERROR**2) / (1 / doubt**2 + 1 / _HALF_ERROR**2)
        window.counted[zeros] = window.least * min(max(share, 0.0), 1.0)


def _merged(known: Sequence[_Window], scales: Floats) -> dict[date, float]:
    """The mean of the windows that tell a bucket, each counting by how sure it is."""
    sums: dict[date, tuple[float, float]] = {}
    for window, scale in zip(known, scales, strict=True):
        for day, value, variance in zip(window.days, window.counted, window.variance, strict=True):
            weight = 1 / float(scale**2 * variance)
            total, weights = sums.get(day, (0.0, 0.0))
            sums[day] = total + weight * float(scale * value), weights + weight
    return {day: total / weights for day, (total, weights) in sorted(sums.items())}


def _notes(known: Sequence[_Window]) -> list[str]:
    notes = []
    for earlier, later in pairwise(known):
        here, there = _shared(earlier, later)
        if not here:
            notes.append(f"no overlap between the windows from {earlier.days[0]} and from {later.days[0]}")
            continue
        level = min(float(earlier.told[here].mean()), float(later.told[there].mean()))
        if level < WEAK_LINK:
            off = 50 / max(level, 1)
            notes.append(
                f"the windows from {earlier.days[0]} and from {later.days[0]} overlap in {len(here)} figures of "
                f"{level:.0f} of 100 on average, under {WEAK_LINK}: their scales may be off by {off:.0f} %"
            )
    return notes


def agree(values: Series, backbone: Series) -> dict[date, float]:
    """`values` so that their mean in every bucket of `backbone` is its figure, moved as smoothly as can be.

    The proportional method of Denton in Cholette's form: the factor between what is given and what comes out changes
    least from one figure to the next. A library for it would bring scipy and statsmodels with it. `backbone` by the
    first day of its buckets, each of which lasts until the next begins; buckets that `values` do not cover whole, and
    the last one, are not used. Figures of 0 are lifted by a thousandth of the mean, or nothing could move them.
    """
    window = _Window.of(values)
    buckets = [(first, after, backbone[first]) for first, after in pairwise(sorted(backbone))]
    whole = _whole(window, buckets)
    if not whole:
        return dict(values)
    given = window.told + window.told.mean() / 1000
    number = len(given)
    steps = np.diff(np.eye(number), axis=0) / given
    sums = np.zeros((len(whole), number))
    for row, (places, _) in enumerate(whole):
        sums[row, places] = 1 / len(places)
    corner = np.zeros((len(whole), len(whole)))
    system = np.block([[2 * steps.T @ steps, sums.T], [sums, corner]])
    right = np.concatenate([np.zeros(number), [value for _, value in whole]])
    found = np.linalg.solve(system, right)[:number]
    return dict(zip(window.days, map(float, found), strict=True))
