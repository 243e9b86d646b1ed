"""100 nights in simulated time, with faults, kills and steps of the clock drawn by a seed, beside as many without any.

At the end the public figures of downloads are the same wherever the services still had the days. Each night is what a
night does from the plan to the checks, over HTTP on loopback; Prefect, reports and mails are left out.

    python -m tests.bench.hundred_nights [SEED] [NIGHTS]
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from flows.collecting.clients import open_clients
from flows.collecting.plan import configuration, plan
from flows.run import Night
from tests.conftest import open_few_rows
from tests.flows.collecting.test_download_nights import DAY, START, Life
from warehouse import checks
from warehouse.ledger import begin_run, finish_run
from warehouse.read.state import known_before
from warehouse.save import save_answers

FIGURES = """
SELECT day, service, value FROM daily_metrics WHERE metric = 'pypi_downloads' AND day < ? ORDER BY day"""
GOOD_AT_THE_END = 35  # every day of the last year is asked again within 30, and a surprise is believed on the third


@dataclass(frozen=True)
class Fate:
    """What befalls a night. `kill_after`: so many steps are saved, then it is killed; None: it comes to its end."""

    clickpy: dict[str, Any]
    has_pypistats: bool = True
    kill_after: int | None = None
    minutes_off: int = 0
    is_missed: bool = False


GOOD = Fate({})


def drawn(random: Random, today: date) -> Fate:
    """A night in two is a good one."""
    if random.random() < 0.5:
        return GOOD
    days_back = random.randint(2, 9)
    return random.choice(
        [
            Fate({"newest": today - days_back * DAY}),
            Fate({"newest": today - DAY, "loaded": random.uniform(0.05, 0.6)}),
            Fate({"lost": [today - random.randint(2, 60) * DAY for _ in range(3)]}),
            Fate({"newest": today - days_back * DAY}, has_pypistats=False),
            Fate({}, has_pypistats=False),
            Fate({}, kill_after=random.randint(0, 2)),
            Fate({"lost": [today - days_back * DAY]}, kill_after=random.randint(0, 2)),
            Fate({}, minutes_off=random.randint(-120, 600)),
            Fate({}, is_missed=True),
        ]
    )


def live(life: Life, today: date, fate: Fate) -> None:
    """One night, as far as it comes."""
    if fate.is_missed:
        return
    now = datetime.combine(today, datetime.min.time(), UTC) + timedelta(hours=2, minutes=30 + fate.minutes_off)
    life.clickpy_is = fate.clickpy
    run_id = f"{now}"
    begin_run(life.con, run_id=run_id, flow="nightly", as_of=now.date(), started_at=now, program_version="bench")
    with life._services(today, fate.has_pypistats) as sources:
        night = Night(life._settings(sources), life.data, now, now.date())
        save_answers(life.con, run_id, configuration(night))
        with open_clients(sources, {}) as clients:
            with known_before(life.con, now):
                steps = plan(night, life.con, clients)
            for step in steps[: fate.kill_after]:
                save_answers(life.con, run_id, life._answers(step.fetch()))
    if fate.kill_after is None:
        checks.run_checks(life.con, run_id)
        finish_run(life.con, run_id, finished_at=now, status="ok")


def figures(folder: Path, fates: list[Fate]) -> list[tuple[Any, ...]]:
    """What is published at the end of nights with these fates, of the days that are settled."""
    with open_few_rows(folder / "warehouse.duckdb") as con:
        life = Life(con, folder)
        for number, fate in enumerate(fates):
            live(life, START + number * DAY, fate)
        return con.execute(FIGURES, [START + (len(fates) - 3) * DAY]).fetchall()


def fates_of(seed: int, nights: int, good_at_the_end: int = GOOD_AT_THE_END) -> list[Fate]:
    random = Random(seed)
    bad = [drawn(random, START + number * DAY) for number in range(nights - good_at_the_end)]
    return [GOOD, *bad[1:], *[GOOD] * good_at_the_end]


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(seed: int, nights: int) -> int:
    say(f"seed {seed}, {nights} nights")
    began = time.monotonic()
    told = []
    for fates in (fates_of(seed, nights), [GOOD] * nights):
        with TemporaryDirectory() as folder:
            told.append(figures(Path(folder), fates))
            for file in sorted(path for path in Path(folder).iterdir() if path.is_file()):
                say(f"{file.name}: {file.stat().st_size / nights:,.0f} bytes a night")
        say(f"{sum(fate != GOOD for fate in fates)} nights with faults: {len(told[-1])} days published")
    different = sorted(set(told[0]) ^ set(told[1]))
    say(f"{len(different)} differences, {time.monotonic() - began:.0f} s")
    for row in different[:20]:
        say(f"  {row}")
    return 1 if different or not told[0] else 0


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    raise SystemExit(main(given[0] if given else time.time_ns() % 10**6, given[1] if len(given) > 1 else 100))
