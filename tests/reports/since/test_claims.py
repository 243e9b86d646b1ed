"""A claim of which something else is said than before is told once: page, mail, and who waits for changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import duckdb

from reports.build import build_report
from reports.mail.digest import attached_page, digest_of
from reports.mail.message import text
from reports.since.changes import changes, since_before, state_of, state_text
from warehouse.read.report import ClaimCheck, EarlierReport

AS_OF = date(2021, 6, 25)
CLAIM = ClaimCheck(
    "many", "addresses ever", 2400, 2400.0, 2400.0, 2400.0, 1.0, "holds", "2,400 on 2021-06-24.", None, None, AS_OF,
    "d", "One answer", "alpha", "2400 people", "a page", None, None, None, None, "new_contributors", AS_OF, None,
)  # fmt: skip


def test_a_verdict_that_changed_is_told_once(
    warehouse_of: Callable[..., duckdb.DuckDBPyConnection], made_up: SimpleNamespace, tmp_path: Path
) -> None:
    built = build_report(warehouse_of([*made_up.configured("Alpha")], AS_OF), as_of=AS_OF, out=tmp_path)
    rows = built.summary
    held = replace(built.facts, claims=(CLAIM,))
    before = state_of(held, rows)
    outdated = replace(built.facts, claims=(replace(CLAIM, verdict="outdated"), replace(CLAIM, claim="new")))
    told = ['Claim "2400 people", addresses ever: outdated, was holds']
    after = state_of(outdated, rows)
    assert changes(before, after, outdated, rows, ()) == told
    assert changes(after, after, outdated, rows, ()) == []
    assert (
        changes({"verdicts": {}, "levels": {}, "stale": []}, after, outdated, rows, ()) == []
    )  # before claims were kept

    earlier = EarlierReport(AS_OF - timedelta(days=1), state_text(before))
    (since,) = since_before(replace(outdated, earlier=(earlier,)), rows)
    assert since.texts == tuple(told)
    mail = text(digest_of(replace(built, facts=outdated, since=(since,)), page=attached_page("p")))
    assert mail.count("outdated, was holds") == 1
    (again,) = since_before(replace(outdated, earlier=(replace(earlier, said=state_text(after)),)), rows)
    assert again.texts == ()
