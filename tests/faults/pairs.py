"""Two faults at once, drawn by a seed: other services give what they always give, these two what is right for each.

python -m tests.faults.pairs [SEED] [PAIRS]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from flows.sources.errors import SourceError
from tests.faults.expected import LATER, OWN, PART, PERSON, expected, of
from tests.faults.faults import TOO_SLOW, faults_of
from tests.faults.matrix import outcome
from tests.faults.services import Services, services
from warehouse.rows import Answer

QUESTIONS = ("google_trends", "clickpy", "pypi_index", "github", "git")
CHAIN = ("clickpy", "pypistats", "top_pypi_packages")


def right(question: str, faults: Mapping[str, str]) -> set[str]:
    """What may come of a question while the services have these faults."""
    if question not in CHAIN:
        return {expected(question, faults[question]) if question in faults else OWN}
    for service in CHAIN:
        if service not in faults or expected(service, faults[service]) == OWN:
            return {OWN if service == question else of(service)}
    return {LATER, PERSON, PART}


def seen(world: Services, question: str) -> str:
    answers: list[Answer] = []
    try:
        answers.extend(world.fetch(question))
    except SourceError as error:
        return outcome(question, answers, error)
    return outcome(question, answers, None)


def main(seed: int, pairs: int) -> int:
    """Writes each pair that does not come out right; 1 where there is one."""
    random, wrong, began = Random(seed), 0, time.monotonic()
    with TemporaryDirectory() as folder, services(Path(folder)) as world:
        for _ in range(pairs):
            drawn = random.sample(list(world.upstreams), 2)
            faults = {name: random.choice(sorted(faults_of(name).keys() - TOO_SLOW.keys())) for name in drawn}
            world.heal()
            for name, fault in faults.items():
                world.upstreams[name].fault = faults_of(name)[fault]
            for question in QUESTIONS:
                found = seen(world, question)
                if found not in right(question, faults):
                    wrong += 1
                    sys.stdout.write(f"{faults}: {question} gave {found}, right is {right(question, faults)}\n")
    sys.stdout.write(f"seed {seed}: {pairs} pairs, {wrong} wrong, {time.monotonic() - began:.0f} s\n")
    return int(wrong > 0)


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    raise SystemExit(main(given[0] if given else time.time_ns() % 10**6, given[1] if len(given) > 1 else 300))
