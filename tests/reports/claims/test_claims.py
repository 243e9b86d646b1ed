"""What others claim, in words, for programs and as badges."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree

import pytest

from reports.claims.badge import badge, badges
from reports.claims.review import reviews
from reports.claims.told import DIFFERENT, claims_told
from reports.page.render import json_in_script
from tests.reports.conftest import HOSTILE
from warehouse.read.report import ClaimCheck

OUTDATED = ClaimCheck(
    claim="many", reading="addresses ever", claimed=2400, our_value=3525.0, low=3525.0, high=3525.0, coverage=0.9999,
    verdict="outdated", reason="Reached on 2019-05-31, right until 2019-06-27; 3,525 on 2021-06-24.",
    first_reached_on=date(2019, 5, 31), held_until=date(2019, 6, 27), checked_as_of=date(2021, 6, 25),
    definitions_version="d", lineage="One answer of git, the last of 2021-06-25", framework="tensorflow",
    quote="2400 people contributing", source_name="a page", source_url="https://example.com/a?b=1&c=2", made_on=None,
    begins_from=None, begins_until=None, metric="new_contributors", counted_until=date(2021, 6, 24), query="SELECT 1",
)  # fmt: skip
HOLDS = replace(
    OUTDATED,
    reading="without merges",
    verdict="holds under this reading only",
    our_value=2400.4,
    low=2400.4,
    high=2400.4,
)
RANGE = replace(OUTDATED, claim="downloads", low=3500.2, high=3600.7, verdict="contradicted", source_url=None)
BEGAN = replace(
    OUTDATED, claim="began", claimed=None, our_value=None, low=None, high=None, verdict="contradicted", query=None
)
NOTHING = replace(BEGAN, claim="trend", verdict="not checkable", first_reached_on=None, coverage=None)


def test_a_claim_has_one_verdict_only_where_its_readings_agree() -> None:
    many, downloads, began, trend = claims_told([OUTDATED, HOLDS, RANGE, BEGAN, NOTHING])
    assert (many.verdict, downloads.verdict, trend.verdict) == (DIFFERENT, "contradicted", "not checkable")
    assert [reading.verdict for reading in many.readings] == ["outdated", "holds under this reading only"]
    assert [reading.counted for reading in many.readings] == [
        "3,525",
        "2,400",
    ]
    assert downloads.readings[0].counted == "3,525 (3,500 to 3,601)"
    assert (began.readings[0].counted, trend.readings[0].counted) == (
        "31 May 2019",
        "\N{EN DASH}",
    )
    assert many.readings[0].coverage.startswith("99")  # never rounded up to all of the days
    assert trend.readings[0].query == ""


def test_each_reading_is_a_review_that_programs_read() -> None:
    first, second, *_, last = reviews([OUTDATED, HOLDS, RANGE, BEGAN, NOTHING])
    assert (first["@type"], first["claimReviewed"]) == ("ClaimReview", "2400 people contributing")
    assert first["reviewRating"] == {
        "@type": "Rating", "alternateName": "outdated", "ratingValue": 3, "bestRating": 5, "worstRating": 1,
    }  # fmt: skip
    assert first["itemReviewed"]["appearance"]["url"] == "https://example.com/a?b=1&c=2"
    assert first["datePublished"] == "2021-06-25"
    assert second["reviewAspect"] == "without merges"
    assert last["reviewRating"] == {"@type": "Rating", "alternateName": "not checkable"}  # no points: nobody can tell


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_a_claim_says_stays_text(text: str) -> None:
    hostile = replace(OUTDATED, quote=text, source_name=text)
    assert "</" not in json_in_script(reviews([hostile]))
    assert json.loads(json_in_script(reviews([hostile])))[0]["claimReviewed"] == text
    (claim,) = claims_told([hostile])
    root = ElementTree.fromstring(badge(claim))
    assert {element.tag.rpartition("}")[2] for element in root.iter()} == {"svg", "title", "rect", "g", "text"}


def test_a_badge_says_what_is_so_and_of_which_day() -> None:
    written = badges(claims_told([OUTDATED, BEGAN, NOTHING]))
    assert list(written) == ["many.svg", "began.svg", "trend.svg"]
    said = {
        name: [text.text for text in ElementTree.fromstring(svg).iter() if text.tag.endswith("}text")]
        for name, svg in written.items()
    }
    assert said["many.svg"] == ["2400 people contributing", "outdated: 3,525 on 2021-06-24"]
    assert said["began.svg"][1] == "contradicted: since 31 May 2019"
    assert said["trend.svg"][1] == "not checkable"
    (later,) = claims_told(
        [replace(OUTDATED, our_value=3600.0, low=3600.0, high=3600.0, counted_until=date(2021, 7, 1))]
    )
    assert "outdated: 3,600 on 2021-07-01" in badge(later)
