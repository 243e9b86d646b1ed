"""The ladder of contributors in words: each step with its difference, and the range that it leaves."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from reports.claims.ladder import Rung, ladder
from reports.facts import Facts, Period
from reports.wording import MINUS
from warehouse.read.report import Framework, LadderStep

NAMES = ("addresses", "accounts", "people", "people_without_bots", "with_co_authors", "with_committers")


def facts_with(**people: list[int]) -> Facts:
    frameworks = tuple(Framework(key, key.title(), position=place) for place, key in enumerate(("alpha", "beta")))
    steps = [
        LadderStep(key, step, NAMES[step - 1], after, None if before is None else after - before, f"why {step}")
        for key, counts in people.items()
        for step, (before, after) in enumerate(pairwise([None, *counts]), start=1)
        if after is not None
    ]
    return Facts(
        Period(date(2021, 6, 25)), frameworks, {}, {}, {}, {}, {}, {}, {}, (), (), (), (), (), ladder=tuple(steps)
    )


def test_each_step_has_its_difference_and_authors_are_a_range() -> None:
    told = ladder(facts_with(alpha=[3525, 3500, 3400, 3390, 3391, 3391], beta=[1200, 1200, 1100, 1100, 1100, 1250]))
    assert told is not None
    assert told.labels == ("Alpha", "Beta")
    assert [text for text, _ in told.lines] == [f"why {step}" for step in range(1, 7)]
    assert [rungs[0] for _, rungs in told.lines] == [
        Rung("3,525", ""), Rung("3,500", f"{MINUS}25"), Rung("3,400", f"{MINUS}100"), Rung("3,390", f"{MINUS}10"),
        Rung("3,391", "+1"), Rung("3,391", "0"),
    ]  # fmt: skip
    assert told.spans == ("3,400 to 3,525", "1,100 to 1,200")


def test_who_has_not_been_counted_is_left_out() -> None:
    told = ladder(facts_with(beta=[3, 3, 3, 2, 2, 2]))
    assert told is not None
    assert (told.labels, told.spans) == (("Beta",), ("3",))
    assert ladder(facts_with()) is None
