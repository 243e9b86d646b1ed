"""The last run is one thing, and a source is called the same in runs, answers, figures, checks and freshness."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

from flows.status import read_status
from warehouse import checks
from warehouse.ledger import begin_run, begin_step, finish_run, finish_step
from warehouse.publish import snapshot
from warehouse.read.report import read_failed_checks, read_failed_steps, read_stand_ins
from warehouse.rows import Answer, Commit, Download
from warehouse.save import save_answers

NIGHT = datetime(2021, 6, 25, 23, tzinfo=UTC)
DAY = timedelta(days=1)


def run(
    con: duckdb.DuckDBPyConnection, run_id: str, at: datetime, *, status: str, failed: str = "", stand_in: str = ""
) -> None:
    """A run of two steps: one fails where `failed` says how, one needs a stand-in as `stand_in` says."""
    begin_run(con, run_id=run_id, flow="nightly", as_of=at.date(), started_at=at, program_version="t")
    for entity, ended, error in (
        ("a/a", "fallback" if stand_in else "ok", stand_in or None),
        ("b/b", "failed" if failed else "ok", failed or None),
    ):
        step = {"run_id": run_id, "source": "git_history", "entity": entity}
        begin_step(con, **step, window_start=None, window_end=None, started_at=at)  # type: ignore[arg-type]
        finish_step(
            con,
            **step,
            finished_at=at,
            status=ended,
            rows=0,
            error=error,  # type: ignore[arg-type]
        )
    finish_run(con, run_id, finished_at=at, status=status, error=None if status == "ok" else "what went wrong")


def wants_attention(con: duckdb.DuckDBPyConnection, folder: Path) -> bool:
    """On the day of the last run, for which the copy holds tables."""
    snapshot.publish(con, folder / "published.duckdb")
    [(day,)] = con.execute("SELECT as_of FROM core.clock").fetchall()
    return read_status(folder, day).wants_attention


def test_a_run_whose_steps_went_well_but_which_is_partial_wants_attention(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """A mail was not sent, or a check held something back: no step tells of that."""
    run(con, "r1", NIGHT, status="ok")
    assert not wants_attention(con, tmp_path)
    run(con, "r2", NIGHT + DAY, status="partial")
    assert wants_attention(con, tmp_path)
    with snapshot.open_published(tmp_path / "published.duckdb") as reader:
        runs = reader.execute(
            "SELECT DISTINCT run_id, run_status, run_error FROM collection_runs ORDER BY 1"
        ).fetchall()
    assert runs == [("r1", "ok", None), ("r2", "partial", "what went wrong")]
    run(con, "r3", NIGHT + 2 * DAY, status="ok")
    assert not wants_attention(con, tmp_path)


def test_a_stand_in_is_told_and_hides_nothing_else(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    run(con, "r1", NIGHT, status="ok", stand_in="clickpy: 3 days missing")
    assert not wants_attention(con, tmp_path)
    assert [(step.entity, step.error) for step in read_stand_ins(con)] == [("a/a", "clickpy: 3 days missing")]
    run(con, "r2", NIGHT + DAY, status="partial", stand_in="clickpy: 3 days missing")
    assert wants_attention(con, tmp_path)
    rows = read_status(tmp_path, NIGHT.date() + DAY).sections["runs"]
    assert [(row["run_id"], row["status"], row["steps_ok"]) for row in rows] == [
        ("r2", "partial", 2), ("r2", "fallback", 2), ("r1", "ok", 2), ("r1", "fallback", 2),
    ]  # fmt: skip
    run(con, "r3", NIGHT + 2 * DAY, status="ok")
    assert read_stand_ins(con) == []


def test_failed_steps_and_checks_are_those_of_the_last_run_by_its_number(con: duckdb.DuckDBPyConnection) -> None:
    """The second run began earlier by the clock, as after a change of the machine's time."""
    run(con, "r1", NIGHT, status="partial", failed="old")
    save_answers(
        con, "r1", [Answer("clickpy", "a", "{}", NIGHT, (Download("a", NIGHT.date(), NIGHT.date(), 1, "all", -1),))]
    )
    checks.run_checks(con, "r1")
    assert [step.error for step in read_failed_steps(con)] == ["old"]
    assert [(check.service, check.entity) for check in read_failed_checks(con)] == [("clickpy", "a")]
    run(con, "r2", NIGHT - timedelta(hours=1), status="ok")
    assert read_failed_steps(con) == []
    assert read_failed_checks(con) == []
    con.execute("SET VARIABLE as_of = DATE '2021-06-24'")
    assert con.execute("FROM quality_checks").fetchall() == []


def test_runs_figures_answers_checks_and_freshness_join_on_the_source(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], configured: Callable[..., tuple[Answer, Answer]]
) -> None:
    repository, day = "torch/torch", date(2021, 6, 20)
    commit = Commit(repository, "c", "x", "person", NIGHT.date() - 3 * DAY, False)
    answers = [
        *configured(at=NIGHT, torch=["torch"]),
        Answer("git", repository, "{}", NIGHT, (commit,), replaces_all=True),
        Answer("pypistats", "torch", "{}", NIGHT, (Download("torch", day, day, 1, "all", 5),)),
    ]
    save(*answers)
    for source, entity in (("git_history", repository), ("pypi_downloads", "torch")):
        begin_step(
            con, run_id="r1", source=source, entity=entity, window_start=None, window_end=None, started_at=NIGHT
        )  # fmt: skip
    joined = con.execute(
        "SELECT DISTINCT days.source, days.service, runs.entity, freshness.service, answers.service"
        " FROM daily_metrics AS days JOIN lineage USING (framework, metric, source, service)"
        " JOIN collection_runs AS runs ON runs.run_id = lineage.run_id AND runs.source = lineage.source"
        " AND runs.entity = lineage.entity"
        " JOIN freshness ON freshness.source = lineage.source AND freshness.entity = lineage.entity"
        " JOIN raw.answers AS answers ON answers.answer_id = lineage.answer_id AND answers.source = lineage.source"
        " WHERE lineage.month = date_trunc('month', days.day) ORDER BY ALL"
    ).fetchall()
    assert joined == [
        ("git_history", "git", repository, "git", "git"),
        ("pypi_downloads", "pypistats", "torch", "pypistats", "pypistats"),
    ]
