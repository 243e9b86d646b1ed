"""Nights in a row against services that stand still, lose days and repair them: what is asked, kept and published.

Everything but Prefect is real: the plan, the replays over HTTP, the warehouse and its checks. A night takes no second.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.collecting.clients import open_clients
from flows.collecting.plan import configuration, plan
from flows.config.settings import Framework, Settings, Sources
from flows.replay.clickhouse import ClickhouseReplay, InstallerDay
from flows.replay.pypistats import CategoryDay, PypistatsReplay
from flows.replay.server import ReplayServer
from flows.replay.top_packages import TopPackagesReplay
from flows.run import Night
from flows.sources.errors import SourceError
from warehouse import checks
from warehouse.ledger import begin_run
from warehouse.read.state import has_data, known_before
from warehouse.rows import Answer
from warehouse.save import save_answers

START = date(2026, 3, 1)
FIRST = START - timedelta(200)  # the first day of every package
DAY = timedelta(1)
OFF = {"enabled": False}


def installs(day: date, package: str = "torch") -> int:
    """What the index has served: a wave of a week, so that no two days are the same."""
    return {"torch": 10_000, "rare": 2, "__all__": 10**6}[package] * (10 + day.isoweekday()) // 10


@dataclass
class Life:
    """The services and the warehouse, night after night. What is wrong with the services may change from day to day."""

    con: duckdb.DuckDBPyConnection
    data: Path
    packages: tuple[str, ...] = ("torch",)
    clickpy_is: dict[str, Any] = field(default_factory=dict)
    pypistats_is: dict[str, Any] = field(default_factory=dict)
    changed: dict[date, int] = field(default_factory=dict)
    asked: dict[str, list[tuple[date, date]]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def night(self, today: date, pypistats: bool = True) -> None:
        """One night at half past two, up to the checks."""
        now = datetime.combine(today, datetime.min.time(), UTC) + timedelta(hours=2, minutes=30)
        self.asked, self.failed = {}, []
        run_id = f"{today}"
        begin_run(self.con, run_id=run_id, flow="nightly", as_of=today, started_at=now, program_version="test")
        with self._services(today, pypistats) as sources:
            night = Night(self._settings(sources), self.data, now, today)
            save_answers(self.con, run_id, configuration(night))
            with open_clients(sources, {}) as clients:
                with known_before(self.con, now):
                    steps = plan(night, self.con, clients)
                for step in steps:
                    assert step.window_start
                    assert step.window_end
                    self.asked.setdefault(step.entity, []).append((step.window_start, step.window_end))
                    save_answers(self.con, run_id, self._answers(step.fetch()))
        checks.run_checks(self.con, run_id)

    def _answers(self, coming: Iterator[Answer]) -> list[Answer]:
        got: list[Answer] = []
        try:
            got.extend(coming)
        except SourceError as error:
            self.failed.append(str(error))
        return got

    @contextmanager
    def _services(self, today: date, pypistats: bool) -> Iterator[Sources]:
        every = [FIRST + n * DAY for n in range((today - FIRST).days)]
        days = [
            InstallerDay(package, day, "pip", self.changed.get(day, installs(day, package)))
            for package in self.packages
            for day in every
            if package != "rare" or day.isoweekday() != 3
        ]
        categories = [
            CategoryDay(package, day, category, installs(day, package) + 1)
            for package in (*self.packages, "__all__")
            for day in every
            for category in ("with_mirrors", "without_mirrors")
            if package != "rare" or day.isoweekday() != 3
        ]
        upstreams: dict[str, Any] = {
            "clickpy": ClickhouseReplay(today, more=days, **self.clickpy_is),
            "lists": TopPackagesReplay(today),
        }
        if pypistats:
            upstreams["pypistats"] = PypistatsReplay(today, more=categories, **self.pypistats_is)
        with ReplayServer(upstreams) as server:
            yield Sources.model_validate(
                {
                    "google_trends": OFF, "git_history": OFF, "github_repository": OFF, "pypi_releases": OFF,
                    "pypi_downloads": {
                        "base_url": server.url("clickpy"),
                        "pypistats_url": server.url("pypistats"),
                        "top_packages_url": server.url("lists"),
                        "top_packages_history_url": server.url("lists"),
                        "rate_per_minute": 6000,
                        "first_run_months": 4,
                        "attempts": 1,
                    },
                }
            )  # fmt: skip

    def _settings(self, sources: Sources) -> Settings:
        framework = Framework(
            packages=self.packages or ("unheard-of",), repository="pytorch/pytorch", search_term="PyTorch"
        )
        return Settings(frameworks={"pytorch": framework}, sources=sources)

    def nights(self, *numbers: int) -> list[int]:
        """Nights by how many days after START they are; of each how many days it asked torch for."""
        spans = []
        for number in numbers:
            self.night(START + number * DAY)
            [(start, end)] = self.asked["torch"]
            spans.append((end - start).days + 1)
        return spans

    def published(self) -> dict[date, tuple[str, float]]:
        """Day -> service and downloads of the framework."""
        rows = self.told("SELECT day, service, value FROM daily_metrics WHERE metric = 'pypi_downloads' ORDER BY day")
        return {day: (service, value) for day, service, value in rows}

    def told(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self.con.execute(sql, values).fetchall()


@pytest.fixture
def life(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> Life:
    return Life(con, tmp_path)


def day(number: int) -> date:
    """`number` days after START."""
    return START + number * DAY


def test_what_changed_months_ago_is_found_within_thirty_days(life: Life) -> None:
    assert life.nights(0, 1) == [151, 15]
    life.changed = {day(-50): installs(day(-50)) * 3 // 2}
    life.nights(15, 29)
    assert life.told("SELECT * FROM revisions") == []
    assert life.nights(30) == [181]
    found = life.told("SELECT day, old_value, new_value FROM revisions WHERE metric = 'downloads, all'")
    assert found == [(day(-50), installs(day(-50)), installs(day(-50)) * 3 // 2)]
    assert life.published()[day(-50)] == ("clickpy", installs(day(-50)) * 3 // 2)
    assert life.nights(31) == [15]


def test_a_repair_that_doubles_old_days_is_asked_until_it_is_believed(life: Life) -> None:
    life.changed = {day(-50): installs(day(-50)) // 3}
    life.nights(0, 29)
    life.changed = {}
    spans = life.nights(30, 31, 32, 33)
    assert spans == [181, 182, 183, 15], "a check holds it back on two nights"
    assert life.published()[day(-50)] == ("clickpy", installs(day(-50)))


def test_lost_days_come_from_the_other_service_and_are_asked_each_week_until_they_are_there(life: Life) -> None:
    gap = (day(-40), day(-39))
    life.clickpy_is = {"lost": gap}
    assert life.nights(0, 1, 6, 7, 8, 13) == [151, 15, 19, 47, 15, 19]
    assert [life.published()[lost][0] for lost in gap] == ["pypistats"] * 2
    life.clickpy_is = {}
    assert life.nights(14, 15, 21) == [54, 15, 20]
    assert [life.published()[lost] for lost in gap] == [("clickpy", installs(lost)) for lost in gap]
    changed = "SELECT day, old_value, new_value FROM revisions WHERE service = 'clickpy' AND metric = 'downloads, all'"
    assert life.told(f"{changed} ORDER BY day") == [(lost, None, installs(lost)) for lost in gap]
    assert life.failed == []


def test_clickpy_stands_still_for_twelve_days_and_comes_back(life: Life) -> None:
    life.nights(0)
    life.clickpy_is = {"newest": day(-1), "loaded": 0.5}
    for number in (1, 4, 12):
        life.nights(number)
        published = life.published()
        assert max(published) == (day(number - 1) if number > 1 else day(-1))
        assert all(value >= 0.9 * installs(on) for on, (_, value) in published.items()), "half a day is no fall"
    assert [source for on, (source, _) in published.items() if on >= day(0)] == ["pypistats"] * 12
    reasons = "SELECT DISTINCT state->>'fallback_because' FROM raw.answers WHERE service = 'pypistats' AND run_id = ?"
    told = {reason for (reason,) in life.told(reasons, f"{day(12)}") if reason}
    assert told == {"clickpy: 13 days missing from 2026-02-28 on, its newest is 2026-02-27"}
    life.clickpy_is = {}
    assert life.nights(13) == [27]
    assert set(life.published().values()) >= {("clickpy", installs(day(n))) for n in range(13)}
    assert life.failed == []


def test_a_companion_without_downloads_on_some_days_takes_no_day_of_the_family(life: Life) -> None:
    life.packages = ("torch", "rare")
    wednesday = date(2026, 3, 4)
    life.night(wednesday + DAY)
    published = life.published()
    assert published[wednesday] == ("clickpy", installs(wednesday)), "also on the first night, and on the newest day"
    assert len(published) == (wednesday - min(published)).days + 1


def test_a_day_that_nobody_counted_is_lost_and_not_zero(life: Life) -> None:
    lost = day(-3)
    life.packages = ("torch", "rare")
    life.clickpy_is = life.pypistats_is = {"lost": [lost]}
    life.nights(0, 1, 2)
    assert lost not in life.published()
    assert life.told("SELECT count(*) FROM raw.pypi_downloads WHERE period_start = ?", lost) == [(0,)]


def test_the_control_series_is_asked_each_night_and_is_of_no_framework(life: Life) -> None:
    life.nights(0, 1)
    assert life.asked["__all__"] == [(day(-14), day(0))]
    answered = "SELECT count(*) FROM raw.answers WHERE service = 'pypistats' AND entity = '__all__' AND row_count > 0"
    assert life.told(answered) == [(4,)]
    assert {value for _, value in life.published().values()} == {installs(on) for on in life.published()}
    assert life.told("SELECT count(*) FROM freshness WHERE entity = '__all__'") == [(0,)]
    assert life.told("SELECT count(*) FROM lineage WHERE entity = '__all__'") == [(0,)]


def test_without_pypistats_only_the_control_fails_and_it_says_why(life: Life) -> None:
    life.night(day(0), pypistats=False)
    [line] = life.failed
    assert line.startswith("pypistats: the control series of all packages: ")
    assert max(life.published()) == day(-1)
    life.night(day(1), pypistats=False)
    assert life.asked == {"torch": [(day(-14), day(0))], "__all__": [(date(2025, 11, 1), day(0))]}


def test_the_control_series_alone_is_nothing_to_report(con: duckdb.DuckDBPyConnection, life: Life) -> None:
    life.packages = ()
    life.night(day(0))
    assert life.told("SELECT count(*) > 0 FROM raw.pypi_downloads WHERE package = '__all__'") == [(True,)]
    assert not has_data(con)
