"""Of a whole only what differs from the one before is kept, and every view says of it what it said in full."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.conftest import open_few_rows
from warehouse import PUBLISHED, checks
from warehouse.differences import wholes
from warehouse.ledger import begin_run
from warehouse.open import open_warehouse
from warehouse.publish.snapshot import open_published, publish
from warehouse.rows import Answer, Break, FrameworkEntry, PackageEntry, Release, Row
from warehouse.save import save_answers

FIRST, DAY = datetime(2021, 6, 1, 23, tzinfo=UTC), timedelta(days=1)
VIEWS = ("core.frameworks", "core.framework_packages", "core.breaks", "releases")


def release(number: int, *, yanked: bool = False) -> Release:
    return Release("a", f"1.{number}", FIRST - 400 * DAY + number * DAY, False, yanked)


def version_list(*rows: Row, night: int) -> Answer:
    return Answer("pypi_index", "a", "{}", FIRST + night * DAY, rows, replaces_all=True)


def versions(con: duckdb.DuckDBPyConnection, *, as_of: int | None = None) -> list[tuple[str, bool]]:
    con.execute("SET VARIABLE as_of = ?::DATE", [None if as_of is None else FIRST.date() + as_of * DAY])
    found = con.execute("SELECT version, is_yanked FROM releases ORDER BY ALL").fetchall()
    con.execute("RESET VARIABLE as_of")
    return found


@pytest.fixture
def night(con: duckdb.DuckDBPyConnection, configured: Callable[..., tuple[Answer, ...]]) -> Callable[..., int]:
    """Saves a night's list of versions of the package a; returns how many rows came."""

    def save(number: int, *rows: Row, check: bool = False) -> int:
        at = FIRST + number * DAY
        begin_run(con, run_id=str(number), flow="nightly", as_of=at.date(), started_at=at, program_version="t")
        added = save_answers(con, str(number), [version_list(*rows, night=number)])
        if check:
            checks.run_checks(con, str(number))
        return added

    begin_run(con, run_id="c", flow="nightly", as_of=FIRST.date(), started_at=FIRST, program_version="t")
    save_answers(con, "c", configured(at=FIRST - DAY, a=["a"]))
    return save


def test_one_new_version_is_one_row(con: duckdb.DuckDBPyConnection, night: Callable[..., int]) -> None:
    old = tuple(release(number) for number in range(50))
    assert [night(0, *old), night(1, *old), night(2, *old, release(50)), night(3, *old, release(50))] == [50, 0, 1, 0]
    assert night(4, *old, release(50), release(51)) == 1
    assert [len(versions(con, as_of=number)) for number in range(5)] == [50, 50, 51, 51, 52]
    assert con.execute("SELECT row_count FROM raw.answers WHERE entity = 'a' ORDER BY collected_at").fetchall() == [
        (50,), (50,), (51,), (51,), (52,)
    ]  # fmt: skip


def test_what_goes_and_what_changes_is_told(con: duckdb.DuckDBPyConnection, night: Callable[..., int]) -> None:
    old = tuple(release(number) for number in range(9))
    assert night(0, *old) == 9
    assert night(1, *old[1:]) == 1  # a version that is gone
    assert night(2, *old[1:-1], release(8, yanked=True)) == 2  # one that is withdrawn: no longer so, but so
    assert night(3, *old) == 0  # what was told on the first night, word for word
    assert night(4, *old, release(9)) == 4  # against the last list kept: two changes back, and the new one
    assert night(5) == 0  # no version at all
    assert ("1.0", False) in versions(con, as_of=0)
    assert ("1.0", False) not in versions(con, as_of=1)
    assert len(versions(con, as_of=1)) == len(versions(con, as_of=2)) == 8
    assert versions(con, as_of=2)[-1] == ("1.8", True)
    assert versions(con, as_of=3) == versions(con, as_of=0)
    assert [len(versions(con, as_of=4)), versions(con, as_of=5)] == [10, []]


def test_whatever_comes_and_goes_each_night_tells_its_list(
    con: duckdb.DuckDBPyConnection, night: Callable[..., int]
) -> None:
    chance = random.Random(3)
    told = [[release(n, yanked=chance.random() < 0.1) for n in range(12) if chance.random() < 0.9] for _ in range(30)]
    added = [night(number, *rows) for number, rows in enumerate(told)]
    for number, rows in enumerate(told):
        assert versions(con, as_of=number) == sorted((row.version, row.is_yanked) for row in rows)
    assert sum(added) < sum(map(len, told)) / 2


def test_lists_that_come_together_are_told_apart(con: duckdb.DuckDBPyConnection, night: Callable[..., int]) -> None:
    old = tuple(release(number) for number in range(9))
    night(0, *old)
    longer = [version_list(*old, *(release(n) for n in range(9, 9 + more)), night=more) for more in (1, 2, 3)]
    assert save_answers(con, "0", longer) == 3
    assert [len(versions(con, as_of=number)) for number in range(4)] == [9, 10, 11, 12]


def test_a_list_with_little_in_common_is_kept_in_full(
    con: duckdb.DuckDBPyConnection, night: Callable[..., int]
) -> None:
    assert night(0, *(release(number) for number in range(9))) == 9
    assert night(1, *(release(number) for number in range(7, 12))) == 5
    assert con.execute("FROM raw.content_steps").fetchall() == []
    assert [version for version, _ in versions(con)] == ["1.10", "1.11", "1.7", "1.8", "1.9"]


