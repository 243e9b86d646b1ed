"""What holds for all public views: which there are, that they explain themselves, unique keys, as of a day."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from warehouse.ledger import begin_run, finish_run
from warehouse.open import open_warehouse
from warehouse.publish.evaluate import evaluated
from warehouse.read.state import definitions_version
from warehouse.rows import Answer, Break, Commit, Download, RepositoryTotal, SearchPoint, StarDay
from warehouse.save import save_answers

NIGHT = datetime(2021, 6, 25, 23, tzinfo=UTC)
DAY = timedelta(days=1)

COLUMNS = {
    "daily_metrics": "framework metric day value basis source",
    "monthly_metrics": "framework metric month value daily_mean coverage is_complete",
    "rolling_12_months": "framework metric day value previous_value change is_comparable reason",
    "longest_comparison": "framework metric day weeks window_start window_end previous_start previous_end value",
    "search_interest_weekly": "framework week_start interest interest_low interest_high draws is_synthetic",
    "releases": "framework package version released_on is_prerelease",
    "series_breaks": "framework metric source service effective_on ends_on kind what_changed",
    "measurement_breaks": "source metric effective_on kind what_changed evidence",
    "freshness": "source entity last_day collected_at age_days status",
    "metric_definitions": "metric unit definition basis source caveat reference",
    "collection_runs": "run_id flow source entity window started_at finished_at status rows error",
    "report_issues": "report_id as_of definitions_version artefact sha256 recipients sent_at",
    "frameworks": "framework label",
    "revisions": "source entity metric day old_value new_value difference seen_at previous_seen_at",
    "lineage": "framework metric month",
    "quality_checks": "run_id check_name source entity status detail",
    "source_notes": "source service entity kind note",
    "claim_lineage": "claim reading service entity answer_id run_id collected_at request content_id raw_table",
    "claims": "claim reading claimed our_value low high coverage verdict reason first_reached_on held_until",
    "contributor_ladder": "framework step name people difference explanation",
    "contributor_organisations": "framework organisation people share",
    "cumulative_metrics": "framework metric basis day value low high first_day coverage label service",
    "download_differences": "package basis month service other_service days value other_value difference",
    "downloads_beside_index": "framework metric basis month days value index_value per_million coverage service",
    "machine_shares": "framework month commits bot_share masked_share agent_share_at_least is_complete bots",
    "milestones": "framework metric basis level passed_on earliest_on latest_on first_day coverage breaks",
}


def _night(at: datetime, extra: int) -> list[Answer]:
    days = [date(2021, 6, 1) + n * DAY for n in range(20)]
    repository = "pytorch/pytorch"
    sundays = (date(2021, 5, 2), date(2021, 5, 9))
    weeks = tuple(SearchPoint("pytorch", sunday, "WEEK", 50, False, True, False) for sunday in sundays)
    commits = tuple(Commit(repository, f"{n}-{extra}", "x", "person", at.date() - DAY, False) for n in range(3))
    return [
        Answer("git", repository, '{"walk": 1}', at, commits),
        Answer("clickpy", "torch", "{}", at, tuple(Download("torch", d, d, 1, "all", 99 + extra) for d in days)),
        Answer("github", repository, "{}", at, tuple(StarDay(repository, d, 5 + extra) for d in days)),
        Answer("github", repository, "{}", at, (RepositoryTotal(repository, at.date(), 100 + extra, 9),)),
        Answer("google_trends", "pytorch", "{}", at, weeks),
    ]


@pytest.fixture(scope="module")
def loaded(
    tmp_path_factory: pytest.TempPathFactory, make_configuration: Callable[..., tuple[Answer, Answer]]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """One framework with something of every signal, from two nights; each view computed once. To be left as it is."""
    with open_warehouse(tmp_path_factory.mktemp("loaded") / "w.duckdb") as con:
        for number, at in enumerate((NIGHT, NIGHT + DAY)):
            run_id = f"r{number + 1}"
            begin_run(con, run_id=run_id, flow="nightly", as_of=at.date(), started_at=at, program_version="t")
            save_answers(con, run_id, [*make_configuration(at=at, pytorch=["torch"]), *_night(at, number)])
            finish_run(con, run_id, finished_at=at, status="ok")
        with evaluated(con, "w"):
            con.execute("SET search_path = 'evaluation,w'")
            yield con
            con.execute("USE w")


def test_only_the_public_views_are_shown(con: duckdb.DuckDBPyConnection) -> None:
    assert {name for (name,) in con.execute("SHOW TABLES").fetchall()} == set(COLUMNS)


@pytest.mark.parametrize("view", COLUMNS)
def test_the_columns_are_those_agreed_on_and_further_ones_come_last(con: duckdb.DuckDBPyConnection, view: str) -> None:
    columns = [name for name, *_ in con.table(view).description]
    agreed = COLUMNS[view].split()
    assert columns[: len(agreed)] == agreed


def test_every_view_and_column_says_what_it_is(con: duckdb.DuckDBPyConnection) -> None:
    views = con.execute(
        "SELECT schema_name, view_name, comment FROM duckdb_views()"
        " WHERE NOT internal AND schema_name IN ('main', 'core')"
    ).fetchall()
    assert [name for _, name, comment in views if not comment] == []
    assert [name for schema, name, comment in views if schema == "main" and not re.search(r"Grain: \w", comment)] == []
    columns = con.execute(
        "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal AND schema_name = 'main'"
    ).fetchall()
    assert [(view, column) for view, column, comment in columns if not comment] == []


def test_every_metric_is_defined(loaded: duckdb.DuckDBPyConnection) -> None:
    used = "SELECT metric FROM monthly_metrics UNION SELECT metric FROM core.metrics"
    assert loaded.execute(f"({used}) EXCEPT SELECT metric FROM metric_definitions").fetchall() == []


@pytest.mark.parametrize(
    ("view", "grain"),
    [
        ("daily_metrics", "framework, metric, day"),
        ("monthly_metrics", "framework, metric, month"),
        ("rolling_12_months", "framework, metric, day"),
        ("search_interest_weekly", "framework, week_start"),
        ("freshness", "service, entity"),
        ("lineage", "framework, metric, month, answer_id"),
        ("revisions", "service, entity, metric, day, period_end, seen_at"),
    ],
)
def test_the_grain_is_unique(loaded: duckdb.DuckDBPyConnection, view: str, grain: str) -> None:
    assert loaded.execute(f"SELECT count(*) > 0 FROM {view}").fetchall() == [(True,)]
    assert loaded.execute(f"SELECT {grain} FROM {view} GROUP BY ALL HAVING count(*) > 1").fetchall() == []


def test_every_view_answers_without_any_row(con: duckdb.DuckDBPyConnection) -> None:
    for view in set(COLUMNS) - {"metric_definitions"}:
        assert con.execute(f"FROM {view}").fetchall() == [], view


def test_no_view_is_planned_with_a_second_copy_of_its_beginning(con: duckdb.DuckDBPyConnection) -> None:
    """As DuckDB plans NOT EXISTS: views are used many times in each other, so each copy costs as often."""
    views = con.execute("SELECT view_name, sql FROM duckdb_views() WHERE NOT internal").fetchall()
    assert len(views) > len(COLUMNS)
    assert [name for name, sql in views if re.search(r"NOT\W+EXISTS", sql)] == []


def test_as_of_a_day_nothing_later_is_known(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], configured: Callable[..., tuple[Answer, Answer]]
) -> None:
    """The first night as it was known on its evening, and a week later when asked about that evening."""

    def everything() -> dict[str, list[tuple[Any, ...]]]:
        with evaluated(con, "warehouse"):
            return {view: con.execute(f"FROM evaluation.{view} ORDER BY ALL").fetchall() for view in COLUMNS}

    save(*configured(at=NIGHT, pytorch=["torch"]), *_night(NIGHT, 0))
    finish_run(con, "r1", finished_at=NIGHT, status="ok")
    then = everything()
    told = Break("*", "*", date(2021, 6, 10), "counting", "x", "y")
    save(
        *configured(at=NIGHT + 7 * DAY, pytorch=["torch"], keras=["keras"]),
        *_night(NIGHT + 7 * DAY, 1),
        Answer("config", "breaks", "{}", NIGHT + 7 * DAY, (told,)),
        run_id="r2",
    )
    con.execute("SET VARIABLE as_of = DATE '2021-06-25'")
    assert everything() == then


def test_revisions_say_what_changed_when_and_by_how_much(loaded: duckdb.DuckDBPyConnection) -> None:
    rows = loaded.execute("FROM revisions WHERE day = '2021-06-03' ORDER BY metric").fetchall()
    seen, before = datetime(2021, 6, 26, 23), datetime(2021, 6, 25, 23)
    day = date(2021, 6, 3)
    assert rows == [
        ("pypi_downloads", "torch", "downloads, all", day, 99, 100, 1, seen, before, day, "clickpy"),
        ("github_repository", "pytorch/pytorch", "stars", day, 5, 6, 1, seen, before, day, "github"),
    ]


@pytest.mark.parametrize("metric", ["search_interest", "pypi_downloads", "commits", "stars", "stars_total"])
def test_lineage_leads_from_a_figure_to_its_rows_run_and_request(
    loaded: duckdb.DuckDBPyConnection, metric: str
) -> None:
    """The documented query, for any framework, metric and month of monthly_metrics."""
    for month in loaded.execute("SELECT month FROM monthly_metrics WHERE metric = ?", [metric]).fetchall():
        rows = loaded.execute(
            "SELECT run_id, request, raw_table, content_id, raw_rows FROM lineage"
            " WHERE framework = 'pytorch' AND metric = ? AND month = ?",
            [metric, *month],
        ).fetchall()
        assert {run_id for run_id, *_ in rows} == {"r1", "r2"}
        for _, request, raw_table, content_id, raw_rows in rows:
            found = loaded.execute(f"SELECT count(*) FROM {raw_table} WHERE content_id = ?", [content_id]).fetchone()
            assert found
            assert 0 < raw_rows <= found[0]
            assert request.startswith("{")


def test_a_suspected_break_is_called_suspected_and_gives_way_to_a_known_one(
    con: duckdb.DuckDBPyConnection, save: Callable[..., int], configured: Callable[..., tuple[Answer, Answer]]
) -> None:
    days = [date(2019, 6, 1) + n * DAY for n in range(750)]
    rows = tuple(Download("torch", d, d, 1, "all", 10) for d in days)
    suspected = Break("clickpy", "pypi_downloads", date(2021, 1, 2), "suspected", "all packages fell", "z = 9")
    known = Break("pypi", "pypi_downloads", date(2020, 8, 1), "counting", "only wheels count", "blog")
    query = "SELECT reason FROM rolling_12_months WHERE day = '2021-06-10'"
    save(
        *configured(at=NIGHT, pytorch=["torch"]),
        Answer("clickpy", "torch", "{}", NIGHT, rows),
        Answer("break_detection", "breaks", "{}", NIGHT, (suspected,), replaces_all=True),
    )
    assert con.execute(query).fetchall() == [("Perhaps counted differently since 2021-01-02: all packages fell.",)]
    save(Answer("config", "breaks", "{}", NIGHT, (known,), replaces_all=True), run_id="r2")
    assert con.execute(query).fetchall() == [
        ("Counted differently since 2020-08-01: only wheels count. 2 breaks in all.",)
    ]
    save(Answer("break_detection", "breaks", "{}", NIGHT + DAY, (), replaces_all=True), run_id="r3")
    assert con.execute(query).fetchall() == [("Counted differently since 2020-08-01: only wheels count.",)]


def test_changed_sql_replaces_all_views_at_the_next_opening(tmp_path: Any) -> None:
    path = tmp_path / "w.duckdb"
    with open_warehouse(path) as con:
        version = definitions_version(con)
        con.execute("UPDATE raw.view_definitions SET definitions_version = 'older'")
        con.execute("CREATE OR REPLACE VIEW freshness AS SELECT 1 AS old")
        con.execute("CREATE VIEW core.gone AS SELECT 1 AS old")
    with open_warehouse(path) as con:
        assert definitions_version(con) == version
        assert con.execute("FROM freshness").fetchall() == []
        assert con.execute("FROM duckdb_views() WHERE view_name = 'gone'").fetchall() == []
