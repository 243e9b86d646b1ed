"""Common jumps: what is found in real series, exactly, and what must never be taken for one."""

from __future__ import annotations

import importlib.util
import math
import random
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warehouse.breaks.detect import Point, find_jumps
from warehouse.breaks.suspected import suspected_breaks
from warehouse.rows import Answer, Break, Download, SearchPoint, StarDay

FIRST = date(2024, 2, 1)
COLLECTED = datetime(2026, 9, 28, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def real() -> ModuleType:
    """tests/bench/breaks_on_real_series.py"""
    path = Path(__file__).parents[2] / "bench" / "breaks_on_real_series.py"
    spec = importlib.util.spec_from_file_location("breaks_on_real_series", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def days(seed: int, count: int = 400, changes: dict[date, float] | None = None, level: float = 20_000) -> list[Point]:
    """Downloads a day as they come: growth, a rhythm of the week, noise; from each day of `changes` times a factor."""
    draw, points = random.Random(seed), []
    for number in range(count):
        day = FIRST + timedelta(days=number)
        value = level * 1.0007**number * (0.55 if day.weekday() >= 5 else 1) * draw.lognormvariate(0, 0.06)
        for start, factor in (changes or {}).items():
            value *= factor if day >= start else 1
        points.append(Point(day, day, value))
    return points


# ---- real series, over their whole length


def test_what_is_found_missed_and_falsely_raised_in_real_series(real: ModuleType) -> None:
    told = {
        result.name: (
            {str(day): (str(jump.effective_on), round(jump.factor, 2)) for day, jump in result.found.items()},
            [str(day) for day in result.missed],
            [str(jump.effective_on) for jump in result.false],
        )
        for result in real.evaluations()
    }
    not_seen = ["2021-11-22", "2023-01-01", "2024-06-11", "2024-11-01", "2025-06-01"]
    assert told == {
        "PyPI days, ClickPy, 2 packages": ({"2026-08-24": ("2026-08-25", 0.52)}, [], []),
        "PyPI days, pypistats, 3 packages": ({}, ["2023-01-01"], []),
        "PyPI window totals, 25 packages": (
            {
                "2018-07-26": ("2018-07-22", 3.38),
                "2021-01-04": ("2021-01-01", 0.67),
                "2021-04-01": ("2021-03-31", 3.52),
            },
            not_seen,
            [],
        ),
        "PyPI window totals, tracked 3": (
            {
                "2018-07-26": ("2018-07-22", 3.96),
                "2021-01-04": ("2021-01-01", 0.66),
                "2021-04-01": ("2021-03-31", 3.26),
            },
            not_seen,
            [],
        ),
        "Trends weeks, 4 AI terms, pull a": (
            {"2025-08-03": ("2025-08-03", 2.15), "2026-02-01": ("2026-02-01", 0.56)},
            ["2022-01-01"],
            [],
        ),
        "Trends weeks, 4 AI terms, pull b": (
            {"2025-08-03": ("2025-08-03", 2.13)},
            ["2022-01-01", "2026-02-01"],  # a single whole week after the fall: raised a week later, in pull a
            [],
        ),
        "Trends days, 6 terms, pull 1": ({}, [], []),
        "Trends days, 6 terms, pull 2": ({}, [], []),
        "Trends days, 6 terms, pull 3": ({}, [], []),
        "GitHub stars a day, 3 repositories": ({}, ["2026-07-01"], []),
        "GitHub forks a day, 3 repositories": ({}, [], []),
    }


def test_what_was_raised_on_the_way_without_a_known_break(real: ModuleType) -> None:
    tracked = real.window_totals(("tensorflow", "torch", "keras"))
    june_2018 = date(2018, 6, 10)  # the fall before the collector was deployed anew: likely true, in no list
    assert set(real.raised_over_time(tracked, real.INDEX_BREAKS)) == {june_2018}
    assert real.raised_over_time(real.search_weeks("a"), real.SEARCH_BREAKS) == {}


def test_small_baskets_of_real_packages_seldom_raise_what_is_not_there(real: ModuleType) -> None:
    found, with_false = real.small_baskets(3, 30)
    assert found[date(2021, 4, 1)] == 30
    assert with_false <= 2


def test_one_package_that_triples_changes_nothing_in_a_real_basket(real: ModuleType) -> None:
    series = real.window_totals()
    usual = [jump.effective_on for jump in find_jumps(series)]
    for name in ("torch", "tensorflow", "jax"):
        tripled = [
            Point(point.start, point.end, point.value * (3 if point.start >= date(2023, 1, 1) else 1))
            for point in series[name]
        ]
        assert [jump.effective_on for jump in find_jumps(series | {name: tripled})] == usual


# ---- made series


@pytest.mark.parametrize("factor", [0.4, 0.66, 1.5, 3.0])
@pytest.mark.parametrize("seed", range(5))
def test_a_common_jump_is_found_and_dated_to_the_day(seed: int, factor: float) -> None:
    day = date(2024, 9, 10) + timedelta(days=seed)
    jumps = find_jumps({f"p{n}": days(seed * 10 + n, changes={day: factor}) for n in range(2)})
    assert [jump.effective_on for jump in jumps] == [day]
    assert jumps[0].factor == pytest.approx(factor, rel=0.08)
    assert jumps[0].agreeing == 2


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**6), factor=st.floats(0.1, 10), count=st.integers(2, 4))
def test_neither_calm_nor_a_change_of_one_series_is_a_break(seed: int, factor: float, count: int) -> None:
    series = {f"p{n}": days(seed + n, 250) for n in range(1, count)}
    series["changed"] = days(seed, 250, {date(2024, 6, 11): factor})
    assert find_jumps(series) == ()


