"""How figures, days and names are written."""

from __future__ import annotations

import math
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import wording
from reports.facts import Period
from warehouse.calendar import add_months, days_in_year_to, year_before

NB, MINUS = "\u00a0", "\u2212"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (0.004, "under 0.01"),
        (-0.004, f"above {MINUS}0.01"),
        (0.05, "0.05"),
        (0.43, "0.43"),
        (3, "3"),
        (3.04, "3.0"),
        (99.96, "100.0"),
        (100, "100"),
        (999.94, "999.9"),
        (999.96, "1,000"),
        (1234.6, "1,235"),
        (9999.5, "10,000"),
        (-1500, f"{MINUS}1,500"),
        (12345678, "12,345,678"),
        (math.nan, wording.NO_FIGURE),
        (-math.inf, wording.NO_FIGURE),
    ],
)
def test_exact_figures(value: float, text: str) -> None:
    assert wording.exact(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.0, "0"),
        (0.004, "under 0.01"),
        (9.4, "9.4"),
        (45.06, "45.1"),
        (567.89, "568"),
        (999.96, "1,000"),
        (9999, "9,999"),
        (9999.4, "9,999"),
        (9999.5, f"10.0{NB}k"),
        (10_000, f"10.0{NB}k"),
        (64_272, f"64.3{NB}k"),
        (99_949, f"99.9{NB}k"),
        (99_950, f"100{NB}k"),
        (283_684, f"284{NB}k"),
        (999_499, f"999{NB}k"),
        (999_500, f"1.00{NB}M"),
        (1.25e6, f"1.25{NB}M"),
        (999_499_999, f"999{NB}M"),
        (999_500_000, f"1.00{NB}B"),
        (3.2e9, f"3.20{NB}B"),
        (1.5e12, f"1,500{NB}B"),
        (4e18, f"4,000,000,000{NB}B"),
        (-64_272, f"{MINUS}64.3{NB}k"),
        (math.nan, wording.NO_FIGURE),
        (math.inf, wording.NO_FIGURE),
    ],
)
def test_figures_for_a_glance(value: float, text: str) -> None:
    assert wording.compact(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.2, "0.2"), (20, "20"), (100, "100"), (5000, "5,000"), (400_000, f"400{NB}k"), (1.5e6, f"1.5{NB}M")],
)
def test_figures_beside_an_axis(value: float, text: str) -> None:
    assert wording.tick(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (-0.0004, "0"),
        (0.0004, "0"),
        (0.0005, "0.1"),
        (0.0123, "1.2"),
        (-0.012, f"{MINUS}1.2"),
        (0.05, "5"),
        (0.0996, "10"),
        (0.123, "12"),
        (-0.2, f"{MINUS}20"),
        (0.9996, "100"),
        (12.4, "1,240"),
    ],
)
def test_percent(share: float, text: str) -> None:
    assert wording.percent(share) == f"{text}{NB}%"
    signless = text.startswith(MINUS) or text == "0"
    assert wording.signed_percent(share) == f"{'' if signless else '+'}{text}{NB}%"


@pytest.mark.parametrize("share", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_not_shown_as_one(share: float) -> None:
    assert {wording.percent(share), wording.signed_percent(share), wording.times(share)} == {wording.NO_FIGURE}


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (0.08, 0.17, f"+8 to +17{NB}%"),
        (-0.29, -0.02, f"{MINUS}29 to {MINUS}2{NB}%"),
        (-0.288, -0.025, f"{MINUS}29 to {MINUS}2.5{NB}%"),
        (-0.03, 0.052, f"{MINUS}3 to +5.2{NB}%"),
        (-0.0001, 0.02, f"0 to +2{NB}%"),
        (0.0003, 0.12, f"just above 0 to +12{NB}%"),
        (-0.12, -0.0003, f"{MINUS}12 to just below 0{NB}%"),
        (1.5, 22.0, f"more than +150{NB}%"),
        (-0.99, 22.0, "too scattered for a range"),
        (math.nan, math.nan, "too scattered for a range"),
        (-0.5, math.inf, "too scattered for a range"),
    ],
)
def test_both_ends_of_a_range_have_their_sign(low: float, high: float, text: str) -> None:
    assert wording.percent_range(low, high) == text


@pytest.mark.parametrize(
    ("shares", "texts"),
    [
        ([], []),
        ([None, None], [wording.NO_FIGURE] * 2),
        ([0.334, 0.333, 0.333], ["34", "33", "33"]),
        ([0.4336, 0.4033, 0.1631], ["44", "40", "16"]),
        ([0.671, None, 0.329], ["67", wording.NO_FIGURE, "33"]),
        ([0.67, 0.328, 0.002], ["67", "33", "under 1"]),
        ([0.998, 0.002], ["over 99", "under 1"]),
        ([1.0], ["100"]),
        ([1.0, 0.0], ["100", "0"]),
    ],
)
def test_shares_of_one_whole_add_up_to_100(shares: list[float | None], texts: list[str]) -> None:
    units = [text if text == wording.NO_FIGURE else f"{text}{NB}%" for text in texts]
    assert list(wording.percents_of_whole(shares)) == units


