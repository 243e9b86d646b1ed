"""Asking again after a passing fault: one way for HTTP, git and mail. Whoever asks says which faults pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

_Said = TypeVar("_Said")


def again(
    ask: Callable[[], _Said],
    *,
    attempts: int,
    passes: Callable[[BaseException], bool],
    sleep: Callable[[float], None],
    asked_wait: Callable[[BaseException], float | None] = lambda error: None,
) -> _Said:
    """What `ask` returns, asked up to `attempts` times while its error is one that `passes`; else that error.

    Between two tries `sleep` gets the seconds that the error asks to wait (`asked_wait`), or else 1, 2, 4, ...
    """

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = asked_wait(error) if error else None
        return asked if asked is not None else float(2 ** (state.attempt_number - 1))

    retrying = Retrying(
        stop=stop_after_attempt(attempts), retry=retry_if_exception(passes), wait=wait, sleep=sleep, reraise=True
    )
    return retrying(ask)
