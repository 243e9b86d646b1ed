"""What a list of some frameworks reads: what sources were asked for these, and nothing of the others."""

from __future__ import annotations

from datetime import date

import pytest

from reports.facts import Facts, Period
from warehouse.read.report import Doubt, FailedCheck, FailedStep, Framework, SourceAge

TRACKED = (
    Framework("tensorflow", "TensorFlow", "/g/1", 0, "tensorflow/tensorflow", ["tensorflow", "tensorflow-cpu"], []),
    Framework("keras", "Keras", "/g/2", 1, "keras-team/keras", ["keras"], ["tensorflow"]),
    Framework("jax", "JAX", "jax", 2, "jax-ml/jax", ["jax", "jaxlib"], ["flax"]),
)
EVERYTHING = ("keras-team/keras", "tensorflow-cpu", "tensorflow", "jax+/g/2", "flax", "no-longer-tracked")
FACTS = Facts(
    Period(date(2021, 6, 25)), TRACKED, {}, {}, {}, {}, {}, {}, {}, (),
    tuple(SourceAge("s", "s", entity, "x", None, None, "never", None) for entity in EVERYTHING), (),
    tuple(FailedCheck("vanished", "s", entity, "failed", "") for entity in EVERYTHING),
    tuple(FailedStep("s", entity, "x", has_rows=False) for entity in EVERYTHING),
    tuple(FailedStep("s", entity, "x", has_rows=True) for entity in EVERYTHING),
    tuple(Doubt("s", "x", entity) for entity in EVERYTHING),
)  # fmt: skip


@pytest.mark.parametrize(
    ("entity", "frameworks"),
    [
        ("keras", {"keras"}),
        ("keras-team/keras", {"keras"}),
        ("/g/2", {"keras"}),
        ("jaxlib", {"jax"}),
        ("tensorflow", {"tensorflow"}),  # though it installs keras
        ("flax", {"jax"}),  # nobody's own
        ("tensorflow+keras+jax", {"tensorflow", "keras", "jax"}),
        ("/g/1+jax", {"tensorflow", "jax"}),
        ("*", set()),
        ("c++", set()),
    ],
)
def test_whom_a_source_was_asked_for(entity: str, frameworks: set[str]) -> None:
    assert FACTS.asked_for([Doubt("s", "x", entity)]) == frameworks


def test_a_list_reads_of_its_own_frameworks_and_of_what_concerns_none_in_particular() -> None:
    only = FACTS.only({"keras"})
    for rows in (only.ages, only.failed_checks, only.failed_steps, only.stand_ins, only.doubts):
        assert [row.entity for row in rows] == ["keras-team/keras", "jax+/g/2", "no-longer-tracked"]
    assert [item.position for item in only.frameworks] == [1], "its colour stays"
