"""The warehouse of the demonstration, and small ones made by hand, opened as reports do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Protocol

import duckdb
import pytest

from reports.build import BuiltReport, build_report
from tests.conftest import open_few_rows
from warehouse.ledger import begin_run, finish_run
from warehouse.publish import snapshot
from warehouse.rows import (
    Answer,
    Break,
    Commit,
    Download,
    FrameworkEntry,
    PackageEntry,
    Release,
    Row,
    SearchPoint,
    StarDay,
)
from warehouse.save import save_answers

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DEMO_DAY = date(2021, 6, 25)
GOLDEN = Path(__file__).parents[1] / "golden"


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
def browser() -> Iterator[Browser]:
    """The Chromium of the machine, started once."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium on the path, and CI has to have one")
        pytest.skip("no Chromium on the path")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        started = playwright.chromium.launch(executable_path=found, args=arguments)
        yield started
        started.close()


@pytest.fixture
def same_as_golden() -> Callable[[str, str], None]:
    """Compares a text with a file of tests/golden; with UPDATE_GOLDEN set (make golden) writes it there instead."""

    def compare(name: str, text: str) -> None:
        if "UPDATE_GOLDEN" in os.environ:
            (GOLDEN / name).write_text(text, encoding="utf-8")
        assert text == (GOLDEN / name).read_text(encoding="utf-8")

    return compare


@pytest.fixture(scope="session")
def warehouse_of(
    tmp_path_factory: pytest.TempPathFactory, empty_folder: Path
) -> Iterator[Callable[..., duckdb.DuckDBPyConnection]]:
    """Publish a warehouse of these answers and open it: `warehouse_of(answers, as_of)`."""
    opened: list[duckdb.DuckDBPyConnection] = []

    def make(answers: Iterable[Answer], as_of: date = DEMO_DAY) -> duckdb.DuckDBPyConnection:
        folder = shutil.copytree(empty_folder, tmp_path_factory.mktemp("warehouse"), dirs_exist_ok=True)
        moment = datetime(as_of.year, as_of.month, as_of.day, 23, tzinfo=UTC)
        with open_few_rows(folder / "warehouse.duckdb") as con:
            begin_run(con, run_id="r1", flow="nightly", as_of=as_of, started_at=moment, program_version="test")
            save_answers(con, "r1", answers)
            finish_run(con, "r1", finished_at=moment, status="succeeded", error=None)
            snapshot.publish(con, folder / "published.duckdb")
        opened.append(snapshot.open_published(folder / "published.duckdb", as_of))
        return opened[-1]

    yield make
    for con in opened:
        con.close()


# ---- figures made up for tests --------------------------------------------------------------------------------------

COLLECTED = datetime(2021, 6, 25, 22, tzinfo=UTC)
FIRST = date(2019, 5, 1)
HOSTILE = (
    "</script><script>alert(1)</script>",
    "'\"><img src=x onerror=alert(1)>",
    "x" * 300,
    "\u202eevil \u0645\u0631\u062d\u0628\u0627",
    "\U0001f600 %{y} {{ 7 * 7 }} {% raw %}",
    "=cmd|'/c calc'!A0",
    '<a href="https://outside.invalid/">here</a>',
    "tab\tand\nline",
)


def answer(service: str, entity: str, *rows: Row, at: datetime = COLLECTED) -> Answer:
    return Answer(service, entity, "{}", at, rows, replaces_all=True)


def configured(*labels: str) -> list[Answer]:
    entries = [
        FrameworkEntry(f"f{n}", label, n, f"owner/repo{n}", f"term{n}", "term") for n, label in enumerate(labels)
    ]
    packages = [PackageEntry(entry.framework, f"package{n}", "counted", None, "") for n, entry in enumerate(entries)]
    return [answer("config", "frameworks", *entries), answer("config", "packages", *packages)]


def days() -> Iterator[date]:
    day = FIRST
    while day < DEMO_DAY:
        yield day
        day += timedelta(days=1)


def everything(position: int, growth: float = 1.0) -> list[Answer]:
    """Two years of figures of every signal for the framework at `position`; the second year is `growth` times."""
    repository, package = f"owner/repo{position}", f"package{position}"
    level = [(day, (position + 1) * (growth if day >= date(2020, 6, 1) else 1.0)) for day in days()]
    stars = [StarDay(repository, day, round(20 * size)) for day, size in level]
    downloads = [Download(package, day, day, 1, "all", round(1000 * size)) for day, size in level]
    commits = [
        Commit(repository, f"{position}-{day}-{n}", f"author{n}-{day.month}", "person", day, False)
        for day, size in level
        for n in range(round(4 * size))
    ]
    return [
        answer("github", repository, *stars),
        answer("clickpy", package, *downloads),
        answer("git", repository, *commits),
    ]


def moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def searches(*levels: tuple[int, int]) -> Answer:
    """One draw: the level of each term in the first and in the second year."""
    weeks = [date(2019, 4, 28) + timedelta(weeks=n) for n in range(111)]
    points = [
        SearchPoint(f"term{n}", week, "week", pair[week >= date(2020, 6, 1)], False, True, False)
        for n, pair in enumerate(levels)
        for week in weeks
    ]
    return answer("google_trends", "+".join(f"term{n}" for n in range(len(levels))), *points)


@pytest.fixture(scope="session")
def made_up() -> SimpleNamespace:
    """Makers of answers: configured, everything, searches, answer, moment."""
    return SimpleNamespace(
        configured=configured, everything=everything, searches=searches, answer=answer, moment=moment
    )


@pytest.fixture(scope="session")
def hostile_report(
    warehouse_of: Callable[..., duckdb.DuckDBPyConnection], tmp_path_factory: pytest.TempPathFactory
) -> BuiltReport:
    bad = HOSTILE[0]
    answers = [
        *configured(*HOSTILE),
        *(made for n in range(len(HOSTILE)) for made in everything(n)),
        searches(*[(10 * n + 10, 10 * n + 12) for n in range(len(HOSTILE))]),
        answer("pypi_index", "package0", Release("package0", "1.0", moment(date(2020, 7, 1)), False, False)),
        answer("config", "breaks", Break("github", "stars", date(2020, 8, 1), bad, bad, bad, entity="f1")),
    ]
    return build_report(warehouse_of(answers), as_of=DEMO_DAY, out=tmp_path_factory.mktemp("hostile") / "r")
