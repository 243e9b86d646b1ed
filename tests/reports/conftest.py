"""A warehouse made of the recordings of the demonstration's day, and small ones made by hand."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.replay.synthetic_interest import made_up_timeline
from warehouse import snapshot, store
from warehouse.rows import (
    Answer,
    Break,
    Commit,
    Download,
    FrameworkEntry,
    PackageEntry,
    Release,
    RepositoryTotal,
    Row,
    SearchPoint,
    StarDay,
)

RECORDINGS = Path(__file__).parents[2] / "flows" / "replay" / "recordings"
DEMO_DAY = date(2021, 6, 25)
COLLECTED = datetime(2021, 6, 25, 23, tzinfo=UTC)
FRAMEWORKS = (
    FrameworkEntry("tensorflow", "TensorFlow", 0, "tensorflow/tensorflow", "/g/11bwp1s2k3", "topic"),
    FrameworkEntry("pytorch", "PyTorch", 1, "pytorch/pytorch", "/g/11gd3905v1", "topic"),
    FrameworkEntry("keras", "Keras", 2, "keras-team/keras", "/g/11c1r2rvnp", "topic"),
)
PACKAGES = (
    PackageEntry("tensorflow", "tensorflow", "counted", None, "Alternatives."),
    PackageEntry("pytorch", "torch", "counted", None, ""),
    PackageEntry("keras", "keras", "counted", None, ""),
)
BREAKS = (
    Break(
        "top_pypi_packages", "pypi_downloads", date(2021, 1, 4), "loss",
        "The old table of downloads loses rows until April 2021", "hugovk/top-pypi-packages#19",
        ends_on=date(2021, 4, 30),
    ),
)  # fmt: skip


def rows_of(name: str) -> Iterator[dict[str, str]]:
    with gzip.open(RECORDINGS / name, "rt", newline="") as file:
        yield from csv.DictReader(file)


def answer(source: str, entity: str, rows: Any, at: datetime = COLLECTED, **more: Any) -> Answer:
    return Answer(source, entity, more.pop("request", "{}"), at, tuple(rows), **more)


def config_answers(frameworks: tuple[FrameworkEntry, ...], packages: tuple[PackageEntry, ...]) -> list[Answer]:
    return [
        answer("config", "frameworks", frameworks, replaces_all=True),
        answer("config", "packages", packages, replaces_all=True),
    ]


def demo_answers() -> Iterator[Answer]:
    """What the demonstration's night collects, straight from the recordings, with four made-up draws."""
    yield from config_answers(FRAMEWORKS, PACKAGES)
    yield answer("config", "breaks", BREAKS, replaces_all=True)
    for entry in FRAMEWORKS:
        yield answer("git", entry.repository, _commits(entry.repository), replaces_all=True)
        yield answer("github", entry.repository, _stars(entry.repository), replaces_all=True)
        yield answer("github", entry.repository, _totals(entry.repository))
    for package in PACKAGES:
        yield answer("top_pypi_packages", package.package, _downloads(package.package))
        yield answer("pypi_index", package.package, _releases(package.package), replaces_all=True)
    terms = [entry.search_query for entry in FRAMEWORKS]
    for draw in range(4):
        at = COLLECTED - timedelta(days=draw)
        yield answer("google_trends", "+".join(terms), search_points(terms, at.date(), draw), at, is_synthetic=True)


def _commits(repository: str) -> Iterator[Commit]:
    with (RECORDINGS / "github/commits/bot_hashes.csv").open(newline="") as file:
        kinds = {row["identity_hash"]: "bot" if row["kind"] == "bot" else "masked" for row in csv.DictReader(file)}
    for row in rows_of(f"github/commits/{repository.replace('/', '_')}.csv.gz"):
        committed = datetime.fromisoformat(row["committer_time_utc"])
        if committed <= COLLECTED:
            author = row["author_hash"]
            yield Commit(
                repository, row["commit_sha"], author, kinds.get(author, "person"),
                datetime.fromisoformat(row["author_time_utc"]), committed, row["is_merge"] == "1",
            )  # fmt: skip


