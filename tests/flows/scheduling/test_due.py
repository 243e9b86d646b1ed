"""When a night is due, computed for whole years: the clocks change, machines are off, clocks are wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from flows import cli
from flows.config.settings import Schedule
from flows.scheduling.due import due_after, due_before, is_night_due
from tests.flows.process.conftest import CONFIG
from warehouse.ledger import begin_run, finish_run, last_night_at

A_LOOK = timedelta(minutes=20)
ONE_DAY = timedelta(days=1)
CHANGES = {
    "Europe/Berlin": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "America/Santiago": (date(2026, 4, 4), date(2026, 9, 6)),  # at midnight
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),  # by half an hour
}


def nights(
    schedule: Schedule, begin: datetime, end: datetime, off: tuple[datetime, datetime] | None = None
) -> list[datetime]:
    """When nights begin on a machine that looks every 20 minutes, except while it is `off`."""
    begun: list[datetime] = [begin]
    now = begin
    while now < end:
        is_off = off and off[0] <= now < off[1]
        if not is_off and is_night_due(schedule, begun[-1], now):
            begun.append(now)
        now += A_LOOK
    return begun[1:]


@pytest.mark.parametrize("zone", CHANGES)
def test_each_day_around_a_change_of_the_clock_has_one_night(zone: str) -> None:
    """A day there is from midnight to midnight there; looks come up to 20 minutes late."""
    there = ZoneInfo(zone)
    for change in CHANGES[zone]:
        begin = datetime.combine(change - timedelta(days=2), time(12), there).astimezone(UTC)
        for cron in ("30 0 * * *", "0 2 * * *", "30 2 * * *", "0 3 * * *"):
            found = nights(Schedule(cron=cron, timezone=zone), begin, begin + timedelta(days=3))
            assert [moment.astimezone(there).date() - change for moment in found] == [-ONE_DAY, 0 * ONE_DAY, ONE_DAY]


def test_a_time_that_is_left_out_is_due_when_the_clock_has_changed() -> None:
    berlin = Schedule(cron="30 2 * * *", timezone="Europe/Berlin")
    assert due_after(berlin, datetime(2026, 3, 28, 12, tzinfo=UTC)) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert due_before(berlin, datetime(2026, 3, 29, 12, tzinfo=UTC)) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_a_time_that_comes_twice_is_due_the_first_time() -> None:
    berlin = Schedule(cron="30 2 * * *", timezone="Europe/Berlin")
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert due_after(berlin, datetime(2026, 10, 24, 12, tzinfo=UTC)) == first
    assert due_before(berlin, first + timedelta(hours=5)) == first
    assert not is_night_due(berlin, first + timedelta(minutes=1), first + timedelta(hours=1, minutes=5))


def test_a_night_is_due_to_the_second() -> None:
    utc = Schedule(cron="30 2 * * *")
    due = datetime(2026, 5, 5, 2, 30, tzinfo=UTC)
    before = due - timedelta(days=1)
    assert not is_night_due(utc, before, due - timedelta(seconds=1))
    assert is_night_due(utc, before, due)
    assert not is_night_due(utc, due, due + timedelta(hours=23))


def test_many_missed_nights_are_made_up_for_by_one() -> None:
    begin = datetime(2026, 5, 1, 12, tzinfo=UTC)
    off = (begin + timedelta(hours=3), begin + timedelta(days=5))
    found = nights(Schedule(), begin, begin + timedelta(days=7), off)
    assert len(found) == 3
    assert found[0] - off[1] < A_LOOK
    assert [moment.date().day for moment in found] == [6, 7, 8]


def test_the_first_night_is_due_at_once_and_one_of_a_wrong_clock_says_nothing() -> None:
    now = datetime(2026, 5, 5, 12, tzinfo=UTC)
    assert is_night_due(Schedule(), None, now)
    assert is_night_due(Schedule(), datetime(2030, 1, 1, tzinfo=UTC), now)


def test_if_due_looks_at_the_ledger(
    tmp_path: Path, con: duckdb.DuckDBPyConnection, capsys: pytest.CaptureFixture[str]
) -> None:
    began = datetime(2026, 5, 5, 2, 31, tzinfo=UTC)
    enter_night(con, began, "ok")
    con.close()
    (tmp_path / "config.toml").write_text(CONFIG)
    arguments = ["--config", str(tmp_path / "config.toml"), "--data", str(tmp_path), "nightly", "--if-due"]
    assert cli.main(arguments, now=began + timedelta(hours=18)) == 0
    assert capsys.readouterr().err == (
        "no night is due: the last one began at 2026-05-05 02:31 UTC, the next one is due at 2026-05-06 02:30 UTC\n"
    )


def test_a_night_that_was_killed_is_made_up_for(con: duckdb.DuckDBPyConnection) -> None:
    began = datetime(2026, 5, 5, 2, 31, tzinfo=UTC)
    assert last_night_at(con) is None
    enter_night(con, began, "partial")
    enter_night(con, began + timedelta(days=1), "interrupted")
    assert last_night_at(con) == began
    enter_night(con, began + timedelta(days=2), "failed")
    assert last_night_at(con) == began + timedelta(days=2)


def enter_night(con: duckdb.DuckDBPyConnection, began: datetime, status: str) -> None:
    begin_run(con, run_id=f"{began}", flow="nightly", as_of=began.date(), started_at=began, program_version="1")
    finish_run(con, f"{began}", finished_at=began, status=status)
