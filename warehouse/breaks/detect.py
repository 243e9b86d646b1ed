"""Find days on which all series of a source jump together: the source may count differently since.

A framework that gains or loses moves its own series. When the series of frameworks that have nothing to do with each
other jump on the same day by much more than they usually move together, the common cause is likely the source. Such
days are kept as *suspected* breaks with their evidence; nothing is corrected.

For each day b on which some figure begins: the step of a series is the difference of the medians of the logarithms in
the window from b and the window before b (28 days, whole weeks, so that weekends weigh the same on both sides; for
totals over a month the total itself). The common step is the median over the series, less that of the same season of
other years, less the usual growth. It is a jump where it is large, far outside the spread of all common steps (median
absolute deviation), and shared by three quarters of the series. Each of these has to step outside its own spread, and
the step has to last: the median of each half of the later window differs from that of each half of the earlier window
by at least half of the step, in the same direction. `controls` (all packages of the index, a term that has nothing to
do with the others) do not count among the series; the evidence says whether they moved. One series alone is never
enough, unless a control moved with it.

A jump is raised in its second week; until four weeks are there it may be dated some days early, which the next nights
put right. Not found: slow changes, losses shorter than a window, and changes smaller than the ordinary common movement,
as most are in totals over a month. tests/bench/breaks_on_real_series.py shows it on real series.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import fmean, median

import numpy as np

from warehouse.breaks.at_once import same_season, sides

WINDOW_DAYS = 28
SMALLEST_FACTOR = 1.3  # smaller common steps happen without a break, and a suspicion withholds comparisons for long
SMALLEST_SCORE = 4.0  # robust standard deviations of the common step
# The same for a single series, by how many move together: the fewer there are, the more each has to say.
SMALLEST_OWN_SCORES = ((2, 3.0), (9, 2.0), (math.inf, 1.0))
SMALLEST_SHARE = 0.75  # of the series that have to agree
SMALLEST_SHARE_BESIDE = 2 / 3  # enough for a day beside a jump to be the one on which it is dated
SMALLEST_LEVEL = 5.0  # an index of 0 or 1 is all rounding
_NOISE_FLOOR = 0.03  # even the calmest series: repeated requests of one index differ by 3-4 %
_SEASON_DAYS = 10


@dataclass(frozen=True, slots=True)
class Point:
    """A figure per day over `start` to `end`, both included: one day, a week, or the window of a total."""

    start: date
    end: date
    value: float


@dataclass(frozen=True, slots=True)
class Jump:
    """All series change level together by `factor`. `effective_on` is the first day on which it can have happened,
    `seen_on` the first day of the figures that show it. `factors` and `controls`: each series' own factor.
    """

    effective_on: date
    seen_on: date
    factor: float
    score: float
    agreeing: int
    factors: Mapping[str, float]
    controls: Mapping[str, float] = field(default_factory=dict)


def find_jumps(
    series: Mapping[str, Sequence[Point]], controls: Mapping[str, Sequence[Point]] | None = None
) -> tuple[Jump, ...]:
    """The common jumps of `series`, oldest first. Points of one series may overlap (totals over windows)."""
    subjects = _Steps({name: _Track(points) for name, points in series.items()})
    others = _Steps({name: _Track(points) for name, points in (controls or {}).items()})
    found: tuple[Jump, ...] = ()
    for _ in range(5):  # what has been found is left out of the spread, which may bring out a smaller one
        jumps = _strongest(_steps_judged(subjects, others, [jump.seen_on for jump in found]), subjects)
        if jumps == found:
            break
        found = jumps
    return found


@dataclass(frozen=True, slots=True)
class _Step:
    """`size`: difference of the medians of the logarithms; `mean`: of their means, which peaks sharply at a jump.

    `is_lasting`: the median of each half of the window after is away from that of each half of the window before by at
    least half of the step, in its direction.
    """

    size: float
    mean: float
    is_lasting: bool
    earliest: date


class _Track:
    """One series, ready to be asked for its step on any day."""

    def __init__(self, points: Sequence[Point]) -> None:
        by_start = sorted(points, key=lambda point: (point.start, point.end))
        by_end = sorted(points, key=lambda point: (point.end, point.start))
        self.days = [point.start for point in by_start]
        self._start_ends = [point.end for point in by_start]
        self._start_levels = [math.log(point.value + 0.5) for point in by_start]
        self._ends = [point.end for point in by_end]
        self._end_starts = [point.start for point in by_end]
        self._end_levels = [math.log(point.value + 0.5) for point in by_end]
        self.length = max(((point.end - point.start).days + 1 for point in points), default=1)
        self.window = timedelta(days=WINDOW_DAYS if self.length < WINDOW_DAYS else self.length + 4)
        self._enough = max(1, self.window.days // self.length // 2)

    def steps(self) -> dict[date, _Step | None]:
        """The step of each day that has whole windows of single days on both sides: of a daily series nearly all."""
        if self.length > 1:
            return {}
        found = sides(self.days, self._start_levels, WINDOW_DAYS)
        sizes, means = found.medians[1] - found.medians[0], found.means[1] - found.means[0]
        early, late = found.halves[:2], found.halves[2:]
        apart = (np.sign(sizes) * (late[:, None] - early[None, :])).min(axis=(0, 1))
        is_lasting = (sizes != 0) & (apart >= np.abs(sizes) / 2)
        is_high = found.medians.max(axis=0) >= math.log(SMALLEST_LEVEL + 0.5)
        columns = (found.days, found.last, sizes.tolist(), means.tolist(), is_lasting.tolist(), is_high.tolist())
        return {
            date.fromordinal(day): _Step(size, mean, lasts, date.fromordinal(last + 1)) if high else None
            for day, last, size, mean, lasts, high in zip(*columns, strict=True)
        }

    def step(self, day: date) -> _Step | None:
        """How far the level from `day` on is from the level before."""
        after = self._after(day)
        before, last_day = self._before(day)
        if min(len(after), len(before)) < self._enough:
            return None
        levels = median(before), median(after)
        if max(levels) < math.log(SMALLEST_LEVEL + 0.5):
            return None
        size = levels[1] - levels[0]
        mean = fmean(after) - fmean(before)
        return _Step(size, mean, _is_lasting(before, after, size), min(day, last_day + timedelta(days=1)))

    def _after(self, day: date) -> list[float]:
        first, last = bisect_left(self.days, day), bisect_left(self.days, day + self.window)
        while last > first and self._start_ends[last - 1] >= day + self.window:
            last -= 1
        return self._start_levels[first : last - self._beyond_weeks(last - first)]

    def _before(self, day: date) -> tuple[list[float], date]:
        """Up to the last figure that ended before `day`; windows of 30 times 24 hours share a day with the next."""
        last = bisect_left(self._ends, day + timedelta(days=1 if self.length > 7 else 0))
        if last == 0 or self._ends[last - 1] < day - self.window:
            return [], day
        last_day = self._ends[last - 1]
        first = bisect_right(self._ends, last_day - self.window)
        while first < last and self._end_starts[first] <= last_day - self.window:
            first += 1
        return self._end_levels[first + self._beyond_weeks(last - first) : last], last_day

    def _beyond_weeks(self, count: int) -> int:
        """Days too many for whole weeks."""
        return count % 7 if self.length == 1 else 0


def _is_lasting(before: list[float], after: list[float], size: float) -> bool:
    old, new = [[median(half) for half in _halves(levels)] for levels in (before, after)]
    return min(abs(size) / size * (b - a) for a in old for b in new) >= abs(size) / 2 if size else False


def _halves(levels: list[float]) -> tuple[list[float], list[float]]:
    half = (len(levels) + 1) // 2
    return levels[:half], levels[-half:]


class _Steps:
    """The steps of all series on every day on which figures begin, and what is usual among them."""

    def __init__(self, tracks: Mapping[str, _Track]) -> None:
        self.window = max((track.window for track in tracks.values()), default=timedelta(days=WINDOW_DAYS))
        self.by_day: dict[date, dict[str, _Step]] = {}
        at_once = {name: track.steps() for name, track in tracks.items()}
        for day in sorted({day for track in tracks.values() for day in track.days}):
            steps = {
                name: at_once[name][day] if day in at_once[name] else track.step(day) for name, track in tracks.items()
            }
            self.by_day[day] = {name: step for name, step in steps.items() if step is not None}
        self._common = {day: median(s.size for s in steps.values()) for day, steps in self.by_day.items() if steps}
        seasons = same_season(self._common, _SEASON_DAYS)
        self.common = {
            day: _without_season(day, step, season)
            for (day, step), season in zip(self._common.items(), seasons, strict=True)
        }

    def at(self, day: date) -> dict[str, float]:
        return {name: step.size for name, step in self.by_day.get(day, {}).items()}

    def sharpness(self, day: date) -> float:
        return abs(median(step.mean for step in self.by_day[day].values()))

    def calm_days(self, found: Sequence[date]) -> list[date]:
        """Those away from the days in `found`; all of them where nothing is left."""
        calm = [day for day in self.common if all(abs(day - other) > self.window for other in found)]
        return calm or list(self.common)

    def own_spreads(self, days: Sequence[date]) -> dict[str, tuple[float, float]]:
        names = {name for steps in self.by_day.values() for name in steps}
        sizes = {name: [self.by_day[day][name].size for day in days if name in self.by_day[day]] for name in names}
        return {name: spread(own) for name, own in sizes.items()}


def _without_season(day: date, step: float, season: float | None) -> float:
    """The common step less that of the same season of other years, as far as it has the same direction.

    Around Christmas everything falls and rises again: without another year to compare with, that says nothing.
    """
    if season is None and _is_turn_of_the_year(day):
        return 0.0
    if season is None or season * step <= 0:
        return step
    return math.copysign(max(0.0, abs(step) - abs(season)), step)


def spread(values: Sequence[float]) -> tuple[float, float]:
    """Middle and robust standard deviation."""
    if not values:
        return 0.0, _NOISE_FLOOR
    middle = median(values)
    return middle, max(_NOISE_FLOOR, 1.4826 * median(abs(value - middle) for value in values))


def _is_turn_of_the_year(day: date) -> bool:
    return day.month == 12 or (day.month, day.day) <= (1, 20)


def _steps_judged(subjects: _Steps, controls: _Steps, found: Sequence[date]) -> list[Jump]:
    """The common step of every day that has one worth looking at, as a jump that may or may not be one."""
    if not subjects.common:
        return []
    calm = subjects.calm_days(found)
    middle, deviation = spread([subjects.common[day] for day in calm])
    own = subjects.own_spreads(calm)
    jumps = []
    for day, common in subjects.common.items():
        step = common - middle
        if abs(step) < math.log(SMALLEST_FACTOR) / 2:
            continue
        steps, others = subjects.at(day), controls.at(day)
        least = next(score for count, score in SMALLEST_OWN_SCORES if len(steps) <= count)
        agreeing = sum(_agrees(own_step, step, own[name], least) for name, own_step in subjects.by_day[day].items())
        jumps.append(_jump(day, step, abs(step) / deviation, agreeing, subjects, others))
    return jumps


def _is_a_break(jump: Jump) -> bool:
    """Large, unusual, shared, and by more than one series."""
    moved_with = any(_moves_with(control, jump.factor) for control in jump.controls.values())
    return (
        jump.score >= SMALLEST_SCORE
        and abs(math.log(jump.factor)) >= math.log(SMALLEST_FACTOR)
        and jump.agreeing >= SMALLEST_SHARE * len(jump.factors)
        and jump.agreeing + moved_with >= 2
    )


def _moves_with(control: float, factor: float) -> bool:
    return math.log(control) * math.log(factor) > 0 and abs(math.log(control)) >= abs(math.log(factor)) / 2


def _agrees(own: _Step, common: float, usual: tuple[float, float], least_score: float) -> bool:
    middle, deviation = usual
    step = own.size - middle
    return own.is_lasting and step * common > 0 and abs(step) >= max(abs(common) / 2, least_score * deviation)


def _jump(day: date, step: float, score: float, agreeing: int, subjects: _Steps, others: Mapping[str, float]) -> Jump:
    return Jump(
        effective_on=max(own.earliest for own in subjects.by_day[day].values()),
        seen_on=day,
        factor=math.exp(step),
        score=score,
        agreeing=agreeing,
        factors={name: math.exp(own) for name, own in sorted(subjects.at(day).items())},
        controls={name: math.exp(own) for name, own in sorted(others.items())},
    )


def _strongest(judged: Sequence[Jump], steps: _Steps) -> tuple[Jump, ...]:
    """One jump for each group of days that show the same one."""
    left = sorted(filter(_is_a_break, judged), key=lambda jump: -abs(math.log(jump.factor)))
    kept: list[Jump] = []
    while left:
        same = [jump for jump in judged if _shows_the_same(jump, left[0], steps.window)]
        kept.append(_sharpest(same, steps))
        left = [jump for jump in left if jump not in same]
    return tuple(sorted(kept, key=lambda jump: jump.seen_on))


def _shows_the_same(jump: Jump, other: Jump, window: timedelta) -> bool:
    """Days beside a jump show a part of it, to nearly as many series."""
    return (
        abs(jump.seen_on - other.seen_on) <= window
        and (jump.factor > 1) == (other.factor > 1)
        and jump.agreeing >= SMALLEST_SHARE_BESIDE * len(jump.factors)
    )


def _sharpest(jumps: Sequence[Jump], steps: _Steps) -> Jump:
    """The day on which the levels part most sharply, the first where windows that overlap show the same."""
    sharpest = max(steps.sharpness(jump.seen_on) for jump in jumps)
    return next(jump for jump in jumps if steps.sharpness(jump.seen_on) >= 0.98 * sharpest)
