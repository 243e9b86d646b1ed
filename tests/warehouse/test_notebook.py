"""The notebook of ten questions, cell by cell, on the demo's copy: a small runner stands in for Jupyter."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

from tests.conftest import ROOT, Demo

NOTEBOOK = ROOT / "warehouse" / "notebook" / "ten_questions.ipynb"


def cells(kind: str) -> list[str]:
    notebook = json.loads(NOTEBOOK.read_text("utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


def shown(code: str, names: dict[str, Any]) -> Any:
    """Run a cell as Jupyter does; what its last line gives is shown."""
    tree = ast.parse(code)
    last = tree.body.pop()
    assert isinstance(last, ast.Expr), "a cell that shows nothing"
    exec(compile(tree, str(NOTEBOOK), "exec"), names)
    return eval(compile(ast.Expression(last.value), str(NOTEBOOK), "eval"), names)


@pytest.fixture
def names(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What the cells know of each other, on the copy of the demo, from the folder in which Jupyter starts them."""
    monkeypatch.setenv("TRENDS_COPY", str(demo.published))
    monkeypatch.chdir(NOTEBOOK.parent)
    names: dict[str, Any] = {}
    yield names
    names["con"].close()


def test_every_cell_shows_figures(names: dict[str, Any]) -> None:
    empty = []
    for code in cells("code"):
        answer = shown(code, names)
        if isinstance(answer, go.Figure):
            filled = bool(answer.data) and any(len(trace.y) for trace in answer.data)
        else:
            assert isinstance(answer, pd.DataFrame)
            filled = not answer.empty
        empty += [] if filled else [code]
    assert empty == []


def test_it_asks_ten_questions_of_the_one_place_where_they_are() -> None:
    asked = [line for code in cells("code") for line in code.splitlines() if 'ask("' in line]
    headings = [text.splitlines()[0] for text in cells("markdown") if text.startswith("## ")]
    assert [heading[3:].split(".")[0] for heading in headings if heading[3].isdigit()] == [str(n) for n in range(1, 11)]
    assert len(asked) == 10


def test_no_answer_is_kept_in_it() -> None:
    notebook = json.loads(NOTEBOOK.read_text("utf-8"))
    assert [cell for cell in notebook["cells"] if cell.get("outputs") or cell.get("execution_count")] == []
