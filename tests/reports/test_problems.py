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
from reports.compare import summarise
from reports.facts import Facts, read_facts
from reports.problems import problems
from warehouse.read.report import Doubt, FailedStep

AS_OF = date(2021, 6, 25)
MadeUp = Any  # the namespace of conftest.py
NOTE = "Google calls the topic /g/1 Kerala (State), which does not fit Keras; find the right one"
TOLD = NOTE.replace("/g/1 ", "")


@pytest.fixture
def con(made_up: MadeUp, warehouse_of: Callable[..., duckdb.DuckDBPyConnection]) -> duckdb.DuckDBPyConnection:
    draw = replace(made_up.searches((20, 40)), state={"notes": [NOTE, "a note\x1b[2J with\nmore"]})
    return warehouse_of([*made_up.configured("A"), *made_up.everything(0), draw])


def test_what_a_draw_gives_cause_to_look_at_is_a_problem_in_one_line(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    report = build_report(con, as_of=AS_OF, out=tmp_path / "r")
    assert f"Google Trends: {TOLD}." in report.problems
    assert "Google Trends: a note [2J with more." in report.problems
    assert TOLD in report.page.read_text(encoding="utf-8")


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


# ---- many frameworks ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def thirty(made_up: MadeUp, warehouse_of: Callable[..., duckdb.DuckDBPyConnection]) -> Facts:
    return read_facts(warehouse_of(made_up.configured(*(f"Framework {n:02}" for n in range(30)))), AS_OF)


def failed(count: int, error: str, source: str = "git_history", entity: str = "owner/repo{}") -> tuple[FailedStep, ...]:
    return tuple(FailedStep(source, entity.format(n), error.format(n), False) for n in range(count))


def told_of(facts: Facts, **more: object) -> tuple[str, ...]:
    """Without the first line, which says that there is no figure of any."""
    return problems(replace(facts, ages=(), **more), [])[1:]  # type: ignore[arg-type]


WHOM = "Framework 00, Framework 01, Framework 02 and 27 more"


@pytest.mark.parametrize(
    ("error", "why"),
    [
        ("https://github.com/owner/repo{0}.git: fatal: owner/repo{0} not found", "fatal: the repository not found"),
        ("git fetch: not done within 900 s", "git fetch: not done within 900 s"),
        ("GET https://api.github.com/repos/owner/repo{0}?page=2: status 404", "status 404"),
        ("no way to https://github.com:443/owner/repo{0}, try again", "no way to that address, try again"),
        ("asked for 'owner/repo{0}', then owner/repo{0}.", "asked for the repository, then the repository"),
    ],
)
def test_thirty_failures_of_one_kind_are_one_line_without_address_or_key(thirty: Facts, error: str, why: str) -> None:
    told = told_of(thirty, failed_steps=failed(30, error))
    assert told == (f"The last run got nothing new from Git history for {WHOM}: {why}.",)


def test_different_reasons_are_told_once_each_and_the_rest_as_a_number(thirty: Facts) -> None:
    steps = failed(30, "limit", "pypi_downloads", "package{}")
    few = (*steps[:2], replace(steps[2], error="no row for package2"), replace(steps[3], error="no row for package3"))
    assert told_of(thirty, failed_steps=few) == (
        "The last run got nothing new from PyPI downloads for Framework 00, Framework 01, Framework 02 and Framework 03"
        ": limit; no row for the package.",
    )
    many = tuple(replace(step, error=f"status {500 + n}") for n, step in enumerate(steps))
    assert told_of(thirty, failed_steps=many) == (
        f"The last run got nothing new from PyPI downloads for {WHOM}: status 500; status 501; 28 other reasons.",
    )


def test_doubts_of_thirty_are_three_lines_at_most(thirty: Facts) -> None:
    same = tuple(
        Doubt("git", "1 commit has a time that cannot be and counts in no figure", f"owner/repo{n}") for n in range(30)
    )
    assert told_of(thirty, doubts=same) == (
        f"Git history, {WHOM}: 1 commit has a time that cannot be and counts in no figure.",
    )
    own = tuple(Doubt("pypi_index", f"package{n} is archived on the package index", f"package{n}") for n in range(30))
    told = told_of(thirty, doubts=own)
    assert len(told) == 3
    assert told[-1] == "PyPI releases: 28 more answers give cause to look at them."


def test_what_never_came_is_told_once_for_the_same_frameworks(thirty: Facts) -> None:
    told = problems(thirty, summarise(thirty))
    assert told == (
        f"No data yet for {WHOM}.",
        "Git history, GitHub, Google Trends, PyPI downloads (ClickPy) and PyPI releases have never answered "
        f"for {WHOM}.",
    )


def test_all_packages_of_the_index_are_called_that(thirty: Facts) -> None:
    told = told_of(thirty, failed_steps=failed(1, "status 500", "pypi_downloads", "__all__"))
    assert told == (
        "The last run got nothing new from PyPI downloads for all packages of the index together: status 500.",
    )


def test_thirty_reasons_to_withhold_a_change_are_three_lines(thirty: Facts) -> None:
    rows = tuple(
        replace(row, verdict="not comparable", reason=f"{300 + n} of the 365 days were observed.")
        for n, row in enumerate(row for row in summarise(thirty) if row.signal.key == "stars")
    )
    told = problems(replace(thirty, ages=()), rows)
    assert len(told) == 3
    assert told[0].endswith("withheld for Framework 00: 300 of the 365 days were observed.")
    assert told[2] == (
        "GitHub stars: the change from the year before is withheld for Framework 02, Framework 03, Framework 04 and 25 "
        "more too, for 28 other reasons, which stand beside the figures."
    )