@given(st.lists(st.floats(1e-6, 1e12), min_size=1, max_size=12))
def test_any_shares_add_up_to_100(values: list[float]) -> None:
    texts = wording.percents_of_whole([value / sum(values) for value in values])
    points = [{"over 99": 100, "under 1": 0}.get(text.removesuffix(f"{NB}%")) for text in texts]
    whole = [int(text.split(NB)[0]) if point is None else point for text, point in zip(texts, points, strict=True)]
    assert sum(whole) == 100


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_no_figure_is_ever_written_with_a_sign_of_zero_an_exponent_or_as_no_number(value: float) -> None:
    for text in (wording.exact(value), wording.compact(value), wording.tick(value), wording.percent(value)):
        assert not re.search(r"(?i)nan|inf|e[+-]?\d|-", text)
        assert not re.fullmatch(rf"[{MINUS}+]?[0.,]+({NB}%)?", text) or text.startswith("0")


@pytest.mark.parametrize(
    ("ratio", "text"),
    [(0.004, "under 0.01"), (0.43, "0.43"), (0.996, "1.0"), (1.94, "1.9"), (9.96, "10"), (1234.5, "1,234")],
)
def test_how_many_times(ratio: float, text: str) -> None:
    assert wording.times(ratio) == text


@pytest.mark.parametrize(("number", "mark"), [(0, "a"), (25, "z"), (26, "aa"), (51, "az"), (52, "ba"), (702, "aaa")])
def test_letters_go_on_after_z(number: int, mark: str) -> None:
    assert wording.letter(number) == mark


def test_days_in_texts_from_elsewhere_are_written_as_all_others() -> None:
    assert wording.told("since 2021-04-01: of 2021-05-01,\n no day 2021-13-01") == (
        "since 1 April 2021: of 1 May 2021, no day 2021-13-01"
    )


def test_keys_in_texts_from_elsewhere_are_names() -> None:
    said = wording.told(
        "clickpy: no row; pypistats.org: 429; pypistats: late; now top_pypi_packages, all; git: no answer"
    )
    assert said == (
        "PyPI downloads (ClickPy): no row; pypistats.org: 429; PyPI downloads (pypistats.org): late; now PyPI "
        "downloads (monthly list of top packages), all; git: no answer"
    )
    assert wording.told("active_contributors of git_history") == "Active contributors of Git history"


def test_lists() -> None:
    assert [wording.listed(list("abc")[:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]


@given(st.text())
def test_a_clean_label_is_one_line_and_turns_nothing_around(text: str) -> None:
    clean = wording.clean_label(text)
    assert clean
    assert not any(c in clean for c in "\n\r\t\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u0000")
    assert wording.clean_label(clean) == clean


def test_long_names_are_cut_and_right_to_left_ones_fenced_in() -> None:
    assert wording.short_label("x" * 300) == "x" * 39 + "\u2026"
    assert wording.short_label("\u0645\u0631\u062d\u0628\u0627") == "\u2068\u0645\u0631\u062d\u0628\u0627\u2069"
    assert wording.short_label("PyTorch") == "PyTorch"


@pytest.mark.parametrize(
    ("as_of", "start", "end"),
    [
        (date(2021, 6, 25), date(2020, 6, 1), date(2021, 5, 31)),
        (date(2021, 6, 30), date(2020, 6, 1), date(2021, 5, 31)),
        (date(2021, 7, 1), date(2020, 7, 1), date(2021, 6, 30)),
        (date(2021, 1, 1), date(2020, 1, 1), date(2020, 12, 31)),
        (date(2020, 3, 15), date(2019, 3, 1), date(2020, 2, 29)),
    ],
)
def test_the_period_is_the_12_months_that_are_over(as_of: date, start: date, end: date) -> None:
    period = Period(as_of)
    assert (period.start, period.end) == (start, end)
    assert period.previous_end == start.replace(day=1) - (date(2020, 1, 2) - date(2020, 1, 1))
    assert len(period.months) == len(period.previous_months) == 12
    assert period.months[-1] == period.last_month


def test_years_of_365_and_366_days() -> None:
    assert days_in_year_to(date(2020, 5, 31)) == 366
    assert days_in_year_to(date(2021, 5, 31)) == 365
    assert year_before(date(2020, 2, 29)) == date(2019, 2, 28)


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(-200, 200))
def test_adding_months_and_taking_them_away(day: date, months: int) -> None:
    first = day.replace(day=1)
    assert add_months(add_months(first, months), -months) == first
