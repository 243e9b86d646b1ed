"""What the demo's night leaves behind: `trends nightly --replay`, run as a user runs it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from tests.conftest import ROOT, Demo, run_trends
from warehouse.publish.snapshot import open_published


def test_the_last_line_is_the_path_of_a_report_that_is_there(demo: Demo) -> None:
    page = Path(demo.stdout.splitlines()[-1])
    assert page == demo.data / "reports" / "2021-06-25" / "report.html"
    assert page.is_file()
    assert (demo.data / "reports" / "latest" / "metrics.csv").is_file()


def test_progress_is_one_plain_line_for_each_step_when_nobody_watches(demo: Demo) -> None:
    ended = [line.split(":")[0].split(maxsplit=1)[1] for line in demo.stderr.splitlines() if ": " in line]
    for step in ("git_history tensorflow/tensorflow", "pypi_downloads torch", "github_repository keras-team/keras"):
        assert ended.count(step) == 1


def test_keras_has_exactly_the_independent_figures(demo: Demo) -> None:
    with (ROOT / "tests" / "fixtures" / "expected_monthly_from_logs.csv").open(encoding="utf-8") as file:
        expected = {
            row["month"]: (int(row["commits_nonmerge"]), int(row["authors_month"]), int(row["first_time_authors"]))
            for row in csv.DictReader(file)
            if row["repo"] == "keras-team_keras" and row["month"] < "2021-06-01"
        }
    run = run_trends(
        "--data", str(demo.data), "sql", "--format", "json",
        "SELECT month, metric, value FROM monthly_metrics WHERE framework = 'keras'"
        " AND metric IN ('commits', 'active_contributors', 'new_contributors') AND month < '2021-06-01'",
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    values = {(row["month"], row["metric"]): row["value"] for row in json.loads(run.stdout)}
    metrics = ("commits", "active_contributors", "new_contributors")
    assert len(expected) == 75
    assert {month: tuple(values[month, metric] for metric in metrics) for month in expected} == expected


def test_the_search_series_of_the_demo_is_marked_synthetic(demo: Demo) -> None:
    with open_published(demo.published) as con:
        marks = con.execute("SELECT DISTINCT is_synthetic FROM search_interest_weekly").fetchall()
    assert marks == [(True,)]
