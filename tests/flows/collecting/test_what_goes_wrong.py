"""A step that takes too long and an answer that cannot be saved cost themselves alone."""

from __future__ import annotations

import io
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Timer
from typing import Any

import duckdb
import pytest

from flows.collecting.plan import Step
from flows.collecting.side_by_side import as_they_come
from flows.config.settings import Settings
from flows.process.progress import PlainProgress
from flows.process.signals import Stop
from flows.run import Night, Run
from warehouse.ledger import begin_run, begin_step
from warehouse.rows import Answer, Download, StarDay

AT = datetime(2021, 6, 25, 23, tzinfo=UTC)
DAY = date(2021, 6, 1)
GOOD = Answer("clickpy", "torch", "{}", AT, (Download("torch", DAY, DAY, 1, "all", 5),))


def step(entity: str) -> Step:
    return Step("pypi_downloads", entity, lambda: iter(()))


def test_what_is_not_done_at_the_end_of_the_time_fails_and_the_rest_counts() -> None:
    done: Future[Any] = Future()
    late: Future[Any] = Future()
    never: Future[Any] = Future()
    done.set_result((GOOD,))
    asked = {done: step("torch"), late: step("keras"), never: step("jax")}
    Timer(0.05, late.set_result, [()]).start()
    assert list(as_they_come(asked, 2.0)) == [done, late, never]
    assert done.result() == (GOOD,)
    assert late.result() == ()
    assert "jax: not done within" in str(never.exception())
    assert "next night" in str(never.exception())


def test_when_all_are_done_nobody_waits() -> None:
    done: Future[Any] = Future()
    done.set_result(())
    assert list(as_they_come({done: step("torch")}, 3600.0)) == [done]
    assert list(as_they_come({}, 3600.0)) == []


@pytest.fixture
def run(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> Run:
    settings = Settings.model_validate(
        {"frameworks": {"torch": {"packages": ["torch"], "repository": "a/b", "search_term": "t"}}}
    )
    run = Run(Night(settings, tmp_path, AT, AT.date()), con, PlainProgress(io.StringIO()), Stop(lambda: None))
    begin_run(con, run_id=run.run_id, flow="nightly", as_of=AT.date(), started_at=AT, program_version="t")
    return run


@pytest.mark.parametrize(
    "row",
    [
        Download("torch", DAY, DAY, 1, "all", 2**63),
        Download("torch", DAY, DAY, 2**20, "all", 5),
        Download("torch\ud800", DAY, DAY, 1, "all", 5),
        StarDay("a/b", DAY, 2**31),
    ],
    ids=["over 2^63", "over 2^15", "half a character", "over 2^31"],
)
def test_an_answer_that_cannot_be_saved_fails_its_own_step(run: Run, row: Any) -> None:
    from flows.nightly import _load

    for name, answers in (("bad", (GOOD, replace(GOOD, rows=(row,)))), ("good", (GOOD,))):
        began = step(name)
        begin_step(run.con, run_id=run.run_id, source=began.source, entity=name, window_start=None, window_end=None,
                   started_at=AT)  # fmt: skip
        _load(run, began, answers)
    steps = run.con.execute("SELECT entity, status FROM raw.run_steps ORDER BY entity").fetchall()
    assert steps == [("bad", "failed"), ("good", "ok")]
    [line] = run.failed
    assert "cannot be saved" in line
    assert "\n" not in line
    assert run.con.execute("SELECT downloads FROM raw.pypi_downloads").fetchall() == [(5,)]
    assert run.con.execute("SELECT count(*) FROM raw.answers").fetchall() == [(1,)]
