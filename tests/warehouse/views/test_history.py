"""Commits and contributors through the public views, against the independent oracle for keras."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.warehouse.conftest import answered
from warehouse.ledger import begin_run
from warehouse.open import open_warehouse
from warehouse.rows import Answer, Commit
from warehouse.save import save_answers

ROOT = Path(__file__).parents[3]
LOGS = ROOT / "flows/replay/recordings/github/commits"
ORACLE = ROOT / "tests/fixtures/expected_monthly_from_logs.csv"
KERAS = "keras/keras"


def commit(sha: str, author: str, at: datetime, *, kind: str = "person", is_merge: bool = False) -> Commit:
    return Commit(KERAS, sha, author, kind, at.date(), is_merge)


def keras_log() -> Iterator[Commit]:
    with (LOGS / "bot_hashes.csv").open() as file:
        kinds = {row["identity_hash"]: row["kind"].removesuffix("-authors") for row in csv.DictReader(file)}
    with gzip.open(LOGS / "keras-team_keras.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            author = row["author_hash"]
            day = datetime.fromisoformat(row["committer_time_utc"]).date()
            yield Commit(KERAS, row["commit_sha"], author, kinds.get(author, "person"), day, row["is_merge"] == "1")


@pytest.fixture(scope="module")
def keras(
    tmp_path_factory: pytest.TempPathFactory, make_configuration: Callable[..., tuple[Answer, Answer]]
) -> Iterator[duckdb.DuckDBPyConnection]:
    at = datetime(2026, 8, 22, 23, tzinfo=UTC)
    with open_warehouse(tmp_path_factory.mktemp("keras") / "w.duckdb") as con:
        begin_run(con, run_id="r1", flow="nightly", as_of=at.date(), started_at=at, program_version="test")
        log = Answer("git", KERAS, "{}", at, tuple(keras_log()), replaces_all=True)
        save_answers(con, "r1", [*make_configuration(at=at, keras=["keras"]), log])
        yield con


@pytest.mark.parametrize(
    ("view", "metric", "expected"),
    [
        ("monthly", "commits", "commits_nonmerge"),
        ("monthly", "active_contributors", "authors_month"),
        ("monthly", "new_contributors", "first_time_authors"),
        ("rolling", "active_contributors", "authors_trailing_12m"),
        ("rolling", "active_contributors_without_bots", "authors_trailing_12m_excl_bots"),
    ],
)
def test_keras_equals_the_oracle_in_every_month(
    keras: duckdb.DuckDBPyConnection, view: str, metric: str, expected: str
) -> None:
    query = {
        "monthly": "SELECT month, value FROM monthly_metrics WHERE metric = ? AND is_complete",
        "rolling": "SELECT CAST(date_trunc('month', day) AS DATE), value FROM rolling_12_months"
        " WHERE metric = ? AND day = last_day(day)",
    }[view]
    found = dict(answered(keras, query, [metric]))
    with ORACLE.open() as file:
        wanted = {date.fromisoformat(row["month"]): float(row[expected]) for row in csv.DictReader(file)}
    assert len(wanted) == 106
    assert {month: found[month] for month in wanted} == wanted


def test_every_day_of_the_rolling_year_equals_a_plain_count(keras: duckdb.DuckDBPyConnection) -> None:
    log = list(keras_log())
    first_days: dict[str, date] = {}
    days: dict[date, set[str]] = defaultdict(set)
    for entry in sorted(log, key=lambda entry: entry.committed_on):
        first_days.setdefault(entry.author_key, entry.committed_on)
        if not entry.is_merge:
            days[entry.committed_on].add(entry.author_key)
    found = defaultdict(dict)
    for metric, day, value in answered(
        keras, "SELECT metric, day, value FROM rolling_12_months WHERE metric LIKE '%_contributors'"
    ):
        found[day][metric] = value
    for day in (date(2016, 2, 28), date(2016, 2, 29), date(2017, 2, 28), date(2020, 2, 28), date(2021, 2, 27)):
        inside = [that for that in days if that <= day and _a_year_later(that) > day]
        active = set().union(*(days[that] for that in inside))
        earlier = {author for author in active if _a_year_later(first_days[author]) <= day}
        assert found[day]["active_contributors"] == len(active), day
        assert found[day]["returning_contributors"] == len(earlier), day


def _a_year_later(day: date) -> date:
    return day.replace(year=day.year + 1, day=min(day.day, 28) if day.month == 2 else day.day)


def test_the_published_example_of_the_absence_factor_gives_two(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], configured: Callable[..., tuple[Answer, Answer]]
) -> None:
    """CHAOSS, metric Contributor Absence Factor: 1000, 202, 90, 33, 332, 343, 42, 433 commits give 2."""
    at = datetime(2021, 5, 10, 12, tzinfo=UTC)
    counts = (1000, 202, 90, 33, 332, 343, 42, 433)
    rows = [commit(f"{author}-{n}", f"author{author}", at) for author, count in enumerate(counts) for n in range(count)]
    rows += [commit(f"bot-{n}", "robot", at, kind="bot") for n in range(5000)]
    collected = datetime(2021, 6, 25, 23, tzinfo=UTC)
    save(*configured(keras=["keras"]), Answer("git", KERAS, "{}", collected, tuple(rows), replaces_all=True))
    for view in ("monthly_metrics WHERE month = DATE '2021-05-01'", "rolling_12_months WHERE day = DATE '2021-05-31'"):
        query = f"SELECT value FROM {view} AND metric = 'contributor_absence_factor'"
        assert answered(con, query) == [(2,)], view


@pytest.fixture
def history(save: Callable[..., int], configured: Callable[..., tuple[Answer, Answer]]) -> Callable[..., int]:
    def saver(*rows: Commit, at: datetime = datetime(2021, 6, 25, 23, tzinfo=UTC), **more: object) -> int:
        return save(*configured(keras=["keras"]), Answer("git", KERAS, "{}", at, rows, **more))  # type: ignore[arg-type]

    return saver


def _values(con: duckdb.DuckDBPyConnection, metric: str, view: str = "daily_metrics") -> dict[date, float]:
    order = "month" if view == "monthly_metrics" else "day"
    return dict(answered(con, f"SELECT {order}, value FROM {view} WHERE metric = ? ORDER BY 1", [metric]))


def test_days_without_commits_are_zeros_up_to_the_last_day_that_was_over(
    con: duckdb.DuckDBPyConnection, history: Callable[..., int]
) -> None:
    day = datetime(2021, 6, 22, 8, tzinfo=UTC)
    history(commit("a", "x", day), commit("b", "x", day + timedelta(days=3)))
    assert _values(con, "commits") == {
        date(2021, 6, 22): 1,
        date(2021, 6, 23): 0,
        date(2021, 6, 24): 0,
    }


def test_merges_do_not_count(con: duckdb.DuckDBPyConnection, history: Callable[..., int]) -> None:
    history(
        commit("a", "x", datetime(2021, 6, 21, 4, tzinfo=UTC)),
        commit("m", "y", datetime(2021, 6, 21, 9, tzinfo=UTC), is_merge=True),
    )
    assert _values(con, "commits")[date(2021, 6, 21)] == 1
    assert _values(con, "active_contributors")[date(2021, 6, 21)] == 1
    assert _values(con, "new_contributors")[date(2021, 6, 21)] == 2


def test_rewritten_history_replaces_the_old_one_and_stays_as_it_was_known(
    con: duckdb.DuckDBPyConnection, history: Callable[..., int]
) -> None:
    day = datetime(2021, 6, 20, 8, tzinfo=UTC)
    night = datetime(2021, 6, 25, 23, tzinfo=UTC)
    history(commit("a", "x", day), commit("b", "y", day), at=night, replaces_all=True)
    history(commit("a2", "x", day), at=night + timedelta(days=1), replaces_all=True)
    assert _values(con, "commits")[day.date()] == 1
    con.execute("SET VARIABLE as_of = DATE '2021-06-25'")
    assert _values(con, "commits")[day.date()] == 2


def test_new_commits_add_to_the_known_ones(con: duckdb.DuckDBPyConnection, history: Callable[..., int]) -> None:
    day = datetime(2021, 6, 25, 1, tzinfo=UTC)
    history(commit("a", "x", day), at=day + timedelta(hours=1), replaces_all=True)
    history(commit("a", "x", day), commit("b", "y", day), at=day + timedelta(days=1))
    assert _values(con, "commits") == {day.date(): 2}


def test_a_young_history_is_not_compared_with_the_time_before_it(
    con: duckdb.DuckDBPyConnection, history: Callable[..., int]
) -> None:
    history(commit("a", "x", datetime(2020, 1, 10, tzinfo=UTC)), commit("b", "x", datetime(2021, 1, 10, tzinfo=UTC)))
    [row] = answered(
        con,
        "SELECT value, change, is_comparable, reason FROM rolling_12_months"
        " WHERE metric = 'commits' AND day = '2021-05-31'",
    )
    assert row == (1, None, False, "The history begins on 2020-01-10, later than the 12 months before.")


def test_bots_and_masked_identities_are_counted_apart(
    con: duckdb.DuckDBPyConnection, history: Callable[..., int]
) -> None:
    at = datetime(2021, 6, 20, 8, tzinfo=UTC)
    history(commit("a", "x", at), commit("b", "robot", at, kind="bot"), commit("c", "many", at, kind="masked"))
    assert _values(con, "active_contributors")[at.date()] == 3
    assert _values(con, "active_contributors_without_bots")[at.date()] == 1
    assert _values(con, "masked_or_bot_commits", "monthly_metrics") == {date(2021, 6, 1): 2}
    for view, day in (("daily_metrics", at.date()), ("monthly_metrics", date(2021, 6, 1))):
        assert _values(con, "bot_commits", view)[day] == 1
    assert _values(con, "contributor_absence_factor", "monthly_metrics") == {date(2021, 6, 1): 1}
