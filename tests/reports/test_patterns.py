"""Every pattern of the titles, changes, standings and headlines, each with what has to be true where it is written.

Figures of all kinds are made up; each sentence has to be one of the patterns, and true of the figures behind it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.compare import Ratio, SummaryRow, Verdict, verdict_of
from reports.facts import Mark
from reports.mail.digest import _cell
from reports.sentences import change_text, finding, framework_sentences, headline, standing_text
from reports.signals import SIGNALS
from reports.spans.longest import shorter_text
from reports.wording import percents_of_whole, signed_size
from tests.reports.test_sentences import FACTS, row
from tests.reports.test_sentences import SIGNAL as BY_KEY
from warehouse.read.report import Longest, SourceAge

NB = "\u00a0"
BREAK = Mark("a", date(2020, 12, 1), None, "counting", "Counted anew", frozenset("abc"))
LOSS = Mark("b", date(2020, 12, 1), date(2020, 12, 9), "loss", "Gone", frozenset("abc"))
Rows = Sequence[SummaryRow]


def known(rows: Rows) -> list[SummaryRow]:
    return sorted((item for item in rows if item.value is not None), key=lambda item: -(item.value or 0))


def named(rows: Rows, text: str) -> list[SummaryRow]:
    return [item for item in rows if re.search(rf"\b{item.label}\b", text)]


def _is_share(rows: Rows, found: re.Match[str]) -> bool:
    best, whole = known(rows)[0], sum(item.value or 0 for item in rows)
    before = found[4] is None or all(item.change is not None for item in known(rows))
    right_number = {"two": 2, "three": 3}[found[3]] == len(known(rows))
    return best.label == found[1] and right_number and before and near(found[2], (best.value or 0) / whole)


# ---- titles: (pattern, what has to be true of the rows and of the words that the pattern found) ----------------------

LEAD: list[tuple[str, Callable[[Rows, re.Match[str]], bool]]] = [
    (r"No figures for this period", lambda rows, m: not known(rows)),
    (r"Figures for ([A-C]) only", lambda rows, m: [item.label for item in known(rows)] == [m[1]]),
    (r"No ranking: the way of counting changed inside these 12 months", lambda rows, m: all_marks(rows) == {BREAK}),
    (r"No ranking: figures were lost inside these 12 months", lambda rows, m: all_marks(rows) == {LOSS}),
    (r"No ranking: the way of counting changed and figures were lost inside these 12 months",
     lambda rows, m: all_marks(rows) == {BREAK, LOSS}),
    (r"Not counted alike, so no ranking", lambda rows, m: len({item.basis for item in known(rows)}) > 1),
    (r"All are zero in these 12 months", lambda rows, m: all(item.value == 0 for item in known(rows))),
    (r"Only ([A-C]) has any", lambda rows, m: [item.label for item in rows if item.value] == [m[1]]),
    (r"Too few months to rank by", lambda rows, m: known(rows)[0].ratio is None),
    (r"([A-C]) has ((?:over )?\S+.%) of the (two|three)(?: \((\S+.%) the year before\))?", _is_share),
    (r"([A-C](?:(?:, | and )[A-C])*) level, with (.+?) of the (two|three)", lambda rows, m: are_level(rows, m[1])),
    (r"([A-C]) ahead of ([A-C](?: and [A-C])?) \(([\d.,]+) to [\d.,]+ times(?: [A-C])?\)",
     lambda rows, m: leads(rows, m[1], m[2])),
    (r"([A-C](?:(?:, | and )[A-C])*) level \([^)]*\)(?:, ([A-C](?: and [A-C])?) behind)?",
     lambda rows, m: are_level(rows, m[1]) and are_behind(rows, m[2] or "")),
]  # fmt: skip
REST: list[tuple[str, Callable[[Rows, re.Match[str]], bool]]] = [
    (r"([A-C](?: and [A-C])?) not ranked", lambda rows, m: named_are(rows, m[1], lambda item: not is_behind(item))),
    (r"(?:([A-C, and]+) up)?(?:, )?(?:([A-C, and]+) down)? on the year before",
     lambda rows, m: verdicts_are(rows, m[1], "up") and verdicts_are(rows, m[2], "down")),
]  # fmt: skip


def all_marks(rows: Rows) -> set[Mark]:
    return {mark for item in known(rows) for mark in item.marks}


def is_behind(item: SummaryRow) -> bool:
    return not item.value or (item.ratio is not None and item.ratio.high < 1)


def named_are(rows: Rows, text: str, holds: Callable[[SummaryRow], bool]) -> bool:
    return all(holds(item) for item in named(rows, text))


def are_level(rows: Rows, text: str) -> bool:
    best, *others = known(rows)
    told = [item for item in others if item in named(rows, text)]
    in_order = known(rows)[: len(told) + 1] == [best, *told]
    return in_order and all(item.ratio is not None and item.ratio.low <= 1 <= item.ratio.high for item in told)


def are_behind(rows: Rows, text: str) -> bool:
    return named_are(rows, text, is_behind)


def leads(rows: Rows, first: str, others: str) -> bool:
    best = known(rows)[0]
    return best.label == first and best.ratio is not None and best.ratio.low > 1 and are_behind(rows, others)


def near(text: str, share: float) -> bool:
    return share > 0.99 if text.startswith("over") else abs(float(text.split(NB, maxsplit=1)[0]) / 100 - share) < 0.0101


def verdicts_are(rows: Rows, text: str | None, verdict: Verdict) -> bool:
    told = named(rows, (text or "").replace("and", "&"))
    return {item.label for item in told} == {item.label for item in rows if item.verdict == verdict}


# ---- figures of all kinds -------------------------------------------------------------------------------------------

figures = st.one_of(st.none(), st.just(0.0), st.floats(1, 1e9, allow_nan=False))
widths = st.sampled_from([None, 0.01, 0.1, 0.5, 2.0])


@st.composite
def rows_of_a_signal(draw: st.DrawFn) -> list[SummaryRow]:
    signal = draw(st.sampled_from(SIGNALS))
    values = {name: draw(figures) for name in "abc"}
    marks = draw(st.sampled_from([(), (), (), (BREAK,), (LOSS,), (BREAK, LOSS)]))
    bases = draw(st.sampled_from([("all", "all", "all")] * 4 + [("all", "pip", "all")]))
    made = [
        one(draw, signal.key, name, value, basis) for (name, value), basis in zip(values.items(), bases, strict=True)
    ]
    made = [replace(item, marks=marks) if item.value is not None else item for item in made]
    alike = len({item.basis for item in made if item.value is not None}) == 1
    if not alike:
        return made
    ranked = sorted((item for item in made if item.value), key=lambda item: -(item.value or 0))
    halves = {item.label: draw(widths) for item in ranked[1:]}
    made = [replace(item, ratio=ratio_of(item, ranked, halves)) for item in made]
    if not signal.has_parts:
        return made
    total = sum(item.value or 0 for item in made)
    shares = [None if item.value is None or not total else item.value / total for item in made]
    texts = percents_of_whole(shares)
    return [replace(item, share=share, share_text=text) for item, share, text in zip(made, shares, texts, strict=True)]


def one(draw: st.DrawFn, key: str, name: str, value: float | None, basis: str) -> SummaryRow:
    change = draw(st.one_of(st.none(), st.floats(-0.999, 9)))
    half = draw(st.sampled_from([0.0001, 0.05, 0.4, 0.9]))
    made = row(key, name, value, "not comparable", change=None, basis=basis, previous_level=draw(st.floats(0, 99)))
    if value is None or change is None:
        return replace(made, verdict="no data" if value is None else "not comparable")
    low, high = (1 + change) * (1 - half) - 1, (1 + change) * (1 + half) - 1
    return replace(made, change=change, low=low, high=high, verdict=verdict_of(made.signal, low, high))


def ratio_of(item: SummaryRow, ranked: Rows, halves: dict[str, float | None]) -> Ratio | None:
    if len(ranked) < 2 or not item.value or item.marks:
        return None
    other = ranked[1] if item is ranked[0] or item.label == ranked[0].label else ranked[0]
    half = halves[ranked[1].label if item.label == ranked[0].label else item.label]
    value = item.value / (other.value or 1)
    return None if half is None else Ratio(other.label, value, value * math.exp(-half), value * math.exp(half))


@given(rows_of_a_signal())
def test_every_title_is_one_of_the_patterns_and_true(rows: list[SummaryRow]) -> None:
    lead, *rest = finding(rows[0].signal, rows).split("; ")
    assert any((found := re.fullmatch(pattern, lead)) and holds(rows, found) for pattern, holds in LEAD), lead
    for text in rest:
        assert any((found := re.fullmatch(pattern, text)) and holds(rows, found) for pattern, holds in REST), text


@given(rows_of_a_signal())
def test_every_change_and_standing_is_true_on_page_and_in_mail(rows: list[SummaryRow]) -> None:
    for item in rows:
        text, cell, standing = change_text(item), _cell(item), standing_text(item)
        assert text.startswith("up ") == (item.low is not None and item.low > 0 and item.verdict == "up")
        assert text.startswith("down ") == (item.high is not None and item.high < 0 and item.verdict == "down")
        if item.verdict in ("up", "down"):
            assert re.match(r"(up|down) (under )?[\d,.]*[1-9][\d,.]*.%", text), text
            assert cell.change[0] in {"up": "+u", "down": "\u2212d"}[item.verdict], cell.change
        else:
            assert not re.search(r"\d.%", cell.change), "an unclear change has no number of its own"
        ratio = item.ratio
        assert standing.startswith("ahead of") == (ratio is not None and ratio.low > 1)
        assert standing.startswith("behind") == (ratio is not None and ratio.high < 1)
        assert standing.startswith("level with") == (ratio is not None and ratio.low <= 1 <= ratio.high)


@given(rows_of_a_signal())
def test_a_sentence_names_what_is_clear_and_disagreement_only_where_there_is_one(rows: list[SummaryRow]) -> None:
    search = row("search", "a", 50.0, "up")
    for item in rows:
        mine = [search, replace(item, framework="a", label="A")] if item.signal.key != "search" else [item]
        mine = [replace(each, framework="a") for each in mine]
        told = framework_sentences(FACTS.only({"a"}), mine)["a"].replace("No clear", "no clear")
        verdicts = {each.verdict for each in mine}
        assert ("The signals disagree." in told) == ({"up", "down"} <= verdicts)
        assert ("no clear change in" in told) == ("no clear change" in verdicts)
        assert ("is withheld" in told) == ("not comparable" in verdicts)
        assert told.count("on the year before") == bool(verdicts & {"up", "down"})


# ---- headlines ------------------------------------------------------------------------------------------------------

WEEKS = Longest(
    "b", "stars", 10, date(2021, 3, 1), date(2021, 5, 9), date(2020, 12, 21), date(2021, 2, 28), 700.0, 1400.0, -0.5,
    -0.6, -0.4, None, None, None, None, None, "Season not removed.", "x", "github",
)  # fmt: skip


@pytest.mark.parametrize(
    ("verdicts", "says"),
    [
        (("up", "not comparable"), f"A stars up 10{NB}%"),
        (("no clear change", "not comparable"), "no clear change"),
        (("too few to say", "not comparable"), "too little to tell a change"),
        (("not comparable", "not comparable"), "no two years to compare"),
        (("no data", "not comparable"), "no two years to compare"),
        (("no data", "no data"), "no data yet"),
    ],
)
def test_the_headline_says_no_clear_change_only_where_something_was_compared(
    verdicts: tuple[Verdict, Verdict], says: str
) -> None:
    assert headline(FACTS, [row("stars", name, 110.0, it) for name, it in zip("ab", verdicts, strict=True)]) == says


def test_where_no_two_years_compare_the_headline_has_the_weeks_and_says_so() -> None:
    rows = [row("stars", "a", 5.0, "not comparable"), row("stars", "b", 5.0, "not comparable", longest=WEEKS)]
    assert headline(FACTS, rows) == f"B stars down 50{NB}% in 10 weeks to 9 May 2021"
    unclear = replace(WEEKS, low=-0.6, high=0.1)
    assert headline(FACTS, [rows[0], replace(rows[1], longest=unclear)]) == "no two years to compare"
    assert "season not removed" in shorter_text(rows[1])


@pytest.mark.parametrize(
    ("status", "says"), [("stale", "Git history stale"), ("never", "no data yet"), ("late", "no data yet")]
)
def test_a_source_that_never_answered_is_not_called_stale(status: str, says: str) -> None:
    age = SourceAge("git_history", "git", "a/b", "commits", None, None, status, None)
    assert headline(replace(FACTS, ages=(age,)), [row("stars", "a", None, "no data")]) == says


# ---- figures that contradicted a sentence once -----------------------------------------------------------------------


def test_zero_is_a_figure() -> None:
    nothing = [row("stars", name, 0.0, "not comparable") for name in "ab"]
    assert finding(BY_KEY["stars"], nothing) == "All are zero in these 12 months"
    assert finding(BY_KEY["stars"], [replace(nothing[0], value=7.0), nothing[1]]) == "Only A has any"


def test_nobody_is_called_behind_without_a_range_or_below_one_that_is_more() -> None:
    lead, second = Ratio("B", 2.0, 1.5, 2.5), Ratio("A", 0.5, 0.4, 0.6)
    rows = [
        row("search", name, value, ratio=it)
        for name, value, it in zip("abc", (80, 40, 20), (lead, second, None), strict=True)
    ]
    assert finding(BY_KEY["search"], rows) == "A ahead of B (1.5 to 2.5 times); C not ranked"
    scattered = [*rows[:2], replace(rows[2], ratio=Ratio("A", 0.25, 0.05, 1.2))]
    assert finding(BY_KEY["search"], scattered) == "A ahead of B (1.5 to 2.5 times); C not ranked"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (0.0003, f"up under 0.1{NB}%"),
        (-0.0003, f"down under 0.1{NB}%"),
        (0.12, f"+12{NB}%"),
        (-0.012, f"\u22121.2{NB}%"),
    ],
)
def test_a_clear_change_is_never_nothing(change: float, text: str) -> None:
    assert signed_size(change) == text
