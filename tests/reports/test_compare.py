"""When a change counts: against figures whose answer is known."""

from __future__ import annotations

import math
import random

import pytest

from reports.compare import log_range


def test_a_change_that_every_month_shares_has_a_narrow_range() -> None:
    older = [100 + 10 * math.sin(month) for month in range(12)]
    half = log_range([1.2 * value for value in older], older, counts=None)
    assert half == pytest.approx(0, abs=1e-9)


def test_the_range_is_students_t_of_the_logarithms() -> None:
    steps = [0.1, -0.1] * 6  # neighbours move apart, so nothing is widened
    newer = [100 * math.exp(step) for step in steps]
    deviation = math.sqrt(sum(step * step for step in steps) / 11)
    assert log_range(newer, [100.0] * 12, counts=None) == pytest.approx(2.201 * deviation / math.sqrt(12))


def test_neighbours_that_move_together_widen_it() -> None:
    apart = [math.exp(0.1 * (-1) ** month) for month in range(12)]
    together = [math.exp(0.1 if month < 6 else -0.1) for month in range(12)]
    flat = [1.0] * 12
    assert (log_range(together, flat, counts=None) or 0) > 2 * (log_range(apart, flat, counts=None) or 0)


def test_chance_alone_is_a_floor_for_counts() -> None:
    floor = log_range([10.0] * 12, [10.0] * 12, counts=(120, 120))
    assert floor == pytest.approx(1.96 * math.sqrt(2 / 120))


def test_too_few_pairs_say_nothing() -> None:
    assert log_range([1.0] * 5, [1.0] * 5, counts=None) is None
    assert log_range([0.0] * 12, [1.0] * 12, counts=None) is None


def test_months_without_any_event_are_pairs_too_where_events_are_counted() -> None:
    assert log_range([0.0, *[3.0] * 11], [4.0] * 12, counts=(33, 48)) is not None


@pytest.mark.parametrize("memory", [0.0, 0.4])
def test_pure_noise_is_seldom_called_a_change(memory: float) -> None:
    """In 2,000 made-up years without any change at most one in ten is taken for one."""
    dice = random.Random(7)
    called = 0
    for _ in range(2000):
        logs, last = [], dice.gauss(0, 0.1)
        for _ in range(12):
            last = memory * last + dice.gauss(0, 0.1) * math.sqrt(1 - memory * memory)
            logs.append(last)
        half = log_range([math.exp(value) for value in logs], [1.0] * 12, counts=None)
        called += abs(sum(logs) / 12) > (half or 0)
    assert called / 2000 < 0.1
