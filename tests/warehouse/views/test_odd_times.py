"""Commits from long ago, and commits with a time that cannot be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest

from tests.warehouse.conftest import answered
from warehouse.rows import Answer, Commit

KERAS = "keras/keras"
READ_AT = datetime(2021, 6, 25, 23, tzinfo=UTC)
History = Callable[..., int]


def commit(sha: str, author: str, at: datetime | None, **more: bool) -> Commit:
    day = at and at.date()
    return Commit(KERAS, sha, author, "person", day, more.get("is_merge", False), more.get("agent", False))


def on(year: int, month: int = 6, day: int = 1) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


@pytest.fixture
def history(save: Callable[..., int], configured: Callable[..., tuple[Answer, Answer]]) -> History:
    def saver(*rows: Commit, at: datetime = READ_AT) -> int:
        return save(*configured(keras=["keras"]), Answer("git", KERAS, "{}", at, rows, replaces_all=True))

    return saver


def values(con: duckdb.DuckDBPyConnection, metric: str, view: str, column: str = "day") -> dict[date, float]:
    return dict(answered(con, f"SELECT {column}, value FROM {view} WHERE metric = ? ORDER BY 1", [metric]))


@pytest.mark.parametrize("years", [(1971, 1999), (1998, 2001)])
def test_sums_start_with_the_first_commit_whatever_its_year(
    con: duckdb.DuckDBPyConnection, history: History, years: tuple[int, int]
) -> None:
    """People who were active before 2000 leave again; without their arrival the sum would end below zero."""
    first, second = years
    history(
        commit("a", "ann", on(first)), commit("b", "bob", on(first, 7)), commit("c", "ann", on(second)),
        commit("d", "cyd", on(2021, 5)),
    )  # fmt: skip
    people = values(con, "active_contributors", "rolling_12_months")
    assert min(people) == on(first).date()
    assert people[date(first, 7, 31)] == 2
    assert people[date(2000, 1, 31)] == (1 if second == 1999 else 0)
    assert people[date(2021, 6, 24)] == 1
    assert min(people.values()) == 0
    assert sum(values(con, "new_contributors", "monthly_metrics", "month").values()) == 3
    assert values(con, "commits", "daily_metrics")[on(first).date()] == 1


IMPOSSIBLE = {
    "unreadable": None,
    "1970": datetime(1970, 1, 1, tzinfo=UTC),
    "late 1970": datetime(1970, 12, 31, 23, 59, tzinfo=UTC),
    "in years": datetime(2085, 1, 1, tzinfo=UTC),
    "end of the calendar": datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    "after it was read": READ_AT + timedelta(days=2),
}


def test_times_that_cannot_be_are_kept_apart_and_counted(con: duckdb.DuckDBPyConnection, history: History) -> None:
    """Of a new author and of a known one; no figure, boundary or month is another with them."""
    real = [commit("a", "ann", on(2021, 4)), commit("b", "bob", on(2021, 5))]
    figures = "SELECT metric, day, value, change, reason FROM rolling_12_months ORDER BY ALL"
    history(*real, at=READ_AT - timedelta(hours=1))
    before = answered(con, figures)
    odd = [commit(f"{kind} {who}", who, at) for kind, at in IMPOSSIBLE.items() for who in ("cyd", "ann")]
    history(*real, *odd)
    assert answered(con, figures) == before
    assert con.execute("SELECT min(day) FROM daily_metrics").fetchall() == [(on(2021, 4).date(),)]
    assert values(con, "commits", "monthly_metrics", "month") == {
        date(2021, 4, 1): 1, date(2021, 5, 1): 1, date(2021, 6, 1): 0,
    }  # fmt: skip
    assert con.execute("SELECT min(month), max(month) FROM lineage").fetchall() == [
        (date(2021, 4, 1), date(2021, 6, 1))
    ]
    assert con.execute("SELECT undated_commits FROM frameworks").fetchall() == [(len(odd),)]
    assert con.execute("SELECT kind, entity, note FROM source_notes WHERE source = 'git_history'").fetchall() == [
        ("doubt", KERAS, "12 commits have a time that cannot be and count in no figure")
    ]


def test_a_clock_that_is_a_little_ahead_counts_when_its_day_is_over(
    con: duckdb.DuckDBPyConnection, history: History
) -> None:
    rows = [commit("a", "ann", on(2021, 6, 20)), commit("b", "ann", READ_AT + timedelta(hours=2))]
    history(*rows)
    assert values(con, "commits", "monthly_metrics", "month") == {date(2021, 6, 1): 1}
    history(*rows, at=READ_AT + timedelta(days=2))
    assert values(con, "commits", "monthly_metrics", "month") == {date(2021, 6, 1): 2}
    assert con.execute("SELECT undated_commits FROM frameworks").fetchall() == [(0,)]


def test_a_history_of_impossible_times_has_no_figure(con: duckdb.DuckDBPyConnection, history: History) -> None:
    history(commit("a", "ann", None), commit("b", "bob", on(1970)))
    assert con.execute("SELECT count(*) FROM daily_metrics").fetchall() == [(0,)]
    assert con.execute("SELECT undated_commits FROM frameworks").fetchall() == [(2,)]


def test_commits_that_name_an_agent_are_counted_without_merges(
    con: duckdb.DuckDBPyConnection, history: History
) -> None:
    history(
        commit("a", "ann", on(2020), agent=True), commit("b", "ann", on(2021), agent=True),
        commit("c", "bob", on(2021)),
        commit("d", "bob", on(2021, 6, 2), agent=True, is_merge=True),
    )  # fmt: skip
    metric = "commits_with_agent_trailer"
    assert values(con, metric, "daily_metrics")[date(2021, 6, 1)] == 1
    assert values(con, metric, "daily_metrics")[date(2021, 6, 2)] == 0
    assert values(con, metric, "monthly_metrics", "month")[date(2021, 6, 1)] == 1
    assert values(con, metric, "rolling_12_months")[date(2021, 5, 31)] == 1
    assert values(con, metric, "rolling_12_months")[date(2021, 6, 24)] == 1


def test_people_with_over_five_percent_of_all_commits(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], configured: Callable[..., tuple[Answer, Answer]]
) -> None:
    """100 commits: 50 of a bot, 6 of one person, exactly 5 of another, the rest one each."""
    counts = {"bot": 50, "ann": 6, "bob": 5} | {f"p{number}": 1 for number in range(39)}
    rows = [
        Commit(KERAS, f"{author}-{n}", author, "bot" if author == "bot" else "person", date(2021, 5, 1), False)
        for author, count in counts.items()
        for n in range(count)
    ]
    save(*configured(keras=["keras"]), Answer("git", KERAS, "{}", READ_AT, tuple(rows), replaces_all=True))
    assert values(con, "people_with_large_share", "monthly_metrics", "month") == {
        date(2021, 5, 1): 1,
        date(2021, 6, 1): 0,
    }
    assert values(con, "people_with_large_share", "rolling_12_months") == {date(2021, 5, 31): 1}
    assert values(con, "contributor_absence_factor", "monthly_metrics", "month") == {date(2021, 5, 1): 16}
