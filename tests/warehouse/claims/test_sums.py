"""All that was counted up to a day, and the day on which it passed round numbers, against sums made by hand."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from itertools import accumulate

import duckdb
import pytest

from tests.conftest import ROOT, Demo
from tests.warehouse.claims.recorded import daily_estimates, lists_of
from warehouse.ledger import begin_run
from warehouse.open import open_warehouse
from warehouse.publish.evaluate import evaluated_for
from warehouse.publish.snapshot import open_published
from warehouse.rows import Answer
from warehouse.save import save_answers

LOGS = ROOT / "flows/replay/recordings/github/commits"
AT = datetime(2022, 1, 1, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def con(
    tmp_path_factory: pytest.TempPathFactory, make_configuration: Callable[..., tuple[Answer, Answer]]
) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_warehouse(tmp_path_factory.mktemp("sums") / "w.duckdb") as con:
        begin_run(con, run_id="r1", flow="nightly", as_of=AT.date(), started_at=AT, program_version="test")
        told = [*make_configuration(at=AT, tensorflow=["tensorflow"]), lists_of("tensorflow", at=AT)]
        save_answers(con, "r1", told)
        with evaluated_for(con, "core.sums core.daily core.git_days"):
            yield con


def by_hand() -> dict[date, float]:
    days = [item for item in daily_estimates("tensorflow", "pip") if item[0] < AT.date()]
    return dict(zip((day for day, _ in days), accumulate(value for _, value in days), strict=True))


def test_the_lists_of_tensorflow_add_up_as_by_hand(con: duckdb.DuckDBPyConnection) -> None:
    found = con.execute("SELECT day, value, low, high FROM core.sums WHERE metric = 'pypi_downloads'").fetchall()
    expected = by_hand()
    assert {day: pytest.approx(value) for day, value, _, _ in found} == expected
    assert all(low <= value <= high for _, value, low, high in found)
    assert min(day for day, value in expected.items() if value >= 76e6) == date(2020, 3, 12)
    days = {day: value for day, value, _, _ in found}
    lows, highs = ({row[0]: row[place] for row in found} for place in (2, 3))
    year = date(2019, 12, 31), date(2020, 12, 31)
    assert [round((one[year[1]] - one[year[0]]) / 1e6) for one in (lows, days, highs)] == [115, 117, 118]


def test_76_and_215_million_since_the_end_of_september_2019(con: duckdb.DuckDBPyConnection) -> None:
    series = "FROM core.sums WHERE metric = 'pypi_downloads' AND"
    since = f"SELECT min(day) {series} {{0}} - (SELECT {{0}} {series} day = '2019-09-29') >= ?"
    found = {
        (level, bound): con.execute(since.format(bound), [level]).fetchall()[0][0]
        for level in (76e6, 215e6)
        for bound in ("high", "value", "low")
    }
    assert found[76e6, "value"] == date(2020, 7, 8)
    assert found[215e6, "high"] <= date(2021, 10, 21) <= found[215e6, "value"] == date(2021, 10, 22)
    assert found[215e6, "low"] == date(2021, 10, 30)


def test_round_numbers_know_their_day_and_what_lies_before_it(con: duckdb.DuckDBPyConnection) -> None:
    found = con.execute(
        "SELECT level, passed_on, earliest_on, latest_on, first_day, round(coverage, 3), breaks FROM milestones"
        " WHERE metric = 'pypi_downloads' AND level IN (5e7, 1e8) ORDER BY level"
    ).fetchall()
    sums = by_hand()
    for level, passed_on, earliest, latest, first, coverage, breaks in found:
        assert passed_on == min(day for day, value in sums.items() if value >= level)
        assert earliest < passed_on < latest
        assert (first, breaks) == (date(2018, 1, 7), 0)
        assert 0.95 < coverage < 1


@pytest.mark.parametrize(
    ("metric", "in_all", "day_of_2400"),
    [("new_contributors", 3525, date(2019, 5, 31)), ("new_contributors_without_merges", 3472, date(2019, 6, 20))],
)
def test_authors_of_tensorflow_ever(demo: Demo, metric: str, in_all: int, day_of_2400: date) -> None:
    first: dict[str, date] = {}
    with gzip.open(LOGS / "tensorflow_tensorflow.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            if metric == "new_contributors" or row["is_merge"] == "0":
                day = date.fromisoformat(row["committer_time_utc"][:10])
                first[row["author_hash"]] = min(day, first.get(row["author_hash"], day))
    days = sorted(first.values())
    assert (len(days), days[2399]) == (in_all, day_of_2400)
    series = f"framework = 'tensorflow' AND metric = '{metric}'"
    with open_published(demo.published) as con:
        sums = con.execute(f"SELECT day, value, low, high, first_day FROM cumulative_metrics WHERE {series}").fetchall()
        levels = con.execute(f"SELECT level, passed_on FROM milestones WHERE {series}").fetchall()
        single = con.execute(f"SELECT day, sum(value) OVER (ORDER BY day) FROM daily_metrics WHERE {series}").fetchall()
    assert {(day, value) for day, value, *_ in sums} == {
        (day, sum(first_day <= day for first_day in days)) for day, *_ in sums
    }
    assert max(sums)[0] == date(2021, 6, 24)
    assert {row[4] for row in sums} == {date(2015, 11, 7)}
    assert all(value == low == high for _, value, low, high, _ in sums)
    assert min(day for day, value in single if value >= 2400) == day_of_2400
    rounds = (*range(100, 1000, 100), 1000, 2000, 3000)
    assert dict(levels) == {level: days[level - 1] for level in rounds}


def test_a_month_has_its_last_day(demo: Demo) -> None:
    with open_published(demo.published) as con:
        found = con.execute(
            "SELECT framework, day FROM cumulative_metrics"
            " WHERE metric = 'commits' AND day >= '2021-04-01' ORDER BY ALL"
        ).fetchall()
    ends = (date(2021, 4, 30), date(2021, 5, 31), date(2021, 6, 24))
    assert found == [(framework, day) for framework in ("keras", "pytorch", "tensorflow") for day in ends]
