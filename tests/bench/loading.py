"""What saving downloads costs beside the least that DuckDB takes for the same rows.

    python tests/bench/loading.py [RUNS]          by default 5

First load: a million rows of 286 packages on two bases, an answer for each, through save_answers; floor: INSERT of the
same rows. A night: their last 14 days again, one of them new, 8,008 rows; floor: MERGE into a table of a million. Each
run measures both, one after the other; the ratios are medians. Making the rows counts for nobody.
"""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from tests.bench.meter import Spent, against, beside, ratio, say, spent
from warehouse.columns import Columns
from warehouse.ledger import begin_run
from warehouse.open import open_warehouse
from warehouse.rows import Answer, Download
from warehouse.save import save_answers

PACKAGES, DAYS, NIGHTLY_DAYS = 286, 1750, 14
BASES = ("all", "without_mirrors")
FIRST_DAY, DAY = date(2020, 1, 1), timedelta(days=1)
MERGE = """
    MERGE INTO downloads USING fresh USING (package, basis, period_start, period_end)
    WHEN MATCHED AND downloads.downloads <> fresh.downloads THEN UPDATE SET downloads = fresh.downloads
    WHEN NOT MATCHED THEN INSERT"""
TARGETS = {"first load": 1.5, "a night": 2.0}


def answers(first: int, last: int) -> list[Answer]:
    """Days number `first` to `last` of every package on both bases, as the source hands them on."""
    days = [FIRST_DAY + number * DAY for number in range(first, last + 1)]
    at = datetime.combine(days[-1] + DAY, datetime.min.time(), UTC)
    return [
        Answer("clickpy", f"package-{package}", basis, at, _rows(package, basis, first, days), days[0], days[-1])
        for package in range(PACKAGES)
        for basis in BASES
    ]


def _rows(package: int, basis: str, first: int, days: list[date]) -> Columns:
    counts = [(package * 7919 + (first + number) * 104729) % 1_000_000 for number in range(len(days))]
    return Columns(
        Download, package=f"package-{package}", period_start=days, period_end=days, window_days=1, basis=basis,
        downloads=counts,
    )  # fmt: skip


def together(told: list[Answer]) -> pa.Table:
    return pa.concat_tables([answer.rows.table for answer in told if isinstance(answer.rows, Columns)]).combine_chunks()


def one_run(folder: Path) -> dict[str, tuple[Spent, Spent]]:
    """For each job what ours takes, and what the floor takes."""
    history, night = answers(0, DAYS - 1), answers(DAYS - NIGHTLY_DAYS + 1, DAYS)
    first_floor, night_floor = floors(folder / "floor.duckdb", together(history), together(night))
    with open_warehouse(folder / "warehouse.duckdb") as con:
        for run_id, told in (("0", history), ("1", night)):
            at = told[0].collected_at
            begin_run(con, run_id=run_id, flow="nightly", as_of=at.date(), started_at=at, program_version="bench")
        first_load = spent(lambda: save_answers(con, "0", history))
        con.execute("CHECKPOINT")
        return {
            "first load": (first_load, first_floor),
            "a night": (spent(lambda: save_answers(con, "1", night)), night_floor),
        }


def floors(path: Path, history: pa.Table, night: pa.Table) -> tuple[Spent, Spent]:
    with duckdb.connect(str(path)) as con:
        con.register("history", history)
        con.register("fresh", night)
        con.execute("CREATE TABLE downloads AS FROM history LIMIT 0")
        insert = spent(lambda: con.execute("INSERT INTO downloads FROM history"))
        con.execute("CHECKPOINT")
        return insert, spent(lambda: con.execute(MERGE))


def main() -> None:
    runs = []
    for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 5):
        with TemporaryDirectory() as name:
            runs.append(one_run(Path(name)))
    for job, target in TARGETS.items():
        pairs = [run[job] for run in runs]
        say(f"{job}: {beside(pairs, 'the floor')}{against(ratio(pairs).cpu, target, 'in CPU')}")


if __name__ == "__main__":
    main()
