"""A mail stays under what mail programs show, in HTML and in plain text, whatever it has to say."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from reports.mail.digest import Cell, Sentence, TableRow, attached_page, digest_of
from reports.mail.message import LARGEST_BYTES, text
from reports.mail.pictures import Picture
from reports.since.changes import MOST, Since
from tests.reports.mail.test_message import PAGE_NAME, ReportOf, Tags, digest_with, page_of


def test_the_html_stays_under_the_limit_with_fifty_long_names() -> None:
    names = tuple(f"{'n' * 200}{number}" for number in range(12))
    notes = Picture("downloads", "t", "a", tuple("note " * 50 for _ in range(300)), b"\x89PNG")
    page = page_of(digest_with(*names, pictures=(notes,)))
    assert "note note" not in page
    assert len(page.encode()) < LARGEST_BYTES


def test_the_html_stays_under_the_limit_with_sixty_frameworks_and_says_what_it_leaves_out(report_of: ReportOf) -> None:
    digest = digest_of(
        report_of(*(f"A framework with a long name {n}" for n in range(60))), page=attached_page(PAGE_NAME)
    )
    page = page_of(digest)
    assert len(page.encode()) < LARGEST_BYTES
    assert len(text(digest).encode()) < LARGEST_BYTES
    told = Tags(page).text
    assert "A framework with a long name 0" in told
    assert re.search(r"\d+ more frameworks are on the attached page", " ".join(told.split()))


@pytest.mark.parametrize("letter", ["&", "\U0001f600", "\u0645", "<", '"', "n"])
def test_no_digest_exceeds_the_limit_in_any_letters(letter: str) -> None:
    """Sixty frameworks, a hundred problems and changes, each as long as it may be, of letters that take many bytes."""
    long = " ".join([letter * 40] * 30)
    names = tuple(f"{letter * 39}{n}" for n in range(60))
    cell = Cell(letter * 9, letter * 9, letter * 30, letter * 30, long)
    full = digest_with(*names)
    digest = replace(
        full, problems=(long,) * 100, sentences=tuple(Sentence(name, long) for name in names), columns=full.columns * 4,
        rows=tuple(TableRow(name, (cell,) * 4) for name in names), since=(Since(full.as_of, (long,) * MOST),) * 2,
        headline=long, selection=long, period=long, previous_period=long,
        pictures=tuple(Picture(f"p{n}", long, long, (long,) * 9, None, long) for n in range(4)),
    )  # fmt: skip
    assert len(page_of(digest).encode()) <= LARGEST_BYTES
    assert len(text(digest, footer="Sent weekly.").encode()) <= LARGEST_BYTES
