"""What a night carries over from the last one: only days, months and windows that something new touches are evaluated.

The copy of the last night is attached as "publishing". Beside the public tables it holds, in its schema "carried", what
tells what is new: which answers its commits came from, the days of authors, and of every series one number a month.
A public table of COMPLETED is put together from the rows of the last night and, from the first month of a series that
is touched, rows of tonight. These are evaluated from the 25 months before that month: 12, and the 12 before.

The views of NARROWED hold only what such rows are made of, and the last 50 months. So nobody else may read them. Where
a view does that is not named here, everything is evaluated; and so it is after anything that does not just add to what
was known (why_all.sql).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import duckdb

from warehouse.publish.statements import run_written
from warehouse.read.queries import query

NARROWED = (
    "core.told_commits",
    "core.commits",
    "core.author_days",
    "core.git_spans",
    "core.git_calendar",
    "core.git_days",
    "core.git_shares",
    "core.git_months",
    "core.git_years",
    "core.daily_by_service",
    "core.daily",
    "core.month_candidates",
)
READING_50_MONTHS = ("main.longest_comparison",)
COMPLETED = {"daily_metrics": "day", "monthly_metrics": "month", "rolling_12_months": "day"}
COMPARED = ("configuration", "git_coverage", "undated_commits", "series_breaks", "watermark")

Step = Callable[[duckdb.DuckDBPyConnection, str, str], None]


class NotCarriedError(Exception):
    """The tables of the last night cannot be the beginning of tonight's; the message says why."""


def made_by() -> str:
    """What evaluates: another program, other rules or another DuckDB compute everything."""
    rules = Path(__file__).parents[1].joinpath("sql", "queries", "publish").rglob("*.sql")
    texts = [rule.read_text(encoding="utf-8") for rule in sorted(rules)]
    return sha256("".join([version("framework-trends"), duckdb.__version__, *texts]).encode()).hexdigest()[:12]


def can_be_kept(views: Collection[str]) -> bool:
    """Whether a warehouse with these views is one of which anything is carried over."""
    return set(NARROWED) <= set(views)


def begin(con: duckdb.DuckDBPyConnection, warehouse: str) -> None:
    """Make catalog "evaluation" ready to tell what is new; everything is, until `STEPS` find out."""
    con.execute("SET VARIABLE made_by = ?", [made_by()])
    con.execute("SET VARIABLE git_from = DATE '-infinity'")
    _run(con, "compared")
    run_written(con, "publish/carry/begin", warehouse=warehouse)


def keep(con: duckdb.DuckDBPyConnection) -> None:
    """Keep what the next night compares with."""
    run_written(con, "publish/carry/keep", names=list(COMPARED))


def keep_all(con: duckdb.DuckDBPyConnection) -> None:
    """The same after everything was evaluated."""
    _run(con, "whole_history")
    run_written(con, "publish/carry/keep", names=["answers", "months", *COMPARED])


def write(con: duckdb.DuckDBPyConnection, warehouse: str) -> None:
    """Bring the public tables of the copy up to date, and what the next night compares with."""
    for view, day in COMPLETED.items():
        run_written(con, "publish/carry/write/series", view=view, day=day)
    _run(con, "write/lineage")
    run_written(con, "publish/carry/write/rest", warehouse=warehouse, completed=[*COMPLETED, "lineage"])
    run_written(con, "publish/carry/write/state", names=["months", *COMPARED])


def _told_commits(con: duckdb.DuckDBPyConnection, warehouse: str, statement: str) -> None:
    _run(con, "new_commits")
    known = {"warehouse": warehouse, "narrowed": list(NARROWED), "others": [*READING_50_MONTHS, *STEPS]}
    _refuse(con.execute(query("publish/carry/why_all"), known).fetchall())
    _run(con, "narrow/told_commits")
    con.execute(statement)
    _run(con, "narrow/all_commits")


def _undated_commits(con: duckdb.DuckDBPyConnection, _warehouse: str, _statement: str) -> None:
    """No new commit is undated, or why_all.sql would have said so."""
    _run(con, "narrow/undated_commits")


def _author_days(con: duckdb.DuckDBPyConnection, _warehouse: str, statement: str) -> None:
    con.execute(statement)
    _run(con, "narrow/author_days")
    _refuse(con.execute(query("publish/carry/unmasked")).fetchall())


def _git_calendar(con: duckdb.DuckDBPyConnection, _warehouse: str, _statement: str) -> None:
    _run(con, "narrow/git_calendar")


def _git_shares(con: duckdb.DuckDBPyConnection, _warehouse: str, statement: str) -> None:
    """The first view of months and 12 months of a history; all views of its days are evaluated."""
    _run(con, "narrow/shorter_author_days")
    con.execute(statement)


def _daily_by_service(con: duckdb.DuckDBPyConnection, _warehouse: str, _statement: str) -> None:
    run_written(con, "publish/carry/keep", names=["months"])
    _run(con, "narrow/daily_by_service")


def _lineage(con: duckdb.DuckDBPyConnection, _warehouse: str, statement: str) -> None:
    _run(con, "narrow/lineage")
    con.execute(statement)
    _run(con, "narrow/all_lineage")


def _completed(view: str) -> Step:
    def complete(con: duckdb.DuckDBPyConnection, _warehouse: str, statement: str) -> None:
        con.execute(statement)
        run_written(con, "publish/carry/narrow/complete", view=view, day=COMPLETED[view])

    return complete


STEPS: dict[str, Step] = {
    "core.told_commits": _told_commits,
    "core.undated_commits": _undated_commits,
    "core.author_days": _author_days,
    "core.git_calendar": _git_calendar,
    "core.git_shares": _git_shares,
    "core.daily_by_service": _daily_by_service,
    "main.lineage": _lineage,
    **{f"main.{view}": _completed(view) for view in COMPLETED},
}
"""View -> what takes the place of evaluating it whole: called with the connection, the warehouse and the statement."""


def _run(con: duckdb.DuckDBPyConnection, name: str) -> None:
    con.execute(query(f"publish/carry/{name}"))


def _refuse(reasons: list[tuple[str]]) -> None:
    if reasons:
        raise NotCarriedError("; ".join(reason for (reason,) in reasons))
