"""A wrong clock is refused before anything is written, and one that was wrong once harms nothing for long."""

from __future__ import annotations

import io
import shutil
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import duckdb
import pytest
import trustme

from flows import cli
from flows.config.settings import Sources
from flows.diagnosis.clock import ClockError, refuse_wrong_clock, upstream_times
from flows.night import run_nightly
from flows.process.own_prefect import ASKED_SERVER
from flows.process.progress import PlainProgress
from flows.process.signals import Stop
from flows.replay.server import ReplayServer, Reply, Request
from flows.run import Night, Run
from tests.flows.collecting.test_download_nights import Life, installs
from warehouse.ledger import begin_run
from warehouse.open import open_warehouse

NOW = datetime(2026, 3, 29, 2, 30, tzinfo=UTC)
HOUR, DAY, YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=365)


def doubted(last_run: datetime | None, *heard: datetime) -> tuple[int, list[str]]:
    """How many upstreams were asked, and what was told, where NOW is not refused."""
    asked, told = [], []

    def times() -> Iterator[datetime]:
        for time in heard:
            asked.append(time)
            yield time

    refuse_wrong_clock(NOW, last_run, times(), told.append)
    return len(asked), told


@pytest.mark.parametrize("ago", [timedelta(0), HOUR, DAY, DAY + HOUR, timedelta(minutes=-4)])
def test_an_ordinary_night_asks_nobody_for_the_time(ago: timedelta) -> None:
    """A day of 23 or 25 hours, where the clock changes, is an ordinary one."""
    assert doubted(NOW - ago, NOW) == (0, [])


@pytest.mark.parametrize("last_run", [None, NOW - 3 * DAY, NOW - YEAR])
def test_after_a_pause_the_first_upstream_that_agrees_is_enough(last_run: datetime | None) -> None:
    assert doubted(last_run, NOW - HOUR, NOW - YEAR) == (1, [])
    assert doubted(last_run, NOW - YEAR, NOW + 2 * HOUR, NOW) == (2, [])


@pytest.mark.parametrize("last_run", [None, NOW - 3 * DAY])
def test_a_clock_ahead_of_every_upstream_is_refused(last_run: datetime | None) -> None:
    with pytest.raises(ClockError, match="says 2026-03-29 02:30 UTC, but upstreams say 2026-03-27 02:30 UTC; set the"):
        doubted(last_run, NOW - YEAR, NOW - 2 * DAY)


def test_without_a_network_after_a_pause_the_clock_is_believed() -> None:
    assert doubted(NOW - YEAR) == (0, [])


def test_a_clock_behind_the_upstreams_alone_is_believed() -> None:
    """It brings figures of days that had not begun, which a check holds back; a replay of old days looks the same."""
    assert doubted(NOW - 3 * DAY, NOW + YEAR) == (1, [])


@pytest.mark.parametrize("heard", [[], [NOW + YEAR], [NOW + 2 * DAY, NOW + YEAR]])
@pytest.mark.parametrize("ahead", [HOUR, DAY, YEAR])
def test_a_clock_behind_the_last_run_is_refused(ahead: timedelta, heard: list[datetime]) -> None:
    with pytest.raises(ClockError, match="but the last run was at"):
        doubted(NOW + ahead, *heard)


def test_a_last_run_from_the_future_does_not_stop_a_night_that_upstreams_agree_with() -> None:
    asked, told = doubted(NOW + 4 * YEAR, NOW)
    assert asked == 1
    assert told == ["the clock was wrong at the last run (2030-03-28 02:30 UTC); upstreams agree with it now"]


