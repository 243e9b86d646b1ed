"""What break detection finds, misses and raises falsely on real series, over the whole length of each.

Run it to see the table: python tests/bench/breaks_on_real_series.py
tests/warehouse/breaks/test_detect.py holds the findings to what they were.
"""

from __future__ import annotations

import csv
import gzip
import random
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
sys.path.insert(0, str(REPOSITORY))

from warehouse.breaks.detect import Jump, Point, find_jumps  # noqa: E402 - run as a script, from anywhere

SERIES = REPOSITORY / "tests" / "fixtures" / "series"
STARS = REPOSITORY / "flows" / "replay" / "recordings" / "github" / "series" / "stars_forks_daily.csv.gz"
Series = dict[str, list[Point]]

# Days on which a source is known to have changed for all series alike, whatever the size of it.
INDEX_BREAKS = {
    date(2018, 7, 26): "collector deployed anew",
    date(2021, 1, 4): "old table loses rows",
    date(2021, 4, 1): "other table, x3",
    date(2021, 11, 22): "three weeks of losses",
    date(2023, 1, 1): "metadata counted, slowly",
    date(2024, 6, 11): "incident, repaired",
    date(2024, 11, 1): "pip alone -> all installers",
    date(2025, 6, 1): "BigQuery -> ClickPy",
    date(2026, 8, 24): "only .whl, .tar.gz, .zip",
}
SEARCH_BREAKS = {
    date(2022, 1, 1): "Google's collection changed",
    date(2025, 8, 3): "AI terms rise together",
    date(2026, 2, 1): "AI terms fall together",
}
STAR_BREAKS = {date(2026, 7, 1): "lists of stargazers closed"}


@dataclass(frozen=True)
class Evaluation:
    """Known days with the jump that found each, known days that were missed, and jumps with no known day."""

    name: str
    first: date
    last: date
    found: Mapping[date, Jump]
    missed: tuple[date, ...]
    false: tuple[Jump, ...]


def window_totals(packages: Iterable[str] = ()) -> Series:
    windows = {row["snapshot_date"]: row for row in _rows("top_pypi_packages_30d_snapshots.csv")}
    wanted, series = set(packages), defaultdict(list)
    for row in _rows("top_pypi_packages_30d.csv"):
        window = windows[row["snapshot_date"]]
        rate = int(row["download_count_30d"]) / int(window["window_days"])
        if not wanted or row["package"] in wanted:
            series[row["package"]].append(Point(_day(window["window_start"]), _day(window["window_end"]), rate))
    return dict(series)


def clickpy_days() -> Series:
    rows = _rows("clickpy_daily_all_installers_2026-03-25_2026-09-27.csv")
    return _daily((row["project"], row["date"], row["count"]) for row in rows)


def pypistats_days() -> Series:
    rows = _rows("pypistats_daily_with_mirrors_2022-07-14_2023-01-10.csv")
    return _daily((row["package"], row["date"], row["downloads"]) for row in rows)


def search_weeks(pull: str) -> Series:
    """Without the last row, a week that was not over."""
    series = defaultdict(list)
    for row in _rows(f"weekly_5y_worldwide_ai_terms_pull_{pull}.csv")[:-1]:
        start = _day(row.pop("date"))
        for term, interest in row.items():
            series[term].append(Point(start, start + timedelta(days=6), float(interest)))
    return dict(series)


def search_days(pull: str) -> Series:
    rows = _rows("daily_90d_worldwide_6terms_3pulls_2025-07.csv")
    return _daily((row["keyword"], row["date"], row["interest_value"]) for row in rows if row["pull"] == pull)


def star_days(metric: str) -> Series:
    with gzip.open(STARS, "rt", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["metric"] == metric]
    return _daily((row["repo"], row["date"], max(0, int(row["count"]))) for row in rows)


def evaluate(name: str, series: Series, known: Mapping[date, str]) -> Evaluation:
    """A jump is right when a known day lies within 28 days of it."""
    jumps = find_jumps(series)
    first = min(point.start for points in series.values() for point in points)
    last = max(point.end for points in series.values() for point in points)
    due = [day for day in known if first <= day <= last]
    found = {day: min(near, key=lambda jump: abs(jump.seen_on - day)) for day in due if (near := _near(jumps, day))}
    false = tuple(jump for jump in jumps if not any(_near([jump], day) for day in due))
    return Evaluation(name, first, last, found, tuple(day for day in due if day not in found), false)


