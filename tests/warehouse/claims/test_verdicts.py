"""Claims beside what was recorded: the four that ship, twenty that are false or outdated, and some that are true."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pytest

from tests.warehouse.claims.conftest import Checked, Rows
from tests.warehouse.claims.recorded import daily_estimates
from warehouse.open import shipped_definitions

LISTS = {"metric": "pypi_downloads", "packages": ["tensorflow"], "basis": "pip"}
PEOPLE = {"metric": "new_contributors"}
SINCE = {**LISTS, "from": date(2019, 9, 30), "to": date(2021, 10, 21)}
YEAR_2020 = {**LISTS, "from": date(2020, 1, 1), "to": date(2020, 12, 31)}


def claim(name: str, *readings: dict[str, Any], **told: Any) -> dict[str, Any]:
    named = [{"name": f"reading {number}", **reading} for number, reading in enumerate(readings, start=1)]
    return {"name": name, "quote": name, "source": "made up", "framework": "tensorflow", "readings": named, **told}


def test_the_claims_that_ship_are_answered_as_by_hand(
    check: Checked, recorded_warehouse: duckdb.DuckDBPyConnection
) -> None:
    rows = {row["reading"]: row for row in check()}
    assert [(row["claim"], row["verdict"], row["first_reached_on"], row["held_until"]) for row in rows.values()] == [
        ("trend-of-12-months", "not checkable", None, None),
        ("downloads-76-million", "off by a factor", date(2020, 7, 8), date(2020, 7, 8)),
        ("downloads-76-million", "off by a factor", date(2020, 7, 14), date(2020, 7, 14)),
        ("downloads-76-million", "outdated", date(2020, 3, 12), date(2020, 3, 13)),
        ("downloads-76-million", "outdated", date(2020, 3, 22), date(2020, 3, 23)),
        ("contributors-2400", "outdated", date(2019, 5, 31), date(2019, 6, 27)),
        ("contributors-2400", "outdated", date(2019, 6, 20), date(2019, 7, 17)),
        ("open-source-since-2019", "contradicted", date(2015, 11, 7), None),
    ]
    since = rows["since the end of September 2019, until it was read, missing days as the day before"]
    assert since["our_value"] == pytest.approx(214.73e6, rel=1e-4)
    assert since["low"] < since["our_value"] < since["high"]
    assert since["reason"].startswith("Too low by a factor of 2.8: 214,728,212 on 2021-10-21. Only 82 % of its days")
    assert rows["addresses of authors ever"]["our_value"] == 3525
    assert rows["addresses of authors ever, merges left out"]["our_value"] == 3472
    assert {row["checked_as_of"] for row in rows.values()} == {date(2022, 1, 1)}
    assert {row["definitions_version"] for row in rows.values()} == {shipped_definitions()}
    for row in rows.values():
        if row["query"]:
            ((found,),) = recorded_warehouse.execute(row["query"]).fetchall()
            expected = row["our_value"] if row["claimed"] else row["first_reached_on"]
            assert found == (expected if isinstance(expected, date) else pytest.approx(expected))
    found = recorded_warehouse.execute(
        "SELECT claim, count(*), min(raw_table) FROM claim_lineage GROUP BY claim ORDER BY claim"
    ).fetchall()
    assert found == [
        ("contributors-2400", 2, "raw.git_commits"),
        ("downloads-76-million", 2, "raw.pypi_downloads"),
        ("open-source-since-2019", 1, "raw.git_commits"),
    ]


# What is claimed, and the verdict of every reading. The comment says what is true.
FALSE = [
    (claim("76-m-since", SINCE, value=76_000_000), "off by a factor"),
    (claim("76-m-ever", {**LISTS, "from": date(2018, 1, 7)}, value=76_000_000), "outdated"),  # 290 M
    (claim("2400-people", PEOPLE, value=2400), "outdated"),  # 3,525
    (claim("since-2019", {"metric": "commits"}, began="2019"), "contradicted"),  # 7 November 2015
    (claim("since-2014", {"metric": "commits"}, began="2014"), "contradicted"),
    (claim("since-a-day", {"metric": "commits"}, began="2015-11-09"), "contradicted"),  # two days earlier
    (claim("500-m-ever", {**LISTS, "from": date(2018, 1, 7)}, value=500_000_000), "not checkable"),  # losses in 2021
    (claim("10-m-in-2020", YEAR_2020, value=10_000_000), "off by a factor"),  # 115 to 117 M
    (claim("200-m-in-2020", YEAR_2020, value=200_000_000), "off by a factor"),
    (claim("130-m-in-2020", YEAR_2020, value=130_000_000), "contradicted"),
    (claim("3-000-people", PEOPLE, value=3000), "outdated"),
    (claim("5-100-people", PEOPLE, value=5100), "contradicted"),
    (claim("10-000-people", PEOPLE, value=10_000), "off by a factor"),
    (claim("4-000-or-more", PEOPLE, value=4000, at_least=True), "contradicted"),
    (claim("3-525-too-early", PEOPLE, value=3525, made_on=date(2019, 6, 1)), "contradicted"),  # 2,402 then
    (claim("2400-on-its-day", PEOPLE, value=2400, made_on=date(2019, 6, 1)), "outdated"),
    (claim("a-day-to-come", PEOPLE, value=3525, made_on=date(2022, 6, 1)), "not checkable"),
    (claim("a-curve", {"metric": "search_interest"}, value=100), "not checkable"),
    (claim("not-a-sum", {"metric": "active_contributors"}, value=3525), "not checkable"),
    (claim("no-such-basis", {**LISTS, "basis": "all"}, value=76_000_000), "not checkable"),
    (claim("nothing-before", {**LISTS, "to": date(2017, 1, 1)}, value=76_000_000), "not checkable"),
    (claim("stars", {"metric": "stars"}, value=150_000), "not checkable"),  # none were collected
]  # fmt: skip


# Spans whose figure fits exactly, and what of them was not observed or counted alike.
SPANS = {
    "a-gap": (date(2020, 1, 1), date(2020, 2, 29)),
    "a-change-of-counting": (date(2018, 6, 20), date(2018, 9, 19)),
    "a-loss": (date(2020, 11, 1), date(2021, 1, 9)),
    "whole": (date(2020, 2, 1), date(2020, 12, 31)),
}
TRUE = [
    claim("exact", PEOPLE, value=3525),
    claim("rounded", PEOPLE, value=3500),
    claim("or-more", PEOPLE, value=2400, at_least=True),
    claim("then-and-now", PEOPLE, value=3525, made_on=date(2021, 10, 1)),
    claim("month", {"metric": "commits"}, began="2015-11"),
]
DIFFERENT = [
    claim("3-472", PEOPLE, {"metric": "new_contributors_without_merges"}, value=3472),
    claim("115-m", YEAR_2020, value=115_000_000),
    claim("any-basis", {"metric": "pypi_downloads", "packages": ["tensorflow"]}, value=76_000_000),
]


def by_hand(name: str) -> dict[str, Any]:
    first, last = SPANS[name]
    counted = sum(value for day, value in daily_estimates("tensorflow", "pip") if first <= day <= last)
    return claim(name, {**LISTS, "from": first, "to": last}, value=round(counted / 1e6) * 1_000_000)


@pytest.fixture(scope="module")
def answers(check: Checked) -> dict[str, Rows]:
    """The rows of every claim below, by its name."""
    asked = [*(told for told, _ in FALSE), *map(by_hand, SPANS), *TRUE, *DIFFERENT]
    found: dict[str, Rows] = {told["name"]: [] for told in asked}
    for row in check(*asked):
        found[row["claim"]].append(row)
    return found


def test_what_is_false_or_outdated_never_holds(answers: dict[str, Rows]) -> None:
    found = {told["name"]: {row["verdict"] for row in answers[told["name"]]} for told, _ in FALSE}
    assert len(found) >= 20
    assert found == {told["name"]: {verdict} for told, verdict in FALSE}
    assert all(row["reason"] for rows in answers.values() for row in rows)


def test_what_fits_holds_only_where_all_of_it_was_observed_and_counted_alike(answers: dict[str, Rows]) -> None:
    filled = {name: next(row for row in answers[name] if "left out" not in row["reading"]) for name in SPANS}
    assert {name: row["verdict"] for name, row in filled.items()} == {
        "a-gap": "not checkable", "a-change-of-counting": "not checkable", "a-loss": "not checkable", "whole": "holds",
    }  # fmt: skip
    assert "Only 78 % of its days were observed." in filled["a-gap"]["reason"]
    assert "One break lies inside: 2018-07-26: " in filled["a-change-of-counting"]["reason"]
    assert "One break lies inside: 2021-01-04: " in filled["a-loss"]["reason"]


def test_what_is_true_holds(answers: dict[str, Rows]) -> None:
    rows = [row for told in TRUE for row in answers[told["name"]]]
    assert [row["verdict"] for row in rows] == ["holds"] * len(TRUE)
    assert {row["coverage"] for row in rows} == {1}


def test_two_readings_that_differ_are_both_told(answers: dict[str, Rows]) -> None:
    assert [row["verdict"] for row in answers["3-472"]] == ["contradicted", "holds under this reading only"]
    assert [(row["verdict"], round(row["our_value"] / 1e6)) for row in answers["115-m"]] == [
        ("contradicted", 117), ("holds under this reading only", 115),
    ]  # fmt: skip


def test_downloads_without_a_basis_are_read_on_each(answers: dict[str, Rows]) -> None:
    by_basis = {row["basis"] for row in answers["any-basis"]}
    assert by_basis == {"pip"}  # until the end of 2021 lists count no other
