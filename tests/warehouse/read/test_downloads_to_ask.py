"""From which day on a night asks for downloads: the last days each night, gaps and losses weekly, a year monthly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta

import duckdb
import pytest

from warehouse.ledger import begin_run
from warehouse.read.state import counted_days, downloads_to_ask
from warehouse.rows import Answer, Break, Download, PackageEntry
from warehouse.save import save_answers

TODAY = date(2026, 3, 2)
BASES = ("all", "without_mirrors")


def ago(days: int) -> date:
    return TODAY - timedelta(days)


class Service:
    """What ClickPy has answered so far; nights are given by how many days ago they were."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self.number = 0

    def answered(
        self,
        nights_ago: int,
        days: Iterable[int],
        *,
        asked_from: int | None = None,
        bases: Iterable[str] = BASES,
        package: str = "torch",
        service: str = "clickpy",
    ) -> str:
        """One night's answers, rows of the days that were so long ago; returns the run_id."""
        at = datetime.combine(ago(nights_ago), time(2, 30), UTC)
        listed = sorted(ago(number) for number in days)
        start = ago(asked_from) if asked_from is not None else min(listed)
        answers = [
            Answer(
                service, package, basis, at, tuple(Download(package, day, day, 1, basis, 50) for day in listed),
                window_start=start, window_end=max(listed, default=start),
            )
            for basis in bases
        ]  # fmt: skip
        return self.told(at, *answers)

    def told(self, at: datetime, *answers: Answer) -> str:
        self.number += 1
        run_id = f"run {self.number}"
        begin_run(self.con, run_id=run_id, flow="nightly", as_of=TODAY, started_at=at, program_version="test")
        save_answers(self.con, run_id, answers)
        return run_id

    def lost(self, *breaks: Break) -> None:
        at = datetime.combine(ago(50), time(2, 30), UTC)
        self.told(at, Answer("config", "breaks", "{}", at, breaks, replaces_all=True))

    def asks(self, *, nightly_days: int = 14, service: str = "clickpy") -> Mapping[str, int]:
        """How many days ago the first day is that tonight asks for."""
        found = downloads_to_ask(
            self.con, service=service, last_day=ago(1), today=TODAY, nightly_days=nightly_days, compare_days=400
        )
        return {package: (TODAY - day).days for package, day in found.items()}


@pytest.fixture
def clickpy(con: duckdb.DuckDBPyConnection) -> Service:
    return Service(con)


def test_before_the_first_figure_it_does_not_say(clickpy: Service) -> None:
    assert clickpy.asks() == {}
    clickpy.answered(1, [], asked_from=500)
    assert clickpy.asks() == {}


@pytest.mark.parametrize(("nightly_days", "asked"), [(14, 15), (1, 2), (180, 181)])
def test_each_night_asks_the_last_days_again(clickpy: Service, nightly_days: int, asked: int) -> None:
    clickpy.answered(1, range(2, 500))
    assert clickpy.asks(nightly_days=nightly_days) == {"torch": asked}


def test_it_counts_from_the_newest_day_of_the_basis_that_lags(clickpy: Service) -> None:
    clickpy.answered(1, range(2, 500), bases=["all"])
    clickpy.answered(1, range(20, 500), bases=["without_mirrors"])
    assert clickpy.asks() == {"torch": 33}


def test_days_without_any_download_at_the_end_are_asked_from_the_last_with_some(
    clickpy: Service, con: duckdb.DuckDBPyConnection
) -> None:
    clickpy.answered(1, range(2, 500))
    con.execute("UPDATE raw.pypi_downloads SET downloads = 0 WHERE period_start > ?", [ago(40)])
    assert clickpy.asks() == {"torch": 53}
    con.execute("UPDATE raw.pypi_downloads SET downloads = 0")
    assert clickpy.asks() == {"torch": 15}, "mirrors alone came to it"


def test_a_package_that_lacks_a_basis_altogether_begins_anew(clickpy: Service) -> None:
    clickpy.answered(1, range(2, 500), package="keras")
    clickpy.answered(1, range(2, 500), bases=["all"])
    assert clickpy.asks() == {"keras": 15}


@pytest.mark.parametrize(("asked_ago", "is_due"), [(6, False), (7, True), (8, True)])
def test_a_gap_is_asked_again_each_week(clickpy: Service, asked_ago: int, is_due: bool) -> None:
    clickpy.answered(20, range(21, 500))
    clickpy.answered(asked_ago, [*range(asked_ago + 1, 100), *range(103, 110)], asked_from=109)
    clickpy.answered(1, range(2, 16))
    assert clickpy.asks() == {"torch": 15}, "there is no gap yet: an older answer has the days"
    clickpy.answered(20, [*range(21, 100), *range(103, 500)], package="keras")
    clickpy.answered(asked_ago, [*range(asked_ago + 1, 100), *range(103, 110)], asked_from=109, package="keras")
    clickpy.answered(1, range(2, 16), package="keras")
    assert clickpy.asks()["keras"] == (102 if is_due else 15)


def test_a_gap_on_one_basis_is_a_gap(clickpy: Service) -> None:
    clickpy.answered(8, range(9, 500), bases=["all"])
    clickpy.answered(8, [*range(9, 30), *range(33, 500)], bases=["without_mirrors"])
    assert clickpy.asks() == {"torch": 32}


