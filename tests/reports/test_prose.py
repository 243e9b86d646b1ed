"""What people read has names, not keys: no name of a table, view or column, and days written in one way."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from reports.build import BuiltReport
from reports.mail.digest import attached_page, digest_of
from reports.mail.message import html, picture_file, subject, text

NOT_PROSE = {"style", "script", "pre", "code"}
# A name that the world uses: the table of BigQuery that a break is about.
NAMES = {"file_downloads"}


class Prose(HTMLParser):
    """All that is read: text outside code, and the labels for those who do not see."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self._silent = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in NOT_PROSE
        self.words += [value or "" for name, value in attrs if name in ("alt", "aria-label", "title", "data-label")]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in NOT_PROSE

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


@pytest.fixture(scope="module")
def read(demo_report: BuiltReport) -> dict[str, str]:
    digest = digest_of(demo_report, page=attached_page("framework-trends.html"))
    return {
        "page": " ".join(Prose(demo_report.page.read_text(encoding="utf-8")).words),
        "mail": " ".join(Prose(html(digest, picture_source=picture_file, footer="x")).words),
        "text": text(digest, footer="x"),
        "subject": subject(digest),
        "charts": " ".join(
            str(note["text"])
            for chart in demo_report.charts
            for note in chart.figure.to_plotly_json()["layout"].get("annotations", ())
        ),
    }


@pytest.mark.parametrize("where", ["page", "mail", "text", "subject", "charts"])
def test_no_key_and_no_day_in_figures_is_read(read: dict[str, str], where: str) -> None:
    assert set(re.findall(r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b", read[where])) <= NAMES
    assert re.findall(r"\b\d{4}-\d{2}-\d{2}\b", read[where]) == []
    assert not re.search(r"(?i)\bnan\b|\binf\b|\bnone\b(?! of)|e\+\d", read[where].replace("None.", ""))


def test_an_index_is_not_told_as_a_score(read: dict[str, str]) -> None:
    assert not re.search(r"\d of 100|\d/100|out of 100", " ".join(read.values()))
    assert "index" in read["page"]
