"""What is asked beside the common request, so that small terms are measured as surely as large ones.

A term that stands at 2 of 100 beside a larger one is known to a quarter of itself, however often it is asked: Google
rounds. So it is asked again beside a term of its own size, a rung of a ladder of topics that are each two to three
times as much searched for as the next (the bank of anchors of Google Trends Anchor Bank, 2019-2020). Rungs beside each
other, and one beside the most searched framework, put it on the common scale. That is asked once and checked every 30
days.

The same request gets nearly the same answer for the rest of the day (0.1 to 1.1 points apart, against 2 to 3 two days
later), so a small term is asked once a night, until its draws of 30 days are enough.
"""

from __future__ import annotations

import csv
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from math import ceil, log, sqrt

from flows.sources.google.notes import SMALL, levels_of
from flows.sources.google.provider import Provider
from warehouse.rows import Answer

TOGETHER, ANCHORED, LADDER = "", "anchored", "ladder"  # roles of requests
CHECKED_EVERY = timedelta(days=30)
MOST_REQUESTS = 24  # a night, beside the common ones
NOISE = 0.04  # of a figure of a draw
SMALLEST_CHANGE = 0.01  # of 12 months on 12, that a report would show; a third of it is how sure a term has to be
ENOUGH = ceil((1.96 * NOISE * sqrt(2 / 52) / (SMALLEST_CHANGE / 3)) ** 2)  # draws, one a night
_DESCENTS = 3  # rungs that are tried for a term too small to be seen beside the first
_GAP = 30  # a term unseen beside a rung is at least so many times smaller

Levels = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Past:
    """A request of earlier nights: its role, the mean level of each of its terms, its last day, and in how many nights
    of the last 30 days it was made."""

    role: str
    levels: Levels
    last_on: date
    draws: int


@dataclass(frozen=True, slots=True)
class Rung:
    """A topic of the ladder and how much it was searched for, relative to the one in the middle."""

    term: str
    size: float


def ladder() -> tuple[Rung, ...]:
    """The rungs, the most searched first."""
    with files("flows.sources.google").joinpath("ladder.csv").open(encoding="utf-8") as file:
        return tuple(Rung(row["term"], float(row["size"])) for row in csv.DictReader(file))


def sizes_of(groups: Sequence[Levels], link: str | None) -> dict[str, float]:
    """How much each term is searched for, on the scale of the first group; one that is not seen counts as 0.5 of 100.

    `link`: the term that all groups share.
    """
    sizes: dict[str, float] = {}
    for levels in groups:
        unit = sizes[link] / max(levels[link], 0.5) if link and link in sizes and link in levels else 1.0
        for term, level in levels.items():
            sizes.setdefault(term, unit * max(level, 0.5))
    return sizes


def reference_by_level(sizes: Mapping[str, float]) -> str:
    """The smallest term that still stands at 20 of 100 beside the largest: what links groups of all sizes best."""
    largest = max(sizes.values())
    return min((term for term in sizes if sizes[term] >= largest / 5), key=lambda term: sizes[term])


