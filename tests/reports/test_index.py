"""The list of past reports and what changed from one to the next."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID
from xml.etree import ElementTree

import pytest

from reports.index import PastReport, past_report, report_folders, what_changed, write_index
from reports.metrics_csv import Number, csv_text, span

PERIOD = span(date(2020, 6, 1), date(2021, 5, 31))
STARS = Number("pytorch", "stars", "value", PERIOD, 9456.0, "stars", "b", "github", 1.0, True, "")
CHANGE = replace(STARS, statistic="change", value=0.12, unit="share")
DOWNLOADS = replace(STARS, metric="pypi_downloads", value=2.5e7, comparable=False, reason="Rows were lost.")


def leave(root: Path, day: str, *numbers: Number) -> None:
    folder = root / day
    folder.mkdir(parents=True)
    (folder / "report.html").write_text("<!DOCTYPE html>", encoding="utf-8")
    (folder / "metrics.csv").write_text(csv_text(list(numbers)), encoding="utf-8")


def past_reports(root: Path) -> list[PastReport]:
    """Newest first."""
    return [past_report(folder, day) for day, folder in sorted(report_folders(root).items(), reverse=True)]


def changes(root: Path) -> list[str]:
    newest, before = past_reports(root)
    return what_changed(before, newest)


def test_newest_first_and_nothing_that_is_no_report(tmp_path: Path) -> None:
    for day in ("2021-06-24", "2021-06-25", "2020-12-31"):
        leave(tmp_path, day, STARS)
    (tmp_path / "2021-06-26").mkdir()
    (tmp_path / "notes").mkdir()
    (tmp_path / "latest").symlink_to("2021-06-25")
    page = write_index(tmp_path).read_text(encoding="utf-8")
    places = [page.index(f'href="{day}/report.html"') for day in ("2021-06-25", "2021-06-24", "2020-12-31")]
    assert places == sorted(places)
    assert page.count("/report.html") == 3
    assert "latest" not in page
    assert "The first report." in page


def test_the_same_figures_again(tmp_path: Path) -> None:
    leave(tmp_path, "2021-06-24", STARS, CHANGE)
    leave(tmp_path, "2021-06-25", STARS, CHANGE)
    assert changes(tmp_path) == ["No figure changed."]


def test_a_revised_figure(tmp_path: Path) -> None:
    leave(tmp_path, "2021-06-24", STARS)
    leave(tmp_path, "2021-06-25", replace(STARS, value=9460.0))
    assert changes(tmp_path) == ["pytorch, stars: 9,456 to 9,460, revised."]


def test_a_revision_that_the_short_form_would_hide(tmp_path: Path) -> None:
    leave(tmp_path, "2021-06-24", DOWNLOADS)
    leave(tmp_path, "2021-06-25", replace(DOWNLOADS, value=2.5e7 + 3))
    assert changes(tmp_path) == ["pytorch, downloads: 25,000,000 to 25,000,003, revised."]


def test_the_period_moves_on(tmp_path: Path) -> None:
    leave(tmp_path, "2021-06-30", STARS)
    leave(tmp_path, "2021-07-01", replace(STARS, period=span(date(2020, 7, 1), date(2021, 6, 30)), value=9500.0))
    assert changes(tmp_path) == ["The period moved on to July 2020 to June 2021.", "pytorch, stars: 9,456 to 9,500."]


def test_what_becomes_comparable_and_what_stops_to_be(tmp_path: Path) -> None:
    leave(tmp_path, "2021-06-24", DOWNLOADS, STARS, CHANGE)
    good = replace(DOWNLOADS, comparable=True)
    leave(tmp_path, "2021-06-25", good, replace(good, statistic="change", value=-0.2), replace(STARS, comparable=False))
    assert changes(tmp_path) == [
        "pytorch, downloads: now comparable with the year before (\u221220\u00a0%).",
        "pytorch, stars: no longer comparable with the year before.",
    ]


def test_frameworks_and_figures_that_come_and_go(tmp_path: Path) -> None:
    leave(tmp_path, "2021-06-24", replace(STARS, value=None), replace(STARS, framework="caffe"), DOWNLOADS)
    leave(tmp_path, "2021-06-25", STARS, replace(STARS, framework="jax"), replace(DOWNLOADS, value=None))
    assert changes(tmp_path) == [
        "jax is new.",
        "caffe is no longer tracked.",
        "pytorch, stars: first figure, 9,456.",
        "pytorch, downloads: no figure any more.",
    ]


def test_frameworks_are_written_as_people_write_them(tmp_path: Path) -> None:
    leave(tmp_path, "2021-06-24", STARS, replace(STARS, framework="caffe"))
    leave(tmp_path, "2021-06-25", replace(STARS, value=9460.0), replace(STARS, framework="jax"))
    newest, before = past_reports(tmp_path)
    assert what_changed(before, newest, {"pytorch": "PyTorch", "jax": "JAX"}) == [
        "JAX is new.",
        "caffe is no longer tracked.",
        "PyTorch, stars: 9,456 to 9,460, revised.",
    ]
    page = write_index(tmp_path, {"pytorch": "PyTorch", "jax": "<b>JAX"}).read_text(encoding="utf-8")
    assert "PyTorch, stars: 9,456 to 9,460, revised." in page
    assert "&lt;b&gt;JAX is new." in page


def test_many_changes_are_counted(tmp_path: Path) -> None:
    leave(tmp_path, "2021-06-24", *(replace(STARS, framework=f"f{n}") for n in range(20)))
    leave(tmp_path, "2021-06-25", *(replace(STARS, framework=f"f{n}", value=1.0) for n in range(20)))
    texts = changes(tmp_path)
    assert len(texts) == 12
    assert texts[-1] == "9 more."


@pytest.mark.parametrize("content", ["", "no,such,columns\n1,2,3\n", None, "\x00\x00"])
def test_a_damaged_file_is_named_and_the_list_goes_on(tmp_path: Path, content: str | None) -> None:
    leave(tmp_path, "2021-06-24", STARS)
    leave(tmp_path, "2021-06-25", STARS)
    broken = tmp_path / "2021-06-24" / "metrics.csv"
    broken.unlink()
    if content is not None:
        broken.write_text(content, encoding="utf-8")
    page = write_index(tmp_path).read_text(encoding="utf-8")
    assert page.count("/report.html") == 2
    assert page.count("cannot be read") == 2, "neither it nor the next can be compared"


# ---- many reports ----------------------------------------------------------------------------------------------------


def links(root: Path, name: str) -> list[str]:
    """The pages that one of the lists leads to."""
    return re.findall(r'href="([0-9-]+)/report\.html"', (root / name).read_text(encoding="utf-8"))


def test_the_newest_are_on_the_first_page_and_all_on_that_of_their_year(tmp_path: Path) -> None:
    days = [date(2020, 12, 1) + timedelta(number) for number in range(70)]
    for day in days:
        leave(tmp_path, day.isoformat(), STARS)
    write_index(tmp_path)
    named = [day.isoformat() for day in reversed(days)]
    assert links(tmp_path, "index.html") == named[:60]
    assert links(tmp_path, "2021.html") == [day for day in named if day.startswith("2021")]
    assert links(tmp_path, "2020.html") == [day for day in named if day.startswith("2020")]
    assert ">2020 (31)</a>" in (tmp_path / "index.html").read_text(encoding="utf-8")
    for day in days[:31]:
        (tmp_path / day.isoformat() / "report.html").unlink()
    write_index(tmp_path)
    assert not (tmp_path / "2020.html").exists()


def test_only_what_is_new_is_read_and_written(tmp_path: Path) -> None:
    """A figure that changes while the file stays the same to the eye is not seen: so it was not read."""
    for day in ("2021-06-23", "2021-06-24"):
        leave(tmp_path, day, STARS)
    write_index(tmp_path)
    old = tmp_path / "2021-06-24" / "metrics.csv"
    status = old.stat()
    old.write_text(old.read_text(encoding="utf-8").replace("9456", "9999"), encoding="utf-8")
    os.utime(old, ns=(status.st_atime_ns, status.st_mtime_ns))
    feed = (tmp_path / "feed.xml").stat().st_mtime_ns
    page = write_index(tmp_path).read_text(encoding="utf-8")
    assert "9,999" not in page
    assert (tmp_path / "feed.xml").stat().st_mtime_ns == feed
    os.utime(old, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert "9,456 to 9,999, revised" in write_index(tmp_path).read_text(encoding="utf-8")


@pytest.mark.parametrize("content", ["", "[]", '{"form": 1}', '{"form": 1, "labels": {}, "days": {"2021-06-25": 1}}'])
def test_what_was_found_before_may_be_damaged(tmp_path: Path, content: str) -> None:
    leave(tmp_path, "2021-06-25", STARS)
    (tmp_path / ".changes.json").write_text(content, encoding="utf-8")
    assert "The first report." in write_index(tmp_path).read_text(encoding="utf-8")


def test_reports_in_which_nothing_changed_can_be_left_out(tmp_path: Path) -> None:
    for day in ("2021-06-23", "2021-06-24"):
        leave(tmp_path, day, STARS)
    leave(tmp_path, "2021-06-25", replace(STARS, value=1.0))
    page = write_index(tmp_path).read_text(encoding="utf-8")
    assert re.findall(r'<li class="same">\n<h2><a href="([0-9-]+)', page) == ["2021-06-24"]
    assert '<label for="changed">' in page


@pytest.mark.parametrize("base_url", [None, "https://x.example/trends"])
def test_the_feed_names_each_report_once_and_for_good(tmp_path: Path, base_url: str | None) -> None:
    leave(tmp_path, "2021-06-24", STARS)
    leave(tmp_path, "2021-06-25", replace(STARS, framework="a&b<c>"))
    write_index(tmp_path, base_url=base_url)
    feed = ElementTree.parse(tmp_path / "feed.xml").getroot()
    assert feed.get("{http://www.w3.org/XML/1998/namespace}base") == (f"{base_url}/" if base_url else None)
    atom = "{http://www.w3.org/2005/Atom}"
    entries = feed.findall(f"{atom}entry")
    ids = [entry.findtext(f"{atom}id") or "" for entry in entries]
    assert [entry.find(f"{atom}link").get("href") for entry in entries] == [  # type: ignore[union-attr]
        "2021-06-25/report.html", "2021-06-24/report.html",
    ]  # fmt: skip
    assert all(UUID(one.removeprefix("urn:uuid:")) for one in ids)
    assert "a&b<c> is new." in (entries[0].findtext(f"{atom}content") or "")
    leave(tmp_path, "2021-06-26", STARS)
    write_index(tmp_path, base_url=base_url)
    again = ElementTree.parse(tmp_path / "feed.xml").getroot().findall(f"{atom}entry")
    assert [entry.findtext(f"{atom}id") for entry in again][1:] == ids


def test_no_report_yet(tmp_path: Path) -> None:
    assert "There is no report yet." in write_index(tmp_path).read_text(encoding="utf-8")


def test_hostile_figures_are_only_text(tmp_path: Path) -> None:
    bad = replace(STARS, framework="<script>alert(1)</script>")
    leave(tmp_path, "2021-06-24", STARS)
    leave(tmp_path, "2021-06-25", STARS, bad)
    assert "<script" not in write_index(tmp_path).read_text(encoding="utf-8")
