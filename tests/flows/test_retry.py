"""Asking again: how often, after which faults, and how long between two tries."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from flows.retry import again
from tests.conftest import ROOT


def failing(*errors: Exception) -> Callable[[], str]:
    waiting: Iterator[Exception] = iter(errors)

    def ask() -> str:
        for error in waiting:
            raise error
        return "said"

    return ask


def is_passing(error: BaseException) -> bool:
    return isinstance(error, OSError)


def test_waits_double_until_there_is_an_answer(slept: list[float]) -> None:
    faults = [OSError()] * 4
    assert again(failing(*faults), attempts=5, passes=is_passing, sleep=slept.append) == "said"
    assert slept == [1.0, 2.0, 4.0, 8.0]


def test_the_last_fault_is_raised(slept: list[float]) -> None:
    faults = [OSError("one"), OSError("two"), OSError("three")]
    with pytest.raises(OSError, match="two"):
        again(failing(*faults), attempts=2, passes=is_passing, sleep=slept.append)
    assert slept == [1.0]


def test_a_fault_that_does_not_pass_is_raised_at_once(slept: list[float]) -> None:
    with pytest.raises(ValueError, match="no"):
        again(failing(ValueError("no")), attempts=9, passes=is_passing, sleep=slept.append)
    assert slept == []


def test_the_fault_may_say_how_long(slept: list[float]) -> None:
    faults = [OSError(7), OSError(), OSError(0)]
    again(
        failing(*faults), attempts=4, passes=is_passing, sleep=slept.append,
        asked_wait=lambda error: error.args[0] if error.args else None,
    )  # fmt: skip
    assert slept == [7, 2.0, 0]


def test_there_is_one_way_to_ask_again() -> None:
    users = [path for path in (ROOT / "flows").rglob("*.py") if "tenacity" in path.read_text(encoding="utf-8")]
    assert [path.name for path in users] == ["retry.py"]
