"""Every kind of sentence, each beside figures that would contradict it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from reports.compare import Ratio, SummaryRow, Verdict
from reports.facts import Facts, Mark, Period
from reports.noise import is_too_wide, range_of_none
from reports.problems import problems
from reports.sentences import change_text, finding, framework_sentences, headline, standing_text
from reports.signals import SIGNALS
from warehouse.read.report import Framework

NB = "\u00a0"
SIGNAL = {signal.key: signal for signal in SIGNALS}
BREAK = Mark("a", date(2020, 12, 1), None, "counting", "Counted anew", frozenset({"a", "b", "c"}))
FACTS = Facts(
    Period(date(2021, 6, 25)), tuple(Framework(key, key.upper(), "", n) for n, key in enumerate("abc")),
    {}, {}, {}, {}, {}, {}, {}, (), (), (), (), (),
)  # fmt: skip


def row(
    key: str, framework: str, value: float | None, verdict: Verdict = "no clear change", **more: object
) -> SummaryRow:
    ends = {"up": (0.1, 0.3), "down": (-0.3, -0.1), "no clear change": (-0.1, 0.2)}.get(verdict, (None, None))
    made = SummaryRow(
        framework=framework, label=framework.upper(), signal=SIGNAL[key], value=value, previous=100.0, level=value,
        previous_level=100.0, change=None if value is None else value / 100 - 1, low=ends[0], high=ends[1],
        verdict=verdict, reason="", coverage=1.0, months=12, basis="all", service="s", is_synthetic=False,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def ratio(other: str, value: float, low: float, high: float) -> Ratio:
    return Ratio(other.upper(), value, low, high)


LEVEL = ratio("b", 1.02, 0.9, 1.2), ratio("a", 0.98, 0.83, 1.1), ratio("a", 0.2, 0.15, 0.3)
AHEAD = ratio("b", 2.1, 1.7, 2.6), ratio("a", 0.48, 0.38, 0.6), ratio("a", 0.2, 0.15, 0.3)


def rows(key: str, ratios: tuple[Ratio, ...], *verdicts: Verdict, **more: object) -> list[SummaryRow]:
    texts = ("50", "37", "13")
    return [
        row(key, name, value, verdict, ratio=beside, share=value / 400, share_text=f"{text}{NB}%", **more)
        for name, value, verdict, beside, text in zip("abc", (200, 150, 50), verdicts, ratios, texts, strict=True)
    ]


# ---- who leads ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["search", "contributors"])
def test_an_index_and_people_who_count_twice_have_no_shares(key: str) -> None:
    level = finding(SIGNAL[key], rows(key, LEVEL, "down", "up", "down"))
    assert level == "A and B level (0.90 to 1.2 times), C behind; B up, A and C down on the year before"
    ahead = finding(SIGNAL[key], rows(key, AHEAD, "down", "no clear change", "no clear change"))
    assert ahead == "A ahead of B and C (1.7 to 2.6 times B); A down on the year before"


@pytest.mark.parametrize("key", ["downloads", "stars"])
def test_parts_of_a_whole_have_a_share_and_no_word_on_it_that_is_about_the_level(key: str) -> None:
    told = finding(
        SIGNAL[key],
        rows(key, AHEAD, "down", "no clear change", "down", previous_share=0.5, previous_share_text=f"50{NB}%"),
    )
    assert told == f"A has 50{NB}% of the three (50{NB}% the year before); A and C down on the year before"
    assert "and is down" not in told
    level = finding(SIGNAL[key], rows(key, LEVEL, *["no clear change"] * 3))
    assert level == f"A and B level, with 50{NB}% and 37{NB}% of the three"


def test_the_standing_beside_the_others_agrees_with_the_title() -> None:
    assert [standing_text(item) for item in rows("search", LEVEL, *["up"] * 3)] == [
        f"level with B (1.0 times, 95{NB}% range 0.90 to 1.2)",
        f"level with A (0.98 times, 95{NB}% range 0.83 to 1.1)",
        f"behind A (0.20 times, 95{NB}% range 0.15 to 0.30)",
    ]
    assert standing_text(rows("search", AHEAD, *["up"] * 3)[0]).startswith("ahead of B (2.1 times")
    assert standing_text(row("search", "a", 1)) == ""


def test_nobody_is_ranked_across_a_break_by_too_few_months_or_on_two_bases() -> None:
    whole = rows("downloads", AHEAD, *["not comparable"] * 3)
    broken = [replace(item, marks=(BREAK,)) if item.framework == "b" else item for item in whole]
    assert finding(SIGNAL["downloads"], broken) == "No ranking: the way of counting changed inside these 12 months"
    short = [replace(item, ratio=None) for item in whole]
    assert finding(SIGNAL["downloads"], short) == "Too few months to rank by"
    mixed = [replace(item, basis="pip") if item.framework == "b" else item for item in whole]
    assert finding(SIGNAL["downloads"], mixed) == "Not counted alike, so no ranking"
    assert finding(SIGNAL["downloads"], whole[:1]) == "Figures for A only"
    assert finding(SIGNAL["downloads"], []) == "No figures for this period"


# ---- what changed ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "more", "text"),
    [
        ("down", {"change": -0.17, "low": -0.29, "high": -0.02},
         f"down 17{NB}% (95{NB}% range \u221229 to \u22122{NB}%)"),
        ("up", {"change": 0.0003, "low": 0.0001, "high": 0.0006},
         f"up under 0.1{NB}% (95{NB}% range just above 0 to +0.1{NB}%)"),
        ("up", {"change": 12.4, "low": 2.0, "high": 60.0}, f"up 1,240{NB}% (95{NB}% range more than +200{NB}%)"),
        ("no clear change", {"low": -0.15, "high": 0.02}, f"no clear change (95{NB}% range \u221215 to +2{NB}%)"),
        ("too few to say", {"previous_level": 43.0}, "too few to say (43 before)"),
        ("too scattered to say", {"previous_level": 1.5}, "too scattered to say (1.5 before)"),
        ("not comparable", {"low": None, "high": None}, "not comparable"),
        ("no data", {"low": None, "high": None}, "no data"),
    ],
)  # fmt: skip
def test_a_change_in_words(verdict: Verdict, more: dict[str, object], text: str) -> None:
    assert change_text(row("stars", "a", 20.0, verdict, **more)) == text


@pytest.mark.parametrize(
    ("low", "high", "wide"),
    [(-0.9, 22.0, True), (-0.6, 0.9, True), (-0.5, 1.0, False), (-0.15, 0.02, False), (2.0, 60.0, False)],
)
def test_a_range_from_less_than_half_to_more_than_double_says_nothing(low: float, high: float, *, wide: bool) -> None:
    assert is_too_wide(low, high) is wide


def test_none_after_many_is_clear_and_after_a_few_is_not() -> None:
    assert range_of_none(10_000)[1] < -0.99
    assert is_too_wide(*range_of_none(2))
    assert not is_too_wide(*range_of_none(43))


def test_a_sentence_names_each_signal_once_and_says_why_what_is_missing() -> None:
    broken = row(
        "downloads", "a", 5.0, "not comparable", marks=(BREAK,), reason="Counted differently since x: Counted anew."
    )
    told = framework_sentences(FACTS, [
        row("search", "a", 80, "down", ratio=LEVEL[0]), broken, row("contributors", "a", 20, "too few to say"),
        row("stars", "a", None, "no data"),
    ])["a"]  # fmt: skip
    assert told == (
        f"Search interest level with B's (1.0 times, 95{NB}% range 0.90 to 1.2); search interest down 20{NB}% "
        f"(95{NB}% range \u221230 to \u221210{NB}%) on the year before; contributors 20, too few to say (100 before); "
        "the change in downloads is withheld: counted differently since x: Counted anew; no data yet on stars."
    )
    assert "5 downloads" not in told


def test_the_headline_is_the_largest_clear_change_and_never_an_unclear_one() -> None:
    quiet = row("stars", "a", 20.0, "too few to say")
    assert headline(FACTS, [quiet]) == "too little to tell a change"
    clear = row("stars", "b", 48.0, "down", change=-0.52)
    assert headline(FACTS, [quiet, clear, row("stars", "c", 130, "up", change=0.3)]) == f"B stars down 52{NB}%"
    assert headline(FACTS, [row("stars", "a", 0.0, "down", change=-1.0), clear]) == f"A stars down 100{NB}%"


def test_a_reason_is_told_once_where_the_break_is_told_already() -> None:
    broken = row("stars", "a", 5.0, "not comparable", marks=(BREAK,), reason="Counted differently: Counted anew.")
    facts = replace(FACTS, marks={"stars": (BREAK,)}).only({"a"})
    assert [text[:13] for text in problems(facts, [broken])] == ["GitHub stars:"]
    days = replace(broken, reason="6 of the 12 months before are not complete.")
    assert problems(facts, [days])[1] == (
        "GitHub stars: the change from the year before is withheld: 6 of the 12 months before are not complete."
    )
