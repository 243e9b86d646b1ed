"""A project that begins or ceases to name coding agents in its commits does not change its work: that is a break."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import duckdb
import pytest

from warehouse.breaks.trailers import trailer_breaks
from warehouse.rows import Answer, Commit

AT = datetime(2024, 1, 5, 3, tzinfo=UTC)
Save = Callable[..., int]


def history(shares: list[float], commits: int = 20) -> Answer:
    """`commits` a month from January 2023 on, of which such shares name an agent."""
    rows = [
        Commit(
            "keras/keras",
            f"{month} {number}",
            "a",
            "person",
            date(2023, month, 1 + number % 28),
            False,
            number < share * commits,
        )
        for month, share in enumerate(shares, start=1)
        for number in range(commits)
    ]
    return Answer("git", "keras/keras", "{}", AT, tuple(rows), replaces_all=True)


@pytest.mark.parametrize(
    ("shares", "found"),
    [
        ([0] * 12, []),
        ([0] * 6 + [0.5] * 6, [date(2023, 7, 1)]),
        ([0.5] * 6 + [0] * 6, [date(2023, 7, 1)]),
        ([0.3, 0.35] * 6, []),
        ([0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55], []),  # used more and more
        ([0] * 6 + [0.05] + [0] * 5, []),  # one commit
        ([0] * 10 + [0.5] * 2, []),  # not known for three months yet
    ],
)
def test_a_change_of_trailers_is_a_suspected_break(
    con: duckdb.DuckDBPyConnection, save: Save, configured: Callable[..., tuple[Answer, Answer]],
    shares: list[float], found: list[date],
) -> None:  # fmt: skip
    save(*configured(at=AT, keras=["keras"]), history(shares))
    assert [told.effective_on for told in trailer_breaks(con)] == found


def test_it_concerns_this_metric_of_this_repository_alone(
    con: duckdb.DuckDBPyConnection, save: Save, configured: Callable[..., tuple[Answer, Answer]]
) -> None:
    save(*configured(at=AT, keras=["keras"], pytorch=["torch"]), history([0] * 6 + [0.5] * 6))
    found = trailer_breaks(con)
    assert found[0].evidence == "share of commits in three months: 0.0 % before, 50.0 % after"
    save(Answer("break_detection", "breaks", "{}", AT, found, replaces_all=True), run_id="r2")
    rows = con.execute("SELECT framework, metric, kind FROM series_breaks WHERE effective_on = '2023-07-01'").fetchall()
    assert rows == [("keras", "commits_with_agent_trailer", "suspected")]
    assert trailer_breaks(con) == found