def test_two_series_that_change_on_different_days_are_no_break() -> None:
    series = {"a": days(1, changes={date(2024, 7, 1): 2}), "b": days(2, changes={date(2024, 10, 1): 2})}
    assert find_jumps(series) == ()


def test_opposite_changes_are_no_break() -> None:
    series = {"a": days(1, changes={date(2024, 7, 1): 2}), "b": days(2, changes={date(2024, 7, 1): 0.5})}
    assert find_jumps(series) == ()


def test_two_breaks_are_told_apart() -> None:
    changes = {date(2024, 6, 3): 0.5, date(2024, 9, 2): 2.5}
    jumps = find_jumps({f"p{n}": days(n, changes=changes) for n in range(3)})
    assert [jump.effective_on for jump in jumps] == list(changes)
    assert [jump.factor for jump in jumps] == pytest.approx(list(changes.values()), rel=0.08)


def test_a_jump_is_raised_in_its_second_week_and_dated_exactly_after_four() -> None:
    day = FIRST + timedelta(days=300)
    series = {f"p{n}": days(n, changes={day: 0.5}) for n in range(2)}
    dated = {}
    for age in (6, 14, 28):
        dated[age] = [
            jump.effective_on for jump in find_jumps({name: own[: 300 + age] for name, own in series.items()})
        ]
    assert dated[6] == []
    assert timedelta(days=-7) <= dated[14][0] - day <= timedelta(0)
    assert dated[28] == [day]


def test_missing_days_are_no_zeros() -> None:
    draw = random.Random(7)
    series = {f"p{n}": [point for point in days(n) if draw.random() > 0.2] for n in range(3)}
    assert find_jumps(series) == ()
    hole = (date(2024, 6, 1), date(2024, 6, 25))
    assert find_jumps({f"p{n}": [p for p in days(n) if not hole[0] <= p.start <= hole[1]] for n in range(3)}) == ()


def test_christmas_is_no_break_in_the_first_year_nor_in_the_second() -> None:
    changes = {date(2024, 12, 20): 0.6, date(2025, 1, 6): 1 / 0.6, date(2025, 12, 20): 0.6, date(2026, 1, 6): 1 / 0.6}
    for count in (380, 750):
        assert find_jumps({f"p{n}": days(n, count, changes) for n in range(3)}) == ()


def test_an_index_of_next_to_nothing_is_all_rounding() -> None:
    draw = random.Random(3)
    weeks = [FIRST + timedelta(weeks=number) for number in range(120)]
    tiny = {
        name: [
            Point(week, week + timedelta(days=6), draw.choice([0, 1] if week < weeks[60] else [2, 3])) for week in weeks
        ]
        for name in "abc"
    }
    assert find_jumps(tiny) == ()


def test_nothing_to_look_at() -> None:
    assert find_jumps({}) == ()
    assert find_jumps({"a": [], "b": []}) == ()
    assert find_jumps({"a": days(1, 3), "b": days(2, 3)}) == ()


