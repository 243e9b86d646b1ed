"""The folder of reports as a site of plain files: what a night leaves and takes away; days that have no report."""

from __future__ import annotations

import csv
import json
import re
import shutil
from datetime import date
from pathlib import Path
from urllib.parse import unquote

import duckdb
import pytest

from flows.config.settings import Report, Settings
from flows.report_folder import prune, write_data_files
from tests.conftest import Demo, run_here
from warehouse.publish.exports import FORMS
from warehouse.publish.snapshot import reading_published

KERAS = {"packages": ["keras"], "repository": "keras-team/keras", "search_term": "Keras"}
DAY, LATER = "2021-06-25", date(2021, 6, 27)


def settings_of(data: Path, **report: object) -> Settings:
    return Settings(frameworks={"keras": KERAS}, warehouse={"data": data}, report=Report(**report))  # type: ignore[arg-type]


# ---- what a night leaves ---------------------------------------------------------------------------------------------


def test_every_public_view_lies_there_in_every_form(demo: Demo) -> None:
    folder = demo.data / "reports" / "data"
    with reading_published(demo.published) as con:
        views = [name for (name,) in con.execute("SHOW TABLES").fetchall()]
        assert {path.name for path in folder.iterdir()} == {f"{view}.{form}" for view in views for form in FORMS}
        counted = con.execute("SELECT count(*) FROM monthly_metrics").fetchall()
    rows = json.loads((folder / "monthly_metrics.json").read_text("utf-8"))
    with (folder / "monthly_metrics.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    with duckdb.connect() as con:
        read = con.execute("SELECT * FROM read_parquet(?)", [str(folder / "monthly_metrics.parquet")]).fetchall()
    assert len(rows) == len(lines) == len(read) == counted[0][0] > 0
    assert rows[0]["month"] == lines[0]["month"] == read[0][2].isoformat()


def test_whatever_a_page_of_the_site_leads_to_is_in_it(demo: Demo) -> None:
    root = demo.data / "reports"
    pages = [*root.glob("*.html"), root / DAY / "report.html", root / DAY / "email.html"]
    assert {page.name for page in pages} >= {"index.html", "2021.html"}
    for page in pages:
        told = page.read_text("utf-8")
        links = [unquote(link) for link in re.findall(r'<(?:a|img|link|script)\b[^>]*?(?:href|src)="([^"#:]+)"', told)]
        assert [link for link in links if not (page.parent / link).is_file()] == [], page.name
    assert f'href="{DAY}/report.html"' in (root / "feed.xml").read_text("utf-8")


@pytest.mark.parametrize("forms", [["csv"], []])
def test_only_the_forms_that_are_asked_for_are_there(demo: Demo, tmp_path: Path, forms: list[str]) -> None:
    folder = tmp_path / "reports" / "data"
    folder.mkdir(parents=True)
    for name in ("releases.json", "gone.csv", "notes.txt"):
        (folder / name).touch()
    write_data_files(settings_of(tmp_path, data_files=forms), tmp_path, demo.published)
    left = {path.name for path in folder.iterdir()}
    assert "notes.txt" in left
    assert {name.rpartition(".")[2] for name in left} == {"txt", *forms}
    assert "gone.csv" not in left


def test_files_of_the_same_copy_are_not_written_again(demo: Demo, tmp_path: Path) -> None:
    copy, folder = Path(shutil.copy(demo.published, tmp_path / "published.duckdb")), tmp_path / "reports" / "data"

    def written(*forms: str) -> dict[str, int]:
        write_data_files(settings_of(tmp_path, data_files=list(forms)), tmp_path, copy)
        return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}

    first = written("csv")
    assert written("csv") == first
    (folder / "releases.csv").unlink()
    assert written("csv").keys() == first.keys()
    assert written("csv", "json").keys() > first.keys()
    before = written("csv")
    copy.touch()
    assert not set(written("csv").values()) & set(before.values())


def test_a_file_that_cannot_be_written_is_one_line(demo: Demo, tmp_path: Path) -> None:
    (tmp_path / "reports" / "data" / ".partial" / "releases.csv").mkdir(parents=True)
    with pytest.raises(OSError, match=r"releases\.csv") as refused:
        write_data_files(settings_of(tmp_path, data_files=["csv"]), tmp_path, demo.published)
    assert "\n" not in str(refused.value)


# ---- what goes -------------------------------------------------------------------------------------------------------


@pytest.fixture
def reports(demo: Demo, tmp_path: Path) -> Path:
    """The demo's report, and two that are newer."""
    root = tmp_path / "reports"
    shutil.copytree(demo.data / "reports" / DAY, root / DAY)
    for day in ("2021-06-26", "2021-06-27"):
        (root / day).mkdir()
        (root / day / "report.html").touch()
    return root


def test_what_comes_again_byte_for_byte_is_taken_away(demo: Demo, reports: Path) -> None:
    (reports / DAY / "notes.txt").touch()
    prune(settings_of(reports.parent, keep=2), reports.parent, LATER, demo.published)
    assert [path.name for path in (reports / DAY).iterdir()] == ["notes.txt"], "what is not ours stays"
    assert (reports / "2021-06-26" / "report.html").exists()


@pytest.mark.parametrize("keep", [400, 3])
def test_what_is_to_be_kept_is_kept(demo: Demo, reports: Path, keep: int) -> None:
    prune(settings_of(reports.parent, keep=keep), reports.parent, LATER, demo.published)
    assert (reports / DAY / "report.html").exists()


@pytest.mark.parametrize("name", ["report.html", "metrics.csv"])
def test_what_would_come_out_otherwise_stays(demo: Demo, reports: Path, name: str) -> None:
    with (reports / DAY / name).open("a") as file:
        file.write("<!-- by hand -->")
    prune(settings_of(reports.parent, keep=1), reports.parent, LATER, demo.published)
    assert (reports / DAY / "report.html").exists()


# ---- days without a report -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["report", "mail"])
def test_a_day_before_the_first_answer_is_refused(demo: Demo, command: str) -> None:
    said = run_here("--data", str(demo.data), command, "--as-of", "2021-06-24")
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr == (
        "trends: --as-of 2021-06-24 is before 2021-06-25, the first day of which anything is known\n"
    )
    assert not (demo.data / "reports" / "2021-06-24").exists()
