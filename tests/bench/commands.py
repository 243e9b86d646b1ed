"""What commands take from start to end on the demo's data, each beside its target or a peer.

    python tests/bench/commands.py [ROUNDS]          by default 5

A night is the second of the demo; its peer is a flow of Prefect that does nothing, in a home that Prefect has used
before. Questions are the ten of the dictionary, through `trends sql` and in a connection that is open. Each round runs
each command once, so that the machine is as busy for one as for the other; figures are medians.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.aged_nights import FIRST_NIGHT
from tests.bench.meter import Spent, against, beside, middle, ratio, say, spent, spent_by
from tests.conftest import OFFLINE, TRENDS
from warehouse.dictionary import questions
from warehouse.publish.snapshot import open_published

EMPTY_FLOW = "from prefect import flow\n@flow\ndef nothing(): pass\nnothing()"
NIGHT, EMPTY = "second trends nightly --replay", "a flow of Prefect that does nothing"
NIGHT_TARGET = 1.3  # times the empty flow
TARGETS = {"trends report": 1.2, 'trends sql "SELECT 1"': 0.2, "slowest question, as a command": 0.25}
QUESTION_MS = 20  # in an open connection


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with TemporaryDirectory() as name:
        folder, times = Path(name), defaultdict[str, list[Spent]](list)
        environment = os.environ | OFFLINE | {"PREFECT_HOME": str(folder / "prefect-of-the-peer")}
        for job in (NIGHT, EMPTY):  # the first of each
            spent_by(_jobs(folder)[job], environment)
        for _ in range(rounds):
            for job, command in _jobs(folder).items():
                times[job].append(spent_by(command, environment))
        _tell(times)
        _tell_questions(folder / "demo/published.duckdb", rounds)


def _jobs(folder: Path) -> dict[str, list[str]]:
    demo = [*TRENDS, "--data", str(folder / "demo")]
    asked = {f"question {number}": [*demo, "sql", item.sql] for number, item in enumerate(questions(), start=1)}
    return {
        EMPTY: [sys.executable, "-c", EMPTY_FLOW],
        NIGHT: [*TRENDS, "--data", str(folder), "nightly", "--replay"],
        "trends report": [*demo, "report", "--as-of", f"{FIRST_NIGHT}"],
        'trends sql "SELECT 1"': [*demo, "sql", "SELECT 1"],
    } | asked


def _tell(rounds: dict[str, list[Spent]]) -> None:
    times = {job: middle(spent) for job, spent in rounds.items()}
    asked = {job: times.pop(job) for job in list(times) if job.startswith("question")}
    times["slowest question, as a command"] = max(asked.values(), key=lambda time: time.clock)
    for job, (cpu, clock) in times.items():
        target = against(clock, TARGETS[job], "s by the clock") if job in TARGETS else ""
        say(f"{job}: {clock:.2f} s by the clock, {cpu:.2f} s of CPU{target}")
    pairs = list(zip(rounds[NIGHT], rounds[EMPTY], strict=True))
    say(f"the night: {beside(pairs, 'the empty flow')}{against(ratio(pairs).clock, NIGHT_TARGET, 'by the clock')}")


def _tell_questions(published: Path, rounds: int) -> None:
    with open_published(published) as con:
        asked = {
            item.sql: [spent(lambda sql=item.sql: con.execute(sql).fetchall()) for _ in range(rounds + 1)]
            for item in questions()
        }
    slowest = 1000 * max(middle(times[1:]).clock for times in asked.values())
    target = against(slowest, QUESTION_MS, "ms")
    say(f"slowest of the questions in an open connection: {slowest:.0f} ms{target}")


if __name__ == "__main__":
    main()
