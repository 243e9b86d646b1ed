"""What a night reads of what is known already: states, totals, freshness, steps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import duckdb

from warehouse.ledger import begin_run, begin_step, finish_step
from warehouse.read.queries import ask_dicts
from warehouse.read.state import (
    definitions_version,
    has_data,
    latest_state,
    previous_total,
    star_days,
    star_history_begins,
    steps_of,
)
from warehouse.rows import Answer, Download, RepositoryTotal, StarDay
from warehouse.save import save_answers

AT = datetime(2021, 6, 25, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def _download(day: date, basis: str = "all") -> Download:
    return Download("torch", day, day, 1, basis, 5)


def hold_back(con: duckdb.DuckDBPyConnection, run_id: str) -> None:
    con.execute(
        "INSERT INTO raw.quarantine SELECT answer_id, run_id, 'check', 'why' FROM raw.answers WHERE run_id = ?",
        [run_id],
    )


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
    hold_back(con, "r2")
    assert latest_state(con, "git", "a/b") == {"tip": "old"}


def test_the_previous_total_and_the_star_history(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], answer: Callable[..., Answer]
) -> None:
    assert previous_total(con, "a/b") is None
    assert star_days(con, "a/b") == []
    totals = [RepositoryTotal("a/b", date(2021, 6, 24) + n * DAY, 10 + n, 3) for n in (0, 1)]
    save(*(answer("github", "a/b", total, at=AT + n * DAY) for n, total in enumerate(totals)))
    assert previous_total(con, "a/b") == totals[1]
    assert star_days(con, "a/b") == []
    page, last_page = ([StarDay("a/b", date(2021, month, 1) + n * DAY, 4) for n in range(20)] for month in (6, 1))
    begins = {"history_begins": "2021-01-01"}
    save(answer("github", "a/b", *page), answer("github", "a/b", *last_page, state=begins), run_id="r2")
    assert star_days(con, "a/b") == [(rows[0].day, rows[-1].day) for rows in (last_page, page)]
    assert star_history_begins(con, "a/b") == date(2021, 1, 1)
    assert (star_days(con, "a/c"), star_history_begins(con, "a/c")) == ([], None)
    hold_back(con, "r2")
    assert (star_days(con, "a/b"), star_history_begins(con, "a/b")) == ([], None)


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
    assert {(row["source"], row["entity"], row["status"]) for row in ask_dicts(con, "report/freshness")} == {
        ("google_trends", "jax", "never"),
        ("pypi_downloads", "jax", "never"),
        ("pypi_releases", "jax", "never"),
        ("git_history", "jax/jax", "never"),
        ("github_repository", "jax/jax", "never"),
    }


def test_downloads_are_as_fresh_as_the_basis_that_lags_behind(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], configured: Callable[..., tuple[Answer, Answer]]
) -> None:
    days = [AT.date() - n * DAY for n in range(1, 40)]
    told = {"all": days, "without_mirrors": days[20:]}
    answers = [
        Answer("clickpy", "torch", f'{{"basis": "{basis}"}}', AT, tuple(_download(day, basis) for day in found))
        for basis, found in told.items()
    ]
    save(*configured(at=AT, pytorch=["torch"]), *answers)
    [found] = [row for row in ask_dicts(con, "report/freshness") if row["source"] == "pypi_downloads"]
    assert (found["last_day"], found["status"]) == (date(2021, 6, 4), "stale")


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
