"""Of a star page only what differs is kept, and no view says anything else for it."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import open_few_rows
from tests.warehouse.conftest import answered
from warehouse import checks
from warehouse.ledger import begin_run
from warehouse.rows import Answer, StarDay
from warehouse.save import save_answers

FIRST, DAY = datetime(2021, 6, 20, 23, tzinfo=UTC), timedelta(days=1)
REPOSITORY = "a/a"
VIEWS = {3: ("daily_metrics",), 9: ("daily_metrics", "revisions", "lineage")}  # the others are made from these


def page(number: int, stars: dict[date, int], **more: Any) -> Answer:
    """What a night, counted from 0, is told of the days before it."""
    at = FIRST + number * DAY
    rows = tuple(StarDay(REPOSITORY, day, count) for day, count in stars.items() if day < at.date())
    return Answer("github", REPOSITORY, f'{{"page": "{more.pop("request", 1)}"}}', at, rows, **more)


def window(number: int, days: int = 10, stars: int = 5) -> dict[date, int]:
    last = (FIRST + number * DAY).date()
    return {last - n * DAY: stars for n in range(days, 0, -1)}


def run_night(
    con: duckdb.DuckDBPyConnection,
    run_id: str,
    answers: Sequence[Answer],
    *,
    check: bool = True,
    at: datetime | None = None,
) -> int:
    at = at or answers[0].collected_at
    begin_run(con, run_id=run_id, flow="nightly", as_of=at.date(), started_at=at, program_version="t")
    rows = save_answers(con, run_id, answers)
    if check:
        checks.run_checks(con, run_id)
    return rows


def kept(con: duckdb.DuckDBPyConnection) -> int:
    return int(con.execute("SELECT count(*) FROM raw.repository_stars").fetchall()[0][0])


def published(con: duckdb.DuckDBPyConnection) -> dict[date, float]:
    return dict(con.execute("SELECT day, value FROM daily_metrics WHERE metric = 'stars' ORDER BY day").fetchall())


def views(con: duckdb.DuckDBPyConnection) -> dict[tuple[int, str], list[tuple[Any, ...]]]:
    """What each view says so many nights after the first."""
    said = {}
    for number, names in VIEWS.items():
        con.execute("SET VARIABLE as_of = ?::DATE", [FIRST.date() + number * DAY])
        said |= {(number, name): answered(con, f"FROM {name} ORDER BY ALL") for name in names}
    return said


def test_a_page_adds_a_row_for_the_new_day_and_for_what_differs(
    con: duckdb.DuckDBPyConnection, configured: Callable[..., Any]
) -> None:
    run_night(con, "0", [*configured(at=FIRST, a=["a"]), page(0, window(0, 210))])
    for number in range(1, 6):
        stars = window(number, 210)
        for day in list(stars)[50:53]:
            stars[day] = 5 + number
        went_back = number > 1  # the first of the three is as it was two nights before
        assert run_night(con, str(number), [page(number, stars)]) == 1 + 3 + went_back
    assert kept(con) == 210 + 4 + 4 * 5
    assert published(con) == window(5, 215) | dict(list(stars.items())[50:53])


def random_nights(chance: random.Random) -> list[Answer]:
    """Pages that move on, jump back, have gaps, are repeated, or are the whole history, some of one moment."""
    stars: dict[date, int] = {}
    answers = []
    for number in range(7):
        today = (FIRST + number * DAY).date()
        for day in (today - n * DAY for n in range(1, 9)):
            if day not in stars or chance.random() < 0.2:
                stars[day] = chance.randint(0, 3)
        for request in range(chance.choice([1, 1, 1, 2])):
            shown = window(number, chance.choice([6, 6, 6, 3, 9]))
            days = {day: stars.get(day, 0) for day in shown if day in stars}
            if chance.random() < 0.15 and len(days) > 3:
                del days[list(days)[2]]
            answers.append(page(number, days, request=request, replaces_all=chance.random() < 0.1))
    if chance.random() < 0.5:
        answers.append(page(chance.randint(3, 9), {}, request="none", replaces_all=True))
    return answers


@pytest.mark.slow
@pytest.mark.parametrize("in_order", [True, False])
def test_every_view_says_what_it_says_of_pages_kept_in_full(
    empty_warehouse: Path, tmp_path: Path, configured: Callable[..., Any], in_order: bool
) -> None:
    """Where an answer still waits for its checks, pages are kept in full: that is the reference."""
    begun = [*configured(at=FIRST - 9 * DAY, a=["a"]), Answer("github", REPOSITORY, "{}", FIRST - 9 * DAY, ())]
    spared = 0
    for seed in (0, 2):
        nights = random_nights(random.Random(seed))
        if not in_order:  # one is saved late
            nights.insert(4, nights.pop(1))
        told, rows = {}, {}
        for is_settled in (True, False):
            path = shutil.copy(empty_warehouse, tmp_path / f"{seed}-{is_settled}.duckdb")
            with open_few_rows(path) as con:
                run_night(con, "begun", begun, check=is_settled)
                for number, answer in enumerate(nights):
                    run_night(con, str(number), [answer])
                rows[is_settled] = kept(con)
                told[is_settled] = views(con)
        assert [place for place, rows in told[True].items() if rows != told[False][place]] == []
        spared += rows[False] - rows[True]
    assert spared > 0


def held_back(con: duckdb.DuckDBPyConnection, run_id: str) -> list[str]:
    return [result.check_name for result in checks.run_checks(con, run_id) if result.status == "failed"]


def test_a_page_relies_on_nothing_that_was_held_back(
    con: duckdb.DuckDBPyConnection, configured: Callable[..., Any]
) -> None:
    run_night(con, "0", [*configured(at=FIRST, a=["a"]), page(0, window(0, 10, stars=500))])
    run_night(con, "1", [page(1, window(1, 10, stars=500))])
    run_night(con, "2", [page(2, window(2, 10, stars=50))], check=False)
    assert held_back(con, "2") == ["abrupt_revision"]
    run_night(con, "3", [page(3, window(3, 10, stars=50))], check=False)
    assert held_back(con, "3") == ["abrupt_revision"]
    run_night(con, "4", [page(4, window(4, 10, stars=50))])
    assert published(con) == {**window(1, 11, stars=500), **window(4, 10, stars=50)}


def test_a_page_after_a_killed_run_is_kept_in_full(
    con: duckdb.DuckDBPyConnection, configured: Callable[..., Any]
) -> None:
    run_night(con, "0", [*configured(at=FIRST, a=["a"]), page(0, window(0, 10, stars=500))])
    run_night(con, "1", [page(1, window(1, 10, stars=50))], check=False)  # killed before it could check
    assert run_night(con, "2", [page(2, window(2, 10, stars=50))], check=False) == 10
    assert held_back(con, "2") == ["abrupt_revision"]
    assert set(published(con).values()) == {500}


def test_an_answer_held_back_after_all_takes_nothing_with_it(
    con: duckdb.DuckDBPyConnection, configured: Callable[..., Any]
) -> None:
    first = page(0, window(0, 10, stars=500))
    run_night(con, "0", [*configured(at=FIRST, a=["a"]), first])
    assert run_night(con, "1", [page(1, window(1, 10, stars=500))]) == 1
    for number in (5, 6, 7):
        run_night(con, str(number), [page(number, window(number, 10, stars=1500))])
    on_day_1 = [("SET VARIABLE as_of = ?::DATE", [FIRST.date() + DAY]), ("RESET VARIABLE as_of", None)]
    con.execute(*on_day_1[0])
    before = published(con)
    con.execute(*on_day_1[1])
    run_night(con, "0 again", [first], check=False, at=FIRST + 14 * DAY)  # no longer believed
    assert held_back(con, "0 again") == ["abrupt_revision"]
    con.execute(*on_day_1[0])
    del before[FIRST.date() - 10 * DAY]  # which the first page alone told
    assert published(con) == before == window(1, 10, stars=500)