def test_what_is_built_on_a_list_that_is_held_back_says_all_the_same(
    con: duckdb.DuckDBPyConnection, night: Callable[..., int]
) -> None:
    """A key with two figures is never let in; lists after it are told by what differs from it."""
    old = tuple(release(number) for number in range(20))
    night(0, *old, check=True)
    assert night(1, *old, release(3, yanked=True), check=True) == 1
    assert con.execute("SELECT check_name, reason FROM raw.quarantine").fetchall() == [
        ("duplicate_keys", "1 keys with two figures, the first is a 1.3")
    ]
    assert versions(con) == versions(con, as_of=0)
    assert night(2, *old, release(20), check=True) == 2
    assert len(versions(con)) == 21
    assert con.execute("SELECT count(*) FROM raw.quarantine").fetchall() == [(1,)]


def test_the_published_copy_of_the_night_before_gets_the_difference(
    con: duckdb.DuckDBPyConnection, night: Callable[..., int], tmp_path: Path
) -> None:
    """Each night adds to it what is new; public tables and history alike put the lists together."""
    old, copy = tuple(release(number) for number in range(9)), tmp_path / PUBLISHED
    for number, rows in enumerate((old, (*old, release(9)), (*old[1:], release(9, yanked=True)))):
        night(number, *rows)
        publish(con, copy)
    for day, (count, last) in enumerate([(9, ("1.8", False)), (10, ("1.9", False)), (9, ("1.9", True))]):
        with open_published(copy, FIRST.date() + day * DAY) as reader:
            found = reader.execute("SELECT version, is_yanked FROM releases ORDER BY ALL").fetchall()
        assert (len(found), found[-1]) == (count, last)


def test_a_list_from_before_differences_were_kept_is_the_first_of_them(tmp_path: Path) -> None:
    """Its rows, kept in full, stay what they are; the next list is told by what differs."""
    old, path = version_list(*(release(number) for number in range(9)), night=0), tmp_path / "w.duckdb"
    entries = (
        Answer("config", "f", "{}", FIRST, (FrameworkEntry("a", "A", 0, "a/a", "a", "term"),), replaces_all=True),
        Answer("config", "p", "{}", FIRST, (PackageEntry("a", "a", "counted", None, ""),), replaces_all=True),
    )
    with open_warehouse(path) as con:
        begin_run(con, run_id="r", flow="nightly", as_of=FIRST.date(), started_at=FIRST, program_version="t")
        save_answers(con, "r", [old, *entries])
        con.execute("DROP TABLE raw.content_steps; DELETE FROM raw.migrations WHERE number = 10")
        con.execute("DELETE FROM raw.view_definitions")
        for table in wholes.TABLES - {"claims", "git_people"}:  # they have been kept by difference from the first
            con.execute(f"ALTER TABLE raw.{table} DROP COLUMN is_gone")
    with open_warehouse(path) as con:
        assert len(versions(con)) == 9
        assert save_answers(con, "r", [old]) == 0
        assert save_answers(con, "r", [version_list(*old.rows, release(9), night=1)]) == 1
        assert [len(versions(con, as_of=number)) for number in (0, 1)] == [9, 10]


FEW = st.sampled_from(["a", "b"])
FLAGS = st.booleans()
LISTS: dict[str, st.SearchStrategy[Row]] = {
    "pypi_index": st.builds(
        release, st.integers(0, 6), yanked=FLAGS
    ),
    "break_detection": st.builds(
        Break, st.just("pypi"), st.just("*"), st.sampled_from([date(2021, 1, 1), date(2021, 2, 1)]), FEW, FEW, FEW,
        ends_on=st.none() | st.just(date(2021, 3, 1)),
    ),
    "config": st.builds(PackageEntry, FEW, FEW, st.sampled_from(["counted", "requires"]), st.none(), FEW),
}  # fmt: skip
ALWAYS: dict[str, tuple[Row, ...]] = {
    "pypi_index": tuple(release(number) for number in range(10, 18)),
    "break_detection": tuple(Break("pypi", "*", date(2020, 1, 1), str(n), "x", "y") for n in range(9)),
    "config": tuple(PackageEntry("a", f"p{n}", "counted", None, "") for n in range(9)),
}


@st.composite
def told(draw: st.DrawFn) -> Answer:
    service = draw(st.sampled_from(list(LISTS)))
    rows = (*ALWAYS[service], *draw(st.lists(LISTS[service], max_size=4)))
    moment = FIRST + draw(st.integers(0, 6)) * DAY
    return Answer(service, "a", "{}", moment, rows, replaces_all=draw(st.sampled_from([True, True, True, False])))


@settings(max_examples=6, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
@given(nights=st.lists(st.lists(told(), min_size=1, max_size=3), min_size=2, max_size=9))
def test_views_say_of_differences_what_they_say_of_wholes(
    empty_warehouse: Path, tmp_path_factory: pytest.TempPathFactory, nights: list[list[Answer]]
) -> None:
    folder = tmp_path_factory.mktemp("wholes")
    by_difference = said_of(empty_warehouse, folder / "d.duckdb", nights)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wholes, "rows_to_keep", lambda con, rows, **_: wholes.in_full(rows))
        assert said_of(empty_warehouse, folder / "w.duckdb", nights) == by_difference


def said_of(template: Path, path: Path, nights: list[list[Answer]]) -> list[Any]:
    entry = FrameworkEntry("a", "A", 0, "a/a", "a", "term")
    with open_few_rows(Path(shutil.copy(template, path))) as con:
        begin_run(con, run_id="r", flow="nightly", as_of=FIRST.date(), started_at=FIRST, program_version="t")
        save_answers(con, "r", [Answer("config", "f", "{}", FIRST - DAY, (entry,), replaces_all=True)])
        for answers in nights:
            save_answers(con, "r", answers)
        said = []
        for day in range(7):
            con.execute("SET VARIABLE as_of = ?::DATE", [FIRST.date() + day * DAY])
            said += [con.execute(f"FROM {view} ORDER BY ALL").fetchall() for view in VIEWS]
        return said
