"""Answers that checks hold back, decided upon by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from flows import cli
from tests.conftest import open_few_rows
from tests.flows.process.conftest import CONFIG
from warehouse.ledger import begin_run, finish_run, quarantined
from warehouse.rows import Answer, Download
from warehouse.save import save_answers

AT = datetime(2021, 6, 25, 23, tzinfo=UTC)
DAY = date(2021, 6, 1)
COUNT = "SELECT count(*) FROM core.downloads"


@pytest.fixture
def ask(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> Callable[..., int]:
    """`trends quarantine` in a data folder with one answer that two checks hold back."""
    begin_run(con, run_id="r", flow="nightly", as_of=AT.date(), started_at=AT, program_version="1")
    save_answers(
        con, "r", [Answer("clickpy", "keras", "{}", AT, (Download("keras", DAY, DAY, 1, "all", 5),), DAY, DAY)]
    )
    finish_run(con, "r", finished_at=AT, status="ok")
    for check in ("vanished", "missing_days"):
        con.execute(
            "INSERT INTO raw.quarantine BY NAME SELECT answer_id, 'r' AS run_id, ? AS check_name,"
            " 'too \x1b[31mfew' AS reason FROM raw.answers",
            [check],
        )
    con.close()
    (tmp_path / "config.toml").write_text(CONFIG)
    given = ["--config", str(tmp_path / "config.toml"), "--data", str(tmp_path), "quarantine"]
    return lambda *words: cli.main([*given, *words])


def held_and_counted(data: Path) -> tuple[int, int, int]:
    """Rows that checks hold back, rows that count, answers that are kept."""
    with open_few_rows(data / "warehouse.duckdb") as con:
        ((counted, kept),) = con.execute(f"SELECT ({COUNT}), (SELECT count(*) FROM raw.answers)").fetchall()
        return len(quarantined(con)), counted, kept


def test_what_is_held_back_is_listed_and_shown(
    ask: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask() == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.partition("  ")[2].partition("too")[0] for line in listed] == [
        f"2021-06-25 23:00 UTC  clickpy keras, 1 rows  {check}: " for check in ("missing_days", "vanished")
    ]
    assert "\x1b" not in listed[0]
    assert ask("show", listed[0][:6]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "days 2021-06-01 to 2021-06-01; asked: {}"
    assert held_and_counted(tmp_path) == (2, 0, 1)


@pytest.mark.parametrize(("what", "after"), [("release", (0, 1, 1)), ("drop", (0, 0, 0))])
def test_it_counts_or_is_forgotten(
    ask: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str, after: tuple[int, int, int]
) -> None:
    assert ask() == 0
    assert ask(what, capsys.readouterr().out[:12]) == 0
    assert held_and_counted(tmp_path) == after
    assert (tmp_path / "published.duckdb").is_file()
    assert ask("show", "f00") == 2


@pytest.mark.parametrize("words", [("release",), ("list", "abc"), ("drop", "zzz"), ("eat", "abc")])
def test_what_cannot_be_meant_changes_nothing(ask: Callable[..., int], tmp_path: Path, words: tuple[str, ...]) -> None:
    assert ask(*words) == 2
    assert held_and_counted(tmp_path) == (2, 0, 1)
