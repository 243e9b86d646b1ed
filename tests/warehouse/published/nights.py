"""What nights may bring, as events of a warehouse with two and a half years of figures of every kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

from warehouse.ledger import begin_run, finish_run
from warehouse.publish import snapshot
from warehouse.rows import Answer, Break, Commit, Download, RepositoryTotal, SearchPoint, StarDay
from warehouse.save import save_answers

FIRST = datetime(2021, 6, 25, 23, tzinfo=UTC)
DAY = timedelta(days=1)
REPOSITORY = "pytorch/pytorch"
LOSS = Break("git", "*", date(2021, 1, 2), "loss", "x", "y")


@dataclass
class Warehouse:
    """A warehouse under way: `at` is the moment of the last night, `known` the last day of which it has figures."""

    con: duckdb.DuckDBPyConnection
    copy: Path
    configured: Callable[..., tuple[Answer, ...]]
    at: datetime = FIRST
    known: date = date(2018, 12, 31)
    frameworks: dict[str, list[str]] = field(default_factory=lambda: {"pytorch": ["torch", "torchvision"]})
    requires: dict[str, tuple[list[str], date | None]] = field(default_factory=dict)
    breaks: tuple[Break, ...] = (LOSS,)
    runs: int = 0

    def save(self, *answers: Answer) -> None:
        """One night with these answers, and what config.toml says."""
        self.runs += 1
        run_id = f"r{self.runs}"
        begin_run(
            self.con, run_id=run_id, flow="nightly", as_of=self.at.date(), started_at=self.at, program_version="t"
        )
        told = Answer("config", "breaks", "{}", self.at, self.breaks, replaces_all=True)
        save_answers(self.con, run_id, [*self.configured(at=self.at, requires=self.requires, **self.frameworks), told])
        save_answers(self.con, run_id, answers)
        finish_run(self.con, run_id, finished_at=self.at, status="ok")

    def days(self, back: int = 2) -> list[date]:
        """Those since the last night, and some that were known."""
        last = self.at.date() - DAY
        first = min(self.known - back * DAY + DAY, last)
        return [first + n * DAY for n in range((last - first).days + 1)]


def downloads(w: Warehouse, package: str, days: list[date], more: int = 0) -> Answer:
    rows = tuple(Download(package, day, day, 1, "all", 90 + day.toordinal() % 17 + more) for day in days)
    return Answer("clickpy", package, f"{days[0]}", w.at, rows, days[0], days[-1])


def commits(w: Warehouse, days: list[date], author: str = "", kind: str = "person") -> Answer:
    rows = []
    for day in days:
        name = author or f"{day.toordinal() % 7}{day.year}"
        rows.append(Commit(REPOSITORY, f"{day}{author}{w.runs}", name, kind, day, day.day == 9))
    return Answer("git", REPOSITORY, f"{w.at}", w.at, tuple(rows), state={"tip": f"{w.at}"})


def stars(w: Warehouse, days: list[date], more: int = 0) -> Answer:
    return Answer(
        "github", REPOSITORY, "{}", w.at, tuple(StarDay(REPOSITORY, day, 5 + day.day % 3 + more) for day in days)
    )


def draw(w: Warehouse) -> Answer:
    sundays = [date(2019, 1, 6) + n * 7 * DAY for n in range(2000) if date(2019, 1, 6) + n * 7 * DAY < w.at.date()]
    weeks = tuple(
        SearchPoint("pytorch", day, "WEEK", 40 + (n * 7 + w.runs) % 23, False, True, False)
        for n, day in enumerate(sundays)
    )
    return Answer("google_trends", "pytorch", "{}", w.at, weeks)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def whole_night(w: Warehouse) -> None:
    new = w.days(0)
    w.save(
        downloads(w, "torch", w.days()),
        downloads(w, "torchvision", w.days()),
        commits(w, new[::2]),
        stars(w, w.days(30)),
        Answer("github", REPOSITORY, "{}", w.at, (RepositoryTotal(REPOSITORY, w.at.date(), 100 + w.runs, 9),)),
        draw(w),
    )
    w.known = max(w.known, new[-1])


def next_night(w: Warehouse) -> None:
    w.at += DAY
    whole_night(w)


def a_night_five_days_later(w: Warehouse) -> None:
    w.at += 5 * DAY
    whole_night(w)


def two_months_later(w: Warehouse) -> None:
    w.at += 62 * DAY
    whole_night(w)


def half_a_night(w: Warehouse) -> None:
    """Only one of two packages: no figure of the framework."""
    w.at += DAY
    w.save(downloads(w, "torch", w.days()))


def nothing_but_the_day(w: Warehouse) -> None:
    w.at += 6 * DAY
    w.save()


def the_same_night_again(w: Warehouse) -> None:
    w.save(draw(w), stars(w, w.days(30)))


def downloads_repaired(w: Warehouse) -> None:
    w.at += DAY
    w.save(downloads(w, "torch", [date(2020, 3, 5), date(2020, 3, 6)], more=40))


def a_new_package_with_a_past(w: Warehouse) -> None:
    w.at += DAY
    w.save(downloads(w, "torch-nightly", [w.known - n * DAY for n in range(40, 3, -1)]))


def another_service_stands_in(w: Warehouse) -> None:
    """For 40 days, of which the next whole night brings figures of the preferred one."""
    w.at += 40 * DAY
    told = [downloads(w, package, w.days(), more=3) for package in ("torch", "torchvision")]
    w.save(*(replace(answer, service="pypistats") for answer in told))


def stars_repaired(w: Warehouse) -> None:
    w.at += DAY
    w.save(stars(w, [date(2020, 5, 1) + n * DAY for n in range(9)], more=7))


def old_work_is_merged(w: Warehouse) -> None:
    """By somebody known and by somebody who was never seen."""
    w.at += DAY
    w.save(commits(w, [w.known - 90 * DAY, w.known], "12021"), commits(w, [w.known - 40 * DAY], "new"))


def somebody_turns_out_to_be_a_machine(w: Warehouse) -> None:
    w.at += DAY
    w.save(commits(w, [w.known], "12020", "bot"))


def a_commit_of_tomorrow(w: Warehouse) -> None:
    """Counted when its day is over."""
    w.at += DAY
    w.save(commits(w, [w.at.date(), w.at.date() + DAY]))


def a_commit_of_1970(w: Warehouse) -> None:
    w.at += DAY
    w.save(commits(w, [date(1970, 1, 1)]))


def a_commit_told_again(w: Warehouse) -> None:
    w.at += DAY
    row = Commit(REPOSITORY, "2019-01-010", "somebody", "person", date(2020, 2, 2), False)
    w.save(Answer("git", REPOSITORY, f"{w.at}", w.at, (row,)))


def the_history_is_another_one(w: Warehouse) -> None:
    w.at += DAY
    w.save(
        Answer(
            "git",
            REPOSITORY,
            f"{w.at}",
            w.at,
            commits(w, [w.known - n * DAY for n in range(0, 800, 5)]).rows,
            replaces_all=True,
        )
    )


def an_answer_is_held_back(w: Warehouse) -> None:
    w.at += DAY
    w.save(downloads(w, "torch", [date(2020, 9, 1)], more=99), commits(w, [w.known - 9 * DAY], "held"))
    w.con.execute(
        "INSERT INTO raw.quarantine SELECT answer_id, run_id, 'x', 'y' FROM raw.answers"
        " WHERE collected_at = ? AND service IN ('git', 'clickpy')",
        [w.at.replace(tzinfo=None)],
    )


def a_known_answer_is_held_back(w: Warehouse) -> None:
    w.con.execute(
        "INSERT INTO raw.quarantine SELECT answer_id, run_id, 'x', 'y' FROM raw.answers WHERE service = 'git' LIMIT 1"
    )


def held_answers_are_let_in(w: Warehouse) -> None:
    w.at += DAY
    w.con.execute("DELETE FROM raw.quarantine")
    w.save()


def a_break_comes(w: Warehouse) -> None:
    w.breaks = (LOSS, Break("pypi", "pypi_downloads", date(2020, 8, 1), "counting", "counted anew", "z"))
    next_night(w)


def a_break_changes(w: Warehouse) -> None:
    w.breaks = (
        *w.breaks[:1],
        Break("pypi", "pypi_downloads", date(2020, 6, 1), "loss", "lost", "z", ends_on=date(2020, 6, 9)),
    )
    next_night(w)


def breaks_go(w: Warehouse) -> None:
    w.breaks = (LOSS,)
    next_night(w)


def a_package_is_required(w: Warehouse) -> None:
    w.requires = {"pytorch": (["lightning"], date(2020, 10, 1))}
    w.at += DAY
    w.save(downloads(w, "lightning", [date(2020, 9, 1) + n * DAY for n in range(200)], more=-80))


def since_another_day(w: Warehouse) -> None:
    w.requires = {"pytorch": (["lightning"], date(2020, 12, 1))}
    next_night(w)


def a_framework_comes(w: Warehouse) -> None:
    w.frameworks = {**w.frameworks, "keras": ["torch"]}
    next_night(w)


def definitions_are_others(w: Warehouse) -> None:
    w.con.execute("UPDATE raw.view_definitions SET definitions_version = definitions_version || '+'")


def a_night_of_an_earlier_day(w: Warehouse) -> None:
    w.at -= 3 * DAY
    w.save(downloads(w, "torch", w.days(9)))


def a_publication_is_killed(w: Warehouse) -> None:
    snapshot.prepare(w.con, w.copy)


ADDING = [
    next_night, a_night_five_days_later, two_months_later, half_a_night, nothing_but_the_day, the_same_night_again,
    downloads_repaired, a_new_package_with_a_past, another_service_stands_in, stars_repaired,
    old_work_is_merged, a_commit_of_tomorrow,
    an_answer_is_held_back, held_answers_are_let_in, a_break_comes, a_break_changes, breaks_go, a_publication_is_killed,
]  # fmt: skip
"""What leaves all that was known as it was, or says itself which months it touches."""

CHANGING = {
    somebody_turns_out_to_be_a_machine: "an author is no person after all",
    a_commit_of_1970: "a new commit has a time that cannot be",
    a_commit_told_again: "a commit is told again",
    the_history_is_another_one: "an answer about commits no longer counts",
    a_known_answer_is_held_back: "an answer about commits no longer counts",
    a_package_is_required: "the configuration is another one",
    a_framework_comes: "the configuration is another one",
    a_night_of_an_earlier_day: "the day lies before that of the last night",
}
"""What makes a night compute everything, and why."""
