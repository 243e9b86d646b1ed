"""The days that a service of download counts covers: with downloads, without any, lost, or not settled yet.

ClickPy and pypistats.org both group a log by day, so neither has a row for a day without downloads, nor for a day that
it lost. Which of the two an absent day is, is decided here, where the services are known. In the answers that are
yielded, a day without downloads is a row of 0, and no window holds a day that was lost. Days after the newest row say
nothing where it is not known how far the service has come.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from statistics import median

from flows.sources.errors import TerminalError
from warehouse.columns import Columns
from warehouse.rows import Answer, Download

SOURCE = "pypi_downloads"
FEW_A_DAY = 20  # with fewer downloads a day, a day without any happens; with more, the day was lost
PARTIAL_SHARE = 2 / 3  # no recorded day is so far below the same days of two weeks before, unless counting changed
MOST_NOT_SETTLED = 2  # of the newest days: a fall that lasts is late by these, and not withheld
_DAYS_AROUND = 7
_DAY = timedelta(days=1)


Counted = Callable[[date], bool | None]
"""Whether any package was counted on a day; None where that is not known."""


def nobody_knows(_: date) -> bool | None:
    """The answer of whoever has not asked."""
    return None


@dataclass(frozen=True, slots=True)
class CoveredDays:
    """Downloads of each day that a service covers, 0 included, oldest first.

    lost         days between them that the service does not have
    not_settled  newest days left out, because the service seems to be still loading them
    """

    counts: Mapping[date, int]
    lost: tuple[date, ...] = ()
    not_settled: tuple[date, ...] = ()

    @property
    def state(self) -> dict[str, list[str]]:
        """What an answer says of the days that it leaves out."""
        left_out = {"lost": self.lost, "not_settled": self.not_settled}
        return {name: [day.isoformat() for day in days] for name, days in left_out.items() if days}


Judge = Callable[[date, float], bool]
"""Whether an absent day had no download at all; beside the day, how many the package usually has."""


def covered_days(counts: Mapping[date, int], is_zero: Judge, is_zero_at_the_end: Judge, last_day: date) -> CoveredDays:
    """The rows of a service for the days to `last_day` -> what they cover.

    `is_zero` judges days between rows, `is_zero_at_the_end` those after the newest, to the first that it leaves open.
    """
    days = sorted(counts)
    not_settled: list[date] = []
    while len(days) > 1 and len(not_settled) < MOST_NOT_SETTLED and _is_partial(days[-1], counts):
        not_settled.append(days.pop())
    every = [days[0] + n * _DAY for n in range((days[-1] - days[0]).days + 1)] if days else []
    zeros = {day for day in every if day not in counts and is_zero(day, _usual(day, days, counts))}
    while every and not not_settled and every[-1] < last_day:
        later = every[-1] + _DAY
        if not is_zero_at_the_end(later, _usual(later, days, counts)):
            break
        every.append(later)
        zeros.add(later)
    return CoveredDays(
        {day: counts.get(day, 0) for day in every if day in counts or day in zeros},
        tuple(day for day in every if day not in counts and day not in zeros),
        tuple(sorted(not_settled)),
    )


def answers(question: Answer, basis: str, covered: CoveredDays) -> Iterator[Answer]:
    """`question` with rows and window of each run of days without a gap; the first window begins where it begins.

    Without any day it comes back without rows, with the window that it has.
    """
    question = replace(question, state={**question.state, **covered.state})
    if not covered.counts:
        yield question
    for number, run in enumerate(runs(list(covered.counts))):
        rows = Columns(
            Download,
            package=question.entity,
            period_start=run,
            period_end=run,
            window_days=1,
            basis=basis,
            downloads=[covered.counts[day] for day in run],
        )
        start = run[0] if number else question.window_start
        yield replace(question, rows=rows, window_start=start, window_end=run[-1])


def rows_of(answers: Iterable[Answer]) -> list[Download]:
    """The rows of all `answers`."""
    return [row for answer in answers for row in answer.rows if isinstance(row, Download)]


def runs(days: Sequence[date]) -> Iterator[Sequence[date]]:
    """`days`, oldest first, cut where a day is absent."""
    start = 0
    for at in range(1, len(days) + 1):
        if at == len(days) or days[at] - days[at - 1] > _DAY:
            yield days[start:at]
            start = at


def is_few(counts: Sequence[int]) -> bool:
    """Whether days without any download are no surprise beside `counts`."""
    return not counts or median(counts) < FEW_A_DAY


def _is_partial(day: date, counts: Mapping[date, int]) -> bool:
    """Whether one of the newest days is far below the same days of the two weeks before, else of the days before it."""
    for earlier in ((7, 14), range(1, 7)):
        before = [counts[day - n * _DAY] for n in earlier if day - n * _DAY in counts]
        if before:
            return min(before) >= FEW_A_DAY and counts[day] <= PARTIAL_SHARE * min(before)
    return False


def _usual(day: date, days: Sequence[date], counts: Mapping[date, int]) -> float:
    """The median of the rows nearest to an absent day, as many on each side; `days` are those with a row."""
    at = bisect_left(days, day)
    return median(counts[near] for near in days[max(0, at - _DAYS_AROUND) : at + _DAYS_AROUND])


def last_complete_day(first_day: date, last_day: date, collected_at: datetime) -> date:
    """`last_day`, or the last day that was over before: a UTC day is complete when it is over.

    Raises TerminalError where no day from `first_day` on is over.
    """
    last = min(last_day, collected_at.astimezone(UTC).date() - _DAY)
    if last < first_day:
        raise TerminalError(SOURCE, f"no day from {first_day} on is over yet", "ask again tomorrow")
    return last
