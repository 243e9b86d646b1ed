"""What one more night costs after so many nights: CPU seconds and memory of its own process, and bytes of the files.

    python tests/bench/ageing.py [--demo data/demo/warehouse.duckdb] [--picture FILE] [NIGHTS ...]

By default after 30, 91 and 365 nights; those after 1,825 take a quarter of an hour to make. The picture of README.md is
reports/screenshots/growth.png.

The nights are made by tests/bench/aged_nights.py and saved as the product saves them. Then one more is saved, searched
for breaks, checked and published, its report's facts are read, and the copy is asked the questions of the dictionary.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import duckdb

from reports.facts import read_facts
from tests.bench.aged_nights import FIRST_NIGHT, ROOT, Nights
from tests.bench.meter import say
from warehouse import checks
from warehouse.breaks.suspected import suspected_breaks
from warehouse.dictionary import questions
from warehouse.open import identity_key, open_warehouse
from warehouse.publish import snapshot

MARKS = (30, 91, 365)
QUESTION_SECONDS = 0.02
PANELS = {
    "CPU of one more night, s": ("night, CPU s", "publish, CPU s", "breaks, CPU s", "save, CPU s"),
    "Memory, MB": ("memory, MB",),
    "Files, MB": ("warehouse, MB", "published, MB"),
}


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measured(name: str, work: Callable[[], object]) -> Iterator[tuple[str, float]]:
    before = cpu_seconds()
    work()
    yield f"{name}, CPU s", cpu_seconds() - before


def one_more_night(folder: Path, demo: Path, number: int) -> dict[str, float]:
    """The figures of night `number`, on the warehouse and the copy that lie in `folder`."""
    con = open_warehouse(folder / "warehouse.duckdb")
    nights, published = Nights(demo, seed=number), folder / "published.duckdb"
    day = FIRST_NIGHT.fromordinal(FIRST_NIGHT.toordinal() + number)
    runs: list[str] = []
    figures = dict(measured("save", lambda: runs.append(nights.save(con, number))))
    figures |= measured("breaks", lambda: suspected_breaks(con))
    figures |= measured("checks", lambda: checks.run_checks(con, runs[0]))
    figures |= measured("publish", lambda: snapshot.publish(con, published))
    con.close()
    with snapshot.open_published(published, day) as reader:
        figures |= measured("report", lambda: read_facts(reader, day))
        figures["night, CPU s"] = sum(figures.values())
        figures["memory, MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        figures["slowest question, ms"] = 1000 * max(
            _seconds(lambda sql=question.sql: reader.execute(sql).fetchall()) for question in questions()
        )
    figures["warehouse, MB"] = (folder / "warehouse.duckdb").stat().st_size / 2**20
    figures["published, MB"] = published.stat().st_size / 2**20
    return figures


def used_bytes(con: duckdb.DuckDBPyConnection) -> int:
    """Bytes of the blocks that the warehouse uses when everything is in its file."""
    con.execute("CHECKPOINT")
    return int(con.execute("SELECT used_blocks * block_size FROM pragma_database_size()").fetchall()[0][0])


def _seconds(ask: Callable[[], object]) -> float:
    times = []
    for _ in range(5):
        started = time.perf_counter()
        ask()
        times.append(time.perf_counter() - started)
    return median(times)


def at_every_mark(marks: list[int], demo: Path) -> Iterator[tuple[int, dict[str, float]]]:
    """Nights one after the other; at each mark the night after it is measured in a process of its own."""
    with TemporaryDirectory() as name:
        folder, nights, number, first = Path(name), Nights(demo), 0, 0
        for mark in sorted(marks):
            with open_warehouse(folder / "warehouse.duckdb") as con:
                identity_key(con)
                while number < mark:
                    nights.save(con, number)
                    number += 1
                    if number == 1:
                        first = used_bytes(con)
                grown = used_bytes(con) - first
                snapshot.publish(con, folder / "published.duckdb")
            child = [sys.executable, __file__, "--demo", str(demo), "--night", str(number), "--folder", name]
            told = subprocess.run(child, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT).stdout
            yield mark, json.loads(told) | {"warehouse, KB a night": grown / 1024 / max(number - 1, 1)}
            number += 1


def draw(table: dict[int, dict[str, float]], target: Path) -> None:
    """Nights against CPU, memory and bytes of each file, a panel each."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 3.4), layout="constrained")
    for axes, (title, names) in zip(figure.subplots(1, len(PANELS)), PANELS.items(), strict=True):
        for name in names:
            axes.plot(list(table), [figures[name] for figures in table.values()], marker="o", label=name)
        axes.set(title=title, xlabel="nights in the warehouse", ylim=(0, None))
        axes.legend(frameon=False, fontsize="small")
    figure.savefig(target, dpi=110, metadata={"Software": None})


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("nights", type=int, nargs="*", default=list(MARKS))
    arguments.add_argument("--demo", type=Path, default=ROOT / "data/demo/warehouse.duckdb")
    arguments.add_argument("--picture", type=Path, help="draw the table: a PNG")
    arguments.add_argument("--night", type=int, help=argparse.SUPPRESS)
    arguments.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    if asked.night is not None:
        say(json.dumps(one_more_night(asked.folder, asked.demo, asked.night)))
        return
    if not asked.demo.is_file():
        say(f"{asked.demo}: no warehouse of the demo; run make demo first, or name one with --demo")
        return
    table = dict(at_every_mark(asked.nights, asked.demo))
    say(f"{'after so many nights':24}" + "".join(f"{mark:>10,}" for mark in table))
    for name in next(iter(table.values())):
        say(f"{name:24}" + "".join(f"{figures[name]:>10.2f}" for figures in table.values()))
    first, last = (list(table.values())[position]["night, CPU s"] for position in (0, -1))
    say(f"the last night costs {last / first:.2f} times the first; the target is 1.20 at most")
    if asked.picture:
        draw(table, asked.picture)
    say(f"a question may take {QUESTION_SECONDS * 1000:.0f} ms; 1,000 MB of memory are the limit")


if __name__ == "__main__":
    main()
