"""A report made of figures that a formula gives, so that mails and pictures can be compared word for word."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from reports.build import BuiltReport
from reports.compare import summarise
from reports.facts import Facts, Period, with_marks
from reports.problems import problems
from reports.sentences import framework_sentences, headline
from warehouse.read.report import (
    CountingBreak,
    FailedCheck,
    FailedStep,
    Framework,
    Month,
    Rolling,
    SearchBand,
    SearchWeek,
    SourceAge,
)

AS_OF = date(2021, 6, 25)
PERIOD = Period(AS_OF)
# metric -> size, source, basis
SHAPES = {
    "search_interest": (1.0, "google_trends", None),
    "pypi_downloads": (2.1e6, "clickpy", "all"),
    "active_contributors": (31.0, "git", None),
    "stars": (450.0, "github", None),
}
DAYS = [
    day
    for day in (PERIOD.previous_start + timedelta(days=n) for n in range((PERIOD.end - PERIOD.previous_start).days + 1))
    if day.isoweekday() == 7 or day == PERIOD.end
]
EVERYONE = frozenset((f"f{n}", "pypi_downloads", "clickpy") for n in range(12))
REPOSITORIES = ("tensorflow/tensorflow", "pytorch/pytorch", "keras-team/keras")
BREAKS = (
    CountingBreak(
        "pypi", "pypi_downloads", date(2020, 8, 3), "loss", "A week of logs lost", "x", "keras", date(2020, 8, 20),
        frozenset({("f2", "pypi_downloads", "clickpy")}),
    ),
    CountingBreak(
        "clickpy", "pypi_downloads", date(2021, 3, 1), "counting", "Mirrors no longer counted", "x", "*", None, EVERYONE
    ),
)  # fmt: skip


def level(position: int, metric: str, day: date) -> float:
    """The first falls, the second rises, the others stay nearly level."""
    years = (day - PERIOD.previous_start).days / 365
    trend = (70 - 8 * years, 22 + 18 * years)[position] if position < 2 else 14 - 0.1 * years + position
    return SHAPES[metric][0] * trend * (1 + 0.02 * ((day.month * 7 + position * 3) % 5 - 2))


def rolling(position: int, metric: str) -> tuple[Rolling, ...]:
    _, source, basis = SHAPES[metric]
    year = 365 if metric in ("pypi_downloads", "stars") else 1
    withheld = metric == "pypi_downloads"
    before = level(position, metric, PERIOD.previous_end) * year
    values = [(day, level(position, metric, day) * year) for day in DAYS]
    return tuple(
        Rolling(
            f"f{position}", metric, day, value, before, None if withheld else value / before - 1, not withheld,
            "Counted differently since 1 March 2021: Mirrors no longer counted." if withheld else None, basis, source,
        )
        for day, value in values
    )  # fmt: skip


def month(position: int, metric: str, first: date) -> Month:
    _, source, basis = SHAPES[metric]
    value = level(position, metric, first)
    mean = value if metric in ("pypi_downloads", "stars") else None
    return Month(f"f{position}", metric, first, value * (30 if mean else 1), mean, 1.0, True, basis, source)


def facts_of(*labels: str) -> Facts:
    positions = range(len(labels))
    pairs = [(position, metric) for position in positions for metric in SHAPES]
    curves = {(f"f{position}", metric): rolling(position, metric) for position, metric in pairs}
    values = {(position, day): level(position, "search_interest", day) for position in positions for day in DAYS}
    facts = Facts(
        period=PERIOD,
        frameworks=tuple(
            Framework(f"f{position}", label, "", position, REPOSITORIES[position % 3])
            for position, label in enumerate(labels)
        ),
        curves=curves,
        latest={key: rows[-1] for key, rows in curves.items()},
        months={
            (f"f{position}", metric, first): month(position, metric, first)
            for position, metric in pairs
            for first in (*PERIOD.previous_months, *PERIOD.months)
        },
        weeks={},
        search_weeks={f"f{n}": (SearchWeek(f"f{n}", PERIOD.start, 1, 1, 1, 5, True),) for n in positions},
        search_bands={
            (f"f{position}", day): SearchBand(f"f{position}", day, value * 0.95, value * 1.05, 5)
            for (position, day), value in values.items()
        },
        releases={},
        breaks=BREAKS,
        ages=(SourceAge("git_history", "git", "pytorch/pytorch", "commits", date(2021, 5, 1), 55, "stale", None),),
        definitions=(),
        failed_checks=(FailedCheck("vanished", "github", "tensorflow/tensorflow", "failed", "x"),),
        failed_steps=(FailedStep("git_history", "pytorch/pytorch", "git: no answer", has_rows=False),),
        doubts=(),
    )
    return with_marks(facts)


MakeReport = Callable[..., BuiltReport]


@pytest.fixture(scope="session")
def report_of(tmp_path_factory: pytest.TempPathFactory) -> MakeReport:
    """A built report of frameworks with these labels; keys are f0, f1, ..."""

    def make(*labels: str) -> BuiltReport:
        facts, folder = facts_of(*(labels or ("TensorFlow", "PyTorch", "Keras"))), tmp_path_factory.mktemp("report")
        (folder / "report.html").write_text("<p>page</p>")
        (folder / "metrics.csv").write_text("framework\n")
        rows = summarise(facts)
        return BuiltReport(
            report_id="2021-06-25-abc", as_of=AS_OF, folder=folder, page=folder / "report.html",
            csv=folder / "metrics.csv", headline=headline(facts, rows), problems=problems(facts, rows),
            sentences=framework_sentences(facts, rows), summary=rows, charts=(), queries={}, facts=facts,
        )  # fmt: skip

    return make


HOSTILE = (
    "<script>alert(1)</script>",
    "\"quotes\" & 'ticks' $\\frac{1}{0}$ _x",
    "x" * 300,
    "\u202eevil\u202c مرحبا بالعالم",
    "😀 emoji\r\nBcc: everyone@example.com",
    "=cmd|'/C calc'!A0",
    "{{ 7*7 }} {% raw %}",
    "\x1b[31mred\x07",
)


@pytest.fixture(scope="session")
def hostile() -> tuple[str, ...]:
    return HOSTILE
