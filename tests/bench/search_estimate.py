"""Error and coverage of the search estimate against what is true, for 1, 2, 3, 7 and 30 draws.

Run it to see the tables: python tests/bench/search_estimate.py
tests/warehouse/search/test_estimate.py holds a small part of them.

Simulated draws have the noise measured on repeated requests (4 % of the value) and Google's rounding: each is scaled so
that its highest point is 100, and rounded. Real ones are six terms that were each requested three times.
"""

from __future__ import annotations

import csv
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, zip_longest
from math import log, pi, sin, sqrt
from pathlib import Path
from statistics import fmean

import duckdb

REPOSITORY = Path(__file__).parents[2]
sys.path.insert(0, str(REPOSITORY))

from tests.flows.sources.google.searches import World  # noqa: E402 - run as a script, from anywhere
from warehouse.ledger import begin_run  # noqa: E402 - run as a script, from anywhere
from warehouse.open import open_warehouse  # noqa: E402
from warehouse.read.report import read_search_bands  # noqa: E402
from warehouse.rows import Answer, FrameworkEntry, SearchPoint  # noqa: E402
from warehouse.save import save_answers  # noqa: E402

PULLS = REPOSITORY / "tests/fixtures/series/daily_90d_worldwide_6terms_3pulls_2025-07.csv"
WEEK = timedelta(days=7)
LAST_WEEK = date(2025, 6, 22)
NIGHT = datetime(2025, 7, 1, 3, tzinfo=UTC)
NOISE = 0.04
LEVELS = (1, 2, 5, 10, 20, 50)
DRAWS = (1, 2, 3, 7, 30)
TRENDECON = 428  # requests a keyword

Series = Mapping[str, Sequence[float]]
Estimates = dict[str, list[tuple[float, float, float]]]


@dataclass(frozen=True)
class Score:
    """Of a level and a number of draws: root of the mean squared error, half the range, share of ranges that hold the
    truth."""

    error: float
    half_width: float
    coverage: float


