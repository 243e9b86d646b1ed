"""What answers give cause to look at, and what later nights bring."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from warehouse.rows import Answer, Release, SearchPoint, StarDay

AT = datetime(2021, 6, 25, 23, tzinfo=UTC)
DAY = timedelta(days=1)
POINT = SearchPoint("keras", date(2021, 6, 6), "WEEK", 50, False, True, False)


def notes(con: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return con.execute("SELECT service, entity, kind, note FROM source_notes ORDER BY ALL").fetchall()


def page(answer: Callable[..., Answer], first: date, state: dict[str, str], **more: Any) -> Answer:
    rows = [StarDay("keras/keras", first + n * DAY, 1) for n in range(30)]
    return answer(
        "github", "keras/keras", *rows, at=AT, state=state, window_start=first, window_end=rows[-1].day, **more
    )


@pytest.fixture
def tracked(save: Callable[..., int], configured: Callable[..., tuple[Answer, Answer]]) -> None:
    save(*configured(AT - 2 * DAY, keras=["keras"]), run_id="r0")


def test_no_answers_no_notes(con: duckdb.DuckDBPyConnection) -> None:
    assert notes(con) == []


def test_the_notes_are_those_of_the_last_draw_of_each_group(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], answer: Callable[..., Answer]
) -> None:
    save(
        answer("google_trends", "a+b", POINT, at=AT - DAY, state={"notes": ["old"]}),
        answer("google_trends", "a+b", POINT, at=AT, state={"notes": ["one", "two"]}),
        answer("google_trends", "a+c", POINT, at=AT, state={"notes": ["three"]}),
        answer("google_trends", "a+d", POINT, at=AT, state={"notes": []}),
        answer("google_trends", "a+e", POINT, at=AT),
    )
    assert notes(con) == [
        ("google_trends", "a+b", "doubt", "one"),
        ("google_trends", "a+b", "doubt", "two"),
        ("google_trends", "a+c", "doubt", "three"),
    ]


def test_what_was_noted_before_is_known_of_a_day_before(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], answer: Callable[..., Answer]
) -> None:
    save(
        answer("google_trends", "a", POINT, at=AT - DAY, state={"notes": ["old"]}),
        answer("google_trends", "a", POINT, at=AT, state={"notes": []}),
    )
    assert notes(con) == []
    con.execute("SET VARIABLE as_of = DATE '2021-06-24'")
    assert [note for *_, note in notes(con)] == ["old"]


@pytest.mark.usefixtures("tracked")
def test_a_project_that_is_not_active_is_a_doubt_until_it_is_again(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], answer: Callable[..., Answer]
) -> None:
    release = Release("keras", "1.0", AT - 9 * DAY, False, False)
    over = {"project_status": "archived"}
    save(
        answer("pypi_index", "keras", release, at=AT - DAY, state=over, replaces_all=True),
        answer("pypi_index", "theano", release, at=AT - DAY, state=over, replaces_all=True),
    )
    assert notes(con) == [("pypi_index", "keras", "doubt", "keras is archived on the package index")]
    save(answer("pypi_index", "keras", release, at=AT, replaces_all=True), run_id="r2")
    assert notes(con) == []


@pytest.mark.usefixtures("tracked")
def test_older_stars_are_still_to_come_until_the_last_page(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], answer: Callable[..., Answer]
) -> None:
    save(page(answer, date(2021, 5, 1), {}), page(answer, date(2021, 4, 1), {}))
    assert notes(con) == [
        ("github", "keras/keras", "to_come", "stars before 2021-04-01 are still to come, a part each night")
    ]
    save(page(answer, date(2021, 3, 2), {"history_begins": "2021-03-02"}), run_id="r2")
    assert notes(con) == []


@pytest.mark.usefixtures("tracked")
def test_a_history_that_was_read_as_a_whole_has_nothing_to_come(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], answer: Callable[..., Answer]
) -> None:
    save(page(answer, date(2021, 5, 1), {}, replaces_all=True))
    assert notes(con) == []


def test_repositories_that_are_no_longer_tracked_have_no_notes(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], answer: Callable[..., Answer]
) -> None:
    save(page(answer, date(2021, 5, 1), {}))
    assert notes(con) == []
