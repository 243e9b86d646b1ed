"""TERM and HUP end a command as Ctrl-C does: with one KeyboardInterrupt, wherever the program happens to be.

What is ignored from the start (nohup, a job in the background) stays ignored. Once asked to stop, a command cleans up
and takes no further signal; when it has not ended after a few seconds, it is ended.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread, current_thread, main_thread
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LONGEST_CLEAN_UP_SECONDS = 6.0


class Stop:
    """Whether somebody has asked this command to stop; `give_up` is called when it does not get to its end."""

    def __init__(self, give_up: Callable[[], None]) -> None:
        self.asked = False
        self._give_up = give_up

    def arm(self) -> None:
        """Take the signals. To be called again where a library has taken one of them."""
        for number in STOPPING:
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                signal.signal(number, self._take)

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            return
        self.asked = True
        Thread(target=self._end_late, daemon=True).start()
        raise KeyboardInterrupt

    def _end_late(self) -> None:
        time.sleep(LONGEST_CLEAN_UP_SECONDS)
        self._give_up()


@contextmanager
def stop_on_signals(stop: Stop) -> Iterator[None]:
    """Within this context the signals lead to `stop`; afterwards they are as before. Elsewhere than in the main thread
    nothing changes, because signals are none of its business.
    """
    if current_thread() is not main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in STOPPING}
    stop.arm()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
