"""The catalogue is the one home of a metric and of a service: what is added there is found everywhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from warehouse.calendar import days_in_year_to, first_of_year_to
from warehouse.catalogue.metrics import METRICS
from warehouse.catalogue.services import SERVICES, name_of, source_of

ENTRY = """
[stars_of_saturdays]
label       = "Stars given on Saturdays"
unit        = "stars"
aggregate   = "sum"
base_metric = "stars"
source      = "github_repository"
answered_by = "GitHub REST"
definition  = "Stars of Saturdays, of other days none."
basis       = "by the day of the week"
caveat      = "Made up for a test."
reference   = "none"
raw_table   = "raw.repository_stars"
days_view   = "saturdays"
"""
VIEW = """
CREATE VIEW core.saturdays AS
SELECT
    framework, 'stars_of_saturdays' AS metric, day, CASE WHEN isodow(day) = 6 THEN value ELSE 0 END AS value,
    'by the day of the week' AS basis, service, preference
FROM core.star_days;
COMMENT ON VIEW core.saturdays IS 'Stars of Saturdays.';
"""
SCRIPT = """
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from reports.build import build_report
from warehouse import dictionary
from warehouse.publish import snapshot
from warehouse.ledger import begin_run, finish_run
from warehouse.open import open_warehouse
from warehouse.rows import Answer, FrameworkEntry, StarDay
from warehouse.save import save_answers

folder, night = Path(sys.argv[1]), datetime(2021, 6, 25, 23, tzinfo=UTC)
days = tuple(StarDay("a/a", date(2019, 5, 1) + timedelta(days=n), 10) for n in range(786))
tracked = (FrameworkEntry("a", "A", 0, "a/a", "a", "term"),)
with open_warehouse(folder / "w.duckdb") as con:
    begin_run(con, run_id="r", flow="nightly", as_of=night.date(), started_at=night, program_version="t")
    save_answers(con, "r", [
        Answer("config", "frameworks", "{}", night, tracked, replaces_all=True),
        Answer("github", "a/a", "{}", night, days),
    ])
    finish_run(con, "r", finished_at=night, status="ok")
    snapshot.publish(con, folder / "p.duckdb")
con = snapshot.open_published(folder / "p.duckdb", night.date())
for view, where in (
    ("daily_metrics", "day = '2021-05-29'"),
    ("monthly_metrics", "month = '2021-05-01'"),
    ("rolling_12_months", "day = '2021-05-31'"),
):
    print(view, con.execute(f"SELECT value FROM {view} WHERE metric = 'stars_of_saturdays' AND {where}").fetchall())
built = build_report(con, as_of=night.date(), out=folder / "report", self_contained=False)
csv = built.csv.read_text()
print("csv", "a,stars_of_saturdays,value,2020-06-01/2021-05-31,520,stars" in csv)
print("page", "Stars given on Saturdays" in built.page.read_text())
print("dictionary", "| stars_of_saturdays | stars | Stars of Saturdays" in dictionary.generate())
"""


def test_a_new_metric_is_an_entry_and_a_view(project: Path, tmp_path: Path) -> None:
    """A copy of the program with one more metric: no line of Python and no other view is changed."""
    for package in ("warehouse", "reports"):
        shutil.copytree(project / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "warehouse/catalogue/metrics.toml").open("a") as catalogue:
        catalogue.write(ENTRY)
    (tmp_path / "warehouse/sql/views/core/065_core_saturdays.sql").write_text(VIEW)
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{SCRIPT}", str(tmp_path)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        "daily_metrics [(10.0,)]",
        "monthly_metrics [(50.0,)]",
        "rolling_12_months [(520.0,)]",
        "csv True",
        "page True",
        "dictionary True",
    ], done.stderr


def test_metrics_are_named_where_they_are_computed_and_nowhere_else(project: Path) -> None:
    """Views that compute a metric name it; few others do, each for what is special about one metric."""
    computing = re.compile(r"git/|040_|045_|050_|060_")
    views = sorted((project / "warehouse/sql/views").rglob("*.sql"))
    others = [view for view in views if not computing.search(view.relative_to(project).as_posix())]
    quoted = re.compile(rf"'({'|'.join(METRICS)})'")
    found = {view.name: sorted(set(quoted.findall(view.read_text()))) for view in others}
    assert {name: metrics for name, metrics in found.items() if metrics} == {
        "025_core_breaks.sql": ["pypi_downloads", "search_interest"],
        "135_longest_comparison.sql": ["pypi_downloads", "search_interest"],
        "148_machine_shares.sql": ["bot_commits", "commits", "commits_with_agent_trailer", "masked_or_bot_commits"],
        "160_freshness.sql": ["commits", "pypi_downloads", "search_interest", "stars"],
        "210_revisions.sql": ["stars"],
        "220_lineage.sql": [
            "pypi_downloads",
            "pypi_downloads_lower_bound",
            "pypi_downloads_without_mirrors",
            "search_interest",
        ],
    }


def test_every_figure_of_a_history_is_in_the_catalogue(con: duckdb.DuckDBPyConnection) -> None:
    """Columns of the histories' views are metrics: one that the catalogue does not have would drop out silently."""
    folder = Path(__file__).parents[2] / "warehouse/sql/views/core/git"
    casts = re.compile(r"CAST\(.*\) AS (\w+),?$", re.MULTILINE)
    computed = {
        name
        for file in ("032_core_git_days.sql", "036_core_git_months.sql", "038_core_git_years.sql")
        for name in casts.findall((folder / file).read_text())
    }
    assert computed - {"month", "observed_days", "commits", "counts_until", "new_until"} <= METRICS.keys()
    assert {name for name, metric in METRICS.items() if metric.source == "git_history"} <= computed | {
        "contributor_absence_factor"
    }


def test_services_have_a_source_and_a_name() -> None:
    assert {source_of(service) for service in SERVICES} >= {metric.source for metric in METRICS.values()}
    assert name_of("git_history") == name_of("git") == "Git history"
    assert name_of("pypi_downloads") == "PyPI downloads (ClickPy)"
    assert name_of("something else") == "something else"
    with pytest.raises(ValueError, match=r"'clickpi' is not known; add it to services.toml"):
        source_of("clickpi")


def test_the_twelve_months_to_a_day_are_one_rule_in_python_and_in_sql(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("SET VARIABLE as_of = DATE '2032-12-31'")
    rows = con.execute("SELECT day, window_start, window_days FROM core.calendar WHERE year(day) >= 2003").fetchall()
    assert len(rows) == (date(2032, 12, 31) - date(2002, 12, 31)).days
    for day, window_start, window_days in rows:
        assert (first_of_year_to(day), days_in_year_to(day)) == (window_start, window_days), day
    assert days_in_year_to(date(2021, 2, 28)) == 365
    assert first_of_year_to(date(2021, 2, 28)) == date(2021, 2, 28) - timedelta(days=364)
