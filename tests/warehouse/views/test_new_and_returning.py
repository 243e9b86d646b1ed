"""Whoever is active is either new or has come back, by the day, the month and the 12 months."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import duckdb
import pytest

from tests.warehouse.conftest import answered
from warehouse.rows import Answer, Commit

COLLECTED = datetime(2021, 6, 25, 23, tzinfo=UTC)


def commit(sha: str, author: str, day: str, *, is_merge: bool = False) -> Commit:
    return Commit("keras/keras", sha, author, "person", date.fromisoformat(day), is_merge)


HISTORY = (
    commit("1", "merger", "2019-05-02", is_merge=True),  # never more than merges
    commit("2", "merger", "2020-11-02", is_merge=True),
    commit("3", "late", "2019-05-03", is_merge=True),  # merged first, and has a commit of their own a year later
    commit("4", "late", "2020-07-04"),
    commit("5", "late", "2021-05-04"),
    commit("6", "early", "2019-05-05"),
    commit("7", "early", "2020-07-06"),
    commit("8", "once", "2020-07-06"),
    commit("9", "same month", "2020-08-01", is_merge=True),
    commit("10", "same month", "2020-08-09"),
)


@pytest.fixture
def history(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], configured: Callable[..., tuple[Answer, Answer]]
) -> duckdb.DuckDBPyConnection:
    save(*configured(keras=["keras"]), Answer("git", "keras/keras", "{}", COLLECTED, HISTORY, replaces_all=True))
    return con


@pytest.mark.parametrize("view", ["daily_metrics", "monthly_metrics", "rolling_12_months"])
def test_new_and_returning_add_up_to_active(history: duckdb.DuckDBPyConnection, view: str) -> None:
    order = "month" if view == "monthly_metrics" else "day"
    found = f"SELECT {order}, metric, value FROM {view} WHERE metric LIKE '%_contributors'"
    rows = history.execute(f"PIVOT ({found}) ON metric USING sum(value)").df()
    assert len(rows) > 20
    together = rows["newly_active_contributors"] + rows["returning_contributors"]
    assert (together - rows["active_contributors"]).abs().sum() == 0


def test_who_has_only_merged_is_new_but_not_active(history: duckdb.DuckDBPyConnection) -> None:
    names = "('new_contributors', 'newly_active_contributors')"
    rows = f"SELECT month, metric, value FROM monthly_metrics WHERE metric IN {names}"
    found = answered(history, f"FROM (PIVOT ({rows}) ON metric USING sum(value)) ORDER BY month")
    assert [(str(month)[:7], new, active) for month, new, active in found if new or active] == [
        ("2019-05", 3, 1), ("2020-07", 1, 1), ("2020-08", 1, 1),
    ]  # fmt: skip


def test_without_merges_an_author_is_new_with_the_first_commit_that_is_none(history: duckdb.DuckDBPyConnection) -> None:
    days = "SELECT day FROM daily_metrics WHERE metric = 'new_contributors_without_merges' AND value = ? ORDER BY day"
    assert [str(day) for (day,) in history.execute(days, [1]).fetchall()] == [
        "2019-05-05",
        "2020-07-04",
        "2020-07-06",
        "2020-08-09",
    ]
    sums = "SELECT sum(value) FROM monthly_metrics WHERE metric = 'new_contributors_without_merges'"
    assert answered(history, sums) == [(4,)]  # merger never is
    years = (
        "SELECT value FROM rolling_12_months WHERE metric = 'new_contributors_without_merges' AND day = '2021-06-24'"
    )
    assert answered(history, years) == [(3,)]
