"""Downloads beside those of another service and of the whole index, and the shares of machines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import duckdb
import pytest

from tests.warehouse.views.download_answers import Query, daily, loaded, window
from warehouse.rows import Answer, Break, Commit, Contributor

__all__ = ["loaded"]  # a fixture
AT = datetime(2024, 1, 5, 3, tzinfo=UTC)
LACKS = "pypistats lacks events that clickpy has, and has not repaired them"
LATE = "one of them has not yet repaired its last days; both are asked for them again"


def test_two_services_on_one_basis_are_compared_and_a_difference_is_told_with_its_cause(
    loaded: Callable[..., Query],
) -> None:
    query = loaded(
        daily("torch", date(2023, 10, 1), 31, 100),
        daily("torch", date(2023, 10, 1), 31, 101, service="pypistats"),  # 1 %
        daily("torch", date(2023, 11, 1), 30, 100),
        daily("torch", date(2023, 11, 1), 30, 90, service="pypistats"),  # 10 % less
        daily("torch", date(2023, 12, 20), 12, 100, basis="without_mirrors"),
        daily("torch", date(2023, 12, 20), 12, 105, basis="without_mirrors", service="pypistats"),
    )
    assert query(
        "SELECT basis, month, service, other_service, days, round(difference, 3), likely_cause"
        " FROM download_differences ORDER BY month"
    ) == [
        ("all", date(2023, 10, 1), "clickpy", "pypistats", 31, 0.01, None),
        ("all", date(2023, 11, 1), "clickpy", "pypistats", 30, -0.1,
         LACKS),
        ("without_mirrors", date(2023, 12, 1), "clickpy", "pypistats", 12, 0.05,
         LATE),
    ]  # fmt: skip
    assert query("SELECT entity, kind, note FROM source_notes ORDER BY note") == [
        ("torch", "doubt", f"pypistats counts +5.0 % of what clickpy does, basis without_mirrors, 2023-12: {LATE}"),
        ("torch", "doubt", f"pypistats counts -10.0 % of what clickpy does, basis all, 2023-11: {LACKS}"),
    ]  # fmt: skip


def test_a_break_is_the_likelier_cause_and_windows_are_compared_with_their_days(loaded: Callable[..., Query]) -> None:
    told = Break("pypistats", "pypi_downloads", date(2023, 11, 10), "counting", "Counts otherwise.", "a post")
    query = loaded(
        daily("torch", date(2023, 10, 1), 61, 100),
        daily("torch", date(2023, 11, 1), 30, 90, service="pypistats"),
        window("torch", date(2023, 10, 1), date(2023, 10, 31), 3000, "all", days=30),  # 3,100 of 31 days
        window("torch", date(2023, 12, 1), date(2023, 12, 31), 3000, "all"),  # days are missing
        Answer("config", "breaks", "{}", AT, (told,), replaces_all=True),
    )
    assert query(
        "SELECT month, other_service, round(difference, 3), likely_cause FROM download_differences ORDER BY ALL"
    ) == [
        (date(2023, 10, 1), "top_pypi_packages", 0, None),
        (date(2023, 11, 1), "pypistats", -0.1, "counted differently in this month: Counts otherwise"),
    ]


def test_downloads_beside_all_of_the_index(loaded: Callable[..., Query]) -> None:
    query = loaded(
        daily("torch", date(2023, 11, 1), 30, 50),
        daily("__all__", date(2023, 11, 16), 15, 2_000_000, service="pypistats"),
    )
    columns = "framework, basis, month, days, value, index_value, per_million, coverage"
    assert query(f"SELECT {columns} FROM downloads_beside_index") == [
        ("pytorch", "all", date(2023, 11, 1), 15, 750, 30_000_000, 25, 0.5),
    ]  # fmt: skip


@pytest.fixture
def history(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], configured: Callable[..., tuple[Answer, Answer]]
) -> Query:
    commits = [
        Commit(
            "keras/keras",
            str(number),
            who,
            kind,
            date(2023, 11, 1 + number),
            is_merge=False,
            has_agent_trailer=number == 3,
        )
        for number, (who, kind) in enumerate([("a", "person"), ("b", "person"), ("r", "bot"), ("m", "masked")])
    ]
    people = [
        Contributor(
            "keras/keras", who, who, who, kind, is_author=True, is_committer=False, is_co_author=False, organisation=org
        )
        for who, kind, org in (
            ("a", "person", "a.org"),
            ("b", "person", ""),
            ("r", "bot", "a.org"),
            ("m", "masked", ""),
        )
    ]
    save(
        *configured(at=AT, keras=["keras"]),
        Answer("git", "keras/keras", "{}", AT, tuple(commits), replaces_all=True),
        Answer("git", "keras/keras people", "{}", AT, tuple(people), replaces_all=True),
    )
    return lambda query, *values: con.execute(query, values).fetchall()


def test_shares_of_machines_masks_and_agents(history: Query) -> None:
    assert history("SELECT * FROM machine_shares WHERE month = '2023-11-01'") == [
        ("keras", date(2023, 11, 1), 4, 0.25, 0.25, 0.25, True, 1, 1)
    ]
    assert history(
        "SELECT commits, bot_share, agent_share_at_least FROM machine_shares WHERE month = '2023-12-01'"
    ) == [(0, None, None)]


def test_the_ladder_of_a_small_history(history: Query) -> None:
    assert history("SELECT people, difference FROM contributor_ladder ORDER BY step") == [
        (4, None), (4, 0), (4, 0), (2, -2), (2, 0), (2, 0),
    ]  # fmt: skip


def test_organisations_with_those_unknown_in_the_denominator(history: Query) -> None:
    assert history("SELECT organisation, people, share FROM contributor_organisations ORDER BY ALL") == [
        ("a.org", 1, 0.5), ("unknown", 1, 0.5),
    ]  # fmt: skip