def evaluations() -> list[Evaluation]:
    three = ("tensorflow", "torch", "keras")
    return [
        evaluate("PyPI days, ClickPy, 2 packages", clickpy_days(), INDEX_BREAKS),
        evaluate("PyPI days, pypistats, 3 packages", pypistats_days(), INDEX_BREAKS),
        evaluate("PyPI window totals, 25 packages", window_totals(), INDEX_BREAKS),
        evaluate("PyPI window totals, tracked 3", window_totals(three), INDEX_BREAKS),
        evaluate("Trends weeks, 4 AI terms, pull a", search_weeks("a"), SEARCH_BREAKS),
        evaluate("Trends weeks, 4 AI terms, pull b", search_weeks("b"), SEARCH_BREAKS),
        *(evaluate(f"Trends days, 6 terms, pull {pull}", search_days(pull), SEARCH_BREAKS) for pull in "123"),
        evaluate("GitHub stars a day, 3 repositories", star_days("stars"), STAR_BREAKS),
        evaluate("GitHub forks a day, 3 repositories", star_days("forks"), {}),
    ]


def small_baskets(size: int, count: int) -> tuple[dict[date, int], int]:
    """How many of `count` random baskets of `size` packages find each known day, and how many raise another one."""
    series, draw = window_totals(), random.Random(2021)
    long_ones = sorted(name for name, points in series.items() if len(points) > 140)
    found: dict[date, int] = dict.fromkeys(INDEX_BREAKS, 0)
    with_false = 0
    for _ in range(count):
        names = draw.sample(long_ones, size)
        result = evaluate("", {name: series[name] for name in names}, INDEX_BREAKS)
        with_false += bool(result.false)
        for day in result.found:
            found[day] += 1
    return found, with_false


def raised_over_time(series: Series, known: Mapping[date, str]) -> dict[date, int]:
    """Days raised without a known break, asking at the end of every half-year: in how many of them each is raised."""
    first = min(point.start for points in series.values() for point in points)
    last = max(point.end for points in series.values() for point in points)
    raised: dict[date, int] = {}
    for day in (date(year, month, 1) for year in range(first.year, last.year + 2) for month in (1, 7)):
        until = {name: [point for point in points if point.end < day] for name, points in series.items()}
        if first < day and any(until.values()):
            for jump in evaluate("", {name: own for name, own in until.items() if own}, known).false:
                raised[jump.effective_on] = raised.get(jump.effective_on, 0) + 1
    return raised


def _near(jumps: Iterable[Jump], day: date) -> list[Jump]:
    near = timedelta(days=28)
    return [jump for jump in jumps if jump.effective_on - near <= day <= jump.seen_on + near]


def _rows(name: str) -> list[dict[str, str]]:
    with (SERIES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _daily(rows: Iterable[tuple[str, str, object]]) -> Series:
    series = defaultdict(list)
    for name, day, value in rows:
        series[name].append(Point(_day(day), _day(day), float(str(value))))
    return dict(series)


def _day(text: str) -> date:
    return date.fromisoformat(text)


def main() -> None:
    def told(jump: Jump) -> str:
        agreeing = f"{jump.agreeing}/{len(jump.factors)}"
        return f"{jump.effective_on} x{jump.factor:.2f} (score {jump.score:.1f}, {agreeing})"

    for result in evaluations():
        lines = [f"found   {day}: {told(jump)}" for day, jump in result.found.items()]
        lines += [f"missed  {day}: {(INDEX_BREAKS | SEARCH_BREAKS | STAR_BREAKS)[day]}" for day in result.missed]
        lines += [f"false   {told(jump)}" for jump in result.false]
        print(f"{result.name}, {result.first} to {result.last}")  # noqa: T201 - this is what it is run for
        print(*(f"    {line}" for line in lines or ["nothing known, nothing raised"]), sep="\n")  # noqa: T201
    print("Raised without a known break, asked at the end of every half-year:")  # noqa: T201
    for name, series, known in (
        ("PyPI window totals, tracked 3", window_totals(("tensorflow", "torch", "keras")), INDEX_BREAKS),
        ("PyPI window totals, 25 packages", window_totals(), INDEX_BREAKS),
        ("Trends weeks, pull a", search_weeks("a"), SEARCH_BREAKS),
        ("GitHub stars a day", star_days("stars"), STAR_BREAKS),
    ):
        raised = ", ".join(f"{day} ({times} times)" for day, times in raised_over_time(series, known).items())
        print(f"    {name}: {raised or 'nothing'}")  # noqa: T201
    for size in (2, 3, 5):
        found, false = small_baskets(size, 200)
        counts = ", ".join(f"{day} {count}" for day, count in found.items() if count)
        print(f"200 random baskets of {size} packages: {counts}; with a false one {false}")  # noqa: T201


if __name__ == "__main__":
    main()
