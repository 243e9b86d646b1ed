"""Which nights are due by [schedule] of config.toml, whatever the clocks of its time zone do.

A time that a change of the clock leaves out is due when the clock has been changed; one that comes twice is due the
first time. However many nights were missed, one night makes up for them: each source is asked for all that is missing.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from flows.config.settings import Schedule

_ONE_SECOND = timedelta(seconds=1)


def is_night_due(schedule: Schedule, last_night: datetime | None, now: datetime) -> bool:
    """Whether a night should have begun after `last_night`, the beginning of the last one that came to an end.

    A last night that lies ahead of `now` was one of a wrong clock and says nothing.
    """
    return last_night is None or not due_before(schedule, now) <= last_night <= now


def due_before(schedule: Schedule, now: datetime) -> datetime:
    """The latest time, UTC, not after `now` at which a night was due."""
    return _next(schedule, now + _ONE_SECOND, reverse=True)


def due_after(schedule: Schedule, now: datetime) -> datetime:
    """The first time, UTC, after `now` at which a night is due."""
    return _next(schedule, now, reverse=False)


def _next(schedule: Schedule, moment: datetime, *, reverse: bool) -> datetime:
    there = moment.astimezone(ZoneInfo(schedule.timezone)).replace(microsecond=0)
    return next(CronSim(schedule.cron, there, reverse=reverse)).astimezone(UTC)
