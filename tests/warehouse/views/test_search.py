"""Search interest, stars and releases through the public views."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from tests.warehouse.conftest import answered
from warehouse.read.report import read_search_bands
from warehouse.rows import Answer, Release, RepositoryTotal, SearchPoint, StarDay

WEEK = timedelta(days=7)
SUNDAY = date(2021, 5, 2)
NIGHT = datetime(2021, 6, 25, 23, tzinfo=UTC)
Query = Callable[..., list[tuple[Any, ...]]]


def draw(
    series: Mapping[str, Sequence[int]],
    *,
    first: date = SUNDAY,
    nights_later: int = 0,
    partial_last: bool = False,
    **more: Any,
) -> Answer:
    rows = tuple(
        SearchPoint(term, first + n * WEEK, "WEEK", value, False, True, partial_last and n == len(values) - 1)
        for term, values in series.items()
        for n, value in enumerate(values)
    )
    at = NIGHT + timedelta(days=nights_later)
    return Answer("google_trends", "+".join(series), "{}", at, rows, **more)


@pytest.fixture
def loaded(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], configured: Callable[..., tuple[Answer, Answer]]
) -> Callable[..., Query]:
    def load(*answers: Answer, **frameworks: list[str]) -> Query:
        chosen = frameworks or {"tensorflow": ["tensorflow"], "pytorch": ["torch"]}
        save(*configured(at=NIGHT, **chosen), *answers)
        return lambda query, *values: answered(con, query, values)

    return load


def test_one_draw_is_its_figures_with_the_noise_measured_and_rounding(loaded: Callable[..., Query]) -> None:
    """Half the range of 100: twice the root of 4 % squared and 1/12. Of 5, rounding takes more than noise."""
    query = loaded(draw({"tensorflow": [50, 40], "pytorch": [100, 5]}))
    found = query(
        "SELECT framework, week_start, interest, (interest_high - interest_low) / 2, draws, is_synthetic"
        " FROM search_interest_weekly ORDER BY framework, week_start"
    )
    assert found == [
        ("pytorch", SUNDAY, 100, pytest.approx(2 * (4**2 + 1 / 12) ** 0.5), 1, False),
        ("pytorch", SUNDAY + WEEK, 5, pytest.approx(0.7, abs=0.01), 1, False),
        ("tensorflow", SUNDAY, 50, pytest.approx(2 * (2**2 + 1 / 12) ** 0.5), 1, False),
        ("tensorflow", SUNDAY + WEEK, 40, pytest.approx(2 * (1.6**2 + 1 / 12) ** 0.5), 1, False),
    ]


def test_draws_are_brought_to_the_scale_of_the_latest(loaded: Callable[..., Query]) -> None:
    query = loaded(
        draw({"tensorflow": [25, 20, 10], "pytorch": [50, 40, 30]}),
        draw({"tensorflow": [50, 40], "pytorch": [100, 80]}, nights_later=1),
    )
    assert query(
        "SELECT week_start, interest, draws FROM search_interest_weekly WHERE framework = 'tensorflow' ORDER BY 1"
    ) == [(SUNDAY, 50, 2), (SUNDAY + WEEK, 40, 2), (SUNDAY + 2 * WEEK, 20, 1)]


def test_many_draws_narrow_the_band_towards_their_spread(loaded: Callable[..., Query]) -> None:
    values = [60, 64] * 15
    query = loaded(*(draw({"tensorflow": [v], "pytorch": [100]}, nights_later=n) for n, v in enumerate(values)))
    [(interest, low, high, draws)] = query(
        "SELECT interest, interest_low, interest_high, draws FROM search_interest_weekly WHERE framework = 'tensorflow'"
    )
    assert draws == 30
    assert low < interest < high
    assert 0.7 < (high - low) / 2 < 1.1, "twice 2 by the root of 30; as much again from scales that hang on one week"


def test_only_the_draws_of_the_last_30_days_count(loaded: Callable[..., Query]) -> None:
    query = loaded(
        draw({"tensorflow": [90], "pytorch": [90]}, nights_later=-30),
        draw({"tensorflow": [48], "pytorch": [96]}, nights_later=-29),
        draw({"tensorflow": [26], "pytorch": [52]}),
    )
    assert query("SELECT interest, draws FROM search_interest_weekly WHERE framework = 'tensorflow'") == [(26, 2)]


def test_draws_that_the_estimate_no_longer_needs_answer_for_their_own_day(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], configured: Callable[..., tuple[Answer, Answer]]
) -> None:
    """So their points stay, and their bodies, although no later night reads either."""
    asked = "SELECT interest, interest_low, interest_high, draws FROM search_interest_weekly"
    nights = [draw({"pytorch": [60 + n]}, nights_later=n - 45, body=f"{n}") for n in range(3)]
    save(*configured(at=NIGHT - timedelta(days=50), pytorch=["torch"]), *nights)
    then = con.execute(asked).fetchall()
    save(draw({"pytorch": [90]}, body="later"))
    assert [draws for *_, draws in then] == [3]
    assert con.execute(asked).fetchall() != then, "the three are too old now"
    con.execute("SET VARIABLE as_of = ?::DATE", [(NIGHT - timedelta(days=43)).date()])
    assert con.execute(asked).fetchall() == then
    assert con.execute("SELECT body FROM raw.bodies ORDER BY ALL").fetchall() == [("0",), ("1",), ("2",), ("later",)]


def test_weeks_that_only_an_old_draw_reaches_come_from_the_last_draw_of_its_year(loaded: Callable[..., Query]) -> None:
    """NIGHT is in 2021. The draw of 2019 shares no week with the latest: it is linked through that of 2020."""
    spring = SUNDAY - 52 * WEEK
    query = loaded(
        draw({"pytorch": [10, 20, 20]}, first=spring - 32 * WEEK, nights_later=-600),
        draw({"pytorch": [11] * 50}, first=spring - 33 * WEEK, nights_later=-300),
        draw({"pytorch": [40] * 61}, first=spring - 31 * WEEK, nights_later=-200),
        draw({"pytorch": [80, 80, 80, 80, 100]}, first=spring + 26 * WEEK),
    )
    found = dict(query("SELECT week_start, (interest, draws) FROM search_interest_weekly WHERE framework = 'pytorch'"))
    assert found[spring + 26 * WEEK] == (80, 1), "the latest draw alone"
    assert found[spring] == (80, 1), "twice the 40 of the last draw of 2020"
    assert found[spring - 32 * WEEK] == (40, 1), "four times the 10 of 2019"
    assert spring - 33 * WEEK not in found, "an earlier draw of 2020 is not kept"


def test_groups_are_chained_by_the_term_that_they_share(loaded: Callable[..., Query]) -> None:
    query = loaded(
        draw({"tensorflow": [50, 50], "pytorch": [100, 100]}),
        draw({"tensorflow": [10, 10], "jax": [4, 4]}),
        tensorflow=["tensorflow"],
        pytorch=["torch"],
        jax=["jax"],
    )
    assert query(
        "SELECT framework, round(interest, 6) FROM search_interest_weekly WHERE week_start = ? ORDER BY 1", SUNDAY
    ) == [
        ("jax", 20),
        ("pytorch", 100),
        ("tensorflow", 50),
    ]


def test_a_new_term_does_not_cut_off_the_draws_before_it(loaded: Callable[..., Query]) -> None:
    query = loaded(
        draw({"tensorflow": [50, 30], "pytorch": [100, 80]}),
        draw({"tensorflow": [25], "pytorch": [50], "jax": [100]}, nights_later=1),
        tensorflow=["tensorflow"],
        pytorch=["torch"],
        jax=["jax"],
    )
    assert query("SELECT interest FROM search_interest_weekly WHERE framework = 'tensorflow' ORDER BY week_start") == [
        (25,),
        (15,),
    ]


def test_the_running_week_is_left_out(loaded: Callable[..., Query]) -> None:
    query = loaded(draw({"tensorflow": [50, 99], "pytorch": [100, 99]}, partial_last=True))
    assert query("SELECT max(week_start) FROM search_interest_weekly") == [(SUNDAY,)]
    assert query("SELECT max(day) FROM daily_metrics") == [(SUNDAY + timedelta(days=6),)]


def test_a_week_that_was_not_over_is_left_out_whatever_the_answer_says(loaded: Callable[..., Query]) -> None:
    query = loaded(draw({"tensorflow": [50] * 8, "pytorch": [100] * 8}))
    assert query("SELECT max(week_start) FROM search_interest_weekly") == [(date(2021, 6, 13),)]


def test_synthetic_draws_are_never_mixed_with_measured_ones(
    loaded: Callable[..., Query], save: Callable[..., int]
) -> None:
    query = loaded(draw({"tensorflow": [10, 10], "pytorch": [10, 100]}, is_synthetic=True))
    assert query("SELECT DISTINCT is_synthetic, draws FROM search_interest_weekly") == [(True, 1)]
    assert query("SELECT DISTINCT basis FROM daily_metrics") == [("term, synthetic",)]
    save(draw({"tensorflow": [50], "pytorch": [100]}, nights_later=1), run_id="r2")
    assert query("SELECT DISTINCT is_synthetic, draws, week_start FROM search_interest_weekly") == [(False, 1, SUNDAY)]
    assert query("SELECT DISTINCT basis FROM daily_metrics") == [("term",)]


def test_below_one_is_anything_under_one_and_too_little_data_is_nothing(loaded: Callable[..., Query]) -> None:
    points = (
        SearchPoint("tensorflow", SUNDAY, "WEEK", 0, True, True, False),
        SearchPoint("tensorflow", SUNDAY + WEEK, "WEEK", 0, False, False, False),
        SearchPoint("pytorch", SUNDAY, "WEEK", 100, False, True, False),
    )
    query = loaded(Answer("google_trends", "tensorflow+pytorch", "{}", NIGHT, points))
    assert query(
        "SELECT week_start, interest, interest_low, interest_high FROM search_interest_weekly"
        " WHERE framework = 'tensorflow'"
    ) == [(SUNDAY, 0.5, 0, 1)]


@pytest.mark.parametrize("nights_later", [1, -1])
def test_a_draw_of_zeros_has_no_scale_and_does_no_harm(loaded: Callable[..., Query], nights_later: int) -> None:
    query = loaded(
        draw({"tensorflow": [0], "pytorch": [0]}),
        draw({"tensorflow": [50], "pytorch": [100]}, nights_later=nights_later),
    )
    assert query("SELECT framework, interest, draws FROM search_interest_weekly ORDER BY 1") == [
        ("pytorch", 100, 1),
        ("tensorflow", 50, 1),
    ]


@pytest.mark.parametrize(("nights_later", "status"), [(0, "fresh"), (5, "late"), (40, "stale")])
def test_freshness_of_search_goes_by_its_weeks(
    loaded: Callable[..., Query], con: duckdb.DuckDBPyConnection, nights_later: int, status: str
) -> None:
    query = loaded(draw({"tensorflow": [50] * 7, "pytorch": [100] * 7}))
    con.execute("SET VARIABLE as_of = ?::DATE", [NIGHT.date() + timedelta(days=nights_later)])
    assert query(
        "SELECT status, last_day FROM freshness WHERE entity = 'tensorflow' AND service = 'google_trends'"
    ) == [(status, date(2021, 6, 19))]


def _github(*rows: Any, nights_later: int = 0) -> Answer:
    return Answer("github", "pytorch/pytorch", "{}", NIGHT + timedelta(days=nights_later), rows)


def test_stars_are_superseded_when_they_are_taken_back(loaded: Callable[..., Query]) -> None:
    may = [date(2021, 5, 1) + timedelta(days=n) for n in range(31)]
    query = loaded(
        _github(*(StarDay("pytorch/pytorch", day, 10) for day in may)),
        _github(StarDay("pytorch/pytorch", date(2021, 5, 31), 4), nights_later=1),
    )
    assert query("SELECT value, is_complete FROM monthly_metrics WHERE metric = 'stars'") == [(304, True)]


def test_the_running_day_of_stars_is_left_out_and_totals_stand_on_their_day(loaded: Callable[..., Query]) -> None:
    today = NIGHT.date()
    query = loaded(
        _github(StarDay("pytorch/pytorch", today - timedelta(days=1), 3), StarDay("pytorch/pytorch", today, 1)),
        _github(RepositoryTotal("pytorch/pytorch", today, 1000, 200)),
    )
    assert query("SELECT metric, day, value FROM daily_metrics ORDER BY metric") == [
        ("forks", today, 200),
        ("stars", today - timedelta(days=1), 3),
        ("stars_total", today, 1000),
    ]
    assert query("SELECT last_day FROM freshness WHERE service = 'github' AND entity LIKE 'pytorch%'") == [
        (today - timedelta(days=1),)
    ]


@pytest.mark.parametrize(
    "brought",
    [
        RepositoryTotal("pytorch/pytorch", NIGHT.date(), 1000, 200),
        StarDay("pytorch/pytorch", NIGHT.date() - timedelta(days=1), 3),
    ],
)
def test_of_stars_and_totals_the_request_that_never_brought_anything_decides(
    loaded: Callable[..., Query], brought: RepositoryTotal | StarDay
) -> None:
    query = loaded(_github(brought))
    assert query("SELECT last_day, status FROM freshness WHERE service = 'github' AND entity LIKE 'pytorch%'") == [
        (None, "never")
    ]


def test_a_total_is_compared_with_the_reading_a_year_before(loaded: Callable[..., Query]) -> None:
    days = {date(2020, 6, 24): 800, date(2021, 6, 24): 1000}
    query = loaded(*(_github(RepositoryTotal("pytorch/pytorch", day, stars, 1)) for day, stars in days.items()))
    assert query(
        "SELECT value, previous_value, change, is_comparable FROM rolling_12_months"
        " WHERE metric = 'stars_total' AND day = '2021-06-24'"
    ) == [(1000, 800, 0.25, True)]
    assert query("SELECT value, reason FROM rolling_12_months WHERE metric = 'stars_total' AND day = '2021-06-23'") == [
        (None, "There is no reading on this day.")
    ]
    assert query("SELECT value, reason FROM rolling_12_months WHERE metric = 'stars_total' AND day = '2020-06-24'") == [
        (800, "There is no reading on 2019-06-24, 12 months before.")
    ]


def test_releases_belong_to_the_framework_of_their_package(loaded: Callable[..., Query]) -> None:
    at = datetime(2021, 6, 1, 23, 30, tzinfo=UTC)
    rows = (Release("torch", "1.9.0", at, False, False), Release("torch", "1.9.0rc1", at, True, True))
    query = loaded(Answer("pypi_index", "torch", "{}", NIGHT, rows, replaces_all=True))
    assert query("FROM releases ORDER BY version") == [
        ("pytorch", "torch", "1.9.0", date(2021, 6, 1), False, False),
        ("pytorch", "torch", "1.9.0rc1", date(2021, 6, 1), True, True),
    ]


def test_a_release_that_the_index_no_longer_lists_is_gone(loaded: Callable[..., Query]) -> None:
    old, new = (Release("torch", version, NIGHT - WEEK, False, False) for version in ("1.0", "1.1"))
    query = loaded(
        Answer("pypi_index", "torch", "{}", NIGHT - WEEK, (old, new), replaces_all=True),
        Answer("pypi_index", "torch", "{}", NIGHT, (new,), replaces_all=True),
    )
    assert query("SELECT version FROM releases") == [("1.1",)]


def test_the_band_of_the_rolling_year_covers_the_same_days_as_its_figure(
    loaded: Callable[..., Query], con: duckdb.DuckDBPyConnection
) -> None:
    """Weeks that are all alike but one that ends on the day before the 12 months: it counts in neither."""
    first = date(2020, 4, 26)  # its last day, 2 May, is a year and a day before the last day below
    query = loaded(draw({"pytorch": [10, *[100] * 55]}, first=first))
    (row,) = [
        row
        for row in read_search_bands(con, first_day=date(2021, 4, 1), last_day=date(2021, 5, 2))
        if row.day == date(2021, 5, 2)
    ]
    ((value,),) = query("SELECT value FROM rolling_12_months WHERE day = '2021-05-02' AND metric = 'search_interest'")
    assert value == 100
    assert row.interest_low is not None
    assert row.interest_high is not None
    assert (row.interest_low + row.interest_high) / 2 == pytest.approx(100)
