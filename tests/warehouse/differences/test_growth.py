"""Raw grows by what is new: nights whose upstreams say nothing new add rows to the ledger alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest

from flows.collecting.plan import Night, configuration
from flows.config.settings import load_settings
from tests.bench.aged_nights import ROOT
from warehouse import checks
from warehouse.breaks.suspected import suspected_breaks
from warehouse.ledger import begin_run, begin_step, finish_run, finish_step, save_report_issue
from warehouse.rows import (
    Answer,
    Break,
    Commit,
    Download,
    Release,
    ReportIssue,
    RepositoryTotal,
    SearchPoint,
    StarDay,
)
from warehouse.save import save_answers

FIRST, DAY = datetime(2021, 6, 21, 23, tzinfo=UTC), timedelta(days=1)
LEDGER = {"answers", "check_results", "report_issues", "run_answers", "run_steps", "runs"}
SETTINGS = load_settings(ROOT / "config.toml")
REPOSITORY = "pytorch/pytorch"


@dataclass(frozen=True)
class Upstreams:
    """How far the upstreams have come: what they tell depends on nothing else."""

    days: int = 0
    weeks: int = 0
    commits: int = 0
    versions: int = 0
    gone: int = 0
    suspected: int = 0

    def answers(self, at: datetime) -> Iterator[Answer]:
        """What the program asks for in a night."""
        today = FIRST.date() + self.days * DAY
        yield from configuration(Night(SETTINGS, ROOT, at, at.date()))
        yield Answer("git", REPOSITORY, "{}", at, tuple(map(commit, range(self.commits - 1, self.commits))))
        stars = tuple(StarDay(REPOSITORY, day, 40 + day.day % 7) for day in days_before(today, 210))
        yield Answer("github", REPOSITORY, '{"get": "stars"}', at, stars)
        totals = RepositoryTotal(REPOSITORY, today, 1000 + self.days, 9)
        yield Answer("github", REPOSITORY, '{"get": "totals"}', at, (totals,))
        for basis in ("all", "without_mirrors"):
            counts = tuple(Download("torch", day, day, 1, basis, 5000 + day.day) for day in days_before(today, 14))
            yield Answer("clickpy", "torch", "{}", at, counts, today - 14 * DAY, today - DAY)
        versions = tuple(
            Release("torch", f"1.{number}", FIRST - 900 * DAY + number * DAY, False, False)
            for number in range(self.gone, 60 + self.versions)
        )
        yield Answer("pypi_index", "torch", "{}", at, versions, replaces_all=True)
        points = tuple(
            SearchPoint("torch", FIRST.date() + (week - 100) * 7 * DAY, "WEEK", week % 50, False, True, False)
            for week in range(100 + self.weeks)
        )
        yield Answer("google_trends", "torch", "{}", at, points, body=f"{self.weeks}")

    def breaks(self) -> tuple[Break, ...]:
        """Jumps beside those that are found in so little."""
        return tuple(
            Break("clickpy", "pypi_downloads", date(2021, 1, 1 + number), "suspected", "x", "y")
            for number in range(9 + self.suspected)
        )


def commit(number: int) -> Commit:
    return Commit(REPOSITORY, f"{number:040x}", "k", "person", FIRST.date() + (number - 300) * DAY, False)


def days_before(today: date, count: int) -> Iterable[date]:
    return (today - number * DAY for number in range(count, 0, -1))


def spend_night(con: duckdb.DuckDBPyConnection, number: int, upstreams: Upstreams) -> None:
    at, run_id = FIRST + number * DAY, f"{number:032x}"
    begin_run(con, run_id=run_id, flow="nightly", as_of=at.date(), started_at=at, program_version="t")
    step = {"run_id": run_id, "source": "git_history", "entity": REPOSITORY}
    begin_step(con, **step, window_start=None, window_end=None, started_at=at)  # type: ignore[arg-type]
    rows = save_answers(con, run_id, upstreams.answers(at))
    finish_step(con, **step, finished_at=at, status="ok", rows=rows, error=None)  # type: ignore[arg-type]
    found = (*upstreams.breaks(), *suspected_breaks(con))
    save_answers(con, run_id, [Answer("break_detection", "breaks", "{}", at, found, replaces_all=True)])
    assert [result for result in checks.run_checks(con, run_id) if result.status != "passed"] == []
    save_report_issue(con, ReportIssue(f"{number}", at.date(), "v", "report.html", "h"))
    finish_run(con, run_id, finished_at=at, status="ok")


def rows_of_raw(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    tables = con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw' ORDER BY ALL").fetchall()
    return {table: con.table(f"raw.{table}").count("*").fetchall()[0][0] for (table,) in tables}


@pytest.fixture
def grown(con: duckdb.DuckDBPyConnection) -> Callable[..., dict[str, int]]:
    """Spends nights on which the upstreams are so far; returns what each table of raw grew by, the ledger apart."""
    number = 0
    spend_night(con, number, Upstreams())

    def nights(*so_far: Upstreams) -> dict[str, int]:
        nonlocal number
        before = rows_of_raw(con)
        for upstreams in so_far:
            number += 1
            spend_night(con, number, upstreams)
        growth = {table: rows - before[table] for table, rows in rows_of_raw(con).items() if rows != before[table]}
        assert growth.keys() >= LEDGER
        return {table: rows for table, rows in growth.items() if table not in LEDGER}

    return nights


def test_nights_that_tell_nothing_new_add_to_the_ledger_alone(grown: Callable[..., dict[str, int]]) -> None:
    assert grown(*[Upstreams()] * 6) == {}


TELLS = {
    "a commit": (Upstreams(commits=1), {"git_commits": 1}),
    # A day of stars and its total. Of downloads the last 14 days are kept as each answer tells them, on both bases.
    "a day": (Upstreams(days=1), {"repository_stars": 1, "repository_totals": 1, "pypi_downloads": 2 * 14}),
    "a version": (Upstreams(versions=1), {"content_steps": 1, "pypi_releases": 1}),
    "that a version is gone": (Upstreams(gone=1), {"content_steps": 1, "pypi_releases": 1}),
    "a suspected break": (Upstreams(suspected=1), {"content_steps": 1, "breaks": 1}),
    "a draw": (Upstreams(weeks=1), {"bodies": 1, "search_points": 101}),  # a sample: never only what differs
}


@pytest.mark.parametrize("what", TELLS)
def test_a_night_adds_what_it_is_told_and_no_more(grown: Callable[..., dict[str, int]], what: str) -> None:
    told, growth = TELLS[what]
    assert grown(told) == growth
    assert grown(told, told) == {}


def test_nights_add_each_what_is_new_in_them(grown: Callable[..., dict[str, int]]) -> None:
    """A version a night: lists are compared with the one before, however many there were."""
    assert grown(*(Upstreams(versions=1 + number) for number in range(8))) == {"content_steps": 8, "pypi_releases": 8}
