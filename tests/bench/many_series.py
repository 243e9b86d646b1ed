"""What the views and the publication of many series take, with polars counting the same beside them.

    python tests/bench/many_series.py [--series 400] [--years 10] [--rounds 3]

Each series is the downloads of one package and framework, a row a day, saved as the product saves them. Every view is
then evaluated once, as a publication does, and those that make rolling_12_months and monthly_metrics are added up. The
peer has the evaluated days in memory and makes of them the sums, days and changes, no reasons and no breaks. At last
the copy is written whole, and what memory it took is told.
"""

from __future__ import annotations

import argparse
import resource
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from tests.bench.meter import Spent, against, beside, ratio, say, spent
from warehouse.columns import Columns
from warehouse.ledger import begin_run
from warehouse.open import open_warehouse
from warehouse.publish.evaluate import evaluating
from warehouse.publish.snapshot import publish
from warehouse.publish.statements import run_written
from warehouse.rows import Answer, Download, FrameworkEntry, PackageEntry
from warehouse.save import save_answers

LAST_DAY, DAY = date(2025, 12, 31), timedelta(days=1)
JOBS = {
    "rolling_12_months": ("years_of_months", "rolling_12_months"),
    "monthly_metrics": ("month_candidates", "monthly_metrics"),
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--series", type=int, default=400)
    arguments.add_argument("--years", type=int, default=10)
    arguments.add_argument("--rounds", type=int, default=3, help="how often views and peer are measured; 0: not at all")
    asked = arguments.parse_args()
    with TemporaryDirectory() as folder, open_warehouse(Path(folder) / "warehouse.duckdb") as con:
        _save(con, asked.series, asked.years)
        say(f"{asked.series:,} series of {asked.years} years, {asked.series * _days(asked.years):,} days")
        _compare(con, asked.rounds)
        cpu, clock = spent(lambda: publish(con, Path(folder) / "published.duckdb"))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        say(f"publishing it: {cpu:.1f} s of CPU, {clock:.1f} s by the clock; at most {memory:.1f} GB of memory")


def _days(years: int) -> int:
    return (LAST_DAY - date(LAST_DAY.year - years, 12, 31)).days


def _save(con: duckdb.DuckDBPyConnection, series: int, years: int) -> None:
    at = datetime.combine(LAST_DAY + DAY, datetime.min.time(), UTC)
    begin_run(con, run_id="0", flow="nightly", as_of=at.date(), started_at=at, program_version="bench")
    save_answers(con, "0", _configuration(series, at))
    save_answers(con, "0", _downloads(series, years, at))
    con.execute("CHECKPOINT")


def _configuration(series: int, at: datetime) -> list[Answer]:
    names = [f"framework{number}" for number in range(series)]
    frameworks = [FrameworkEntry(name, name, place, f"{name}/{name}", name, "term") for place, name in enumerate(names)]
    packages = [PackageEntry(name, name, "counted", None, "") for name in names]
    return [
        Answer("config", "frameworks", "{}", at, tuple(frameworks), replaces_all=True),
        Answer("config", "packages", "{}", at, tuple(packages), replaces_all=True),
    ]


def _downloads(series: int, years: int, at: datetime) -> Iterator[Answer]:
    count = _days(years)
    days = [LAST_DAY - number * DAY for number in reversed(range(count))]
    for number in range(series):
        counts = [1000 + (number * 7919 + day * 104729) % 1_000_000 for day in range(count)]
        rows = Columns(
            Download, package=f"framework{number}", period_start=days, period_end=days, window_days=1, basis="all",
            downloads=counts,
        )  # fmt: skip
        yield Answer("clickpy", f"framework{number}", "{}", at, rows, days[0], days[-1])


def _compare(con: duckdb.DuckDBPyConnection, rounds: int) -> None:
    """The views and the peer, one after the other in each round."""
    measured: dict[str, list[tuple[Spent, Spent]]] = defaultdict(list)
    for _ in range(rounds):
        views, peers = _evaluated(con)
        for job, parts in JOBS.items():
            ours = Spent(*(sum(kind) for kind in zip(*(views[part] for part in parts), strict=True)))
            measured[job].append((ours, peers[job]))
    for job, pairs in measured.items():
        say(f"{job}: {beside(pairs, 'polars')}{against(ratio(pairs).clock, 1, 'by the clock')}")


def _evaluated(con: duckdb.DuckDBPyConnection) -> tuple[dict[str, Spent], dict[str, Spent]]:
    """What each view took, and what the peer took for the same."""
    with con.cursor() as writer:
        ((warehouse,),) = writer.execute("SELECT current_database()").fetchall()
        writer.execute("ATTACH ':memory:' AS evaluation")
        try:
            run_written(writer, "publish/copy_schema", warehouse=warehouse, catalog="evaluation")
            views: dict[str, Spent] = {}
            for name, statement in evaluating(writer, warehouse):
                took = spent(lambda statement=statement: writer.execute(statement))
                views[(name or "").rpartition(".")[2]] = took
            days = writer.sql("SELECT framework, day, value FROM evaluation.main.daily_metrics").to_arrow_table()
        finally:
            writer.execute("DETACH evaluation")
    return views, _peers(days)


def _peers(days: Any) -> dict[str, Spent]:
    import polars  # `make bench` installs it; nothing else needs it

    frame = polars.from_arrow(days)
    return {
        "rolling_12_months": spent(lambda: _polars_years(polars, frame)),
        "monthly_metrics": spent(lambda: _polars_months(polars, frame)),
    }


def _polars_years(polars: Any, frame: Any) -> Any:
    """Sum and number of days of 12 months, those of the 12 before, and the change where all days are there."""
    column = polars.col
    years = frame.sort("framework", "day").rolling("day", period="12mo", group_by="framework").agg(
        value=column("value").sum(), days=column("value").count()
    )  # fmt: skip
    before = years.rename({"value": "previous", "days": "previous_days"})
    joined = years.with_columns(ends_before=column("day").dt.offset_by("-12mo")).join(
        before, left_on=["framework", "ends_before"], right_on=["framework", "day"], how="left"
    )
    is_whole = (column("days") >= 365) & (column("previous_days") >= 365)
    return joined.with_columns(change=polars.when(is_whole).then(column("value") / column("previous") - 1))


def _polars_months(polars: Any, frame: Any) -> Any:
    column = polars.col
    months = frame.group_by("framework", column("day").dt.truncate("1mo").alias("month")).agg(
        value=column("value").sum(), daily_mean=column("value").mean(), days=column("value").count()
    )
    return months.with_columns(coverage=column("days") / column("month").dt.days_in_month()).sort("framework", "month")


if __name__ == "__main__":
    main()
