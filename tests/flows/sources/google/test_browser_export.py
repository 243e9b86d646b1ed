"""Browser exports as they really look, in every language and step, and what is refused of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from flows.sources.google.browser_export import Export, ExportError, points, read_export
from tests.conftest import ROOT

EXPORTS = ROOT / "tests/fixtures/exports"
WEEKS = "Category: All categories\n\nWeek,keras: (Worldwide),torch: (Worldwide)\n2025-10-12,50,100\n2025-10-19,40,<1\n"


def read(text: str) -> Export:
    return read_export(text.encode())


@pytest.mark.parametrize(
    ("name", "step", "count", "first", "last"),
    [
        ("de_weekly_3terms_germany", "WEEK", 262, ("Python", "Deutschland", 56), ("JavaScript", "Deutschland", 25)),
        (
            "en_hourly_2terms_us", "HOUR", 168,
            ("Taylor Swift", "United States", 45), ("Selena Gomez", "United States", 18),
        ),
        (
            "en_monthly_2terms_us", "MONTH", 210,
            ("Football", "United States", 12), ("American football", "United States", 8),
        ),
        ("en_weekly_2terms_canada", "WEEK", 51, ("house pet", "Canada", 40), ("house plant", "Canada", 74)),
        ("pt_monthly_5terms_brazil", "MONTH", 234, ("bb básico", "Brasil", 0), ("bb basico lojas", "Brasil", 1)),
        (
            "ru_weekly_3terms_world", "WEEK", 262,
            ("ChatGPT for studying", "По всему миру", 0), ("AI studying", "По всему миру", 23),
        ),
    ],
)  # fmt: skip
def test_real_exports(
    name: str, step: str, count: int, first: tuple[str, str, int], last: tuple[str, str, int]
) -> None:
    """Counts, names and corner figures as they stand in the files."""
    export = read_export((EXPORTS / f"{name}.csv").read_bytes())
    assert (export.step, len(export.starts)) == (step, count)
    left, right = export.series[0], export.series[-1]
    assert (left.term, left.region, (left.figures[0] or ())[0]) == first
    assert (right.term, right.region, (right.figures[-1] or ())[0]) == last


def test_rows_are_those_of_a_draw_and_the_last_bucket_is_partial() -> None:
    export = read(WEEKS)
    rows = list(points(export, {export.series[1]: "/g/1"}))
    assert [(row.term, str(row.bucket_start), row.resolution, row.interest, row.is_below_one) for row in rows] == [
        ("/g/1", "2025-10-12", "WEEK", 100, False),
        ("/g/1", "2025-10-19", "WEEK", 0, True),
    ]
    assert [row.is_partial for row in rows] == [False, True]
    assert {row.has_data for row in rows} == {True}


def test_hours_keep_which_one_they_are() -> None:
    export = read_export((EXPORTS / "en_hourly_2terms_us.csv").read_bytes())
    rows = list(points(export, {export.series[0]: "a"}))
    first, last = rows[0], rows[-1]
    assert (str(first.bucket_start), first.resolution, first.interest) == ("2021-06-02", "HOUR 14", 45)
    assert (str(last.bucket_start), last.resolution, last.interest) == ("2021-06-09", "HOUR 13", 44)
    assert len({(row.bucket_start, row.resolution) for row in rows}) == 168


def _in_windows(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


@pytest.mark.parametrize(
    "rewritten",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        _in_windows,
        lambda text: text.replace(",", ";").encode(),
        lambda text: text.replace(",", "\t").encode("utf-16"),
        lambda text: (text + "\n\n").encode(),
        lambda text: text.rstrip("\n").encode(),
        lambda text: text.replace("Category: All categories\n\n", "").encode(),
        lambda text: text.replace(",50,100", ",50.0,100.00").encode(),
        lambda text: text.replace(",50,100", ',"50,0","100,0"').encode(),
        lambda text: text.replace(",", ";").replace(";50;", ";49,5;").encode(),
        lambda text: text.replace("<1", "0.3").encode(),
        lambda text: text.replace("<1", "\u200f< 1").encode(),
        lambda text: text.replace("<1", "\uff1c\uff11").encode(),  # as wide as Chinese signs
        lambda text: text.replace("2025-10-12,", "2025-10-12 - 2025-10-18,").encode(),
        lambda text: text.replace("2025-10-12,", "2025-10-12T00:00:00,").encode(),
        lambda text: text.replace(": (", " : (").encode(),
    ],
)  # fmt: skip
def test_the_same_figures_in_another_form(rewritten: Callable[[str], bytes]) -> None:
    plain, other = read(WEEKS), read_export(rewritten(WEEKS))
    assert (other.step, other.starts, other.series) == (plain.step, plain.starts, plain.series)


def test_names_keep_their_commas_colons_and_brackets_and_regions_their_own() -> None:
    names = '"a, b: (c): (Congo (DRC))",keras: (Deutschland),keras: (Ελλάδα)'
    series = read(f"Day,{names}\n2025-10-12,1,2,3\n2025-10-13,1,,0\n").series
    assert [(item.term, item.region) for item in series] == [
        ("a, b: (c)", "Congo (DRC)"),
        ("keras", "Deutschland"),
        ("keras", "Ελλάδα"),
    ]
    assert series[1].figures == ((2, False), None), "nothing said is not zero"
    assert series[2].figures == ((3, False), (0, False))


def test_an_hour_is_left_out_when_clocks_change() -> None:
    rows = "".join(f"2025-03-30T{hour:02},5\n" for hour in (0, 1, 3, 4))
    assert read(f"x,keras: (Deutschland)\n{rows}").starts[2] == datetime(2025, 3, 30, 3)


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("", 1, "no line begins with a day"),
        ("<html><body>Sorry</body></html>", 1, "no line begins with a day"),
        ("2025-10-12,50\n2025-10-19,40\n", 1, "no line before names the terms"),
        (WEEKS + "2025-11-02,3,4\n", 6, "2025-11-02 after 2025-10-19, wanted 2025-10-26"),
        (WEEKS + "2025-10-19,3,4\n", 6, "2025-10-19 after 2025-10-19, wanted 2025-10-26"),
        (WEEKS + "2025-10-26,3\n", 6, "2 cells, but line 3 names 3"),
        (WEEKS + "2025-10-26,3,4,5\n", 6, "4 cells, but line 3 names 3"),
        (WEEKS + "2025-10-26,3,101\n", 6, "'101' of 'torch: (Worldwide)' is no figure from 0 to 100"),
        (WEEKS + "2025-10-26,3,-1\n", 6, "'-1' of"),
        (WEEKS + "2025-10-26,3,<5\n", 6, "'<5' of"),
        (WEEKS + "2025-10-26,3,nan\n", 6, "'nan' of"),
        (WEEKS + "2025-10-26,3,1e1\n", 6, "'1e1' of"),
        (WEEKS + "26.10.2025,3,4\n", 6, "'26.10.2025' is no day, month or hour"),
        (WEEKS + "\nRegion,keras\nBerlin,3\n", 6, "0 cells, but line 3 names 3"),
        (WEEKS.replace("10-12", "10-33"), 4, "is no day between"),
        (WEEKS.replace("10-12", "10-13").replace("10-19", "10-20"), 4, "begins on a Monday"),
        (WEEKS.replace("torch", "keras"), 3, "'keras: (Worldwide)' is there twice"),
        (WEEKS.replace("torch: (Worldwide)", ""), 3, "column 3 has no name"),
        ("x,keras: (Worldwide)\n2025-10-12,5\n", 2, "a single line of figures does not say"),
        ("x,keras: (Worldwide)\n2025-10-12,5\n2025-10-15,5\n", 3, "is no step of an hour, a day or a week"),
        ("x,keras: (Worldwide)\n2025-10-26T01,5\n2025-10-26T02,5\n2025-10-26T02,5\n", 4, "2025-10-26T02 after"),
        ("x,keras: (Worldwide)\n2025-01,5\n2025-03,5\n", 3, "2025-03-01 after 2025-01-01, wanted 2025-02-01"),
    ],
)
def test_what_cannot_be_used_is_refused_with_line_and_reason(text: str, line: int, why: str) -> None:
    with pytest.raises(ExportError) as refused:
        read(text)
    assert str(refused.value).startswith(f"line {line}: ")
    assert why in str(refused.value)


def test_bytes_that_are_no_text_are_refused_with_their_line() -> None:
    with pytest.raises(ExportError, match=r"^line 2: byte 8 is no utf-8; save the file as UTF-8"):
        read_export("Woche\nM\xe4rz".encode("latin-1"))


def test_a_file_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="an export has at most"):
        read_export(b"x" * (4 * 2**20 + 1))
