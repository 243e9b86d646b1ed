"""The warehouse of the demonstration, and small ones made by hand, opened as reports do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Protocol

import duckdb
import pytest

from reports.build import BuiltReport, build_report
from warehouse import snapshot, store
from warehouse.rows import Answer

DEMO_DAY = date(2021, 6, 25)


class DemoFolder(Protocol):
    """What is needed of the demo that all tests share."""

    @property
    def published(self) -> object: ...


@pytest.fixture(scope="session")
def demo_warehouse(demo: DemoFolder) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published warehouse of the demo."""
    con = snapshot.open_published(demo.published, DEMO_DAY)  # type: ignore[arg-type]
    yield con
    con.close()


@pytest.fixture(scope="session")
def demo_report(demo_warehouse: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> BuiltReport:
    """The report of the demo, self-contained."""
    return build_report(demo_warehouse, as_of=DEMO_DAY, out=tmp_path_factory.mktemp("reports") / "2021-06-25")


@pytest.fixture(scope="session")
def warehouse_of(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., duckdb.DuckDBPyConnection]]:
    """Publish a warehouse of these answers and open it: `warehouse_of(answers, as_of)`."""
    opened: list[duckdb.DuckDBPyConnection] = []

    def make(answers: Iterable[Answer], as_of: date = DEMO_DAY) -> duckdb.DuckDBPyConnection:
        folder = tmp_path_factory.mktemp("warehouse")
        moment = datetime(as_of.year, as_of.month, as_of.day, 23, tzinfo=UTC)
        with store.open_warehouse(folder / "warehouse.duckdb") as con:
            store.begin_run(con, run_id="r1", flow="nightly", as_of=as_of, started_at=moment, program_version="test")
            store.save_answers(con, "r1", answers)
            store.finish_run(con, "r1", finished_at=moment, status="succeeded", error=None)
            snapshot.publish(con, folder / "published.duckdb")
        opened.append(snapshot.open_published(folder / "published.duckdb", as_of))
        return opened[-1]

    yield make
    for con in opened:
        con.close()