def _counts(repository: str, metric: str) -> Iterator[tuple[date, int]]:
    for row in rows_of("github/series/stars_forks_daily.csv.gz"):
        if row["repo"] == repository and row["metric"] == metric and row["date"] <= DEMO_DAY.isoformat():
            yield date.fromisoformat(row["date"]), int(row["count"])


def _stars(repository: str) -> Iterator[StarDay]:
    counts = dict(_counts(repository, "stars"))
    day = min(counts)
    while day <= DEMO_DAY:
        yield StarDay(repository, day, max(counts.get(day, 0), 0))
        day += timedelta(days=1)


def _totals(repository: str) -> Iterator[RepositoryTotal]:
    stars, forks = (sum(count for _, count in _counts(repository, metric)) for metric in ("stars", "forks"))
    yield RepositoryTotal(repository, DEMO_DAY, stars, forks)


def _downloads(package: str) -> Iterator[Download]:
    for row in rows_of("pypi/top_packages_counts.csv.gz"):
        listed = date.fromisoformat(row["listed_on"])
        if row["package"] == package and listed <= DEMO_DAY:
            end = listed - timedelta(days=1)
            yield Download(package, end - timedelta(days=29), end, 30, "pip", int(row["downloads"]))


def _releases(package: str) -> Iterator[Release]:
    seen: dict[str, datetime] = {}
    for row in rows_of(f"pypi/index_{package}.csv.gz"):
        version = row["filename"].split("-")[1].removesuffix(".tar.gz")
        uploaded = datetime.fromisoformat(row["uploaded_at"])
        if uploaded <= COLLECTED:
            seen[version] = min(uploaded, seen.get(version, uploaded))
    for version, uploaded in seen.items():
        yield Release(package, version, uploaded, not version.replace(".", "").isdigit(), False)


def search_points(terms: list[str], today: date, draw: int) -> Iterator[SearchPoint]:
    """A draw of made-up weekly interest over five years."""
    first = today - timedelta(days=5 * 365)
    points = made_up_timeline(terms, geo="", first=first, last=today, resolution="WEEK", today=today, draw=draw)
    for point in points:
        start = datetime.fromtimestamp(int(point["time"]), UTC).date()
        for term, value, has_data in zip(terms, point["value"], point["hasData"], strict=True):
            partial = bool(point.get("isPartial"))
            yield SearchPoint(term, start, "week", value, value == 0 and has_data, has_data, partial)


Maker = Callable[..., duckdb.DuckDBPyConnection]


@pytest.fixture(scope="session")
def warehouse_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Maker]:
    """Make a published warehouse of answers and open it as reports do."""
    opened: list[duckdb.DuckDBPyConnection] = []

    def make(answers: Any, as_of: date = DEMO_DAY) -> duckdb.DuckDBPyConnection:
        folder = tmp_path_factory.mktemp("warehouse")
        con = store.open_warehouse(folder / "warehouse.duckdb")
        moment = datetime(as_of.year, as_of.month, as_of.day, 23, tzinfo=UTC)
        store.begin_run(con, run_id="r1", flow="nightly", as_of=as_of, started_at=moment, program_version="test")
        store.save_answers(con, "r1", answers)
        store.finish_run(con, "r1", finished_at=moment, status="succeeded", error=None)
        snapshot.publish(con, folder / "published.duckdb")
        con.close()
        opened.append(snapshot.open_published(folder / "published.duckdb", as_of))
        return opened[-1]

    yield make
    for con in opened:
        con.close()


@pytest.fixture(scope="session")
def demo(warehouse_of: Maker) -> duckdb.DuckDBPyConnection:
    """The warehouse of the demonstration's day."""
    return warehouse_of(demo_answers())


Rows = tuple[Row, ...]
