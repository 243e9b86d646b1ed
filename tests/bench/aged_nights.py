"""Years of nights in a warehouse, through the product's own way of saving: what tests/bench/ageing.py measures on.

Each night saves what flows/nightly.py would for config.toml: configuration, an increment of each history, one draw of
262 weeks and three terms with its body, 14 days of four packages on two bases, totals and 30 weeks of stars, release
lists, and the ledger. The first night has the recorded history of the demo's warehouse and 36 months of downloads.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

from flows.collecting.plan import Night, configuration, search_query
from flows.config.settings import load_settings
from warehouse.checks import CHECKS
from warehouse.ledger import begin_run, finish_run, save_report_issue
from warehouse.rows import (
    Answer,
    Break,
    Commit,
    Download,
    Release,
    ReportIssue,
    RepositoryTotal,
    SearchPoint,
    StarDay,
)
from warehouse.save import save_answers

ROOT = Path(__file__).parents[2]
FIRST_NIGHT = date(2021, 6, 25)
COMMITS_A_NIGHT = {"tensorflow/tensorflow": 60, "pytorch/pytorch": 25, "keras-team/keras": 5}
DOWNLOADS_A_DAY = {"tensorflow": 400_000, "tensorflow-cpu": 60_000, "torch": 300_000, "keras": 200_000}
DAY = timedelta(days=1)


class Nights:
    """The answers of each night; the same seed gives the same nights. `demo`: the warehouse of `make demo`."""

    def __init__(self, demo: Path, seed: int = 7) -> None:
        self._demo = duckdb.connect(str(demo), read_only=True)
        self._random = random.Random(seed)
        self._settings = load_settings(ROOT / "config.toml")
        self._terms = [search_query(self._settings, item)[0] for item in self._settings.frameworks.values()]

    def save(self, con: duckdb.DuckDBPyConnection, number: int) -> str:
        """One whole night, counted from 0; returns its run_id."""
        day = FIRST_NIGHT + number * DAY
        at = datetime(day.year, day.month, day.day, 23, tzinfo=UTC)
        run_id = f"{number:032x}"
        begin_run(con, run_id=run_id, flow="nightly", as_of=day, started_at=at, program_version="bench")
        save_answers(con, run_id, self.answers(at, is_first=number == 0))
        con.execute(
            "INSERT INTO raw.check_results BY NAME SELECT ? AS run_id, unnest(?) AS check_name, '*' AS source,"
            " '*' AS service, '*' AS entity, 'passed' AS status, '' AS detail",
            [run_id, list(CHECKS)],
        )
        for artefact in ("report.html", "metrics.csv"):
            save_report_issue(con, ReportIssue(f"{day}-x", day, "abc", artefact, "h" * 64, "q" * 4000))
        finish_run(con, run_id, finished_at=at, status="ok")
        return run_id

    def answers(self, at: datetime, *, is_first: bool) -> Iterator[Answer]:
        yield from configuration(Night(self._settings, ROOT, at, at.date()))
        yield from self._history(at) if is_first else self._increments(at)
        yield from _downloads(at, date(2018, 6, 1) if is_first else at.date() - 14 * DAY)
        yield self._draw(at)
        for repository in COMMITS_A_NIGHT:
            total = RepositoryTotal(repository, at.date(), 100_000 + at.date().toordinal() % 100_000, 50_000)
            yield Answer("github", repository, '{"get": "totals"}', at, (total,), state={"etag": "e" * 64})
        for package in DOWNLOADS_A_DAY:
            releases = self._recorded(
                "SELECT package, version, released_at, is_prerelease, is_yanked FROM raw.pypi_releases"
                " WHERE package = ?", package,
            )  # fmt: skip
            rows = tuple(
                Release(name, version, told.replace(tzinfo=UTC), *more) for name, version, told, *more in releases
            )
            yield Answer("pypi_index", package, '{"path": "/"}', at, rows, replaces_all=True)
        suspected = Break("pypi", "pypi_downloads", date(2020, 8, 1), "suspected", "x", "y")
        yield Answer("break_detection", "breaks", "{}", at, (suspected,), replaces_all=True)

    def _recorded(self, query: str, value: str) -> list[tuple]:  # type: ignore[type-arg]
        return self._demo.execute(query, [value]).fetchall()

    def _history(self, at: datetime) -> Iterator[Answer]:
        for repository in COMMITS_A_NIGHT:
            commits = self._recorded(
                "SELECT repository, commit_key, author_key, author_kind, committed_on, is_merge FROM raw.git_commits"
                " WHERE repository = ?", repository,
            )  # fmt: skip
            rows = tuple(Commit(*row) for row in commits)
            yield Answer("git", repository, '{"since": null}', at, rows, replaces_all=True, state={"tip": "0"})
            days = self._recorded(
                "SELECT DISTINCT ON (day) repository, day, stars_added FROM raw.repository_stars WHERE repository = ?",
                repository,
            )
            yield Answer("github", repository, '{"get": "stars"}', at, tuple(StarDay(*row) for row in days))

    def _increments(self, at: datetime) -> Iterator[Answer]:
        for repository, number in COMMITS_A_NIGHT.items():
            times = [at - DAY * (n + 1) / (number + 1) for n in range(number)]
            rows = tuple(
                Commit(
                    repository,
                    _hash(f"{repository}{at}{n}")[:40],
                    self._author(repository),
                    "person",
                    moment.date(),
                    n % 9 == 0,
                )
                for n, moment in enumerate(times)
            )
            yield Answer("git", repository, json.dumps({"until": str(at)}), at, rows, state={"tip": str(at)})
            monday = at.date() - timedelta(days=210 + at.weekday())
            stars = tuple(
                StarDay(repository, day, 40 + day.toordinal() * 31 % 50)
                for day in (monday + n * DAY for n in range((at.date() - monday).days))
            )
            yield Answer("github", repository, '{"get": "stars", "page": 1}', at, stars)

    def _author(self, repository: str) -> str:
        """A few commit often, many seldom."""
        return _hash(f"{repository}{int(COMMITS_A_NIGHT[repository] * 40 * self._random.random() ** 2.5)}")

    def _draw(self, at: datetime) -> Answer:
        first = at.date() - timedelta(days=5 * 365 + 1)
        first -= timedelta(days=(first.weekday() + 1) % 7)
        weeks = [first + timedelta(weeks=n) for n in range(262)]
        points = tuple(
            SearchPoint(term, week, "WEEK", self._interest(position, week), False, True, week + 7 * DAY > at.date())
            for week in weeks
            for position, term in enumerate(self._terms)
        )
        body = json.dumps([[str(point.bucket_start), point.interest, [True] * 3, "formatted"] for point in points])
        request = json.dumps({"explore": "x" * 300, "widget": f"{weeks[0]} {at.date()}"})
        return Answer("google_trends", "+".join(self._terms), request, at, points, weeks[0], at.date(), body=body)

    def _interest(self, position: int, week: date) -> int:
        season = 1 + 0.3 * math.sin(week.toordinal() / 365 * 2 * math.pi + position)
        return max(0, min(100, round((45 - 12 * position) * season * self._random.gauss(1, 0.04) + 8)))


def _downloads(at: datetime, first: date) -> Iterator[Answer]:
    days = [first + n * DAY for n in range((at.date() - first).days)]
    for package, level in DOWNLOADS_A_DAY.items():
        for basis, share in (("all", 1.0), ("without_mirrors", 0.9)):
            rows = tuple(Download(package, day, day, 1, basis, int(share * _level(level, day))) for day in days)
            yield Answer("clickpy", package, json.dumps({"first": str(first)}), at, rows, first, at.date() - DAY)


def _level(level: int, day: date) -> float:
    age = (day - date(2015, 1, 1)).days
    return level * (1 + age / 2000) * (0.6 if day.weekday() > 4 else 1) * (0.97 + age * 7919 % 100 / 100 * 0.06)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
