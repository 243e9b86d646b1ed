"""What the estimate of search interest is worth: its range against the truth, of simulated and of real draws."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from statistics import fmean

import duckdb
import pytest

from tests.bench.search_estimate import Bench, changes, left_out, simulated
from tests.conftest import ROOT
from warehouse.rows import Answer, SearchPoint

SERIES = ROOT / "tests/fixtures/series"


@pytest.fixture
def bench(con: duckdb.DuckDBPyConnection) -> Bench:
    return Bench(con)


@pytest.mark.parametrize(("draws", "half_at_20"), [(1, 1.8), (3, 1.05), (7, 0.7)])
def test_the_range_holds_the_truth_in_95_of_100_weeks_at_every_level(
    bench: Bench, draws: int, half_at_20: float
) -> None:
    scores = simulated(bench, draws, repeats=1)
    assert 0.93 < fmean(score.coverage for score in scores.values()) < 0.985
    assert all(0.9 < score.coverage <= 1 for score in scores.values()), scores
    assert scores["level 20"].half_width < half_at_20, "twice the noise, by the root of the draws"
    assert scores["level 1"].half_width < 0.6, "rounding"


def test_real_pulls_that_were_left_out_are_in_the_range_of_the_others(bench: Bench) -> None:
    """The noise of each term is learnt from its own draws: it is half of what one draw has to be taken for."""
    scores = left_out(bench, 2)
    assert len(scores) == 6
    assert 0.93 < fmean(score.coverage for score in scores.values()) < 0.97, scores
    assert all(0.92 < score.coverage < 0.985 for score in scores.values()), scores


@pytest.mark.parametrize("draws", [1, 7])
def test_the_change_of_a_small_term_is_as_sure_as_that_of_a_large_one_beside_a_term_of_its_size(
    bench: Bench, draws: int
) -> None:
    together, anchored = (changes(bench, draws, 1, is_anchored=is_anchored) for is_anchored in (False, True))
    assert together["level 2"].half_width > 5, "rounding, whatever the number of draws"
    assert anchored["level 2"].half_width < 2 / draws**0.4
    assert anchored["level 1"].half_width < 2.5 / draws**0.4
    assert fmean(score.coverage for score in anchored.values()) > 0.8
    assert all(abs(score.error) < 2 * score.half_width for score in anchored.values())


def pull(name: str) -> dict[str, dict[date, int]]:
    with Path(SERIES / f"weekly_5y_worldwide_ai_terms_{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        term: {date.fromisoformat(row["date"]): int(row[term]) for row in rows} for term in rows[0] if term != "date"
    }


def test_pulls_a_week_apart_are_one_series_although_a_week_that_was_not_over_rescaled_one(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], configured: Callable[..., tuple[Answer, Answer]]
) -> None:
    """The factor between them is 1.28: the last week of pull a was not over, and its highest."""
    pulls = {name: pull(f"pull_{name}") for name in "ba"}
    answers = []
    for weeks in pulls.values():
        last = max(weeks["Data Science"])
        at = datetime.combine(last, time(12), UTC) + timedelta(days=2)
        points = [
            SearchPoint(term, start, "WEEK", value, False, True, start == last)
            for term, values in weeks.items()
            for start, value in values.items()
        ]
        answers.append(Answer("google_trends", "+".join(weeks), "{}", at, tuple(points)))
    save(*configured(at=answers[-1].collected_at, **{term: [] for term in pulls["a"]}), *answers)
    found = con.execute(
        "SELECT week_start, interest, interest_low, interest_high, draws FROM core.search_weeks"
        " WHERE framework = 'Machine Learning' ORDER BY week_start"
    ).fetchall()
    told_a, told_b = pulls["a"]["Machine Learning"], pulls["b"]["Machine Learning"]
    starts = sorted({*told_a, *told_b})[:-1]
    assert [row[0] for row in found] == starts, "each week once, but the one that was not over"
    assert [row[4] for row in found] == [1, *[2] * (len(starts) - 2), 1]
    for start, interest, low, high, _ in found:
        told = [*([told_a[start]] if start in told_a else []), *([told_b[start] / 1.28] if start in told_b else [])]
        assert interest == pytest.approx(fmean(told), rel=0.05, abs=1), start
        assert low < interest < high
    assert found[0][1] == pytest.approx(told_b[starts[0]] / 1.28, rel=0.03), "of pull b alone, on the scale of pull a"
