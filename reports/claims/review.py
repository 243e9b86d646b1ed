"""Claims as schema.org ClaimReview, for whoever reads pages by program: one review for each reading of a claim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from warehouse.read.report import ClaimCheck

_RATINGS = {
    "holds": 5,
    "holds under this reading only": 4,
    "outdated": 3,
    "off by a factor": 1,
    "contradicted": 1,
}
"""Verdict -> points of five; what is not checkable gets none."""


def reviews(checks: Sequence[ClaimCheck]) -> list[dict[str, Any]]:
    """https://schema.org/ClaimReview objects, as JSON-LD."""
    return [_review(row) for row in checks]


def _review(row: ClaimCheck) -> dict[str, Any]:
    rating: dict[str, Any] = {"@type": "Rating", "alternateName": row.verdict}
    if points := _RATINGS.get(row.verdict):
        rating |= {"ratingValue": points, "bestRating": 5, "worstRating": 1}
    return {
        "@context": "https://schema.org",
        "@type": "ClaimReview",
        "url": f"#claim-{row.claim}",
        "datePublished": row.checked_as_of.isoformat(),
        "author": {"@type": "Organization", "name": "Framework Trends"},
        "claimReviewed": row.quote,
        "itemReviewed": _item(row),
        "reviewAspect": row.reading,
        "reviewBody": row.reason,
        "reviewRating": rating,
    }


def _item(row: ClaimCheck) -> dict[str, Any]:
    source: dict[str, Any] = {"@type": "CreativeWork", "name": row.source_name}
    if row.source_url:
        source["url"] = row.source_url
    item: dict[str, Any] = {"@type": "Claim", "appearance": source}
    if row.made_on:
        item["datePublished"] = row.made_on.isoformat()
    if row.first_reached_on:
        item["temporalCoverage"] = row.first_reached_on.isoformat()
    return item
