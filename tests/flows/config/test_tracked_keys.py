"""What the keys of [frameworks], [[breaks]], [schedule] and the rest change: in the plan, the warehouse, the page."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.collecting.plan import configuration
from flows.config.mail import Mail, MailList
from flows.config.settings import Identity, Settings, load_settings
from flows.deploy import schedule
from flows.doctor import _disk, _schedule
from flows.mailing.send import page_to_attach
from flows.report_folder import make_report
from flows.sources.git.identities import Identities
from flows.sources.git.mailmap import Mailmap, read_mailmap
from tests.conftest import ROOT
from tests.flows.config.keys import KERAS, NOW, night_of, settings_with, steps_of
from warehouse.ledger import begin_run
from warehouse.publish import snapshot
from warehouse.rows import Answer, Break, Download, FrameworkEntry
from warehouse.save import save_answers

BREAK = {
    "source": "pypi", "metric": "*", "entity": "keras", "effective_on": date(2021, 3, 1), "ends_on": date(2021, 3, 9),
    "what_changed": "counted anew", "evidence": "https://example.com",
}  # fmt: skip
# Key, another value, and what a row of the warehouse calls it.
BREAKS = [
    ("source", "clickpy", "break_source"),
    ("metric", "commits", "metric"),
    ("entity", "torch", "entity"),
    ("effective_on", date(2021, 3, 2), "effective_on"),
    ("ends_on", None, "ends_on"),
    ("what_changed", "lost", "what_changed"),
    ("evidence", "https://example.org", "evidence"),
]
REQUIRED = {**KERAS, "required_by": ["tensorflow"], "required_by_since": date(2021, 1, 1), "label": "Keras"}
TOLD = [
    ("label", "Keras 3", "keras", "label"),
    ("packages_reason", "Because.", "keras", "reason"),
    ("required_by_since", date(2021, 8, 11), "tensorflow", "since"),
]
SHOWN = {
    *(f"breaks.{key}" for key, _, _ in BREAKS),
    *(f"frameworks.{key}" for key, _, _, _ in TOLD),
    *(f"frameworks.{key}" for key in ("packages", "repository", "required_by")),
    *(f"sources.git_history.{key}" for key in ("identities.email", "identities.kind", "mailmap", "apart")),
    *("schedule.cron", "schedule.timezone", "warehouse.data", "report.self_contained", "report.group"),
    *("report.data_files", "report.keep"),  # tests/flows/test_site.py
    "sources.pypi_downloads.nightly_days",
}


def _told(settings: Settings, data: Path) -> list[Any]:
    return [row for answer in configuration(night_of(settings, data)) for row in answer.rows]


@pytest.mark.parametrize(("key", "value", "column"), BREAKS)
def test_the_warehouse_is_told_a_break_as_it_is_given(tmp_path: Path, key: str, value: Any, column: str) -> None:
    for given in (BREAK[key], value):
        settings = settings_with("breaks", [{**BREAK, key: given}])
        (row,) = (row for row in _told(settings, tmp_path) if isinstance(row, Break) and row.kind == "own")
        assert getattr(row, column) == given


@pytest.mark.parametrize(("key", "value", "package", "column"), TOLD)
def test_the_warehouse_is_told_what_the_report_says_of_a_framework(
    tmp_path: Path, key: str, value: Any, package: str, column: str
) -> None:
    for given in (REQUIRED.get(key, ""), value):
        rows = _told(settings_with(f"frameworks.{key}", given, framework=REQUIRED), tmp_path)
        (row,) = (r for r in rows if hasattr(r, column) and getattr(r, "package", package) == package)
        assert getattr(row, column) == given


@pytest.mark.parametrize(
    ("key", "value", "source", "asked"),
    [
        ("packages", ["keras"], "pypi_releases", ["keras"]),
        ("packages", ["keras", "Keras_Core"], "pypi_releases", ["keras", "keras-core"]),
        ("required_by", [], "pypi_downloads", ["keras", "__all__"]),
        ("required_by", ["tensorflow"], "pypi_downloads", ["keras", "tensorflow", "__all__"]),
        ("repository", "keras-team/keras", "github_repository", ["keras-team/keras"]),
        ("repository", "fork/keras", "git_history", ["fork/keras"]),
    ],
)
def test_a_night_asks_for_what_is_tracked(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, key: str, value: Any, source: str, asked: list[str]
) -> None:
    steps = steps_of(settings_with(f"frameworks.{key}", value), tmp_path, con)
    assert [step.entity for step in steps if step.source == source] == asked


def test_a_night_asks_the_last_days_of_downloads_again(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    begun_at = NOW - timedelta(hours=1)
    begin_run(con, run_id="r", flow="nightly", as_of=NOW.date(), started_at=begun_at, program_version="test")
    days = [date(2021, 6, 24) - timedelta(days=ago) for ago in range(400)]
    rows = tuple(Download("keras", day, day, 1, "all", 100) for day in days)
    asked = Answer("clickpy", "keras", "{}", begun_at, rows, window_start=days[-1], window_end=days[0])
    save_answers(con, "r", [asked])
    begun = {}
    for nightly_days in (3, 30):
        steps = steps_of(settings_with("sources.pypi_downloads.nightly_days", nightly_days), tmp_path, con)
        begun[nightly_days] = next(step.window_start for step in steps if step.name == "pypi_downloads keras")
    assert begun == {3: date(2021, 6, 22), 30: date(2021, 5, 26)}


# ---- git -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("email", "kind", "found"),
    [
        ("robot@example.com", "bot", "bot"),
        ("robot@example.com", "masked", "masked"),
        ("x@example.com", "bot", "person"),
    ],
)
def test_an_account_is_what_identities_say(email: str, kind: str, found: str) -> None:
    settings = settings_with("sources.git_history.identities", [Identity(email=email, kind=kind)])
    assert Identities(settings.sources.git_history.identities).kind("R", "robot@example.com") == found


def test_the_mailmap_is_the_file_that_is_named(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(f"Ada <{name}@example.com> <ada@example.com>\n", "utf-8")
        path = _config(tmp_path, '# mailmap    = "mailmap"', f'mailmap = "{name}"')
        mailmap = Mailmap(read_mailmap(load_settings(path).sources.git_history.mailmap))
        assert mailmap.proper("A", "ada@example.com") == ("Ada", f"{name}@example.com")


# ---- when, where, how ------------------------------------------------------------------------------------------------


def _config(folder: Path, old: str, new: str) -> Path:
    text = (ROOT / "config.toml").read_text("utf-8")
    assert old in text
    path = folder / "config.toml"
    path.write_text(text.replace(old, new), "utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "following"),
    [
        ('"30 2 * * *"', '"30 2 * * *"', "2021-06-26 02:30 UTC"),
        ('"30 2 * * *"', '"15 3 * * 1"', "2021-06-28 03:15 UTC"),
        ('"UTC"', '"Europe/Berlin"', "2021-06-26 02:30 CEST"),
    ],
)
def test_the_schedule_is_that_of_the_deployment_and_of_doctor(
    tmp_path: Path, old: str, new: str, following: str
) -> None:
    path = _config(tmp_path, old, new)
    assert new.strip('"') in schedule(str(path)).values()
    assert _schedule(load_settings(path), NOW).found.endswith(following)


@pytest.mark.parametrize("name", ["data", "elsewhere"])
def test_the_data_folder_counts_from_the_file(tmp_path: Path, name: str) -> None:
    settings = load_settings(_config(tmp_path, 'data = "data"', f'data = "{name}"'))
    assert _disk(settings.warehouse.data, NOW).found.endswith(f"free for {tmp_path / name}")


def test_a_page_that_is_self_contained_has_the_chart_library(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    entries = (FrameworkEntry("keras", "Keras", 0, "keras-team/keras", "Keras", "term"),)
    begin_run(con, run_id="r", flow="nightly", as_of=NOW.date(), started_at=NOW, program_version="test")
    save_answers(con, "r", [Answer("config", "frameworks", "{}", NOW, entries, replaces_all=True)])
    snapshot.publish(con, tmp_path / "published.duckdb")
    sizes = {}
    for whole in (True, False):
        settings = settings_with("report.self_contained", whole)
        sizes[whole] = make_report(settings, tmp_path, NOW.date()).page.stat().st_size
        shutil.rmtree(tmp_path / "reports")
    assert sizes[True] > 1_000_000 > sizes[False]


def test_group_gives_many_frameworks_pages_of_their_own_and_whole_where_the_page_is_attached(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    entries = [FrameworkEntry(f"f{n}", f"F{n}", n, f"o/f{n}", f"F{n}", "term") for n in range(5)]
    begin_run(con, run_id="r", flow="nightly", as_of=NOW.date(), started_at=NOW, program_version="test")
    save_answers(con, "r", [Answer("config", "frameworks", "{}", NOW, tuple(entries), replaces_all=True)])
    published = tmp_path / "published.duckdb"
    snapshot.publish(con, published)
    counts = {}
    for group in (2, 3, 5):
        settings = settings_with("report.group", group)
        one_file = settings.report.model_copy(update={"self_contained": True})
        settings = settings.model_copy(update={"report": one_file})
        built = make_report(settings, tmp_path, NOW.date())
        there = sorted(path.name for path in built.folder.glob("group-*"))
        assert there == [path.name for path in built.group_pages], "none is left of more groups"
        counts[group] = len(there)
        team = MailList.model_validate({"name": "a", "recipients": ["ada@example.com"], "attach": "page"})
        attaching = settings.model_copy(update={"mail": Mail.model_construct(lists=(team,))})
        with page_to_attach(attaching, built, published) as page:
            assert "group-1.html" not in page.read_text(encoding="utf-8")
            assert (page == built.page) == (group == 5)
    assert counts == {2: 3, 3: 2, 5: 0}