class Beside:
    """The requests of one night beside the common ones."""

    def __init__(self, provider: Provider, past: Iterable[Past], today: date) -> None:
        self._provider = provider
        self._past = {tuple(request.levels): request for request in past}
        self._today = today
        self._left = MOST_REQUESTS
        self._rungs = ladder()
        self.unlinked: list[str] = []  # the most searched terms of groups that nothing links with the first

    def answers(self, groups: Sequence[Levels], seen: frozenset[str], link: str | None) -> Iterator[Answer]:
        """Ask for what `groups`, the levels in the common requests, do not tell. `seen`: terms with data at all."""
        sizes = sizes_of(groups, link)
        small = {
            term: sizes[term]
            for levels in groups
            for term, level in levels.items()
            if level < SMALL and term in seen and term != link
        }
        tops = [max(levels, key=lambda term: levels[term]) for levels in _apart(groups, link)]
        settled = yield from self._again(small)
        to_place = {term: size for term, size in small.items() if term not in settled}
        if to_place or len(tops) > 1:
            yield from self._place_all(to_place, tops, sizes)
        yield from self._check(set(sizes))

    def _again(self, small: Mapping[str, float]) -> Generator[Answer, None, set[str]]:
        """Ask the requests of earlier nights again in which small terms stand well. Returns these terms."""
        settled: set[str] = set()
        for request in list(self._past.values()):
            terms = {term for term in small if request.levels.get(term, 0) >= SMALL}
            if request.role == ANCHORED and terms - settled and self._is_kept(request):
                yield from self._levels(list(request.levels), ANCHORED)
                settled |= terms
        return settled

    def _is_kept(self, request: Past) -> bool:
        return self._today - request.last_on <= CHECKED_EVERY

    def _check(self, terms: set[str]) -> Iterator[Answer]:
        """Ask what links the ladder again where it was last asked 30 days ago."""
        known = terms | {rung.term for rung in self._rungs}
        for request in list(self._past.values()):
            if request.role == LADDER and known.issuperset(request.levels):
                yield from self._levels(list(request.levels), LADDER)

    def _place_all(
        self, small: Mapping[str, float], tops: Sequence[str], sizes: Mapping[str, float]
    ) -> Iterator[Answer]:
        placed = {}
        for top in tops:
            size = yield from self._place(top)
            if size is not None:
                placed[top] = size
        if tops[0] not in placed:
            self.unlinked = list(tops[1:])
            return
        self.unlinked = [top for top in tops if top not in placed]
        used = set()
        for top, size in list(placed.items()):
            near = min(range(len(self._rungs)), key=lambda n: abs(log(self._rungs[n].size / size)))
            rung = self._rungs[near]
            levels = yield from self._levels([top, rung.term], LADDER)
            if levels and min(levels.values()) >= 1:
                placed[top] = rung.size * levels[top] / levels[rung.term]  # surer than beside rungs of other sizes
            used.add(near)
        unit = placed[tops[0]] / sizes[tops[0]]
        used |= yield from self._anchor({term: unit * size for term, size in small.items()})
        yield from self._chain(used)

    def _place(self, term: str) -> Generator[Answer, None, float | None]:
        """How much `term` is searched for, in the sizes of the ladder; None where no rung is near enough."""
        offered = list(self._rungs[1::3])
        while offered:
            levels = yield from self._levels([term, *(rung.term for rung in offered)], LADDER)
            if levels is None:
                return None
            told = [rung for rung in offered if levels.get(rung.term, 0) >= 1]
            if levels.get(term, 0) >= 1 and told:
                nearest = min(told, key=lambda rung: abs(log(levels[rung.term] / levels[term])))
                return nearest.size * levels[term] / levels[nearest.term]
            if not told:
                offered = [rung for rung in self._rungs if rung.size > offered[0].size][:1]
            else:
                offered = [rung for rung in self._rungs if rung.size < told[0].size / _GAP][::2][:4]
        return None

    def _anchor(self, sizes: Mapping[str, float]) -> Generator[Answer, None, set[int]]:
        """Ask for small terms beside the rung next above each. Returns which rungs that took."""
        used: set[int] = set()
        for _ in range(_DESCENTS):
            by_rung: dict[int, list[str]] = {}
            for term, size in sizes.items():
                by_rung.setdefault(self._above(size), []).append(term)
            left: dict[str, float] = {}
            for place, terms in by_rung.items():
                for start in range(0, len(terms), 4):
                    levels = yield from self._levels([self._rungs[place].term, *terms[start : start + 4]], ANCHORED)
                    if levels is not None:
                        used.add(place)
                        left |= self._too_small(place, levels)
            sizes = {term: size for term, size in left.items() if self._above(size) not in used}
        return used

    def _too_small(self, place: int, levels: Levels) -> dict[str, float]:
        """Terms that are small here as well, by what is now known of their size."""
        rung = self._rungs[place]
        return {
            term: rung.size * max(level, 0.5) / max(levels[rung.term], 0.5)
            for term, level in levels.items()
            if level < SMALL and term != rung.term
        }

    def _above(self, size: float) -> int:
        return max((n for n, rung in enumerate(self._rungs) if rung.size >= 0.8 * size), default=0)

    def _chain(self, used: set[int]) -> Iterator[Answer]:
        """Ask for the rungs between those used, three at a time: each stands at 10 of 100 or more beside the others."""
        if len(used) < 2:
            return
        for start in range(min(used) // 2 * 2, max(used), 2):
            yield from self._levels([rung.term for rung in self._rungs[start : start + 3]], LADDER)

    def _levels(self, terms: Sequence[str], role: str) -> Generator[Answer, None, Levels | None]:
        """The mean level of each term: of an earlier night where that will do, else asked for. None: nothing more."""
        known = self._past.get(tuple(terms))
        if known is not None and self._will_do(known):
            return known.levels
        if not self._left:
            return known.levels if known else None
        self._left -= 1
        answer = self._provider.draw(terms, role, None)
        yield answer
        levels = {term: levels_of(answer.rows).get(term, 0.0) for term in terms}
        self._past[tuple(terms)] = Past(role, levels, self._today, 1 + (known.draws if known else 0))
        return levels

    def _will_do(self, known: Past) -> bool:
        if known.last_on == self._today:
            return True
        return self._today - known.last_on < CHECKED_EVERY if known.role == LADDER else known.draws >= ENOUGH


def _apart(groups: Sequence[Levels], link: str | None) -> list[Levels]:
    """The first group, and those that their common term hardly links with it."""
    return [levels for n, levels in enumerate(groups) if n == 0 or (link and levels.get(link, 0) < SMALL)]
