"""Every figure of the report, signal by signal."""

from __future__ import annotations

from collections.abc import Sequence

from reports.charts.months import months_chart
from reports.charts.newcomers import newcomers_chart
from reports.charts.parts import Chart
from reports.charts.rolling import rolling_chart
from reports.charts.share import share_chart
from reports.compare import SummaryRow
from reports.facts import Facts
from reports.signals import SIGNALS, Signal


def charts_of(facts: Facts, rows: Sequence[SummaryRow], signal: Signal) -> tuple[Chart, ...]:
    """The figures of one signal; none where it has no figures at all."""
    mine = [row for row in rows if row.signal is signal]
    made = [rolling_chart(facts, mine, signal), months_chart(facts, mine, signal), share_chart(facts, mine, signal)]
    if signal.key == "contributors":
        made.insert(2, newcomers_chart(facts, signal))
    return tuple(chart for chart in made if chart is not None)


def all_charts(facts: Facts, rows: Sequence[SummaryRow]) -> dict[str, tuple[Chart, ...]]:
    """Signal key -> its figures."""
    return {signal.key: charts_of(facts, rows, signal) for signal in SIGNALS}
