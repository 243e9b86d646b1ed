"""What nights do is written down as JSON lines, without people, and never without limit."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.process import logbook
from flows.process.logbook import Logbook
from flows.process.progress import PlainProgress

AT = datetime(2021, 6, 25, 23, tzinfo=UTC)


def book_in(folder: Path) -> tuple[Logbook, io.StringIO]:
    seen = io.StringIO()
    return Logbook(PlainProgress(seen), folder / "log" / "nights.jsonl", "r1", lambda: AT), seen


def test_a_line_says_what_people_see_but_not_whom(tmp_path: Path) -> None:
    book, seen = book_in(tmp_path)
    book.begin("mail")
    book.end("mail", "failed", "team: a***@example.com refused\x1b[31m")
    book.write("night", "ok", "for ada@example.org, bob@localhost")
    assert "a***@example.com" in seen.getvalue()
    lines = (tmp_path / "log" / "nights.jsonl").read_text("utf-8")
    first, second = map(json.loads, lines.splitlines())
    assert first == {
        "at": "2021-06-25T23:00:00Z", "run": "r1", "name": "mail", "status": "failed", "note": first["note"],
    }  # fmt: skip
    assert first["note"].startswith("team: (address) refused")
    assert second["note"] == "for (address), (address)"
    assert "\x1b" not in lines


def test_full_files_are_kept_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logbook, "LARGEST_BYTES", 200)
    book, _ = book_in(tmp_path)
    for number in range(40):
        book.write("night", "ok", f"number {number}")
    found = {path.name: path.stat().st_size for path in (tmp_path / "log").iterdir()}
    assert sorted(found) == ["nights.jsonl", *(f"nights.jsonl.{number}" for number in range(1, 5))]
    assert max(found.values()) < 400
    assert "number 39" in (tmp_path / "log" / "nights.jsonl").read_text("utf-8")


def test_a_log_that_cannot_be_written_costs_its_lines_alone(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("no folder")
    book, seen = book_in(tmp_path)
    book.end("mail", "ok", "sent")
    assert "sent" in seen.getvalue()
