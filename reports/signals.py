"""Which metrics a report shows, in which order and under which names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["mean", "sum", "distinct"]


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that is measured. `kind`: how 12 months become one figure.

    mean      the mean of the days; months and years are in the same unit
    sum       the sum of the days; shown as a daily mean, because months and years differ in length
    distinct  people counted once however often they appear; monthly figures do not add up to the year's
    """

    key: str
    title: str
    noun: str
    metric: str
    kind: Kind
    unit: str
    level_unit: str
    companions: tuple[str, ...] = ()


SIGNALS = (
    Signal(
        "search",
        "Search interest",
        "search interest",
        "search_interest",
        "mean",
        "interest, 0 to 100",
        "interest, 0 to 100",
    ),
    Signal(
        "downloads",
        "PyPI downloads",
        "downloads",
        "pypi_downloads",
        "sum",
        "downloads",
        "downloads a day",
        ("pypi_downloads_without_mirrors", "pypi_downloads_lower_bound"),
    ),
    Signal(
        "contributors",
        "Contributors",
        "contributors",
        "active_contributors",
        "distinct",
        "people",
        "people",
        (
            "active_contributors_without_bots",
            "new_contributors",
            "returning_contributors",
            "contributor_absence_factor",
            "commits",
            "masked_or_bot_commits",
        ),
    ),
    Signal(
        "stars",
        "GitHub stars",
        "stars",
        "stars",
        "sum",
        "stars",
        "stars a day",
        ("stars_total", "forks"),
    ),
)
METRIC_NAMES = {
    "search_interest": "Search interest",
    "pypi_downloads": "Downloads",
    "pypi_downloads_without_mirrors": "Downloads without mirrors",
    "pypi_downloads_lower_bound": "Downloads, lower bound without packages that require it",
    "active_contributors": "Active contributors",
    "active_contributors_without_bots": "Active, people only (no bot, no shared identity)",
    "new_contributors": "New (first commit ever)",
    "returning_contributors": "Returning",
    "contributor_absence_factor": "Absence factor (fewest people behind half of the commits)",
    "commits": "Commits",
    "masked_or_bot_commits": "Commits by bots or shared identities",
    "stars": "Stars given",
    "stars_total": "Stars, total",
    "forks": "Forks, total",
}
