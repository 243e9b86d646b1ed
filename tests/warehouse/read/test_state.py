from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import duckdb

from warehouse.ledger import begin_run, begin_step, finish_step
from warehouse.read.state import (
    definitions_version,
    freshness,
    has_data,
    has_star_history,
    last_day,
    latest_state,
    previous_total,
    steps_of,
)
from warehouse.rows import Answer, Download, RepositoryTotal, StarDay
from warehouse.save import save_answers

AT = datetime(2021, 6, 25, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def _download(day: date, basis: str = "all") -> Download:
    return Download("torch", day, day, 1, basis, 5)


def test_the_state_is_that_of_the_last_answer_whatever_the_order_of_loading(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], answer: Callable[..., Answer]
) -> None:
    assert latest_state(con, "git", "a/b") == {}
    save(answer("git", "a/b", at=AT + DAY, state={"tip": "new"}), answer("git", "a/b", at=AT, state={"tip": "old"}))
    assert latest_state(con, "git", "a/b") == {"tip": "new"}
    assert latest_state(con, "git", "c/d") == {}


def test_an_answer_held_back_leaves_no_state(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], answer: Callable[..., Answer]
) -> None:
    save(answer("git", "a/b", at=AT, state={"tip": "old"}))
    save(answer("git", "a/b", at=AT + DAY, state={"tip": "new"}), run_id="r2")
    con.execute(
        "INSERT INTO raw.quarantine SELECT answer_id, 'r2', 'check', 'why' FROM raw.answers WHERE run_id = 'r2'"
    )
    assert latest_state(con, "git", "a/b") == {"tip": "old"}


def test_last_day_is_that_of_the_basis_that_lags_and_of_the_preferred_service(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], answer: Callable[..., Answer]
) -> None:
    save(answer("pypistats", "torch", _download(date(2021, 6, 20))))
    assert last_day(con, entity="torch") is None
    save(
        answer("clickpy", "torch", _download(date(2021, 6, 18)), _download(date(2021, 6, 1))),
        answer("clickpy", "torch", _download(date(2021, 6, 17), "without_mirrors")),
        run_id="r2",
    )
    assert last_day(con, entity="torch") == date(2021, 6, 17)


def test_the_previous_total_and_the_star_history(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], answer: Callable[..., Answer]
) -> None:
    assert previous_total(con, "a/b") is None
    assert not has_star_history(con, "a/b")
    totals = [RepositoryTotal("a/b", date(2021, 6, 24) + n * DAY, 10 + n, 3) for n in (0, 1)]
    save(*(answer("github", "a/b", total, at=AT + n * DAY) for n, total in enumerate(totals)))
    assert previous_total(con, "a/b") == totals[1]
    assert not has_star_history(con, "a/b")
    save(answer("github", "a/b", StarDay("a/b", date(2021, 6, 1), 4)), run_id="r2")
    assert has_star_history(con, "a/b")


def test_the_configuration_alone_is_no_data(
    con: duckdb.DuckDBPyConnection,
    save: Callable[..., int],
    answer: Callable[..., Answer],
    configured: Callable[..., tuple[Answer, Answer]],
) -> None:
    save(*configured(pytorch=["torch"]))
    assert not has_data(con)
    save(answer("clickpy", "torch", _download(date(2021, 6, 1))), run_id="r2")
    assert has_data(con)


def test_freshness_names_what_has_no_figure_yet(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], configured: Callable[..., tuple[Answer, Answer]]
) -> None:
    save(*configured(jax=["jax"]))
    assert {(row["source"], row["entity"], row["status"]) for row in freshness(con)} == {
        ("google_trends", "jax", "never"),
        ("pypi_downloads", "jax", "never"),
        ("pypi_index", "jax", "never"),
        ("git", "jax/jax", "never"),
        ("github", "jax/jax", "never"),
    }


def test_the_steps_of_a_run(con: duckdb.DuckDBPyConnection) -> None:
    begin_run(con, run_id="r", flow="nightly", as_of=AT.date(), started_at=AT, program_version="1")
    begin_step(con, run_id="r", source="git", entity="a/b", window_start=AT.date(), window_end=AT.date(), started_at=AT)
    finish_step(con, run_id="r", source="git", entity="a/b", finished_at=AT, status="failed", rows=0, error="no")
    assert steps_of(con, "r") == [
        {
            "source": "git",
            "entity": "a/b",
            "window": "2021-06-25 to 2021-06-25",
            "started_at": "2021-06-25 12:00:00",
            "finished_at": "2021-06-25 12:00:00",
            "status": "failed",
            "rows": 0,
            "error": "no",
        }
    ]
    assert steps_of(con, "other") == []


def test_the_definitions_have_a_version(con: duckdb.DuckDBPyConnection) -> None:
    assert len(definitions_version(con)) == 12


def test_of_two_answers_of_one_moment_the_later_run_has_the_last_word(con: duckdb.DuckDBPyConnection) -> None:
    moment = datetime(2021, 6, 25, 23, tzinfo=UTC)
    for number, tip in enumerate(("a", "b", "a")):
        run_id = f"run-{number}"
        begin_run(
            con, run_id=run_id, flow="nightly", as_of=date(2021, 6, 25), started_at=moment, program_version="1"
        )  # fmt: skip
        save_answers(con, run_id, [Answer("git", "a/b", tip, moment, (), state={"tip": tip})])
        assert latest_state(con, "git", "a/b") == {"tip": tip}
