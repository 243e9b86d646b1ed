"""Known vulnerabilities of what is locked are told by name, and a machine that cannot look says so."""

from __future__ import annotations

import json
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest


@pytest.fixture
def said(project: Path) -> Any:
    return run_path(str(project / ".ci/audit.py"))["said"]


def test_a_known_vulnerability_is_named(said: Any) -> None:
    found = [{"id": "X-1", "fix_versions": ["2.0"]}]
    packages = [{"name": "a", "version": "1.0", "vulns": found}, {"name": "b", "version": "1", "vulns": []}]
    lines, code = said(json.dumps({"dependencies": packages}))
    assert code == 1
    assert lines[0] == "audit: a 1.0: X-1, mended in 2.0; run make constraints"
    assert said(json.dumps({"dependencies": packages[1:]})) == (
        ["audit: 1 packages looked up, 0 known vulnerabilities"],
        0,
    )


@pytest.mark.parametrize(
    "report", ["", "no JSON", "[]", json.dumps({"dependencies": [{"name": "a", "skip_reason": ""}]})]
)
def test_where_nobody_can_look_it_says_so(said: Any, report: str) -> None:
    lines, code = said(report)
    assert (len(lines), code) == (1, 0)
    assert "nobody has looked" in lines[0]


def test_ci_asks(project: Path) -> None:
    assert ".ci/audit.py" in (project / ".ci/run").read_text("utf-8")
