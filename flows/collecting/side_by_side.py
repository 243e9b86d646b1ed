"""Asks every upstream side by side, in threads of its own: collecting begins before Prefect is there to watch it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, InvalidStateError, as_completed
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from threading import Thread

from flows.collecting.clients import open_clients
from flows.collecting.plan import Step, configuration, plan
from flows.run import Run
from flows.sources.errors import SourceError, TransientError
from warehouse.ledger import begin_step
from warehouse.read.state import known_before
from warehouse.rows import Answer
from warehouse.save import save_answers

SIDE_BY_SIDE = 8
LONGEST_COLLECTING_SECONDS = 6 * 3600.0  # every request has limits of its own; this one holds for whatever adds up

Asked = Mapping["Future[tuple[Answer, ...]]", Step]


class IncompleteError(Exception):
    """A step that failed, with the answers it had got by then."""

    def __init__(self, answers: tuple[Answer, ...], cause: SourceError) -> None:
        super().__init__(str(cause))
        self.answers = answers


@contextmanager
def asking_side_by_side(run: Run) -> Iterator[None]:
    """Plan the night and ask, within this context; each future of run.asked gets the answers of its step, or an error.

    When the context is left early, what has not come by then is given up.
    """
    save_answers(run.con, run.run_id, configuration(run.night))
    with open_clients(run.night.settings.sources, os.environ) as clients:
        with known_before(run.con, run.night.now):
            steps = plan(run.night, run.con, clients)
        for step in steps:
            begin_step(
                run.con, run_id=run.run_id, source=step.source, entity=step.entity,
                window_start=step.window_start, window_end=step.window_end, started_at=run.now(),
            )  # fmt: skip
            run.progress.begin(step.name)
        run.asked = {Future(): step for step in steps}
        _start_threads(run.asked)
        try:
            yield
        finally:
            for future in run.asked:
                _settle(future, KeyboardInterrupt())


def as_they_come(asked: Asked, seconds: float = LONGEST_COLLECTING_SECONDS) -> Iterator[Future[tuple[Answer, ...]]]:
    """Each future when it is done. After `seconds` those that are not are given up: they fail."""
    waiting = set(asked)
    with suppress(TimeoutError):
        for future in as_completed(asked, timeout=seconds):
            waiting.discard(future)
            yield future
    for future in waiting:
        what = f"{asked[future].entity}: not done within the {seconds / 3600:g} hours that a night may ask for"
        error = TransientError(asked[future].source, what, "it is asked again the next night")
        _settle(future, IncompleteError((), error))
        yield future


def _start_threads(asked: Asked) -> None:
    """Daemons, because a night that is stopped does not wait for an upstream."""
    waiting: SimpleQueue[Future[tuple[Answer, ...]]] = SimpleQueue()
    for future in asked:
        waiting.put(future)

    def work() -> None:
        with suppress(Empty):
            while True:
                future = waiting.get_nowait()
                if not future.done():
                    _settle(future, _outcome(asked[future]))

    for _ in range(min(SIDE_BY_SIDE, len(asked))):
        Thread(target=work, daemon=True).start()


def _outcome(step: Step) -> tuple[Answer, ...] | BaseException:
    """Ask one upstream: its answers, or what went wrong."""
    answers: list[Answer] = []
    try:
        answers.extend(step.fetch())
    except SourceError as error:
        return IncompleteError(tuple(answers), error)
    except BaseException as error:  # noqa: BLE001 - whoever waits for this step has to hear of it
        return error
    return tuple(answers)


def _settle(future: Future[tuple[Answer, ...]], outcome: tuple[Answer, ...] | BaseException) -> None:
    with suppress(InvalidStateError):  # given up, or done before
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
