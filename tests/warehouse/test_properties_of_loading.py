"""The same answers twice, in another order or in two halves give identical public views."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.conftest import open_few_rows
from warehouse.ledger import begin_run
from warehouse.publish.evaluate import evaluated
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
from warehouse.save import save_answers

VIEWS = (
    "daily_metrics",
    "monthly_metrics",
    "rolling_12_months",
    "search_interest_weekly",
    "releases",
    "measurement_breaks",
    "freshness",
    "frameworks",
    "revisions",
    "lineage",
)
NIGHT = datetime(2021, 6, 25, 23, tzinfo=UTC)
DAY = timedelta(days=1)

# Few keys and few values, so that answers contradict, repeat and supersede each other all the time.
names = st.sampled_from(["a", "b"])
days = st.integers(0, 40).map(lambda n: date(2021, 5, 20) + n * DAY)
moments = days.map(lambda day: datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
counts = st.integers(0, 3)
flags = st.booleans()

row_types: dict[type[Row], st.SearchStrategy[Any]] = {
    SearchPoint: st.builds(
        SearchPoint, names, st.integers(0, 5).map(lambda n: date(2021, 5, 2) + 7 * n * DAY), st.just("WEEK"),
        st.integers(0, 100), flags, flags, flags,
    ),
    Download: st.builds(
        lambda package, day, length, basis, count: Download(package, day, day + length * DAY, length + 1, basis, count),
        names, days, st.sampled_from([0, 0, 0, 29]), st.sampled_from(["all", "without_mirrors", "pip"]), counts,
    ),
    Release: st.builds(Release, names, st.sampled_from(["1.0", "2.0"]), moments, flags, flags),
    Commit: st.builds(
        Commit, names.map(lambda name: f"{name}/{name}"), st.sampled_from("cdefg"), names,
        st.sampled_from(["person", "bot", "masked"]), days, flags,
    ),
    StarDay: st.builds(StarDay, names.map(lambda name: f"{name}/{name}"), days, counts),
    RepositoryTotal: st.builds(RepositoryTotal, names.map(lambda name: f"{name}/{name}"), days, counts, counts),
    FrameworkEntry: st.builds(
        FrameworkEntry, names, names, counts, names.map(lambda name: f"{name}/{name}"), names, st.just("term")
    ),
    PackageEntry: st.builds(
        PackageEntry, names, names, st.sampled_from(["counted", "requires"]), st.none() | days, st.just("")
    ),
    Break: st.builds(
        Break, st.sampled_from(["*", "pypi", "git"]), st.sampled_from(["*", "commits"]), days, names, names, names
    ),
}  # fmt: skip
services = {
    SearchPoint: ["google_trends"], Download: ["clickpy", "pypistats", "top_pypi_packages"], Release: ["pypi_index"],
    Commit: ["git"], StarDay: ["github"], RepositoryTotal: ["github"], FrameworkEntry: ["config"],
    PackageEntry: ["config"], Break: ["config", "break_detection"],
}  # fmt: skip


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    row_type = draw(st.sampled_from(list(row_types)))
    name = draw(names)
    return Answer(
        service=draw(st.sampled_from(services[row_type])),
        entity=f"{name}/{name}" if row_type in (Commit, StarDay, RepositoryTotal) else name,
        request="{}",
        collected_at=NIGHT + draw(st.integers(-2, 2)) * DAY,
        rows=tuple(draw(st.lists(row_types[row_type], max_size=8))),
        replaces_all=draw(flags),
        is_synthetic=draw(flags),
    )


def views_after(template: Path, folder: Path, *loads: list[Answer]) -> dict[str, list[tuple[Any, ...]]]:
    path = shutil.copy(template, folder / "w.duckdb")
    with open_few_rows(path) as con:
        begin_run(con, run_id="r", flow="nightly", as_of=NIGHT.date() + 3 * DAY, started_at=NIGHT, program_version="t")
        for load in loads:
            save_answers(con, "r", load)
        with evaluated(con, "w"):
            return {view: con.execute(f"FROM evaluation.main.{view} ORDER BY ALL").fetchall() for view in VIEWS}


def tracked(configured: Callable[..., tuple[Answer, Answer]]) -> list[Answer]:
    return list(configured(at=NIGHT - 10 * DAY, a=["a"], b=["b"]))


@pytest.mark.slow
# Few and long examples without shrinking: an example takes a second, so a failure would take minutes to tell about.
@settings(max_examples=6, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
@given(data=st.data(), loaded=st.lists(answers(), min_size=8, max_size=25))
def test_how_answers_are_loaded_does_not_matter(
    empty_warehouse: Path,
    tmp_path_factory: Any,
    make_configuration: Callable[..., tuple[Answer, Answer]],
    data: st.DataObject,
    loaded: list[Answer],
) -> None:
    folder = tmp_path_factory.mktemp("property")
    everything = [*tracked(make_configuration), *loaded]
    once = views_after(empty_warehouse, folder, everything)
    shuffled = data.draw(st.permutations(everything))
    half = data.draw(st.integers(0, len(shuffled)))
    again = views_after(empty_warehouse, folder, shuffled[:half], shuffled[half:], everything)
    assert again == once
