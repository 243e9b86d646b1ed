"""What status says of the sources beside their freshness."""

from __future__ import annotations

import io
import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from flows.status import Status, read_status, show_json, show_tables
from tests.conftest import open_few_rows
from warehouse.ledger import begin_run, finish_run
from warehouse.publish.snapshot import publish
from warehouse.rows import Answer, FrameworkEntry, SearchPoint, StarDay
from warehouse.save import save_answers

AT = datetime(2021, 6, 25, 23, tzinfo=UTC)
DAY = AT.date()
POINT = SearchPoint("keras", date(2021, 6, 13), "WEEK", 50, False, True, False)
ENTRY = FrameworkEntry("keras", "Keras", 0, "keras/keras", "keras", "term")


@pytest.fixture
def status(tmp_path: Path, empty_folder: Path) -> Status:
    answers = [
        Answer("config", "frameworks", "{}", AT, (ENTRY,), replaces_all=True),
        Answer("google_trends", "keras", "{}", AT, (POINT,), state={"notes": ["look at this"]}),
        Answer("github", "keras/keras", "{}", AT, (StarDay("keras/keras", date(2021, 6, 24), 1),), date(2021, 6, 24)),
    ]
    shutil.copytree(empty_folder, tmp_path, dirs_exist_ok=True)
    with open_few_rows(tmp_path / "warehouse.duckdb") as con:
        begin_run(con, run_id="r1", flow="nightly", as_of=DAY, started_at=AT, program_version="test")
        save_answers(con, "r1", answers)
        finish_run(con, "r1", finished_at=AT, status="ok")
        publish(con, tmp_path / "published.duckdb")
    return read_status(tmp_path, DAY)


def test_notes_are_a_section_of_their_own(status: Status) -> None:
    table, data = io.StringIO(), io.StringIO()
    show_tables(status, table)
    show_json(status, data)
    _, _, section = table.getvalue().partition("To look at, and still to come\n")
    assert "look at this" in section
    assert "stars before 2021-06-24 are still to come, a part each night" in section
    notes = [row for row in json.loads(data.getvalue()) if row["section"] == "notes"]
    assert [(row["kind"], row["source"]) for row in notes] == [
        ("doubt", "google_trends"),
        ("to_come", "github_repository"),
    ]


def test_a_doubt_wants_attention_and_what_is_to_come_does_not() -> None:
    run = {"run_id": "r", "status": "ok"}
    for kind, wanted in (("doubt", True), ("to_come", False)):
        sections = {"runs": [run], "freshness": [{"status": "fresh"}], "notes": [{"kind": kind}]}
        assert Status(DAY, sections).wants_attention is wanted