def test_upstreams_tell_the_time_where_they_can() -> None:
    """Whatever their answer is; one that is gone or tells none is left out."""
    replies = {"github": Reply(500), "pypistats": Reply(302, headers={"Location": "/sorry"}), "git": Reply(404)}
    upstreams = {name: _always(reply) for name, reply in replies.items()}
    off = {"enabled": False}
    with ReplayServer(upstreams) as server:
        sources = Sources.model_validate(
            {
                "github_repository": {"base_url": server.url("github")},
                "pypi_downloads": {"base_url": "http://127.0.0.1:1", "pypistats_url": server.url("pypistats")},
                "git_history": {"base_url": server.url("git")},
                "google_trends": off,
                "pypi_releases": off,
            }
        )
        times = list(upstream_times(sources))
        assert [name for name, _ in server.requests] == ["github", "pypistats", "git"]
    assert len(times) == 3
    assert all(abs(time - datetime.now(UTC)) < HOUR for time in times)


def test_an_upstream_whose_certificate_is_of_another_year_tells_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a clock that is years ahead no certificate is valid; that must not pass for a night without a network."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    over = datetime.now(UTC) - YEAR
    authority.issue_cert("localhost", not_before=over - YEAR, not_after=over).configure_cert(context)
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        address, off = f"https://localhost:{server.server_address[1]}", {"enabled": False}
        names = ("pypi_downloads", "git_history", "google_trends", "pypi_releases")
        sources = Sources.model_validate({"github_repository": {"base_url": address}} | dict.fromkeys(names, off))
        (time,) = upstream_times(sources)
        server.shutdown()
    assert abs(time - datetime.now(UTC)) < HOUR


def _always(reply: Reply) -> Callable[[Request], Reply]:
    return lambda _: reply


# ---- whole nights ----------------------------------------------------------------------------------------------------

LIVE = """
[frameworks.keras]
packages    = ["keras"]
repository  = "keras-team/keras"
search_term = "Keras"
[sources]
google_trends.enabled = false
pypi_downloads.enabled = false
git_history.enabled = false
pypi_releases.enabled = false
github_repository.base_url = "{url}"
"""


@pytest.fixture
def live(tmp_path: Path, empty_warehouse: Path) -> Iterator[list[str]]:
    """The first words of a command whose only upstream is on this machine, and has the clock of this machine."""
    (tmp_path / "data").mkdir()
    shutil.copy(empty_warehouse, tmp_path / "data" / "warehouse.duckdb")
    with ReplayServer({"github": _always(Reply(404))}) as server:
        (tmp_path / "config.toml").write_text(LIVE.format(url=server.url("github")), encoding="utf-8")
        yield ["--config", str(tmp_path / "config.toml"), "--data", str(tmp_path / "data")]


def runs(data: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as con:
        return con.execute("SELECT as_of, status FROM raw.runs ORDER BY run_number").fetchall()


def enter_run(data: Path, at: datetime) -> None:
    with open_warehouse(data / "warehouse.duckdb") as con:
        begin_run(con, run_id=str(at), flow="nightly", as_of=at.date(), started_at=at, program_version="test")


def test_a_night_from_the_future_is_one_line_and_writes_nothing(
    live: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*live, "nightly"], datetime.now(UTC) + 4 * YEAR) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("trends: the clock of this machine says 20")
    assert runs(tmp_path / "data") == []
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["warehouse.duckdb"]


