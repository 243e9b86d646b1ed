"""Checks through what they are for: what the public views say after a bad night."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from warehouse import checks
from warehouse.ledger import begin_run
from warehouse.rows import Answer, Commit, Download, Release, RepositoryTotal, Row, SearchPoint, StarDay
from warehouse.save import save_answers

FIRST = datetime(2021, 6, 20, 23, tzinfo=UTC)
DAY = timedelta(days=1)
SUNDAY = date(2021, 5, 2)


@pytest.fixture
def night(con: duckdb.DuckDBPyConnection, configured: Callable[..., Any]) -> Callable[..., list[checks.CheckResult]]:
    """Load answers as one night does and check them; returns what did not pass. Nights count from 0."""

    def run(
        number: int, *contents: tuple[str, str, Iterable[Row]], suffix: str = "", **more: Any
    ) -> list[checks.CheckResult]:
        at = FIRST + number * DAY
        run_id = f"night {number}{suffix}"
        begin_run(con, run_id=run_id, flow="nightly", as_of=at.date(), started_at=at, program_version="test")
        answers = [Answer(service, entity, "{}", at, tuple(rows), **more) for service, entity, rows in contents]
        save_answers(con, run_id, [*configured(at=at, pytorch=["torch"]), *answers])
        return [result for result in checks.run_checks(con, run_id) if result.status != "passed"]

    return run


def downloads(
    *counts: int, last: date = date(2021, 6, 10), package: str = "torch", basis: str = "all"
) -> list[Download]:
    days = [last - n * DAY for n in reversed(range(len(counts)))]
    return [Download(package, day, day, 1, basis, count) for day, count in zip(days, counts, strict=True)]


def published(con: duckdb.DuckDBPyConnection, metric: str = "pypi_downloads") -> list[float]:
    query = "SELECT value FROM daily_metrics WHERE metric = ? ORDER BY day"
    return [value for (value,) in con.execute(query, [metric]).fetchall()]


def names(results: list[checks.CheckResult]) -> list[tuple[str, str, str, str]]:
    return [(result.check_name, result.service, result.entity, result.status) for result in results]


def test_a_good_night_passes_every_check_and_says_so(con: duckdb.DuckDBPyConnection, night: Any) -> None:
    assert night(0, ("clickpy", "torch", downloads(5000, 5100, 0))) == []
    assert con.execute("SELECT check_name, source, status FROM quality_checks ORDER BY ALL").fetchall() == [
        (name, "*", "passed") for name in sorted(checks.CHECKS)
    ]
    assert published(con) == [5000, 5100, 0]


def test_what_fails_is_held_back_and_what_was_published_stays(con: duckdb.DuckDBPyConnection, night: Any) -> None:
    night(0, ("clickpy", "torch", downloads(5000, 5100)))
    results = night(
        1, ("clickpy", "torch", downloads(5000, 400)), ("git", "pytorch/pytorch", [commit("a")]), replaces_all=False
    )
    assert names(results) == [("abrupt_revision", "clickpy", "torch", "failed")]
    assert "2021-06-10 from 5100 to 400" in results[0].detail
    assert published(con) == [5000, 5100]
    assert max(published(con, "commits")) == 1
    assert con.execute("SELECT check_name, entity FROM quality_checks WHERE status = 'failed'").fetchall() == [
        ("abrupt_revision", "torch")
    ]
    assert con.execute("SELECT downloads FROM raw.pypi_downloads WHERE downloads = 400").fetchall() == [(400,)]


@pytest.mark.parametrize(
    ("published_before", "revised", "is_held_back"),
    [
        (5000, 10_000, True),
        (5000, 9999, False),
        (5000, 2500, True),
        (5001, 2501, False),
        (5000, 2501, False),
        (1000, 2000, True),
        (999, 5000, False),
    ],
)
def test_doubled_and_halved_are_held_back_the_limit_included(
    night: Any, published_before: int, revised: int, is_held_back: bool
) -> None:
    night(0, ("clickpy", "torch", downloads(published_before)))
    assert bool(night(1, ("clickpy", "torch", downloads(revised)))) is is_held_back


@pytest.mark.parametrize(("days_old", "is_held_back"), [(3, False), (4, True)])
def test_a_day_may_be_revised_until_it_is_four_days_old(night: Any, days_old: int, is_held_back: bool) -> None:
    last = FIRST.date() - days_old * DAY
    night(0, ("clickpy", "torch", downloads(5000, last=last)))
    assert bool(night(1, ("clickpy", "torch", downloads(400, last=last)))) is is_held_back


@pytest.mark.parametrize(("after", "is_held_back"), [(4000, True), (4001, False), (6000, True), (5999, False)])
def test_totals_that_jump_by_a_fifth_are_held_back(night: Any, after: int, is_held_back: bool) -> None:
    night(0, ("github", "pytorch/pytorch", [RepositoryTotal("pytorch/pytorch", FIRST.date(), 5000, 9)]))
    total = RepositoryTotal("pytorch/pytorch", FIRST.date() + DAY, after, 9)
    assert bool(night(1, ("github", "pytorch/pytorch", [total]))) is is_held_back


@pytest.mark.parametrize(("after", "is_held_back"), [(0, True), (4000, True), (4001, False), (6000, True)])
def test_forks_that_jump_are_held_back_as_stars_are(night: Any, after: int, is_held_back: bool) -> None:
    repository = "pytorch/pytorch"
    night(0, ("github", repository, [RepositoryTotal(repository, FIRST.date(), 9000, 5000)]))
    found = night(1, ("github", repository, [RepositoryTotal(repository, FIRST.date() + DAY, 9001, after)]))
    assert [result.detail for result in found] == is_held_back * [f"forks in total from 5000 to {after}"]


@pytest.mark.parametrize(("left", "is_held_back"), [(5, True), (6, False)])
def test_a_history_that_lost_half_of_its_commits_is_held_back(night: Any, left: int, is_held_back: bool) -> None:
    whole = [commit(str(n)) for n in range(10)]
    night(0, ("git", "pytorch/pytorch", whole), replaces_all=True)
    assert bool(night(1, ("git", "pytorch/pytorch", whole[:left]), replaces_all=True)) is is_held_back


@pytest.mark.parametrize(("median", "is_held_back"), [(20, True), (19, False)])
def test_a_gap_is_told_from_twenty_downloads_a_day_on(night: Any, median: int, is_held_back: bool) -> None:
    rows = downloads(median, median, median, median)
    assert bool(night(0, ("clickpy", "torch", [*rows[:2], rows[3]]))) is is_held_back


@pytest.mark.parametrize(("interest", "is_held_back"), [(100, False), (101, True), (0, False), (-1, True)])
def test_search_interest_from_0_to_100_is_let_in(night: Any, interest: int, is_held_back: bool) -> None:
    point = SearchPoint("pytorch", SUNDAY, "WEEK", interest, False, True, False)
    assert bool(night(0, ("google_trends", "pytorch", [point]))) is is_held_back


@pytest.mark.parametrize(("commits", "is_held_back"), [(10, False), (11, True)])
def test_up_to_ten_commits_dated_in_the_future_are_let_in(night: Any, commits: int, is_held_back: bool) -> None:
    rows = [commit(str(n), FIRST + DAY) for n in range(commits)]
    assert bool(night(0, ("git", "pytorch/pytorch", rows))) is is_held_back


LARGEST = 2**63 - 1


@pytest.mark.parametrize("last_count", [LARGEST, 5000])
def test_counts_at_the_end_of_64_bits_do_not_end_a_check(night: Any, last_count: int) -> None:
    night(0, ("clickpy", "torch", downloads(LARGEST, LARGEST, LARGEST)))
    results = night(1, ("clickpy", "torch", downloads(LARGEST, LARGEST, last_count)))
    expected = [] if last_count == LARGEST else [("abrupt_revision", "clickpy", "torch", "failed")]
    assert names(results) == expected


@pytest.mark.parametrize("total", [LARGEST, -LARGEST])
def test_totals_at_the_end_of_64_bits_do_not_end_a_check(night: Any, total: int) -> None:
    night(0, ("github", "pytorch/pytorch", [RepositoryTotal("pytorch/pytorch", FIRST.date(), 5000, 9)]))
    total_now = RepositoryTotal("pytorch/pytorch", FIRST.date() + DAY, total, 9)
    results = night(1, ("github", "pytorch/pytorch", [total_now]))
    assert ("abrupt_revision", "github", "pytorch/pytorch", "failed") in names(results)
    assert all(result.status == "failed" for result in results)


def test_a_check_that_cannot_run_is_reported_and_the_others_run(con: duckdb.DuckDBPyConnection, night: Any) -> None:
    con.execute("ALTER TABLE raw.pypi_releases RENAME TO away")
    results = night(0, ("clickpy", "torch", downloads(50, -1)))
    assert names(results) == [("negative_counts", "clickpy", "torch", "failed"), ("duplicate_keys", "*", "*", "broken")]
    assert "pypi_releases" in results[1].detail
    con.execute("ALTER TABLE raw.away RENAME TO pypi_releases")
    assert night(1, ("clickpy", "torch", downloads(50, 60))) == []
    assert published(con) == [50, 60]


def test_a_revision_that_comes_on_three_days_is_believed(con: duckdb.DuckDBPyConnection, night: Any) -> None:
    night(0, ("clickpy", "torch", downloads(5000, 5100)))
    revised = ("clickpy", "torch", downloads(5000, 400))
    statuses = [names(night(n, revised)) for n in (1, 2, 3, 4)]
    failed = [("abrupt_revision", "clickpy", "torch", "failed")]
    assert statuses == [failed, failed, [("abrupt_revision", "clickpy", "torch", "believed")], []]
    assert published(con) == [5000, 400]


def test_three_runs_on_one_day_count_as_one_day(con: duckdb.DuckDBPyConnection, night: Any) -> None:
    night(0, ("clickpy", "torch", downloads(5000, 5100)))
    revised = ("clickpy", "torch", downloads(5000, 400))
    for again in ("", " again", " and again", " once more"):
        assert names(night(1, revised, suffix=again)) == [("abrupt_revision", "clickpy", "torch", "failed")]
    assert published(con) == [5000, 5100]


def test_a_late_repair_of_a_young_day_is_no_abrupt_revision(con: duckdb.DuckDBPyConnection, night: Any) -> None:
    night(0, ("clickpy", "torch", downloads(5000, 300, last=date(2021, 6, 19))))
    assert night(1, ("clickpy", "torch", downloads(5000, 5100, last=date(2021, 6, 19)))) == []
    assert published(con) == [5000, 5100]


@pytest.mark.parametrize(
    ("service", "rows"),
    [
        ("clickpy", downloads(50, -1)),
        ("clickpy", [Download("torch", date(2021, 6, 1), date(2021, 6, 1), 0, "all", 5)]),
        ("github", [StarDay("pytorch/pytorch", date(2021, 6, 1), -3)]),
        ("github", [RepositoryTotal("pytorch/pytorch", date(2021, 6, 1), 5, -3)]),
        ("google_trends", [SearchPoint("pytorch", SUNDAY, "WEEK", 101, False, True, False)]),
    ],
)
def test_negative_counts_are_held_back_however_often_they_come(
    con: duckdb.DuckDBPyConnection, night: Any, service: str, rows: list[Row]
) -> None:
    for number in range(4):
        assert names(night(number, (service, "pytorch/pytorch", rows))) == [
            ("negative_counts", service, "pytorch/pytorch", "failed")
        ]
    assert con.execute("SELECT count(*) FROM daily_metrics").fetchall() == [(0,)]


def test_a_day_missing_inside_an_answer_is_held_back(con: duckdb.DuckDBPyConnection, night: Any) -> None:
    rows = downloads(50, 60, 70, 80)
    [result] = night(0, ("clickpy", "torch", [*rows[:2], rows[3]]))
    assert names([result]) == [("missing_days", "clickpy", "torch", "failed")]
    assert result.detail == "all of torch: 1 gaps, the first from 2021-06-09"
    assert night(1, ("clickpy", "torch", rows)) == []
    assert published(con) == [50, 60, 70, 80]


def test_a_gap_that_the_source_tells_of_by_two_answers_is_let_in(con: duckdb.DuckDBPyConnection, night: Any) -> None:
    rows = downloads(50, 60, 70, 80)
    assert night(0, ("clickpy", "torch", rows[:2]), ("clickpy", "torch", rows[3:])) == []
    assert published(con) == [50, 60, 80]


def test_a_package_with_few_downloads_may_have_days_without(con: duckdb.DuckDBPyConnection, night: Any) -> None:
    rows = downloads(3, 1, 2, 4)
    assert night(0, ("clickpy", "torch", [*rows[:2], rows[3]])) == []


def test_a_gap_that_was_believed_is_not_found_again(con: duckdb.DuckDBPyConnection, night: Any) -> None:
    rows = downloads(50, 60, 70, 80)
    gap = ("clickpy", "torch", [*rows[:2], rows[3]])
    assert [names(night(n, gap)) != [] for n in range(4)] == [True, True, True, False]
    assert published(con) == [50, 60, 80]


def test_a_missing_week_and_a_missing_day_of_stars_are_found(night: Any) -> None:
    weeks = [SearchPoint("pytorch", SUNDAY + n * 7 * DAY, "WEEK", 50, False, True, False) for n in (0, 2)]
    stars = [StarDay("pytorch/pytorch", SUNDAY + n * DAY, 5) for n in (0, 2)]
    results = night(0, ("google_trends", "pytorch", weeks), ("github", "pytorch/pytorch", stars))
    assert [result.check_name for result in results] == ["missing_days", "missing_days"]


def commit(sha: str, at: datetime = FIRST - 5 * DAY, author: str = "x") -> Commit:
    return Commit("pytorch/pytorch", sha, author, "person", at.date(), False)


def test_a_history_that_lost_most_of_its_commits_is_held_back(con: duckdb.DuckDBPyConnection, night: Any) -> None:
    whole = [commit(str(n)) for n in range(10)]
    night(0, ("git", "pytorch/pytorch", whole), replaces_all=True)
    [result] = night(1, ("git", "pytorch/pytorch", whole[:4]), replaces_all=True)
    assert (result.check_name, result.detail) == ("vanished", "only 4 of the 10 rows known before")
    assert max(published(con, "commits")) == 10


def test_a_night_without_new_commits_is_no_loss(night: Any) -> None:
    night(0, ("git", "pytorch/pytorch", [commit("a")]), replaces_all=True)
    assert night(1, ("git", "pytorch/pytorch", [])) == []


def test_a_package_that_vanishes_is_reported(con: duckdb.DuckDBPyConnection, night: Any) -> None:
    night(0, ("clickpy", "torch", downloads(50, 60)))
    [result] = night(1, ("clickpy", "torch", []))
    assert (result.check_name, result.entity, result.detail) == (
        "vanished", "torch", "no figure any more, 2 rows were known",
    )  # fmt: skip
    assert published(con) == [50, 60]


def test_a_service_that_never_had_the_package_is_no_loss(night: Any) -> None:
    assert night(0, ("clickpy", "torch", []), ("pypistats", "torch", downloads(50, 60))) == []
    assert night(1, ("clickpy", "torch", []), ("pypistats", "torch", downloads(50, 60))) == []


def test_a_term_that_vanishes_from_a_draw_holds_the_draw_back(con: duckdb.DuckDBPyConnection, night: Any) -> None:
    def point(term: str, interest: int, has_data: bool = True) -> SearchPoint:
        return SearchPoint(term, SUNDAY, "WEEK", interest, False, has_data, False)

    night(0, ("google_trends", "pytorch+keras", [point("pytorch", 100), point("keras", 10)]))
    [empty] = night(1, ("google_trends", "pytorch+keras", [point("pytorch", 100), point("keras", 0, False)]))
    [absent] = night(2, ("google_trends", "pytorch+keras", [point("pytorch", 100)]))
    assert empty.detail == absent.detail == "no figure for keras, which had some before"
    assert con.execute("SELECT draws FROM search_interest_weekly").fetchall() == [(1,)]


def test_a_term_that_nobody_searches_in_another_place_is_no_loss(night: Any) -> None:
    def draw(place: str, first: int) -> tuple[list[SearchPoint], dict[str, Any]]:
        shown = {"a": first, "b": 100}
        return [SearchPoint(term, SUNDAY, "WEEK", value, False, value > 0, False) for term, value in shown.items()], {
            "question": {"geo": place, "timeframe": "today 5-y", "match": "term", "category": 0, "property": ""}
        }

    for number, (place, first) in enumerate([("", 50), ("SM", 0), ("", 51), ("", 0)]):
        rows, state = draw(place, first)
        found = names(night(number, ("google_trends", "a+b", rows), state=state))
        assert found == ([] if number < 3 else [("vanished", "google_trends", "a+b", "failed")])


@pytest.mark.parametrize(
    ("service", "rows"),
    [
        ("clickpy", downloads(50, last=date(2021, 6, 21))),
        ("github", [StarDay("pytorch/pytorch", date(2021, 6, 21), 3)]),
        ("github", [RepositoryTotal("pytorch/pytorch", date(2021, 6, 21), 3, 3)]),
        ("google_trends", [SearchPoint("pytorch", date(2021, 6, 27), "WEEK", 10, False, True, True)]),
        ("git", [commit(str(n), FIRST + DAY) for n in range(11)]),
    ],
)
def test_figures_of_days_to_come_are_held_back(night: Any, service: str, rows: list[Row]) -> None:
    assert names(night(0, (service, "e", rows))) == [("clock_skew", service, "e", "failed")]


def test_one_commit_dated_in_the_future_is_no_reason_to_hold_back(con: duckdb.DuckDBPyConnection, night: Any) -> None:
    assert night(0, ("git", "pytorch/pytorch", [commit("a"), commit("b", FIRST + 400 * DAY)])) == []
    assert sum(published(con, "commits")) == 1


@pytest.mark.parametrize(
    ("service", "rows"),
    [
        ("clickpy", [*downloads(50), *downloads(60)]),
        ("github", [StarDay("pytorch/pytorch", SUNDAY, 3), StarDay("pytorch/pytorch", SUNDAY, 4)]),
        ("git", [commit("a"), commit("a", author="y")]),
        ("pypi_index", [Release("torch", "1", FIRST - DAY, False, yanked) for yanked in (False, True)]),
    ],
)
def test_two_figures_for_one_key_are_held_back(night: Any, service: str, rows: list[Row]) -> None:
    assert names(night(0, (service, "e", rows))) == [("duplicate_keys", service, "e", "failed")]


def test_a_total_of_stars_that_jumps_in_a_night_is_held_back(con: duckdb.DuckDBPyConnection, night: Any) -> None:
    night(0, ("github", "pytorch/pytorch", [RepositoryTotal("pytorch/pytorch", FIRST.date(), 5000, 9)]))
    [result] = night(
        1, ("github", "pytorch/pytorch", [RepositoryTotal("pytorch/pytorch", FIRST.date() + DAY, 3000, 9)])
    )
    assert (result.check_name, result.detail) == ("abrupt_revision", "stars in total from 5000 to 3000")
    assert published(con, "stars_total") == [5000]


def test_the_answers_of_a_killed_run_are_checked_by_the_next(con: duckdb.DuckDBPyConnection, night: Any) -> None:
    begin_run(con, run_id="k", flow="nightly", as_of=FIRST.date(), started_at=FIRST, program_version="1")
    save_answers(con, "k", [Answer("clickpy", "torch", "{}", FIRST, tuple(downloads(50, -1)))])
    assert names(night(1)) == [("negative_counts", "clickpy", "torch", "failed")]
    assert published(con) == []


def test_checking_a_run_again_finds_the_same(con: duckdb.DuckDBPyConnection, night: Any) -> None:
    night(0, ("clickpy", "torch", downloads(50, -1)))
    once = con.execute("FROM raw.quarantine").fetchall(), con.execute("FROM raw.check_results ORDER BY ALL").fetchall()
    checks.run_checks(con, "night 0")
    again = con.execute("FROM raw.quarantine").fetchall(), con.execute("FROM raw.check_results ORDER BY ALL").fetchall()
    assert once == again


def test_the_checks_of_an_earlier_day_are_those_of_that_day(con: duckdb.DuckDBPyConnection, night: Any) -> None:
    night(0, ("clickpy", "torch", downloads(50, -1)))
    night(1, ("clickpy", "torch", downloads(50, 60)))
    assert con.execute("SELECT count(*) FROM quality_checks WHERE status = 'failed'").fetchall() == [(0,)]
    con.execute("SET VARIABLE as_of = ?::DATE", [FIRST.date()])
    assert con.execute("SELECT count(*) FROM quality_checks WHERE status = 'failed'").fetchall() == [(1,)]
