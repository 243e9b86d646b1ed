"""Thirty frameworks from the configuration alone: an overview first, and a page with charts for each group."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace

import duckdb
import pytest

from reports.build import BuiltReport, build_report
from reports.page.groups import groups_of
from tests.reports.conftest import DEMO_DAY

NAMES = [f"Framework {n:02}" for n in range(30)]


@pytest.fixture(scope="module")
def thirty(
    made_up: SimpleNamespace,
    warehouse_of: Callable[..., duckdb.DuckDBPyConnection],
) -> duckdb.DuckDBPyConnection:
    """Every framework is searched for; two have figures of their own."""
    draws = made_up.searches(*[(10 + n, 12 + n) for n in range(30)])
    return warehouse_of([*made_up.configured(*NAMES), draws, *made_up.everything(0), *made_up.everything(17)])


@pytest.fixture(scope="module")
def report(thirty: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> BuiltReport:
    out = tmp_path_factory.mktemp("groups") / "r"
    return build_report(thirty, as_of=DEMO_DAY, out=out, self_contained=False, group=12)


def named(text: str) -> list[str]:
    return sorted(set(re.findall(r"Framework \d\d", text)))


def test_the_overview_has_every_framework_and_leads_to_every_group(report: BuiltReport) -> None:
    page = report.page.read_text(encoding="utf-8")
    assert [path.name for path in report.group_pages] == ["group-1.html", "group-2.html", "group-3.html"]
    assert re.findall(r'<a href="(group-\d\.html)"><bdi>([^<]+)</bdi>', page) == [
        ("group-1.html", "Framework 00 to Framework 09"),
        ("group-2.html", "Framework 10 to Framework 19"),
        ("group-3.html", "Framework 20 to Framework 29"),
    ]
    assert named(page) == NAMES
    assert 'class="plot"' not in page
    assert "No data yet for this signal" not in page
    assert page.count('<td class="num" data-label="12 months">') == 4 * 30, "the figures of all, beside each other"


def test_each_group_has_its_frameworks_alone_and_a_way_back(report: BuiltReport) -> None:
    for place, path in enumerate(report.group_pages):
        page = path.read_text(encoding="utf-8")
        body = page.replace(re.findall(r'<nav class="groups".*?</nav>', page, re.DOTALL)[0], "")
        assert named(body) == NAMES[10 * place : 10 * place + 10]
        assert 'data-chart="search-rolling"' in page
        assert 'href="report.html"' in page
        assert "Only these 10; shares and ranks are among them alone." in page
        for address in re.findall(r'href="([^"#]+)"', page):
            assert address.startswith("data:") or (path.parent / address).is_file(), address
        for anchor in re.findall(r'href="#([^"]+)"', page):
            assert f'id="{anchor}"' in page, anchor


def test_every_number_is_in_one_file_and_another_group_page_is_another_report(
    report: BuiltReport, thirty: duckdb.DuckDBPyConnection
) -> None:
    lines = report.csv.read_text(encoding="utf-8").splitlines()[1:]
    assert {line.partition(",")[0] for line in lines} == {f"f{n}" for n in range(30)}
    again = build_report(thirty, as_of=DEMO_DAY, out=report.folder, self_contained=False, group=12)
    assert again.report_id == report.report_id
    whole = build_report(thirty, as_of=DEMO_DAY, out=report.folder, self_contained=False)
    assert whole.report_id != report.report_id
    assert whole.group_pages == ()
    assert list(report.folder.glob("group-*")) == [], "pages of groups that are no more do not stay"
    build_report(thirty, as_of=DEMO_DAY, out=report.folder, self_contained=False, group=12)


@pytest.mark.parametrize(
    ("size", "sizes"),
    [(None, []), (30, []), (29, [15, 15]), (12, [10, 10, 10]), (8, [7, 8, 7, 8]), (1, [1] * 30)],
)
def test_groups_are_even_and_hold_each_framework_once(report: BuiltReport, size: int | None, sizes: list[int]) -> None:
    groups = groups_of(report.facts, size)
    assert [len(group.keys) for group in groups] == sizes
    assert sorted(key for group in groups for key in group.keys) == sorted(f"f{n}" for n in range(30)) * bool(groups)