def test_a_night_before_the_last_one_is_one_line_and_writes_nothing(
    live: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    now = datetime.now(UTC)
    enter_run(tmp_path / "data", now)
    assert cli.main([*live, "nightly"], now - 2 * DAY) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert "but the last run was at" in line
    assert len(runs(tmp_path / "data")) == 1


@pytest.mark.slow
def test_after_a_night_from_the_future_everything_answers_for_the_day_of_the_next_one(
    live: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    prefect_api: str,
) -> None:  # fmt: skip
    monkeypatch.setenv(ASKED_SERVER, prefect_api)
    now = datetime.now(UTC)
    enter_run(tmp_path / "data", now + 4 * YEAR)
    assert cli.main([*live, "nightly"], now) == 3  # its upstream has nothing, so there is no report
    assert "fallback clock: the clock was wrong at the last run" in capsys.readouterr().err
    with duckdb.connect(str(tmp_path / "data" / "published.duckdb"), read_only=True) as con:
        assert con.execute("SELECT as_of FROM core.clock").fetchall() == [(now.date(),)]


@pytest.fixture
def life(tmp_path: Path, empty_folder: Path, con: duckdb.DuckDBPyConnection) -> Life:
    """Services of downloads; whole nights are run in the folder `data`."""
    shutil.copytree(empty_folder, tmp_path / "data")
    return Life(con, tmp_path / "data")


def night(life: Life, today: date, as_of: date | None = None) -> Run:
    now = datetime.combine(today, datetime.min.time(), UTC) + timedelta(hours=2, minutes=30)
    with life._services(today, pypistats=True) as sources:
        planned = Night(life._settings(sources), life.data, now, as_of or today)
        return run_nightly(planned, PlainProgress(io.StringIO()), Stop(lambda: None))


@pytest.mark.slow
def test_a_night_that_reports_an_earlier_day_checks_what_it_has_collected(
    life: Life, monkeypatch: pytest.MonkeyPatch, prefect_api: str
) -> None:
    """Collecting is always as of now: a figure that has to be held back is, whatever day is reported."""
    monkeypatch.setenv(ASKED_SERVER, prefect_api)
    first, past, lost = date(2026, 3, 1), date(2026, 2, 10), date(2026, 2, 25)
    night(life, first)
    life.changed = {lost: installs(lost) * 9}
    run = night(life, first + DAY, as_of=past)
    assert [line for line in run.failed if "withheld" in line]
    assert run.report
    assert run.report.as_of == past
    assert runs(life.data) == [(first, "ok"), (first + DAY, "partial")]
    with duckdb.connect(str(life.data / "published.duckdb"), read_only=True) as con:
        published = con.execute("SELECT value FROM daily_metrics WHERE day = ? AND metric = 'pypi_downloads'", [lost])
        assert published.fetchall() == [(installs(lost),)]
        assert con.execute("SELECT as_of FROM core.clock").fetchall() == [(first + DAY,)]


@pytest.mark.parametrize("today", [date(2026, 3, 28), date(2024, 2, 28), date(2025, 12, 30)], ids=str)
def test_nights_on_odd_days_collect_each_day_once(life: Life, today: date, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock changes on 29 March 2026, 2024 has a 29 February, 2025 ends: three nights, three days."""
    monkeypatch.setattr("tests.flows.collecting.test_download_nights.FIRST", today - 20 * DAY)
    for n in range(3):
        life.night(today + n * DAY)
        assert life.failed == []
    rows = life.told(
        "SELECT day, count(*) FROM daily_metrics WHERE metric = 'pypi_downloads'"
        " AND value IS NOT NULL GROUP BY day ORDER BY day DESC LIMIT 7"
    )
    assert rows == [(today + n * DAY, 1) for n in range(1, -6, -1)]


def test_a_night_across_midnight_is_of_the_day_on_which_it_began(
    live: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect_api: str
) -> None:
    """`now` is read once, and only moved on."""
    monkeypatch.setenv(ASKED_SERVER, prefect_api)
    began = datetime.now(UTC).replace(hour=23, minute=59, second=59, microsecond=999_000) - DAY
    cli.main([*live, "nightly"], began)
    assert [day for day, _ in runs(tmp_path / "data")] == [began.date()]
    with duckdb.connect(str(tmp_path / "data" / "warehouse.duckdb"), read_only=True) as con:
        ends = con.execute("SELECT finished_at FROM raw.runs").fetchall()
        collected = con.execute("SELECT DISTINCT collected_at FROM raw.answers").fetchall()
    assert ends[0][0].date() == began.date() + DAY
    assert [moment.replace(tzinfo=UTC) for (moment,) in collected] == [began]
