"""Which metrics a report shows and in which order. What a metric is called and counted in is in the catalogue."""

from __future__ import annotations

from dataclasses import dataclass

from warehouse.catalogue.metrics import METRICS, Aggregate


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that is measured: its metric, and the companions that are shown beside it.

    `kind`: how 12 months become one figure.

    mean      the mean of the days; months and years are in the same unit
    sum       the sum of the days; shown as a daily mean, because months and years differ in length
    distinct  people counted once however often they appear; monthly figures do not add up to the year's
    """

    key: str
    title: str
    noun: str
    metric: str
    companions: tuple[str, ...] = ()

    @property
    def kind(self) -> Aggregate:
        return METRICS[self.metric].aggregate

    @property
    def has_parts(self) -> bool:
        """Whether the figures of all frameworks are parts of one whole, so that shares mean something.

        An index has no whole, and people who contribute to two frameworks count in both.
        """
        return self.kind == "sum"

    @property
    def level_unit(self) -> str:
        """Unit on charts."""
        return METRICS[self.metric].level_unit

    @property
    def short_unit(self) -> str:
        """Unit in a narrow heading."""
        return METRICS[self.metric].short_unit


_SHOWN = (
    Signal("search", "Search interest", "search interest", "search_interest"),
    Signal(
        "downloads",
        "PyPI downloads",
        "downloads",
        "pypi_downloads",
        ("pypi_downloads_without_mirrors", "pypi_downloads_lower_bound"),
    ),
    Signal(
        "contributors",
        "Contributors",
        "contributors",
        "active_contributors",
        (
            "active_contributors_without_bots",
            "newly_active_contributors",
            "returning_contributors",
            "contributor_absence_factor",
            "commits",
            "masked_or_bot_commits",
            "commits_with_agent_trailer",
        ),
    ),
    Signal("stars", "GitHub stars", "stars", "stars", ("stars_total", "forks")),
)


def _with_the_others(signal: Signal) -> Signal:
    """The metrics of the catalogue that derive from the signal's and stand nowhere yet are its last companions."""
    placed = {metric for shown in _SHOWN for metric in (shown.metric, *shown.companions)}
    others = [key for key, metric in METRICS.items() if metric.base_metric == signal.metric and key not in placed]
    return Signal(signal.key, signal.title, signal.noun, signal.metric, (*signal.companions, *others))


SIGNALS = tuple(_with_the_others(signal) for signal in _SHOWN)
DRAWN = tuple(signal.metric for signal in SIGNALS)
WEEKLY = tuple(signal.metric for signal in SIGNALS if signal.kind == "sum")
"""Metrics that have curves, and those of them whose single weeks are shown as daily means."""