class Bench:
    """One warehouse; each estimate is of a question of its own, so nothing of another one gets into it."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self.questions = 0

    def estimate(self, *draws: Series, beside: Sequence[Mapping[str, Sequence[Series]]] = ()) -> Estimates:
        """Interest, low and high of each term by the week. The draws are of nights that follow one another.

        `beside`: what else was asked in each of these nights, by its role.
        """
        self.questions += 1
        entries = [FrameworkEntry(term, term, n, term, term, "term") for n, term in enumerate(draws[-1])]
        question = {"geo": f"US-{self.questions}"}
        answers = [Answer("config", "frameworks", "{}", NIGHT, tuple(entries), replaces_all=True)]
        for n, (draw, more) in enumerate(zip_longest(draws, beside, fillvalue={})):
            at = NIGHT - timedelta(days=len(draws) - 1 - n) + timedelta(minutes=self.questions)
            for role, asked in {"": [draw], **more}.items():
                answers += [
                    Answer(
                        "google_trends", "+".join(series), f"{self.questions}", at, tuple(_points(series)),
                        state={"question": question, "role": role},
                    )
                    for series in asked
                ]  # fmt: skip
        run_id = str(self.questions)
        begin_run(self.con, run_id=run_id, flow="b", as_of=NIGHT.date(), started_at=NIGHT, program_version="b")
        save_answers(self.con, run_id, answers)
        found: Estimates = defaultdict(list)
        for term, *values in self.con.execute(
            "SELECT framework, interest, interest_low, interest_high FROM core.search_weeks"
            " ORDER BY framework, week_start"
        ).fetchall():
            found[term].append(tuple(values))
        return found


def _points(draw: Series) -> Iterator[SearchPoint]:
    for term, values in draw.items():
        first = LAST_WEEK - WEEK * (len(values) - 1)
        for n, value in enumerate(values):
            yield SearchPoint(term, first + WEEK * n, "WEEK", round(value), 0 < value < 0.5, True, False)


def truth(weeks: int, seed: int) -> dict[str, list[float]]:
    """A term for each level, anywhere within a fifth of it and at least half a step, and one that is the highest."""
    chance = random.Random(seed)
    true = {
        f"level {level}": [level + max(0.5, 0.2 * level) * (2 * chance.random() - 1) for _ in range(weeks)]
        for level in LEVELS
    }
    return {"highest": [88 + 10 * sin(4 * pi * n / weeks) for n in range(weeks)], **true}


def drawn(true: Series, chance: random.Random, noise: float = NOISE) -> dict[str, list[float]]:
    """What Google would answer: a sample, its highest point 100, rounded. What is below a half stays, to be "<1"."""
    sample = {term: [value * (1 + chance.gauss(0, noise)) for value in values] for term, values in true.items()}
    highest = max(max(values) for values in sample.values())
    scaled = {term: [100 * value / highest for value in values] for term, values in sample.items()}
    return {
        term: [value if value < 0.5 else float(int(value + 0.5)) for value in values] for term, values in scaled.items()
    }


def simulated(bench: Bench, draws: int, repeats: int, *, weeks: int = 261, seed: int = 1) -> dict[str, Score]:
    """The score of each level, on the scale that the highest term sets."""
    cases: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for repeat in range(repeats):
        true = truth(weeks, seed + repeat)
        chance = random.Random(1000 * seed + 100 * draws + repeat)
        found = bench.estimate(*(drawn(true, chance) for _ in range(draws)))
        unit = sum(value for value, _, _ in found["highest"]) / sum(true["highest"])
        for term, values in found.items():
            cases[term] += [
                (value / unit - is_so, (high - low) / 2 / unit, low / unit <= is_so <= high / unit)
                for (value, low, high), is_so in zip(values, true[term], strict=True)
            ]
    return {term: _score(values) for term, values in cases.items()}


RUNGS = (20, 4)  # of a ladder: terms between the highest and the small ones
YEARS = (date(2024, 6, 30), date(2025, 6, 30))  # ends of the 12 months before, and of the last 12


def changes(bench: Bench, draws: int, repeats: int, *, is_anchored: bool, seed: int = 1) -> dict[str, Score]:
    """The change of the last 12 months on the 12 before, in points, as the report gives its range.

    `is_anchored`: terms under 12 are asked again each night beside a rung of their size, and once a month the rungs
    beside each other and beside the highest.
    """
    cases: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for repeat in range(repeats):
        true = truth(261, seed + repeat)
        chance = random.Random(1000 * seed + 100 * draws + repeat)
        rungs = {f"rung {rung}": [rung * chance.uniform(0.9, 1.1) for _ in range(261)] for rung in RUNGS}
        nights = [_beside(true, rungs, chance, is_first=n == 0) for n in range(draws)] if is_anchored else []
        bench.estimate(*(drawn(true, chance) for _ in range(draws)), beside=nights)
        bands = {
            (row.framework, row.day): row for row in read_search_bands(bench.con, first_day=YEARS[0], last_day=YEARS[1])
        }
        values = _means(bench, true)
        for term in true:
            (older, was), (newer, is_so) = (values[term, end] for end in YEARS)
            half = 1.96 * sqrt(sum(bands[term, end].doubt or 0 for end in YEARS))
            error = log(newer / older) - log(is_so / was)
            cases[term].append((100 * error, 100 * half, abs(error) <= half))
    return {term: _score(values) for term, values in cases.items()}


def _beside(true: Series, rungs: Series, chance: random.Random, *, is_first: bool) -> dict[str, list[Series]]:
    """What is asked in a night beside all terms together."""
    high, low = rungs
    anchored = [
        drawn({low: rungs[low], **{term: true[term] for term in ("level 1", "level 2")}}, chance),
        drawn({high: rungs[high], **{term: true[term] for term in ("level 5", "level 10")}}, chance),
    ]
    ladder = [drawn({"highest": true["highest"], high: rungs[high]}, chance), drawn(rungs, chance)]
    return {"anchored": anchored, **({"ladder": ladder} if is_first else {})}


def _means(bench: Bench, true: Series) -> dict[tuple[str, date], tuple[float, float]]:
    """Of each term and year: what is estimated and what is true."""
    found = bench.con.execute("SELECT framework, week_start, interest FROM core.search_weeks").fetchall()
    estimated = {(term, week): value for term, week, value in found}
    means = {}
    for end in YEARS:
        weeks = [n for n in range(261) if end - timedelta(days=365) <= LAST_WEEK - WEEK * n + timedelta(days=3) <= end]
        for term, values in true.items():
            here = fmean(estimated[term, LAST_WEEK - WEEK * n] for n in weeks)
            means[term, end] = here, fmean(values[-1 - n] for n in weeks)
    return means


def _score(cases: Sequence[tuple[float, float, float]]) -> Score:
    errors, halves, hits = zip(*cases, strict=True)
    return Score(sqrt(fmean(error * error for error in errors)), fmean(halves), fmean(hits))


def real_pulls() -> dict[str, list[list[float]]]:
    """Term -> its three pulls over the days that all of them tell, but the last."""
    told: dict[str, dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    with PULLS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            told[row["keyword"]][row["pull"]][row["date"]] = float(row["interest_value"])
    pulls = {}
    for term, by_pull in told.items():
        days = sorted(set.intersection(*(set(values) for values in by_pull.values())))[:-1]
        pulls[term] = [[values[day] for day in days] for _, values in sorted(by_pull.items())]
    return pulls


def left_out(bench: Bench, draws: int) -> dict[str, Score]:
    """Each pull that was left out, against what the others say of one more draw. Days stand for weeks.

    One more draw is wrong by as much as each of the others, so the range of their mean widens by the root of 1 + draws.
    """
    scores = {}
    for term, pulls in real_pulls().items():
        cases = []
        for others in combinations(range(len(pulls)), draws):
            found = bench.estimate(*({term: pulls[n]} for n in others))[term]
            for left in set(range(len(pulls))) - set(others):
                unit = sum(value for value, _, _ in found) / sum(pulls[left])
                for (value, low, high), is_so in zip(found, pulls[left], strict=True):
                    half = sqrt(1 + draws) * (high - low) / 2
                    cases.append((value - unit * is_so, half, abs(value - unit * is_so) <= half))
        scores[term] = _score(cases)
    return scores


def _table(title: str, scores: Mapping[int, Mapping[str, Score]]) -> Iterator[str]:
    yield f"{title:17} draws   error   half   coverage"
    for draws, by_term in scores.items():
        for term, score in by_term.items():
            yield f"{term:17} {draws:5} {score.error:7.2f} {score.half_width:6.2f} {score.coverage:9.1%}"


def requests(frameworks: int, nights: int = 31, seed: int = 3) -> list[int]:
    """How many requests each night makes. The sizes of the frameworks are spread over two and a half powers of ten."""
    chance = random.Random(seed)
    sizes = {f"framework {n}": 20 * 10 ** chance.uniform(-2.5, 0) for n in range(frameworks - 2)}
    return World({"largest": 20, "smallest": 0.06, **sizes}, weeks=20).nights(["largest", "smallest", *sizes], nights)


def _requests() -> Iterator[str]:
    yield f"requests   frameworks   first night   second   31st   first week   a keyword, of {TRENDECON} with trendecon"
    for frameworks in (3, 6, 30):
        asked = requests(frameworks)
        week = sum(asked[:7])
        yield (f"{'':10} {frameworks:10} {asked[0]:13} {asked[1]:8} {asked[30]:6} {week:12} {week / frameworks:11.1f}")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, open_warehouse(Path(folder) / "warehouse.duckdb") as con:
        bench = Bench(con)
        made = {draws: simulated(bench, draws, repeats=2 if draws > 3 else 4) for draws in DRAWS}
        real = {draws: left_out(bench, draws) for draws in (1, 2)}
        year = {
            title: {draws: changes(bench, draws, repeats=4, is_anchored=is_anchored) for draws in DRAWS}
            for title, is_anchored in (("change, together", False), ("change, anchored", True))
        }
    print(*_requests(), "", sep="\n")  # noqa: T201 - what it is run for
    tables = [("simulated", made), ("real, left out", real), *year.items()]
    print(*(line for title, scores in tables for line in (*_table(title, scores), "")), sep="\n")  # noqa: T201


if __name__ == "__main__":
    main()