def test_a_single_series_needs_a_control_that_moves_with_it() -> None:
    day = date(2024, 9, 10)
    alone = {"torch": days(1, changes={day: 0.5})}
    assert find_jumps(alone) == ()
    assert find_jumps(alone, {"all packages": days(2)}) == ()
    (jump,) = find_jumps(alone, {"all packages": days(2, changes={day: 0.6})})
    assert jump.effective_on == day
    assert jump.controls["all packages"] == pytest.approx(0.6, rel=0.08)


def test_whether_a_control_moved_is_told_and_does_not_hide_a_jump() -> None:
    day = date(2024, 9, 10)
    (jump,) = find_jumps({f"p{n}": days(n, changes={day: 2}) for n in range(3)}, {"calm": days(9)})
    assert jump.controls["calm"] == pytest.approx(1, rel=0.08)


# ---- in the warehouse


def downloads(answer: Callable[..., Answer], package: str, points: list[Point], **more: str) -> Answer:
    basis, source = more.get("basis", "all"), more.get("source", "clickpy")
    rows = [Download(package, point.start, point.end, 1, basis, math.floor(point.value)) for point in points]
    return answer(source, package, *rows, at=COLLECTED)


Save = Callable[..., int]
MakeAnswer = Callable[..., Answer]
Configure = Callable[..., tuple[Answer, Answer]]


@pytest.fixture
def two_families(configured: Configure) -> tuple[Answer, Answer]:
    requires = {"keras": (["tensorflow"], date(2021, 8, 11))}
    return configured(
        COLLECTED, requires, tensorflow=["tensorflow", "tensorflow-cpu"], keras=["keras"], pytorch=["torch"]
    )


def test_a_jump_of_all_packages_is_a_suspected_break_with_its_evidence(
    con: duckdb.DuckDBPyConnection, save: Save, answer: MakeAnswer, two_families: tuple[Answer, Answer]
) -> None:
    made = [days(seed, changes={date(2024, 9, 10): 0.5}) for seed in range(5)]
    every = [downloads(answer, name, made[seed]) for seed, name in enumerate(["tensorflow", "keras", "torch"])]
    some = [
        downloads(answer, name, made[seed], basis="without_mirrors") for seed, name in ((3, "tensorflow"), (4, "torch"))
    ]
    save(*two_families, *every, *some)
    (found,) = suspected_breaks(con)
    assert found.break_source == "clickpy"
    assert (found.metric, found.effective_on, found.kind) == ("pypi_downloads", date(2024, 9, 10), "suspected")
    assert found.what_changed == "all series of this source fell together to about 0.51 times their level"
    assert found.evidence.startswith("all: 2 of 2 independent series agree, ")
    assert found.evidence.endswith("control series: none")
    assert suspected_breaks(con) == (found,)


def test_packages_of_no_framework_are_controls_whoever_tells_of_them(
    con: duckdb.DuckDBPyConnection, save: Save, answer: MakeAnswer, two_families: tuple[Answer, Answer]
) -> None:
    day = date(2024, 9, 10)
    halved = [
        downloads(answer, name, days(seed, changes={day: 0.5})) for seed, name in enumerate(("tensorflow", "torch"))
    ]
    everything = downloads(answer, "__all__", days(9), source="pypistats")
    other_basis = downloads(answer, "__all__", days(9), source="pypistats", basis="without_mirrors")
    save(*two_families, *halved, everything, other_basis)
    (found,) = suspected_breaks(con)
    assert found.break_source == "clickpy"
    control, factor = found.evidence.rpartition("control series: ")[2].rsplit(" ", 1)
    assert control == "__all__ of pypistats"
    assert float(factor) == pytest.approx(1, rel=0.08)


def test_a_control_alone_is_no_series_to_suspect(
    con: duckdb.DuckDBPyConnection, save: Save, answer: MakeAnswer, two_families: tuple[Answer, Answer]
) -> None:
    halved = days(9, changes={date(2024, 9, 10): 0.5})
    save(*two_families, downloads(answer, "__all__", halved, source="pypistats"))
    assert suspected_breaks(con) == ()


def test_packages_that_install_each_other_are_one_witness(
    con: duckdb.DuckDBPyConnection, save: Save, answer: MakeAnswer, two_families: tuple[Answer, Answer]
) -> None:
    family = ["tensorflow", "tensorflow-cpu", "keras"]
    grown = [days(seed, changes={date(2024, 9, 10): 2.5}) for seed in range(3)]
    answers = [downloads(answer, name, own) for name, own in zip(family, grown, strict=True)]
    save(*two_families, *answers, downloads(answer, "torch", days(8)))
    assert suspected_breaks(con) == ()