@pytest.mark.parametrize(("last_missing", "asked"), [(366, 366), (367, 22)])
def test_a_gap_is_asked_until_it_is_a_year_old(clickpy: Service, last_missing: int, asked: int) -> None:
    clickpy.answered(8, [*range(9, last_missing), *range(last_missing + 5, 500)])
    assert clickpy.asks() == {"torch": asked}


def test_an_answer_that_is_held_back_was_not_asked(clickpy: Service, con: duckdb.DuckDBPyConnection) -> None:
    clickpy.answered(8, [*range(9, 30), *range(33, 500)])
    run_id = clickpy.answered(1, range(2, 40))
    assert clickpy.asks() == {"torch": 15}
    con.execute(
        "INSERT INTO raw.quarantine SELECT answer_id, ?, 'c', 'r' FROM raw.run_answers WHERE run_id = ?", [run_id] * 2
    )
    assert clickpy.asks() == {"torch": 32}


LOSS = {"break_source": "pypi", "metric": "pypi_downloads", "what_changed": "w", "evidence": "e"}


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        (Break(effective_on=ago(90), ends_on=ago(80), kind="loss", **LOSS), 90),
        (Break(effective_on=ago(90), kind="suspected", **LOSS | {"break_source": "clickpy"}), 90),
        (Break(effective_on=ago(90), ends_on=ago(80), kind="own", **LOSS), 90),
        (Break(effective_on=ago(90), ends_on=ago(80), kind="loss", entity="torch", **LOSS), 90),
        (Break(effective_on=ago(90), ends_on=ago(80), kind="loss", entity="pytorch", **LOSS), 90),
        (Break(effective_on=ago(800), ends_on=ago(366), kind="loss", **LOSS), 366),
        (Break(effective_on=ago(800), ends_on=ago(367), kind="loss", **LOSS), 22),
        (Break(effective_on=ago(90), kind="own", **LOSS), 22),
        (Break(effective_on=ago(90), ends_on=ago(80), kind="counting", **LOSS), 22),
        (Break(effective_on=ago(90), ends_on=ago(80), kind="loss", entity="keras", **LOSS), 22),
        (Break(effective_on=ago(90), kind="suspected", **LOSS | {"break_source": "pypistats"}), 22),
        (Break(effective_on=ago(90), ends_on=ago(80), kind="loss", **LOSS | {"metric": "stars"}), 22),
        (Break(effective_on=ago(0), ends_on=ago(-9), kind="loss", **LOSS), 22),
    ],
)
def test_days_known_or_suspected_to_be_lost_are_asked_each_week(clickpy: Service, known: Break, asked: int) -> None:
    at = datetime.combine(ago(50), time(2, 30), UTC)
    entry = PackageEntry("pytorch", "torch", "counted", None, "")
    clickpy.told(at, Answer("config", "packages", "{}", at, (entry,), replaces_all=True))
    clickpy.lost(known)
    clickpy.answered(8, range(9, 500))
    assert clickpy.asks() == {"torch": asked}
    clickpy.answered(6, range(7, asked + 1))
    assert clickpy.asks() == {"torch": 20}, "within a week of asking for them they are left alone"


@pytest.mark.parametrize(("asked_ago", "asked"), [(29, 43), (30, 400), (31, 400)])
def test_every_thirty_days_the_last_four_hundred_are_compared(clickpy: Service, asked_ago: int, asked: int) -> None:
    clickpy.answered(asked_ago, range(asked_ago + 1, 1000))
    assert clickpy.asks() == {"torch": asked}


def test_comparing_is_what_reached_four_hundred_days_back_when_it_was_asked(clickpy: Service) -> None:
    clickpy.answered(90, range(91, 1000))
    clickpy.answered(20, range(21, 21 + 400))
    clickpy.answered(1, range(2, 30))
    assert clickpy.asks() == {"torch": 15}
    clickpy.answered(90, range(91, 1000), package="keras")
    clickpy.answered(20, range(21, 21 + 399), package="keras")
    clickpy.answered(1, range(2, 30), package="keras")
    assert clickpy.asks()["keras"] == 400


def test_nothing_before_the_first_day_ever_asked_for(clickpy: Service) -> None:
    clickpy.answered(35, range(36, 60), asked_from=70)
    clickpy.answered(1, range(2, 40))
    assert clickpy.asks() == {"torch": 70}
    clickpy.answered(1, range(2, 60), asked_from=70)
    assert clickpy.asks() == {"torch": 15}


def test_a_pause_of_months_is_asked_for_whole(clickpy: Service) -> None:
    clickpy.answered(25, range(126, 500))
    assert clickpy.asks() == {"torch": 139}


def test_services_and_packages_do_not_mix(clickpy: Service) -> None:
    clickpy.answered(1, range(2, 500))
    clickpy.answered(1, range(9, 181), package="__all__", service="pypistats")
    clickpy.answered(1, range(30, 500), package="keras")
    assert clickpy.asks() == {"torch": 15, "keras": 43}
    assert clickpy.asks(service="pypistats") == {"__all__": 22}


def test_the_days_of_the_control_are_those_with_any_download(clickpy: Service, con: duckdb.DuckDBPyConnection) -> None:
    at = datetime.combine(TODAY, time(2, 30), UTC)
    rows = tuple(Download("__all__", ago(n), ago(n), 1, "all", n - 2) for n in (2, 3, 5))
    clickpy.told(at, Answer("pypistats", "__all__", "{}", at, rows))
    assert counted_days(con, service="pypistats", entity="__all__") == {ago(3), ago(5)}
    assert counted_days(con, service="clickpy", entity="__all__") == frozenset()
