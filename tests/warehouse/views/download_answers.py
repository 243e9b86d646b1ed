"""What the tests of downloads load: answers by the day and totals over windows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from tests.warehouse.conftest import answered
from warehouse.rows import Answer, Download

DAY = timedelta(days=1)
Query = Callable[..., list[tuple[Any, ...]]]


def daily(
    package: str, first: date, days: int, downloads: int = 10, *, service: str = "clickpy", basis: str = "all",
    skip: Iterable[date] = (), at: datetime | None = None,
) -> Answer:  # fmt: skip
    spans = (first + n * DAY for n in range(days))
    rows = tuple(Download(package, day, day, 1, basis, downloads) for day in spans if day not in set(skip))
    collected = at or datetime(2024, 1, 5, 3, tzinfo=UTC)
    return Answer(service, package, f'{{"basis": "{basis}"}}', collected, rows)


def window(
    package: str, first: date, last: date, downloads: int, basis: str = "pip", days: int | None = None
) -> Answer:
    row = Download(package, first, last, days or (last - first).days + 1, basis, downloads)
    return Answer("top_pypi_packages", package, f"{last}", datetime(2024, 1, 5, 3, tzinfo=UTC), (row,))


@pytest.fixture
def loaded(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], configured: Callable[..., tuple[Answer, Answer]]
) -> Callable[..., Query]:
    def load(*answers: Answer, **frameworks: Any) -> Query:
        save(*configured(at=datetime(2024, 1, 5, 3, tzinfo=UTC), **(frameworks or {"pytorch": ["torch"]})), *answers)
        return lambda query, *values: answered(con, query, values)

    return load
