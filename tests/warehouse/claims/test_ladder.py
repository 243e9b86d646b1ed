"""The ladder of contributors on the three recorded histories: each step is the one before it plus its difference."""

from __future__ import annotations

import csv
import gzip
from hashlib import sha256

import pytest

from tests.conftest import ROOT, Demo
from warehouse.publish.snapshot import open_published

LOGS = ROOT / "flows/replay/recordings/github/commits"
STEPS = ["addresses", "accounts", "people", "people_without_bots", "with_co_authors", "with_committers"]


@pytest.mark.parametrize("log", ["tensorflow_tensorflow", "pytorch_pytorch", "keras-team_keras"])
def test_the_steps_add_up_and_are_those_of_the_history(demo: Demo, log: str) -> None:
    framework = {"tensorflow_tensorflow": "tensorflow", "pytorch_pytorch": "pytorch"}.get(log, "keras")
    with (LOGS / "bot_hashes.csv").open() as file:
        nobody = {row["identity_hash"] for row in csv.DictReader(file)}
    nobody.add(sha256(b"soumith+bot@pytorch.org").hexdigest()[:16])  # commits, but is the author of nothing
    authors, committers = set(), set()
    with gzip.open(LOGS / f"{log}.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            if row["committer_time_utc"] < "2021-06-26":
                authors.add(row["author_hash"])
                committers.add(row["committer_hash"])
    with open_published(demo.published) as con:
        steps = con.execute(
            "SELECT name, people, difference, explanation FROM contributor_ladder WHERE framework = ? ORDER BY step",
            [framework],
        ).fetchall()
    assert [name for name, *_ in steps] == STEPS
    people = [count for _, count, _, _ in steps]
    assert people[0] == len(authors)
    assert people[0] == people[1] == people[2], "the recordings have neither names nor addresses to put together by"
    assert people[3] == people[4] == len(authors - nobody)
    assert people[5] == people[3] + len(committers - authors - nobody)
    assert people[0] + sum(difference for *_, difference, _ in steps[1:]) == people[-1]
    assert steps[0][2] is None
    assert all(explanation for *_, explanation in steps)
