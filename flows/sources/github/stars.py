"""The star history of a repository, page by page, the newest first: which pages are still to be asked, and their days.

A page holds 30 weeks and moves by a week every week, so what is known is kept as days, and the page of a missing day
is worked out anew each night.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from flows.sources.answers import LARGEST_STAR_COUNT, count, day_at
from flows.sources.errors import TerminalError, TransientError
from flows.sources.github.client import SOURCE, GithubClient
from flows.sources.http import json_of
from warehouse.rows import StarDay

WEEKS_PER_PAGE = 30
_DAY, _WEEK = timedelta(days=1), timedelta(weeks=1)

Span = tuple[date, date]  # first and last day, both included


@dataclass(frozen=True, slots=True)
class Page:
    """One page: the days that are over, oldest first, the days it covers, and whether the history begins on it."""

    number: int
    rows: tuple[StarDay, ...]
    newest_week: date | None
    span: Span | None
    is_last: bool

    @property
    def path(self) -> str:
        """Where it is, below /repos/owner/name."""
        return _path(self.number)


@dataclass
class StarHistory:
    """What is known of the stars of a repository, and how to ask for what is not.

    before   days from this one on are left out: they are not over
    known    the days known so far
    begins   the first day of the history, None until its last page was seen
    """

    client: GithubClient
    repository: str
    before: date
    known: list[Span]
    begins: date | None
    _newest_week: date = field(init=False)

    def newest_page(self) -> Page:
        """The first page. Raises TransientError where the history is unavailable, which an empty list says."""
        page = self._ask(1)
        if page.newest_week is None:
            what = f"{self.repository}: the star history is empty, so unavailable rather than zero"
            raise TransientError(SOURCE, what)
        self._newest_week = page.newest_week
        return self._taken(page)

    def missing_day(self) -> date | None:
        """The newest day that is not known; None when all of the history is."""
        return newest_missing(self.known, self.begins)

    def page_of(self, day: date) -> Page:
        """The page that `day` is on. Raises TransientError where the page says the same as the first."""
        number = _page_of(day, self._newest_week)
        page = self._ask(number)
        if page.newest_week == self._newest_week:
            what = f"{self.repository}: page {number} of the star history says nothing new"
            raise TransientError(SOURCE, what)
        return self._taken(page)

    def _taken(self, page: Page) -> Page:
        """Note what `page` covers, also where it has gaps: it is not asked twice in a night."""
        newest = self._newest_week - (page.number - 1) * WEEKS_PER_PAGE * _WEEK
        nominal = newest - (WEEKS_PER_PAGE - 1) * _WEEK, min(newest + 6 * _DAY, self.before - _DAY)
        if page.is_last:
            self.begins = page.span[0] if page.span else newest + _WEEK
        self.known = merged([*self.known, nominal, *([page.span] if page.span else [])])
        return page

    def _ask(self, number: int) -> Page:
        response = self.client.ask(self.repository, _path(number))
        weeks = json_of(SOURCE, response)
        if not isinstance(weeks, list):
            raise other_shape(self.repository, "a list of weeks")
        days: dict[date, int] = {}
        for week in weeks:
            days |= _days_of(self.repository, week)
        over = {day: days[day] for day in sorted(days) if day < self.before}
        return Page(
            number=number,
            rows=tuple(StarDay(self.repository, day, stars) for day, stars in over.items()),
            newest_week=max(days) - 6 * _DAY if days else None,
            span=(min(over), max(over)) if over else None,
            is_last=len(weeks) < WEEKS_PER_PAGE and "next" not in response.links,
        )


def pages_missing(known: Sequence[Span], *, since: date, before: date) -> int:
    """How many pages, beside the first, hold a day from `since` on that is not known."""
    sunday = before - timedelta(days=before.isoweekday() % 7)
    spans = merged([*known, (sunday - (WEEKS_PER_PAGE - 1) * _WEEK, before)])
    number = 0
    while (day := newest_missing(spans, since)) is not None:
        page = _page_of(day, sunday)
        spans = merged([*spans, (sunday - (page * WEEKS_PER_PAGE - 1) * _WEEK, day)])
        number += 1
    return number


def newest_missing(known: Sequence[Span], begins: date | None) -> date | None:
    """The day before the last run of known days that touch each other; None where that is before `begins`."""
    day = merged(known)[-1][0] - _DAY
    return day if begins is None or day >= begins else None


def merged(spans: Sequence[Span]) -> list[Span]:
    """The same days in spans that neither overlap nor touch, oldest first."""
    result: list[Span] = []
    for first, last in sorted(spans):
        if result and first <= result[-1][1] + _DAY:
            result[-1] = (result[-1][0], max(result[-1][1], last))
        else:
            result.append((first, last))
    return result


def other_shape(repository: str, wanted: str) -> TerminalError:
    """The error of an answer that is not what was asked for."""
    return TerminalError(SOURCE, f"{repository}: the answer is not {wanted}", "look for a new version of this program")


def _path(number: int) -> str:
    return f"/stargazers/history?per_page={WEEKS_PER_PAGE}&page={number}"


def _page_of(day: date, newest_week: date) -> int:
    """The number of the page with the week of `day`; `newest_week` is the start of the first week of page 1."""
    weeks_back = -((day - newest_week).days // 7)
    return weeks_back // WEEKS_PER_PAGE + 1


def _days_of(repository: str, week: Any) -> dict[date, int]:
    """The seven days of {"week": seconds since 1970 of its start, UTC, "total": n, "days": [7 counts]}."""
    wanted = "weeks of a start and seven counts"
    if not isinstance(week, dict) or type(start := week.get("week")) is not int:
        raise other_shape(repository, wanted)
    counts = week.get("days")
    if not isinstance(counts, list) or len(counts) != 7:
        raise other_shape(repository, wanted)
    try:
        first = day_at(start)
        return {first + number * _DAY: count(given, most=LARGEST_STAR_COUNT) for number, given in enumerate(counts)}
    except ValueError:
        raise other_shape(repository, wanted) from None
