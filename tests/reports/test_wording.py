"""How figures, days and names are written."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import wording
from reports.facts import Period
from warehouse.calendar import add_months, days_in_year_to, year_before


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (3.04, "3.0"), (100, "100"), (1234.6, "1,235"), (-1500, "\u22121,500"), (12345678, "12,345,678")],
)
def test_exact_figures(value: float, text: str) -> None:
    assert wording.exact(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(9999, "9,999"), (64272, "64.3\u00a0k"), (1.25e6, "1.25\u00a0M"), (3.2e9, "3.2\u00a0bn"), (45.06, "45.1")],
)
def test_figures_for_a_glance(value: float, text: str) -> None:
    assert wording.compact(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.123, "12\u00a0%"), (0.0123, "1.2\u00a0%"), (0.05, "5\u00a0%"), (-0.2, "\u221220\u00a0%"), (0, "0\u00a0%")],
)
def test_percent(share: float, text: str) -> None:
    assert wording.percent(share) == text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (0.08, 0.17, "8 to 17\u00a0%"),
        (-0.17, -0.08, "8 to 17\u00a0%"),
        (-0.03, 0.052, "\u22123.0 to +5.2\u00a0%"),
        (-0.15, 0.02, "\u221215 to +2\u00a0%"),
        (-0.99, 22.0, "too scattered for a range"),
    ],
)
def test_a_range_has_signs_only_where_it_holds_zero(low: float, high: float, text: str) -> None:
    assert wording.percent_range(low, high) == text


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
