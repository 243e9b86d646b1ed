"""What a report says first: sources that failed, brought a part only, or answered something to look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from reports.build import build_report
from reports.facts import read_facts
from reports.problems import problems
from warehouse.read.report import Doubt, FailedStep

AS_OF = date(2021, 6, 25)
MadeUp = Any  # the namespace of conftest.py
NOTE = "Google calls the topic /g/1 Kerala (State), which does not fit Keras; find the right one"


@pytest.fixture
def con(made_up: MadeUp, warehouse_of: Callable[..., duckdb.DuckDBPyConnection]) -> duckdb.DuckDBPyConnection:
    draw = replace(made_up.searches((20, 40)), state={"notes": [NOTE, "a note\x1b[2J with\nmore"]})
    return warehouse_of([*made_up.configured("A"), *made_up.everything(0), draw])


def test_what_a_draw_gives_cause_to_look_at_is_a_problem_in_one_line(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    report = build_report(con, as_of=AS_OF, out=tmp_path / "r")
    assert f"Google Trends: {NOTE}." in report.problems
    assert "Google Trends: a note [2J with more." in report.problems
    assert NOTE in report.page.read_text(encoding="utf-8")


def test_what_is_still_to_come_is_none(con: duckdb.DuckDBPyConnection) -> None:
    assert {doubt.service for doubt in read_facts(con, AS_OF).doubts} == {"google_trends"}


def test_a_source_that_brought_a_part_is_told_from_one_that_brought_nothing(con: duckdb.DuckDBPyConnection) -> None:
    steps = (
        FailedStep("github_repository", "a/b", "limit", True),
        FailedStep("github_repository", "c/d", "no network", False),
        FailedStep("github_repository", "e/f", "limit", True),
    )
    facts = replace(read_facts(con, AS_OF), failed_steps=steps, doubts=(Doubt("google_trends", "look."),))
    assert problems(facts, [])[-3:] == (
        "The last run got nothing new from GitHub for c/d: no network.",
        "The last run got only a part from GitHub for a/b and e/f: limit.",
        "Google Trends: look.",
    )
