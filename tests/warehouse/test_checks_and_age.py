"""Checks look at what is new and what it is compared with, and find what they would find in the whole past."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from tests.conftest import open_few_rows
from warehouse import checks
from warehouse.ledger import begin_run
from warehouse.read.queries import query
from warehouse.rows import Answer, Download, Row, SearchPoint, StarDay
from warehouse.save import save_answers

FIRST, DAY = datetime(2021, 6, 20, 23, tzinfo=UTC), timedelta(days=1)
REFERENCE = Path(__file__).parents[1] / "fixtures" / "checks"

days = st.integers(0, 12).map(lambda n: date(2021, 6, 5) + n * DAY)
counts = st.sampled_from([0, 40, 100, 999, 1000, 2000, 2500, 6000])
names = st.sampled_from(["a", "b"])
entities = names.map(lambda name: f"{name} and others")  # no repository, else of its stars only what differs is kept
rows: dict[str, st.SearchStrategy[Any]] = {
    "clickpy": st.builds(
        lambda name, day, length, basis, count: Download(name, day, day + length * DAY, length + 1, basis, count),
        names, days, st.sampled_from([0, 0, 0, 0, 2]), st.sampled_from(["all", "pip"]), counts,
    ),
    "github": st.builds(StarDay, names, days, counts),
    "google_trends": st.builds(
        SearchPoint, names, st.integers(0, 6).map(lambda n: date(2021, 4, 4) + 7 * n * DAY), st.just("WEEK"),
        st.integers(0, 100), st.just(False), st.booleans(), st.just(False),
    ),
}  # fmt: skip


@st.composite
def nights(draw: st.DrawFn) -> list[list[Answer]]:
    """A few nights of answers about two entities of three services."""
    return [
        [
            Answer(
                service, draw(entities), "{}", FIRST + number * DAY, tuple(draw(st.lists(rows[service], max_size=9)))
            )
            for service in draw(st.lists(st.sampled_from(list(rows)), min_size=1, max_size=4))
        ]
        for number in range(draw(st.integers(1, 5)))
    ]


def one_night(con: duckdb.DuckDBPyConnection, number: int, answers: list[Answer]) -> str:
    at, run_id = FIRST + number * DAY, f"night {number}"
    begin_run(con, run_id=run_id, flow="nightly", as_of=at.date(), started_at=at, program_version="test")
    save_answers(con, run_id, answers)
    return run_id


def told_in(number: int, name: str, count: int, *days_of_june: int, length: int = 1) -> list[Answer]:
    """What a night is told of a package: the same count for each of these days, or windows that begin with them."""
    days = [date(2021, 6, day) for day in days_of_june]
    told = tuple(Download(name, day, day + (length - 1) * DAY, length, "all", count) for day in days)
    return [Answer("clickpy", f"{name} and others", "{}", FIRST + number * DAY, told)]


def stars_in(number: int, name: str, count: int, day: int) -> list[Answer]:
    """What a night is told of the stars of a day of June."""
    told = (StarDay(name, date(2021, 6, day), count),)
    return [Answer("github", f"{name} and others", "{}", FIRST + number * DAY, told)]


@pytest.mark.slow
def test_checks_find_what_they_would_find_in_the_whole_past(
    empty_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    found = dict.fromkeys(("missing_days", "abrupt_revision"), 0)

    @settings(max_examples=5, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate])
    @given(told=nights())
    # Whatever is drawn, there is a revision to find, and a missing day.
    @example(told=[told_in(0, "a", 1000, 5, 6), told_in(1, "a", 6000, 5, 6), told_in(2, "b", 1000, 5, 7)])
    # A day of three days' age is still being counted; one of four days' is settled.
    @example(told=[told_in(0, "a", 1000, 17), told_in(1, "a", 6000, 17)])
    @example(told=[told_in(0, "a", 1000, 16), told_in(1, "a", 6000, 16)])
    # A window that begins after a missing day does not say that the day is published.
    @example(told=[told_in(0, "a", 1000, 8, length=3), told_in(1, "a", 1000, 5, 7)])
    @example(told=[stars_in(0, "a", 1000, 10), stars_in(1, "a", 6000, 10)])
    def compare(told: list[list[Answer]]) -> None:
        path = shutil.copy(empty_warehouse, tmp_path_factory.mktemp("checks") / "w.duckdb")
        with open_few_rows(path) as con:
            for number, answers in enumerate(told):
                run_id = one_night(con, number, answers)
                checks._gather(con, run_id)
                for name in found:
                    expected = con.execute((REFERENCE / f"{name}.sql").read_text("utf-8")).fetchall()
                    assert con.execute(query(f"checks/{name}")).fetchall() == expected
                    found[name] += len(expected)
                checks.run_checks(con, run_id)

    compare()
    assert all(found.values()), "a comparison of nothing with nothing proves nothing"


def test_what_is_compared_does_not_grow_with_the_nights(con: duckdb.DuckDBPyConnection) -> None:
    def window(at: datetime, name: str) -> tuple[Row, ...]:
        return tuple(Download(name, at.date() - n * DAY, at.date() - n * DAY, 1, "all", 5000) for n in range(1, 15))

    compared = []
    for number in range(26):
        at = FIRST + number * DAY
        run_id = one_night(con, number, [Answer("clickpy", name, "{}", at, window(at, name)) for name in "ab"])
        checks._gather(con, run_id)
        compared.append(con.execute("SELECT count(*) FROM known_figures").fetchall()[0][0])
        assert all(result.status == "passed" for result in checks.run_checks(con, run_id))
    assert compared[20:] == [2 * 13] * 6


def test_a_term_that_is_gone_is_believed_for_good(
    con: duckdb.DuckDBPyConnection, configured: Callable[..., Any]
) -> None:
    def draw(number: int, *terms: str) -> list[Answer]:
        weeks = [date(2021, 5, 2) + 7 * n * DAY for n in range(4)]
        points = tuple(SearchPoint(term, week, "WEEK", 50, False, True, False) for term in terms for week in weeks)
        return [Answer("google_trends", "a+b", "{}", FIRST + number * DAY, points)]

    statuses = []
    for number in range(9):
        run_id = one_night(con, number, draw(number, *("ab" if number == 0 else "a")))
        statuses.append([r.status for r in checks.run_checks(con, run_id) if r.check_name == "vanished"])
    assert statuses == [["passed"], ["failed"], ["failed"], ["believed"], *[["passed"]] * 5]