@pytest.mark.parametrize(
    ("source", "metric", "effective_on", "entity", "is_known"),
    [
        ("pypi", "pypi_downloads", date(2024, 9, 8), "*", True),
        ("*", "*", date(2024, 9, 30), "*", True),
        ("pypi", "pypi_downloads", date(2024, 9, 8), "keras", False),
        ("pypi", "pypi_downloads", date(2024, 2, 8), "*", False),
        ("google_trends", "search_interest", date(2024, 9, 8), "*", False),
    ],
)
def test_a_known_break_is_not_suspected_again(
    con: duckdb.DuckDBPyConnection,
    save: Save,
    answer: MakeAnswer,
    two_families: tuple[Answer, Answer],
    source: str,
    metric: str,
    effective_on: date,
    entity: str,
    is_known: bool,
) -> None:
    known = Break(source, metric, effective_on, "counting", "x", "y", entity)
    change = {date(2024, 9, 10): 0.5}
    save(
        *two_families,
        answer("config", "breaks", known, at=COLLECTED, replaces_all=True),
        *(downloads(answer, name, days(n, changes=change)) for n, name in enumerate(["tensorflow", "torch"])),
    )
    assert bool(suspected_breaks(con)) is not is_known


def test_what_was_suspected_last_night_is_suspected_again(
    con: duckdb.DuckDBPyConnection, save: Save, answer: MakeAnswer, two_families: tuple[Answer, Answer]
) -> None:
    change = {date(2024, 9, 10): 0.5}
    both = [downloads(answer, name, days(n, changes=change)) for n, name in enumerate(["tensorflow", "torch"])]
    save(*two_families, *both)
    found = suspected_breaks(con)
    save(answer("break_detection", "breaks", *found, at=COLLECTED, replaces_all=True))
    assert suspected_breaks(con) == found
    rows = con.execute("SELECT source, kind FROM measurement_breaks WHERE kind = 'suspected'").fetchall()
    assert rows == [("clickpy", "suspected")]


@pytest.mark.parametrize("is_synthetic", [True, False])
def test_all_search_terms_together_unless_they_are_made_up(
    con: duckdb.DuckDBPyConnection, save: Save, answer: MakeAnswer, configured: Configure, is_synthetic: bool
) -> None:
    draw = random.Random(5)
    weeks = [date(2024, 2, 4) + timedelta(weeks=number) for number in range(100)]
    points = [
        SearchPoint(
            term, week, "WEEK", round(draw.gauss(30, 1) * (1 if week < date(2025, 8, 3) else 2)), False, True, False
        )
        for term in ("tensorflow", "pytorch", "keras")
        for week in weeks
    ]
    asked = answer("google_trends", "tensorflow+pytorch+keras", *points, at=COLLECTED, is_synthetic=is_synthetic)
    save(*configured(COLLECTED, tensorflow=["tensorflow"], pytorch=["torch"], keras=["keras"]), asked)
    told = [(item.break_source, item.metric, item.effective_on) for item in suspected_breaks(con)]
    assert told == ([] if is_synthetic else [("google_trends", "search_interest", date(2025, 8, 3))])


def test_stars_of_all_repositories_together(
    con: duckdb.DuckDBPyConnection, save: Save, answer: MakeAnswer, configured: Configure
) -> None:
    change = {date(2024, 9, 10): 3.0}
    answers = []
    for seed, name in enumerate(["tensorflow/tensorflow", "pytorch/pytorch"]):
        stars = [StarDay(name, p.start, round(p.value)) for p in days(seed, changes=change, level=60)]
        answers.append(answer("github", name, *stars, at=COLLECTED))
    save(*configured(COLLECTED, tensorflow=["tensorflow"], pytorch=["torch"]), *answers)
    (found,) = suspected_breaks(con)
    assert (found.break_source, found.metric) == ("github", "stars")
    assert abs(found.effective_on - date(2024, 9, 10)) <= timedelta(days=2)


def test_an_empty_warehouse_has_nothing_to_suspect(con: duckdb.DuckDBPyConnection) -> None:
    assert suspected_breaks(con) == ()
