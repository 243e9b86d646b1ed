"""Days before those that nights ask for: a year at a time, once, and never in the place of something better."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.collecting.backfill import Backfill, run_backfill
from flows.collecting.ranges import WITH_RANGE, WITHOUT_RANGE
from flows.config.settings import Framework, Settings, Sources
from flows.process.arguments import UsageError
from flows.process.signals import Stop
from flows.replay.clickhouse import ClickhouseReplay, InstallerDay
from flows.replay.server import ReplayServer, Reply, Request
from flows.run import Night
from tests.conftest import open_few_rows, run_here
from tests.warehouse.published.test_only_what_is_new import rows_kept
from warehouse.publish.snapshot import publish

TODAY = date(2026, 3, 1)
BEGINS = date(2023, 5, 1)  # the first day of the package
DAY = timedelta(days=1)


@dataclass
class Told:
    """What a person sees: the ends of things."""

    lines: list[tuple[str, str, str]] = field(default_factory=list)

    def begin(self, name: str) -> None: ...

    def end(self, name: str, status: str, note: str) -> None:
        self.lines.append((name, status, note))

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        yield


@dataclass
class Place:
    """A data folder and a ClickPy that counts its questions and breaks off after `breaks_after` of them."""

    data: Path
    breaks_after: int = 10**6
    factor: int = 1
    asked: list[tuple[str, str]] = field(default_factory=list)
    told: Told = field(default_factory=Told)

    def run(self, first_day: date, last_day: date, **more: Any) -> bool:
        every = [BEGINS + n * DAY for n in range((TODAY - BEGINS).days)]
        days = [InstallerDay("torch", day, "pip", 1000 + day.isoweekday() * self.factor) for day in every]
        clickpy = ClickhouseReplay(TODAY, more=days)
        self.asked, self.told = [], Told()

        def answer(request: Request) -> Reply:
            self.asked.append((request.query["param_first_day"], request.query["param_last_day"]))
            return clickpy(request) if len(self.asked) <= self.breaks_after else Reply(500)

        with ReplayServer({"clickpy": answer, "others": lambda _: Reply(404)}) as server:
            urls = {name: server.url("others") for name in ("pypistats_url", "top_packages_url")}
            downloads = {
                "base_url": server.url("clickpy"), **urls, "top_packages_history_url": server.url("others"),
                "rate_per_minute": 6000, "attempts": 1,
            }  # fmt: skip
            frameworks = {
                key: Framework(packages=(package,), repository="a/b", search_term=key)
                for key, package in (("pytorch", "torch"), ("other", "nobody-asks"))
            }
            sources = Sources.model_validate({"pypi_downloads": downloads})
            night = Night(Settings(frameworks=frameworks, sources=sources), self.data, self._now(), TODAY)
            given = {"source": "pypi_downloads", "framework": "pytorch"} | more
            stop = Stop(give_up=lambda: None)
            window = {"first_day": first_day, "last_day": last_day}
            return run_backfill(Backfill(night, **window, progress=self.told, stop=stop, **given))

    def _now(self) -> datetime:
        return datetime.now(UTC).replace(year=TODAY.year, month=TODAY.month, day=TODAY.day)

    def days(self) -> list[tuple[date, float]]:
        with open_few_rows(self.data / "warehouse.duckdb") as con:
            return con.execute(
                "SELECT day, value FROM daily_metrics WHERE metric = 'pypi_downloads' ORDER BY day"
            ).fetchall()


@pytest.fixture
def place(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> Place:
    con.close()
    return Place(tmp_path)


def test_a_range_is_loaded_a_year_at_a_time_and_asked_once(place: Place) -> None:
    """All that the service has is there; where it was asked before, nothing is asked, also before the first day."""
    assert place.run(date(2022, 1, 1), date(2024, 12, 31))
    assert len(place.asked) == 2 * 3, "two bases, and no year that is longer than a question may be"
    assert [day for day, _ in place.days()] == [BEGINS + n * DAY for n in range((date(2025, 1, 1) - BEGINS).days)]
    names = [note for name, _, note in place.told.lines if name == "pypi_downloads torch"]
    assert names[0].startswith("2024-01-01 to 2024-12-31: 732 new rows (clickpy); 1 of 3, about 0:00:")
    assert place.run(date(2022, 1, 1), date(2024, 12, 31))
    assert (place.asked, place.told.lines) == (
        [], [("backfill", "ok", "all of it is there already; nothing was asked")]
    )  # fmt: skip


def test_what_broke_off_goes_on_where_it_was(place: Place) -> None:
    """Half a piece is not kept, because it would look as if all of it had been asked."""
    place.breaks_after = 3
    assert not place.run(date(2023, 5, 1), date(2024, 12, 31))
    assert place.days()[0][0] == date(2024, 1, 1)
    place.breaks_after = 10**6
    assert place.run(date(2023, 5, 1), date(2024, 12, 31))
    assert place.asked == [("2023-05-01", "2023-12-31")] * 2
    assert place.days()[0][0] == BEGINS


def test_what_is_published_then_is_what_all_of_it_would_give(place: Place) -> None:
    """Days before those that are published already, and days among them."""
    for first_day, last_day in ((date(2025, 6, 1), date(2025, 12, 31)), (date(2023, 5, 1), date(2025, 6, 30))):
        assert place.run(first_day, last_day)
    whole = place.data / "whole.duckdb"
    with open_few_rows(place.data / "warehouse.duckdb") as con:
        publish(con, whole, full=True)
    assert rows_kept(place.data / "published.duckdb") == rows_kept(whole)


def test_one_framework_or_all(place: Place) -> None:
    place.run(date(2024, 1, 1), date(2024, 1, 31), framework=None)
    assert {name for name, _, _ in place.told.lines} == {"pypi_downloads torch", "pypi_downloads nobody-asks"}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"framework": "jax"}, "--framework jax: not in config.toml (pytorch, other)"),
        ({"source": "weather"}, "weather is no source; one of"),
        ({"first_day": TODAY}, "--from 2026-03-01 is after --to 2024-01-31"),
        ({"last_day": TODAY}, "--to 2026-03-01 is after 2026-02-28, the last day that is over"),
        *(({"source": source}, f"{source}: nothing to backfill: ") for source in WITHOUT_RANGE),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_line(place: Place, asked: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as error:
        place.run(**({"first_day": date(2024, 1, 1), "last_day": date(2024, 1, 31)} | asked))
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)
    assert place.asked == []


def test_every_source_can_go_back_or_says_why_not() -> None:
    assert {*WITH_RANGE, *WITHOUT_RANGE} == set(Sources.model_fields)


def test_the_command_takes_days_alone() -> None:
    done = run_here("backfill", "pypi_downloads", "--from", "last year", "--to", "2024-01-31")
    assert done.returncode == 2
    assert "'last year' is no day" in done.stderr
