"""What has changed since the last report and since four weeks ago, from what those reports said."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from flows.report_folder import record_report
from reports.build import BuiltReport, build_report
from reports.mail.digest import attached_page, digest_of
from reports.mail.message import html, picture_file, text
from reports.since.changes import MOST, changes, since_before, state_of, state_text
from tests.conftest import open_few_rows
from warehouse.catalogue.services import source_of
from warehouse.ledger import begin_run
from warehouse.publish import snapshot
from warehouse.read.report import EarlierReport, SourceAge
from warehouse.rows import Answer, Break
from warehouse.save import save_answers

AS_OF = date(2021, 6, 25)
DAY = timedelta(days=1)
BREAK = Break("github", "stars", date(2021, 6, 20), "counting", "Counted anew", "a post")
Night = Callable[..., BuiltReport]


@pytest.fixture
def night(tmp_path: Path, empty_folder: Path, made_up: SimpleNamespace) -> Night:
    """Saves answers on a day, builds its report from the published copy and records it, as a night does."""
    path = shutil.copytree(empty_folder, tmp_path, dirs_exist_ok=True) / "warehouse.duckdb"

    def run(day: date, *answers: Answer) -> BuiltReport:
        with open_few_rows(path) as con:
            at = datetime(day.year, day.month, day.day, 23, tzinfo=UTC)
            begin_run(con, run_id=str(day), flow="nightly", as_of=day, started_at=at, program_version="test")
            save_answers(con, str(day), answers)
            snapshot.publish(con, tmp_path / "published.duckdb")
            with snapshot.reading_published(tmp_path / "published.duckdb", day) as published:
                built = build_report(published, as_of=day, out=tmp_path / "reports" / str(day))
            record_report(con, built)
        return built

    return run


def page_of(built: BuiltReport) -> str:
    return built.page.read_text(encoding="utf-8").partition('class="since"')[2].partition("</section>")[0]


def test_three_reports_one_after_the_other(night: Night, made_up: SimpleNamespace) -> None:
    answers = [*made_up.configured("Alpha", "Beta"), *made_up.everything(0), *made_up.everything(1, growth=1.5)]
    first = night(AS_OF, *answers, made_up.searches((40, 40), (60, 60)))
    assert first.since == ()
    assert "This is the first report: there is no earlier one to compare it with." in page_of(first)
    assert "This is the first report" in text(digest_of(first, page=attached_page("p")))

    again = night(AS_OF, *answers)
    assert (again.since, again.report_id) == ((), first.report_id), "the report of the same day is no earlier one"

    second = night(AS_OF + 2 * DAY)
    assert [(item.day, item.texts) for item in second.since] == [(AS_OF, ())]
    assert "Since the report of 25 June 2021" in page_of(second)
    assert "No verdict, break or source has changed." in page_of(second)

    at = datetime(2021, 7, 23, 12, tzinfo=UTC)
    third = night(AS_OF + 28 * DAY, made_up.answer("config", "breaks", BREAK, at=at))
    last, four_weeks = third.since
    assert (last.day, four_weeks.day) == (AS_OF + 2 * DAY, AS_OF)
    assert last.texts == four_weeks.texts
    new_break = "New break in stars, 20 June 2021: Counted anew"
    assert new_break in last.texts
    assert "Git history, Alpha and Beta: stale, no news" in last.texts
    digest = digest_of(third, page=attached_page("p"))
    for said in (page_of(third), text(digest).replace("\n  ", " "), html(digest, picture_source=picture_file)):
        assert new_break in said
    assert {row.verdict for row in third.summary if row.signal.key == "stars"} == {"not comparable"}
    assert "Beta, stars: not comparable, was up" in last.texts


def test_the_record_says_what_the_page_said_and_stands_in_the_published_copy(
    night: Night, made_up: SimpleNamespace, tmp_path: Path
) -> None:
    built = night(AS_OF, *made_up.configured("Alpha"), *made_up.everything(0))
    night(AS_OF + DAY)
    with duckdb.connect(str(tmp_path / "published.duckdb"), read_only=True) as con:
        told = con.execute("SELECT as_of, artefact, said FROM report_issues ORDER BY artefact DESC").fetchall()
    assert told == [
        (AS_OF, "report.html", state_text(state_of(built.facts, built.summary))),
        (AS_OF, "metrics.csv", None),
    ]


# ---- in words -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def report(
    made_up: SimpleNamespace,
    warehouse_of: Callable[..., duckdb.DuckDBPyConnection],
    tmp_path_factory: pytest.TempPathFactory,
) -> BuiltReport:
    answers = [*made_up.configured("Alpha", "Beta"), *made_up.everything(0), *made_up.everything(1)]
    answers.append(made_up.answer("config", "breaks", BREAK))
    return build_report(warehouse_of(answers), as_of=AS_OF, out=tmp_path_factory.mktemp("since") / "r")


def stale(report: BuiltReport, *entities: tuple[str, str]) -> BuiltReport:
    tracked = {("git", "owner/repo0"), ("git", "owner/repo1"), ("clickpy", "package1"), *entities}
    ages = tuple(
        SourceAge(
            source_of(service),
            service,
            entity,
            "x",
            AS_OF,
            99,
            "stale" if (service, entity) in entities else "fresh",
            None,
        )
        for service, entity in sorted(tracked)
    )
    return replace(report, facts=replace(report.facts, ages=ages))


def texts(before: BuiltReport, after: BuiltReport, only: frozenset[str] = frozenset()) -> tuple[str, ...]:
    said = state_text(state_of(before.facts, before.summary))
    facts = replace(after.facts, earlier=(EarlierReport(AS_OF - DAY, said),))
    rows = tuple(row for row in after.summary if not only or row.framework in only)
    return since_before(facts.only(only) if only else facts, rows)[0].texts


def with_verdict(report: BuiltReport, verdict: str) -> BuiltReport:
    rows = [replace(row, verdict=verdict) if row.signal.key == "stars" else row for row in report.summary]  # type: ignore[arg-type]
    return replace(report, summary=tuple(rows))


@pytest.mark.parametrize("verdict", ["up", "down", "no clear change", "not comparable", "no data", "too few to say"])
def test_a_verdict_that_flipped_and_never_one_that_stayed(report: BuiltReport, verdict: str) -> None:
    before, after = with_verdict(report, "up"), with_verdict(report, verdict)
    told = (f"Alpha, stars: {verdict}, was up", f"Beta, stars: {verdict}, was up") if verdict != "up" else ()
    assert texts(before, after) == told
    assert texts(before, after, frozenset({"f1"})) == told[1:]


def test_a_source_that_went_and_one_that_came_back(report: BuiltReport) -> None:
    quiet = stale(report, ("git", "owner/repo0"), ("git", "owner/repo1"), ("clickpy", "package1"))
    assert texts(stale(report), quiet) == (
        "Git history, Alpha and Beta: stale, no news",
        "PyPI downloads, Beta: stale, no news",
    )
    assert texts(quiet, stale(report)) == ("Git history, Alpha and Beta: back", "PyPI downloads, Beta: back")
    assert texts(quiet, stale(report), frozenset({"f0"})) == ("Git history, Alpha: back",)
    assert texts(quiet, quiet) == ()


def test_what_is_no_longer_tracked_does_not_come_back(report: BuiltReport) -> None:
    gone = stale(report, ("git", "owner/of-before"))
    assert texts(gone, stale(report)) == ()
    assert changes(state_of(gone.facts, ()), state_of(stale(report).facts, ()), report.facts, (), ()) == []


def test_a_break_that_was_known_is_not_new_and_one_after_the_period_is(report: BuiltReport) -> None:
    assert report.facts.period.end < BREAK.effective_on, "no chart marks it yet"
    nothing = replace(report, facts=replace(report.facts, breaks=()))
    assert texts(nothing, report) == ("New break in stars, 20 June 2021: Counted anew",)
    assert texts(report, report) == texts(report, nothing) == ()


def test_many_changes_are_told_as_a_number(report: BuiltReport) -> None:
    before = with_verdict(report, "up")
    rows = tuple(
        replace(row, framework=f"{row.framework}{n}", verdict="down" if row.signal.key == "stars" else row.verdict)
        for row in before.summary for n in range(20)
    )  # fmt: skip
    known = tuple(replace(row, verdict="up") if row.signal.key == "stars" else row for row in rows)
    told = texts(replace(before, summary=known), replace(before, summary=rows))
    assert len(told) == MOST
    assert told[-1] == "29 more changes"


def test_a_report_that_wrote_nothing_of_breaks_has_none_to_compare_with(report: BuiltReport) -> None:
    facts = replace(report.facts, earlier=(EarlierReport(AS_OF - DAY, '{"verdicts": {}, "levels": {}, "stale": []}'),))
    assert since_before(facts, report.summary)[0].texts == ()
