"""The first nights without a token: what GitHub's hour allows, what is kept between nights, and what comes later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import duckdb
import pytest

from flows.collecting.clients import open_clients
from flows.collecting.plan import Night, configuration, plan
from flows.config.settings import Framework, Settings, Sources
from flows.replay.github import GithubReplay
from flows.replay.server import ReplayServer
from flows.sources.errors import SourceError
from tests.conftest import ROOT
from warehouse.ledger import begin_run
from warehouse.read.state import known_before, star_days, star_history_begins
from warehouse.rows import Answer
from warehouse.save import save_answers

RECORDINGS = ROOT / "flows/replay/recordings/github"
FIRST_NIGHT = date(2026, 8, 20)
THREE = ("tensorflow/tensorflow", "pytorch/pytorch", "keras-team/keras")
COPIES = {f"copy/{name.split('/')[1]}": name for name in THREE}


@dataclass
class Machine:
    """A warehouse that collects from GitHub alone, night after night, for the repositories that are named."""

    con: duckdb.DuckDBPyConnection
    replay: GithubReplay
    server: ReplayServer
    repositories: tuple[str, ...]
    folder: Path
    requests: list[int] = field(default_factory=list)

    def night(self, day: date) -> list[str]:
        """Run one night; the errors of its steps."""
        self.replay.advance(day)
        now = datetime.combine(day, time(2, 30), UTC)
        night = Night(self._settings(), self.folder, now, day)
        run_id = f"{day}"
        begin_run(self.con, run_id=run_id, flow="nightly", as_of=day, started_at=now, program_version="test")
        save_answers(self.con, run_id, configuration(night))
        errors = []
        with open_clients(night.settings.sources, {}, lambda seconds: None) as clients:
            with known_before(self.con, now):
                steps = plan(night, self.con, clients)
            for step in steps:
                answers: list[Answer] = []
                try:
                    answers.extend(step.fetch())
                except SourceError as error:
                    errors.append(str(error))
                save_answers(self.con, run_id, answers)
        self.requests.append(self.replay.used[""])
        return errors

    def nights_until_complete(self, start: date) -> int:
        for number in range(30):
            self.night(start + timedelta(days=number))
            if all(star_history_begins(self.con, name) for name in self.repositories):
                return number + 1
        raise AssertionError("not complete after 30 nights")

    def _settings(self) -> Settings:
        names = enumerate(self.repositories)
        frameworks = {
            f"f{n}": Framework(packages=(f"p{n}",), repository=name, search_term=f"t{n}") for n, name in names
        }
        off = {name: {"enabled": False} for name in ("google_trends", "git_history", "pypi_releases", "pypi_downloads")}
        github = {"base_url": self.server.url("github"), "rate_per_minute": 6000}
        return Settings(frameworks=frameworks, sources=Sources.model_validate({**off, "github_repository": github}))

    def days(self, repository: str) -> set[date]:
        spans = star_days(self.con, repository)
        return {first + timedelta(days=n) for first, last in spans for n in range((last - first).days + 1)}


@pytest.fixture
def machine(con: duckdb.DuckDBPyConnection, replay: Callable[..., ReplayServer], tmp_path: Path) -> Machine:
    github = GithubReplay(RECORDINGS, FIRST_NIGHT, same_as=COPIES)
    return Machine(con, github, replay(github=github), THREE, tmp_path)


def days_to(first: date, last: date) -> set[date]:
    return {first + timedelta(days=n) for n in range((last - first).days + 1)}


def test_three_repositories_are_complete_in_the_second_night(machine: Machine) -> None:
    assert machine.night(FIRST_NIGHT) == []
    yesterday = FIRST_NIGHT - timedelta(days=1)
    assert all(machine.days(name) >= days_to(date(2023, 8, 1), yesterday) for name in THREE)
    assert machine.nights_until_complete(FIRST_NIGHT + timedelta(days=1)) == 1
    assert max(machine.requests) <= 54
    for name in THREE:
        begins = star_history_begins(machine.con, name)
        assert begins is not None
        assert machine.days(name) == days_to(begins, FIRST_NIGHT)


def test_six_repositories_have_what_a_report_needs_in_the_first_night(machine: Machine) -> None:
    machine.repositories = (*THREE, *COPIES)
    assert machine.night(FIRST_NIGHT) == []
    assert all(min(machine.days(name)) <= date(2023, 8, 1) for name in machine.repositories)
    assert machine.nights_until_complete(FIRST_NIGHT + timedelta(days=1)) == 2
    assert max(machine.requests) <= 54


def test_a_complete_night_asks_twice_for_each_repository(machine: Machine) -> None:
    nights = machine.nights_until_complete(FIRST_NIGHT)
    machine.night(FIRST_NIGHT + timedelta(days=nights))
    assert machine.requests[-1] == 2 * len(THREE)


def test_a_pause_of_a_year_leaves_no_gap(machine: Machine) -> None:
    first = date(2024, 3, 1)
    nights = machine.nights_until_complete(first)
    machine.night(back := first + timedelta(days=365))
    assert nights <= 3
    for name in THREE:
        begins = star_history_begins(machine.con, name)
        assert begins is not None
        assert machine.days(name) == days_to(begins, back - timedelta(days=1))


def test_the_same_night_again_changes_nothing(machine: Machine) -> None:
    machine.night(FIRST_NIGHT)
    before = machine.con.execute("SELECT count(*) FROM raw.answers").fetchall()
    machine.night(FIRST_NIGHT)
    assert machine.con.execute("SELECT count(*) FROM raw.answers").fetchall() == before
    assert machine.requests[0] == machine.requests[1]


def test_an_hour_that_others_have_used_up_fails_tonight_and_loses_nothing(machine: Machine) -> None:
    machine.night(FIRST_NIGHT)
    known = {name: machine.days(name) for name in THREE}
    machine.replay.hourly_requests = 1
    errors = machine.night(FIRST_NIGHT + timedelta(days=1))
    assert len(errors) == 3
    assert all("requests are left this hour" in error for error in errors)
    assert {name: machine.days(name) for name in THREE} == known
    machine.replay.hourly_requests = None
    assert machine.night(FIRST_NIGHT + timedelta(days=2)) == []
