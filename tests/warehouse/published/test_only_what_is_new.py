"""Whatever nights bring, and in whatever order: tables that were carried over are those that would be computed anew."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from tests.conftest import open_few_rows
from tests.warehouse.published.nights import (
    ADDING,
    CHANGING,
    DAY,
    FIRST,
    Warehouse,
    a_break_changes,
    a_break_comes,
    a_commit_of_tomorrow,
    a_new_package_with_a_past,
    a_night_five_days_later,
    a_night_of_an_earlier_day,
    a_package_is_required,
    a_publication_is_killed,
    an_answer_is_held_back,
    another_service_stands_in,
    breaks_go,
    definitions_are_others,
    downloads_repaired,
    half_a_night,
    held_answers_are_let_in,
    next_night,
    nothing_but_the_day,
    old_work_is_merged,
    since_another_day,
    stars_repaired,
    the_history_is_another_one,
    the_same_night_again,
    two_months_later,
    whole_night,
)
from warehouse.publish import snapshot
from warehouse.publish.carry import NotCarriedError
from warehouse.publish.evaluate import evaluated
from warehouse.rows import Answer

Tables = dict[str, list[tuple[Any, ...]]]
Event = Callable[[Warehouse], None]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory, empty_warehouse: Path, make_configuration: Any) -> Path:
    """A folder with a warehouse after one night with two and a half years of figures, and its copy."""
    folder = tmp_path_factory.mktemp("begun")
    with open_few_rows(Path(shutil.copy(empty_warehouse, folder / "w.duckdb"))) as con:
        whole_night(Warehouse(con, folder / "p.duckdb", make_configuration))
        snapshot.publish(con, folder / "p.duckdb")
    with duckdb.connect(str(folder / "p.duckdb")) as copy:
        copy.execute("CREATE TABLE raw.mark AS SELECT 1 AS mark")
    return folder


@pytest.fixture
def warehouse(begun: Path, make_configuration: Any, tmp_path: Path) -> Iterator[Warehouse]:
    with opened(begun, tmp_path, make_configuration) as w:
        yield w


@contextmanager
def opened(begun: Path, folder: Path, configured: Callable[..., tuple[Answer, ...]]) -> Iterator[Warehouse]:
    """A copy of what has begun, in `folder`."""
    with open_few_rows(Path(shutil.copy(begun / "w.duckdb", folder / "w.duckdb"))) as con:
        copy = Path(shutil.copy(begun / "p.duckdb", folder / "p.duckdb"))
        yield Warehouse(con, copy, configured, known=FIRST.date() - DAY, runs=1)


def rows_kept(path: Path) -> Tables:
    """Every row of every table of the copy but the mark."""
    with snapshot.open_published(path) as con:
        names = con.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'published' ORDER BY ALL"
        ).fetchall()
        return {
            f"{schema}.{name}": con.execute(f'FROM {schema}."{name}" ORDER BY ALL').fetchall()
            for schema, name in names if name != "mark"
        }  # fmt: skip


def is_marked(path: Path) -> bool:
    """Whether the copy was made of the first one."""
    with snapshot.open_published(path) as con:
        return bool(con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'mark'").fetchall())


def carried_and_computed(w: Warehouse, nights: list[list[Event]]) -> tuple[Tables, Tables]:
    """What the copy holds that was published after each of these nights, and one that is computed whole."""
    for events in nights:
        for event in events:
            event(w)
        snapshot.publish(w.con, w.copy)
    whole = w.copy.with_name("whole.duckdb")
    snapshot.publish(w.con, whole, full=True)
    return rows_kept(w.copy), rows_kept(whole)


@pytest.mark.parametrize(
    "nights",
    [
        [
            [another_service_stands_in],
            [next_night],
            [half_a_night, old_work_is_merged, stars_repaired, a_break_comes],
            [downloads_repaired, breaks_go],
        ],
        [
            [a_commit_of_tomorrow, an_answer_is_held_back],
            [a_break_comes, a_break_changes, a_publication_is_killed, nothing_but_the_day],
            [held_answers_are_let_in, two_months_later, the_same_night_again, a_new_package_with_a_past],
        ],
    ],
)  # fmt: skip
def test_what_is_carried_over_is_what_would_be_computed(warehouse: Warehouse, nights: list[list[Event]]) -> None:
    carried, computed = carried_and_computed(warehouse, nights)
    assert is_marked(warehouse.copy), "nothing was carried over"
    assert carried.keys() == computed.keys()
    assert [name for name in computed if carried[name] != computed[name]] == []


@pytest.mark.slow
@settings(max_examples=2, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate])
@given(nights=st.lists(st.lists(st.sampled_from([*ADDING, *CHANGING]), max_size=3), min_size=1, max_size=4))
@example(
    nights=[
        [a_package_is_required],
        [since_another_day, next_night],
        [the_history_is_another_one],
        [old_work_is_merged],
    ]
)
@example(nights=[[definitions_are_others], [a_night_five_days_later, a_night_of_an_earlier_day], [next_night]])
def test_in_whatever_order_nights_come(
    begun: Path, make_configuration: Any, tmp_path_factory: pytest.TempPathFactory, nights: list[list[Event]]
) -> None:
    with opened(begun, tmp_path_factory.mktemp("nights"), make_configuration) as w:
        carried, computed = carried_and_computed(w, nights)
    assert [name for name in computed if carried[name] != computed[name]] == []


@pytest.mark.parametrize(("event", "why"), CHANGING.items(), ids=[event.__name__ for event in CHANGING])
def test_everything_is_computed_where_something_known_is_another(warehouse: Warehouse, event: Event, why: str) -> None:
    event(warehouse)
    with warehouse.con.cursor() as con:
        con.execute("ATTACH ? AS publishing (READ_ONLY)", [str(warehouse.copy)])
        with pytest.raises(NotCarriedError, match=why), evaluated(con, "w", from_last=True):
            pass


def test_a_view_of_a_part_of_the_figures_has_to_be_made_known(warehouse: Warehouse) -> None:
    """Who adds a view that reads one that is narrowed is not given half of its rows."""
    warehouse.con.execute("CREATE VIEW newest AS SELECT max(day) AS day FROM core.daily")
    with warehouse.con.cursor() as con:
        con.execute("ATTACH ? AS publishing (READ_ONLY)", [str(warehouse.copy)])
        with (
            pytest.raises(NotCarriedError, match=r"main\.newest reads core\.daily"),
            evaluated(con, "w", from_last=True),
        ):
            pass


def test_all_of_it_is_computed_on_demand(warehouse: Warehouse) -> None:
    snapshot.publish(warehouse.con, warehouse.copy, full=True)
    assert not is_marked(warehouse.copy)
