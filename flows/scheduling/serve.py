"""`trends schedule`: Prefect serves the nightly deployment until somebody stops it.

Its server, with its database, is in schedule/ of the data folder, apart from the Prefect of a single night; nights
report to it. When one is due, and once at the start, Prefect is asked to run `trends nightly --if-due`, which looks for
itself whether it is due, so that what is asked for late, or twice, does nothing.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flows.children import MARK, ask_marked_to_end
from flows.config.settings import Settings
from flows.process.loading import without_collecting
from flows.process.own_prefect import Prefect, prefect_of_schedule
from flows.process.private import kept_private
from flows.scheduling.due import due_after, due_before

if TYPE_CHECKING:
    from prefect.deployments.runner import RunnerDeployment

LOOK_SECONDS = 5.0
LONGEST_GOODBYE_SECONDS = 4.0
LONGEST_FAREWELL_OF_RUNNER_SECONDS = 1.5


class ScheduleError(Exception):
    """Nothing can be scheduled, or no longer; the message says why."""


@dataclass(frozen=True)
class Served:
    """What is served: the schedule of `settings`, for nights that read `config` and write to `data`.

    clock     what time it is, UTC
    say       takes one line for people
    """

    settings: Settings
    config: Path
    clock: Callable[[], datetime]
    say: Callable[[str], None]

    @property
    def data(self) -> Path:
        return self.settings.warehouse.data.absolute()


def serve_nights(served: Served) -> None:
    """Serve until a signal or Ctrl-C, which comes as KeyboardInterrupt, then end all that was started.

    A night that is due already begins at once. Raises ScheduleError.
    """
    home = served.data / "schedule"
    with (
        kept_private(served.data),
        _alone(home),
        _temporary(home),
        prefect_of_schedule(home / "prefect", served.say) as prefect,
    ):
        if not prefect.is_ready():
            raise ScheduleError(f"{home}: no Prefect server starts; look into {home / 'prefect' / 'server.log'}")
        runner = _Serving(served)
        try:
            runner.start()
            served.say(_welcome(served))
            _look_after(prefect, runner)
        finally:
            runner.stop()
            ask_marked_to_end(os.environ[MARK], LONGEST_GOODBYE_SECONDS)


def _welcome(served: Served) -> str:
    schedule = served.settings.schedule
    following = due_after(schedule, served.clock())
    when = f"the next one is due at {following:%Y-%m-%d %H:%M} UTC"
    return f"serves the nights of '{schedule.cron}' in {schedule.timezone}; {when}; Ctrl-C ends it"


def _look_after(prefect: Prefect, runner: _Serving) -> None:
    """Wait for as long as both are there."""
    while not runner.has_ended.wait(LOOK_SECONDS):
        if prefect.has_ended():
            raise ScheduleError("the Prefect server of the schedule has ended; start trends schedule again")
    raise ScheduleError(f"Prefect serves no longer: {runner.error}; start trends schedule again")


class _Serving:
    """Prefect's runner, in a thread with an event loop of its own: signals reach the main thread, which waits."""

    def __init__(self, served: Served) -> None:
        self.has_ended = Event()
        self.error: BaseException | None = None
        self._served = served
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self._thread = Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let the runner take its leave, for a second at most."""
        with suppress(RuntimeError):  # the loop is closed already
            self._loop.call_soon_threadsafe(lambda: self._task and self._task.cancel())
        self._thread.join(LONGEST_FAREWELL_OF_RUNNER_SECONDS)

    def _run(self) -> None:
        try:
            self._task = self._loop.create_task(_serve(self._served))
            self._loop.run_until_complete(self._task)
        except BaseException as error:  # noqa: BLE001 - whoever waits has to hear of it
            self.error = error
        finally:
            self.has_ended.set()


async def _serve(served: Served) -> None:
    """Register the deployment, and run what is asked for, one night at a time.

    The deployment says when nights are due, and is not paused at the end; who asks is _ask_when_due alone.
    """
    with without_collecting():
        from prefect.runner import Runner
    runner = Runner(name="nightly", pause_on_shutdown=False, limit=1, query_seconds=LOOK_SECONDS)
    deployment_id = await runner.aadd_deployment(_deployment(served))
    asking = asyncio.create_task(_ask_when_due(served, deployment_id))
    running = asyncio.create_task(runner.start())
    try:
        ended, _ = await asyncio.wait((asking, running), return_when=asyncio.FIRST_COMPLETED)
    finally:
        asking.cancel()
        running.cancel()
        await asyncio.wait((asking, running))
    ended.pop().result()


async def _ask_when_due(served: Served, deployment_id: UUID) -> None:
    """Ask for a night whenever another one is due than at the last look, and at the start.

    Prefect's own scheduler stays out of it: where it fails, it does so in silence.
    """
    from prefect.client.orchestration import get_client

    asked: datetime | None = None
    async with get_client() as client:
        while True:
            due = due_before(served.settings.schedule, served.clock())
            if due != asked:
                await client.create_flow_run_from_deployment(deployment_id, name=f"due-{due:%Y-%m-%d-%H%M}")
                asked = due
            await asyncio.sleep(LOOK_SECONDS)


def _deployment(served: Served) -> RunnerDeployment:
    with without_collecting():
        from prefect.deployments.runner import RunnerDeployment
        from prefect.schedules import Cron
        from prefect.types.entrypoint import EntrypointType

        from flows.deploy import scheduled_night
    schedule = served.settings.schedule
    parameters: dict[str, Any] = {"config": str(served.config.absolute()), "data": str(served.data), "if_due": True}
    return RunnerDeployment.from_flow(
        scheduled_night,
        name="nightly",
        schedule=Cron(schedule.cron, timezone=schedule.timezone),
        parameters=parameters,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One schedule a data folder. Raises ScheduleError where there is one already."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ScheduleError(
                f"{home.parent}: another trends schedule serves this data folder; end that one"
            ) from None
        yield


@contextmanager
def _temporary(home: Path) -> Iterator[None]:
    """What Prefect leaves in the folder for temporary files goes with the schedule, or at the next start."""
    before, folder = tempfile.tempdir, home / "temporary"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
        shutil.rmtree(folder, ignore_errors=True)
