"""A history that is replaced: withheld at first, then marked; never shrunken months that pass for comparable ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from tests.warehouse.conftest import answered
from warehouse import checks
from warehouse.ledger import begin_run
from warehouse.rows import Answer, Commit
from warehouse.save import save_answers

FIRST, DAY = datetime(2021, 6, 20, 23, tzinfo=UTC), timedelta(days=1)
TORCH = "pytorch/pytorch"
WHOLE = [
    (2019, 3),
    *((year, month) for year in (2019, 2020) for month in range(4, 13)),
    *((2021, m) for m in range(1, 7)),
]


def commits(*months: tuple[int, int], prefix: str = "", author: str = "ann") -> list[Commit]:
    """Two commits on the 10th of each month, known by `prefix` and month."""
    return [
        Commit(TORCH, f"{prefix}{year}-{month}-{n}", author, "person", date(year, month, 10), False)
        for year, month in months
        for n in range(2)
    ]


Night = Callable[..., list[checks.CheckResult]]


@pytest.fixture
def night(con: duckdb.DuckDBPyConnection, configured: Callable[..., Any]) -> Night:
    """Load what git says on a night, counted from 0, and check it; returns what did not pass."""

    def run(
        number: int, rows: list[Commit], branch: str = "main", replaces_all: bool = True
    ) -> list[checks.CheckResult]:
        at, run_id = FIRST + number * DAY, f"night {number}"
        begin_run(con, run_id=run_id, flow="nightly", as_of=at.date(), started_at=at, program_version="test")
        told = Answer("git", TORCH, "{}", at, tuple(rows), replaces_all=replaces_all, state={"branch": branch})
        save_answers(con, run_id, [*configured(at=at, pytorch=["torch"]), told])
        return [result for result in checks.run_checks(con, run_id) if result.status != "passed"]

    return run


def months(con: duckdb.DuckDBPyConnection) -> dict[date, float]:
    query = "SELECT month, value FROM monthly_metrics WHERE metric = 'commits' AND month >= '2021-01-01' ORDER BY month"
    return dict(answered(con, query))


def compared(con: duckdb.DuckDBPyConnection, metric: str) -> tuple[bool, str]:
    query = "SELECT is_comparable, reason FROM rolling_12_months WHERE metric = ? AND day = '2021-05-31'"
    [found] = answered(con, query, [metric])
    return found


@pytest.mark.parametrize("branch", ["main", "stable"])
def test_lost_months_are_withheld_and_then_marked(con: duckdb.DuckDBPyConnection, night: Night, branch: str) -> None:
    assert night(0, commits(*WHOLE)) == []
    published = months(con)
    assert compared(con, "commits")[0]

    left = commits(*(month for month in WHOLE if month < (2021, 2)))
    for number in (1, 2):
        [result] = night(number, left, branch)
        assert (result.check_name, result.service, result.entity, result.status) == (
            "other_history",
            "git",
            TORCH,
            "failed",
        )
        assert result.detail.endswith("10 commits from 2021-02-10 to 2021-06-10 are gone")
        assert ("the default branch is stable, before that main" in result.detail) == (branch == "stable")
        assert {month: value for month, value in months(con).items() if value} == published
    assert con.execute("FROM measurement_breaks").fetchall() == []

    [result] = night(3, left, branch)
    assert result.status == "believed"
    assert months(con)[date(2021, 3, 1)] == 0
    [marked] = con.execute(
        "SELECT source, metric, effective_on, kind, entity, what_changed FROM measurement_breaks"
    ).fetchall()
    assert marked == ("git", "*", date(2021, 2, 10), "history", TORCH, result.detail)
    for metric in ("commits", "active_contributors"):
        is_comparable, reason = compared(con, metric)
        assert not is_comparable
        assert "2021-02-10" in reason
    assert night(4, [], branch, replaces_all=False) == []
    con.execute("SET VARIABLE as_of = DATE '2021-06-22'")
    assert con.execute("FROM measurement_breaks").fetchall() == []
    assert {month: value for month, value in months(con).items() if value} == published


def test_another_branch_is_withheld_also_where_no_month_shrinks(con: duckdb.DuckDBPyConnection, night: Night) -> None:
    night(0, commits(*WHOLE))
    other = commits(*WHOLE[:-3]) + commits(*WHOLE[-3:], prefix="other ") + commits((2021, 5), prefix="more ")
    [result] = night(1, other, "develop")
    assert result.status == "failed"
    assert result.detail == (
        "the default branch is develop, before that main; 6 commits from 2021-04-10 to 2021-06-10 are gone"
    )


def test_a_branch_with_another_name_and_the_same_past_passes(con: duckdb.DuckDBPyConnection, night: Night) -> None:
    night(0, commits(*WHOLE))
    assert night(1, commits((2021, 6), prefix="new "), "trunk", replaces_all=False) == []
    assert night(2, commits(*WHOLE) + commits((2021, 6), prefix="new "), "main") == []
    assert months(con)[date(2021, 6, 1)] == 4


def test_amended_commits_of_the_running_month_pass(con: duckdb.DuckDBPyConnection, night: Night) -> None:
    night(0, commits(*WHOLE))
    assert night(1, commits(*WHOLE[:-1]) + commits(WHOLE[-1], prefix="amended ")[:1]) == []
    assert months(con)[date(2021, 6, 1)] == 1


def test_a_rewritten_past_with_as_many_commits_passes(con: duckdb.DuckDBPyConnection, night: Night) -> None:
    night(0, commits(*WHOLE))
    assert night(1, commits(*WHOLE, prefix="rewritten ")) == []


def test_nights_that_added_commits_are_part_of_what_was_published(con: duckdb.DuckDBPyConnection, night: Night) -> None:
    night(0, commits(*WHOLE[:-3]))
    night(1, commits(*WHOLE[-3:]), replaces_all=False)
    [result] = night(2, commits(*WHOLE[:-3]))
    assert result.detail == "the history was replaced; 6 commits from 2021-04-10 to 2021-06-10 are gone"


def test_judging_every_commit_anew_is_no_loss(con: duckdb.DuckDBPyConnection, night: Night) -> None:
    night(0, commits(*WHOLE))
    assert night(1, commits(*WHOLE, author="known by another key")) == []


def odd(sha: str, at: datetime | None) -> Commit:
    return Commit(TORCH, sha, "ann", "person", at and at.date(), False)


@pytest.mark.parametrize(
    ("at", "first_day"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), date(2021, 2, 10)),
        (datetime(9999, 12, 31, 23, tzinfo=UTC), date(2021, 2, 10)),
        (None, date(2021, 2, 10)),
        (datetime(2016, 3, 1, tzinfo=UTC), date(2016, 3, 1)),
    ],
)
def test_a_single_odd_or_old_commit_does_not_move_the_mark_away_from_what_shrank(
    con: duckdb.DuckDBPyConnection, night: Night, at: datetime | None, first_day: date
) -> None:
    root = odd("root", datetime(2016, 2, 1, tzinfo=UTC))
    night(0, [*commits(*WHOLE), root, odd("odd", at)])
    left = [*commits(*(month for month in WHOLE if month < (2021, 2))), root]
    results = [night(number, left, "stable")[0] for number in (1, 2, 3)]
    assert [result.status for result in results] == ["failed", "failed", "believed"]
    assert {(result.first_day, result.last_day) for result in results} == {(first_day, date(2021, 6, 10))}
    assert con.execute("SELECT effective_on, ends_on FROM measurement_breaks").fetchall() == [
        (first_day, date(2021, 6, 10))
    ]
    assert not compared(con, "commits")[0]


def test_losing_commits_that_count_in_no_figure_is_no_loss(con: duckdb.DuckDBPyConnection, night: Night) -> None:
    lost = [odd("never set", datetime(1970, 1, 1, tzinfo=UTC)), odd("unreadable", None)]
    night(0, commits(*WHOLE) + lost)
    assert night(1, commits(*WHOLE), "stable") == []


def test_the_same_loss_twice_is_one_break(con: duckdb.DuckDBPyConnection, night: Night) -> None:
    left = commits(*(month for month in WHOLE if month < (2021, 2)))
    night(0, commits(*WHOLE))
    number = 0
    for rows, branch in 2 * [(left, "stable"), (commits(*WHOLE), "main")]:
        for _ in range(3):
            number += 1
            night(number, rows, branch)
    assert con.execute("SELECT effective_on, evidence FROM measurement_breaks").fetchall() == [
        (date(2021, 2, 10), "quality check other_history of 2021-06-29, told on a third day")
    ]
