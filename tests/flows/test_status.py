"""What `trends status` shows for eyes: the same tables as ad-hoc SQL, harmless whatever the texts are."""

from __future__ import annotations

import io
from datetime import date, datetime

from flows.status import SECTIONS, Status, show_tables

RUN = {"run_id": "r", "status": "failed", "error": "git: \x1b[2Jno\n\u202e[bold]such"}


def shown(**sections: list[dict[str, object]]) -> str:
    out = io.StringIO()
    show_tables(Status(date(2021, 6, 25), {name: sections.get(name, []) for name in SECTIONS}), out)
    return out.getvalue()


def test_texts_of_others_cannot_steer_the_terminal() -> None:
    text = shown(runs=[RUN])
    assert "git: \\x1b[2Jno\\x0a\\u202e[bold]such" in text
    assert not set(text) & {"\x1b", "\u202e"}


def test_columns_are_aligned_by_what_a_sign_takes() -> None:
    rows = [
        {"source": "git", "collected_at": datetime(2021, 6, 25, 23), "age_days": 1},
        {"source": "名前", "collected_at": None, "age_days": None},
    ]
    assert shown(freshness=rows).splitlines()[2:6] == [
        "Freshness",
        "source  collected_at          age_days",
        "git     2021-06-25T23:00:00Z  1",
        "名前",
    ]
    assert "\nLast runs: none\n" in shown()
