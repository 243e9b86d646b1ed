"""What the benches share: seconds of CPU and by the clock, and how a figure is told beside its target."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).parents[2]  # tests.conftest would load all that tests need


class Spent(NamedTuple):
    """Seconds."""

    cpu: float
    clock: float


def spent(work: Callable[[], object]) -> Spent:
    """What `work` took in this process."""
    cpu, clock = time.process_time(), time.perf_counter()
    work()
    return Spent(time.process_time() - cpu, time.perf_counter() - clock)


def spent_by(command: Sequence[object], environment: Mapping[str, str] | None = None) -> Spent:
    """What a process and its children took; it has to end with 0, and what it prints is thrown away."""
    before, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [str(part) for part in command]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Spent(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.perf_counter() - clock)


def middle(times: Sequence[Spent]) -> Spent:
    return Spent(median(time.cpu for time in times), median(time.clock for time in times))


def ratio(pairs: Sequence[tuple[Spent, Spent]]) -> Spent:
    """How many times the second of each pair the first took: the median."""
    return middle([Spent(ours.cpu / peer.cpu, ours.clock / peer.clock) for ours, peer in pairs])


def beside(pairs: Sequence[tuple[Spent, Spent]], peer: str) -> str:
    """One line: ours, the peer, and the ratios."""
    ours, theirs = (middle([pair[which] for pair in pairs]) for which in (0, 1))
    times = ratio(pairs)
    return (
        f"{times.clock:.2f} times {peer} by the clock ({ours.clock:.3g} s, {theirs.clock:.3g} s),"
        f" {times.cpu:.2f} in CPU ({ours.cpu:.3g} s, {theirs.cpu:.3g} s)"
    )


def against(value: float, target: float, unit: str) -> str:
    """The target, and whether it was met."""
    return f"; the target is {target:g} {unit}{'' if value <= target else ': missed'}"


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
