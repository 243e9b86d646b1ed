"""The matrix of faults is what is seen, what is seen is right, and no fault that the replay knows is left out."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from flows.replay import clickhouse, github, google_trends, pypistats, server
from tests.faults import faults, matrix
from tests.faults.attacks import ATTACKS
from tests.faults.matrix import Cell


@pytest.fixture(scope="module")
def cells() -> list[Cell]:
    return list(matrix.cells())


def test_every_outcome_is_right(cells: list[Cell]) -> None:
    assert len(cells) > 230
    assert [cell for cell in cells if cell.seen != cell.expected] == []


def test_the_file_is_what_is_seen(cells: list[Cell]) -> None:
    """Else: python -m tests.faults.matrix, and read what has changed."""
    assert matrix.FILE.read_text(encoding="utf-8") == matrix.written(cells)


def test_no_fault_that_the_replay_knows_is_left_out() -> None:
    written = inspect.getsource(faults)
    missing = [
        f"{module.__name__}.{name}"
        for module in (server, clickhouse, pypistats, github, google_trends)
        for name, made in inspect.getmembers(module, inspect.isfunction)
        if made.__module__ == module.__name__
        and not name.startswith("_")
        and inspect.signature(made).return_annotation == "Fault"
        and f"{name}(" not in written
    ]
    assert missing == []


@pytest.mark.parametrize("test", [test for attack in ATTACKS for test in attack.tests])
def test_every_test_that_the_table_names_is_there(project: Path, test: str) -> None:
    file, _, name = test.partition("::")
    assert f"def {name}(" in (project / "tests" / file).read_text(encoding="utf-8")


def test_the_table_leaves_no_attack_without_a_test() -> None:
    assert len(ATTACKS) > 25
    assert all(attack.tests for attack in ATTACKS)
