"""A world in which terms have sizes, as a Provider: what Google would answer, sampled and rounded."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from flows.sources.google.beside import Past, ladder
from flows.sources.google.night import ask_all
from flows.sources.google.notes import levels_of
from warehouse.rows import Answer, SearchPoint

QUESTION = {"geo": "", "timeframe": "today 5-y", "match": "term", "category": 0, "property": ""}
WEEK = timedelta(days=7)


class World:
    """A Provider. `sizes`: how much each term is searched for, in the sizes of the ladder, whose rungs have drifted."""

    def __init__(self, sizes: Mapping[str, float], *, weeks: int = 60, seed: int = 1) -> None:
        chance = random.Random(seed)
        self.sizes = {**{rung.term: rung.size * chance.uniform(0.8, 1.25) for rung in ladder()}, **sizes}
        self.weeks = weeks
        self.day = date(2025, 7, 1)
        self.requests: list[tuple[str, tuple[str, ...]]] = []
        self.shift = (0, 1.0)  # over how many of the last weeks all terms alike are so many times as high

    def true(self, term: str, week: int) -> float:
        """Interest in a week, counted back from the last one."""
        weeks, factor = self.shift
        own = 1 + 0.15 * random.Random(f"{term} {week}").uniform(-1, 1)
        return self.sizes[term] * own * (factor if week < weeks else 1)

    def draw(self, terms: Sequence[str], role: str, link: str | None) -> Answer:
        """See Provider."""
        self.requests.append((role, tuple(terms)))
        chance = random.Random(f"{self.day} {terms}")
        figures = {t: [self.true(t, n) * (1 + chance.gauss(0, 0.04)) for n in range(self.weeks)] for t in terms}
        unit = 100 / max(max(values) for values in figures.values())
        last = self.day - timedelta(days=self.day.isoweekday() % 7) - WEEK
        rows = tuple(
            SearchPoint(t, last - WEEK * n, "WEEK", int(unit * value + 0.5), 0 < unit * value < 0.5, True, False)
            for t, values in figures.items()
            for n, value in enumerate(values)
        )
        request = {"explore": {"req": {"comparisonItem": [{"keyword": term} for term in terms]}}}
        state = {"question": QUESTION, **({"role": role} if role else {})}
        at = datetime.combine(self.day, time(3), UTC)
        return Answer("google_trends", "+".join(terms), json.dumps(request), at, rows, state=state)

    def night(self, queries: Sequence[str], past: Sequence[Past] = (), reference: str | None = None) -> list[Answer]:
        """What a night asks; the day after it is another one."""
        answers = list(ask_all(self, queries, today=self.day, reference=reference, past=past))
        self.day += timedelta(days=1)
        return answers

    def nights(self, queries: Sequence[str], number: int) -> list[int]:
        """How many requests each of so many nights makes, one after the other, each knowing those before."""
        past: dict[tuple[str, ...], Past] = {}
        asked = []
        for _ in range(number):
            today = self.day
            answers = self.night(queries, list(past.values()))
            asked.append(len(answers))
            for answer in answers:
                levels = {term: levels_of(answer.rows).get(term, 0.0) for term in answer.entity.split("+")}
                before = past.pop(tuple(levels), None)
                draws = min(before.draws if before else 0, 29) + 1
                past[tuple(levels)] = Past(str(answer.state.get("role", "")), levels, today, draws)
        return asked
