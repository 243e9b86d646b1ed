"""The replays answer as the services do; what is asserted here is from their documentation, not from our sources."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from flows.replay.clickhouse import BY_DAY, BY_INSTALLER, ClickhouseReplay, InstallerDay, cut_silently
from flows.replay.package_index import JSON_TYPE, PackageIndexReplay
from flows.replay.pypi_recordings import FOLDER, recorded
from flows.replay.pypistats import CategoryDay, PypistatsReplay
from flows.replay.server import ReplayServer
from flows.replay.top_packages import TopPackagesReplay
from flows.sources.pypi.top_packages import known_lists

DAY = date(2023, 1, 11)
BY_DAY_SQL = f"""SELECT date, sum(count) AS downloads FROM pypi.{BY_DAY}
WHERE project = {{project:String}} AND date >= {{first_day:Date}} AND date <= {{last_day:Date}}
GROUP BY date ORDER BY date"""
PARAMETERS = {
    "user": "demo",
    "default_format": "JSON",
    "param_project": "torch",
    "param_first_day": "2023-01-01",
    "param_last_day": "2023-12-31",
}


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    days = tuple(InstallerDay("torch", date(2023, 1, day), "pip", day) for day in range(1, 13))
    upstreams = {
        "clickpy": ClickhouseReplay(DAY, more=days),
        "pypistats": PypistatsReplay(DAY, more=[CategoryDay("a-b", date(2023, 1, 1), "without_mirrors", 1)]),
        "lists": TopPackagesReplay(date(2021, 6, 25), later={datetime(2021, 6, 24): {"torch": 1}}),
        "old": TopPackagesReplay(date(2024, 11, 28)),
        "index": PackageIndexReplay(date(2021, 6, 25)),
    }
    with ReplayServer(upstreams) as server:
        yield server


def get(server: ReplayServer, url: str, **options: Any) -> requests.Response:
    mount, _, path = url.partition("/")
    return requests.get(f"{server.url(mount)}/{path}", timeout=60, allow_redirects=False, **options)


def post(server: ReplayServer, sql: str, **parameters: str) -> requests.Response:
    return requests.post(f"{server.url('clickpy')}/", params={**PARAMETERS, **parameters}, data=sql, timeout=60)


class TestClickhouse:
    def test_the_envelope_has_integers_as_strings_and_nothing_of_today(self, server: ReplayServer) -> None:
        answer = post(server, BY_DAY_SQL).json()
        assert answer["data"][0] == {"date": "2023-01-01", "downloads": "1"}
        assert answer["data"][-1]["date"] == "2023-01-10"
        assert answer["rows"] == len(answer["data"]) == 10
        assert answer["meta"][1] == {"name": "downloads", "type": "Int64"}
        assert answer["statistics"]["rows_read"] > 0

    def test_a_whole_table_is_cut_silently_or_refused(self, server: ReplayServer) -> None:
        unfiltered = BY_DAY_SQL.replace("project = {project:String} AND ", "")
        silent = post(server, unfiltered)
        assert (silent.status_code, silent.json()["statistics"]["rows_read"]) == (200, 1_001_456_181)
        loud = post(server, unfiltered, read_overflow_mode="throw")
        assert loud.status_code == 500
        said = loud.json()["exception"]
        assert said.startswith("Code: 158. DB::Exception: Limit for rows or bytes to read exceeded")

    def test_it_can_be_told_to_cut_although_asked_not_to(self, server: ReplayServer) -> None:
        server.misbehave("clickpy", cut_silently())
        answer = post(server, BY_DAY_SQL, read_overflow_mode="throw")
        assert (answer.status_code, len(answer.json()["data"])) == (200, 5)

    def test_the_installers_left_out_are_those_of_the_statement(self, server: ReplayServer) -> None:
        sql = BY_DAY_SQL.replace(BY_DAY, BY_INSTALLER)
        value = "sumIf(count, installer NOT IN ('pip'))"
        answer = post(server, sql.replace("sum(count)", value)).json()
        assert {row["downloads"] for row in answer["data"]} == {"0"}

    @pytest.mark.parametrize(
        ("sql", "parameters", "code"),
        [
            (BY_DAY_SQL.replace("GROUP BY date", ""), {}, "62"),
            (BY_DAY_SQL.replace("{project:String}", "'torch'"), {"read_overflow_mode": "throw"}, "158"),
            (BY_DAY_SQL.replace(" AND date <= {last_day:Date}", ""), {}, "62"),
            (BY_DAY_SQL, {"user": "root"}, "516"),
        ],
    )
    def test_statements_that_are_not_known_are_errors(
        self, server: ReplayServer, sql: str, parameters: dict[str, str], code: str
    ) -> None:
        answer = post(server, sql, **parameters)
        assert answer.status_code >= 400
        assert answer.headers["X-ClickHouse-Exception-Code"] == code

    @pytest.mark.parametrize("setting", ["max_rows_to_read", "max_result_rows", "result_overflow_mode", "max_threads"])
    def test_no_setting_but_the_way_of_cutting_may_be_changed(self, server: ReplayServer, setting: str) -> None:
        answer = post(server, BY_DAY_SQL, **{setting: "0"})
        assert answer.headers["X-ClickHouse-Exception-Code"] == "452"
        assert setting in answer.json()["exception"]

    def test_more_rows_than_allowed_are_an_error_and_no_cut(self) -> None:
        days = [InstallerDay("torch", date(1990, 1, 1) + timedelta(n), "pip", 1) for n in range(10_001)]
        with ReplayServer({"clickpy": ClickhouseReplay(date(2023, 1, 1), more=days)}) as server:
            answer = post(server, BY_DAY_SQL, param_first_day="1990-01-01")
            assert answer.headers["X-ClickHouse-Exception-Code"] == "396"
            assert len(post(server, BY_DAY_SQL, param_first_day="1990-01-02").json()["data"]) == 10_000

    def test_it_stands_still_with_a_day_half_loaded_and_a_day_lost(self) -> None:
        days = [InstallerDay("torch", date(2023, 1, day), "pip", 100) for day in range(1, 11)]
        lost = [date(2023, 1, 3)]
        replay = ClickhouseReplay(DAY, more=days, newest=date(2023, 1, 5), loaded=0.4, lost=lost)
        with ReplayServer({"clickpy": replay}) as server:
            rows = post(server, BY_DAY_SQL).json()["data"]
        assert [(row["date"][-2:], row["downloads"]) for row in rows] == [
            ("01", "100"), ("02", "100"), ("04", "100"), ("05", "40"),
        ]  # fmt: skip

    def test_other_formats_have_errors_as_text(self, server: ReplayServer) -> None:
        answer = post(server, "SELECT 1", default_format="TSV")
        assert answer.text == "Code: 62. DB::Exception: Syntax error. (SYNTAX_ERROR) (version 26.9.1)\n"

    def test_a_value_that_is_not_bound_is_an_error(self, server: ReplayServer) -> None:
        answer = requests.post(f"{server.url('clickpy')}/", params={"user": "demo"}, data=BY_DAY_SQL, timeout=60)
        assert "Code: 456." in answer.text


class TestPypistats:
    def test_181_dates_sorted_by_category_and_date(self, server: ReplayServer) -> None:
        answer = get(server, "pypistats/api/packages/tensorflow/overall").json()
        assert (answer["package"], answer["type"], len(answer["data"])) == ("tensorflow", "overall_downloads", 181)
        assert answer["data"][0] == {"category": "with_mirrors", "date": "2022-07-14", "downloads": 525966}

    def test_nothing_older_than_180_days_before_yesterday(self) -> None:
        with ReplayServer({"pypistats": PypistatsReplay(date(2023, 6, 1))}) as later:
            days = [row["date"] for row in get(later, "pypistats/api/packages/tensorflow/overall").json()["data"]]
        assert days[0] == "2022-12-02"

    def test_thirty_requests_a_minute_and_no_more(self) -> None:
        seconds = iter([*range(31), 59.9, 60, 60.5])
        replay = PypistatsReplay(DAY, clock=lambda: float(next(seconds)))
        with ReplayServer({"pypistats": replay}) as server:
            statuses = [get(server, "pypistats/api/packages/torch/overall").status_code for _ in range(34)]
        assert statuses == [200] * 30 + [429, 429, 200, 429]

    def test_a_lost_day_is_lost_for_all(self) -> None:
        rows = [CategoryDay("__all__", date(2023, 1, day), "with_mirrors", 9) for day in (1, 2, 3)]
        with ReplayServer({"pypistats": PypistatsReplay(DAY, more=rows, lost=[date(2023, 1, 2)])}) as server:
            answer = get(server, "pypistats/api/packages/__all__/overall").json()
        assert [row["date"] for row in answer["data"]] == ["2023-01-01", "2023-01-03"]

    def test_a_category_may_be_asked_for_alone(self, server: ReplayServer) -> None:
        assert get(server, "pypistats/api/packages/a.b/overall?mirrors=true").json()["data"] == []
        assert len(get(server, "pypistats/api/packages/a_b/overall?mirrors=false").json()["data"]) == 1

    @pytest.mark.parametrize("name", ["no-such-package-xyz", "TensorFlow"])
    def test_an_unknown_package_and_upper_case_are_404(self, server: ReplayServer, name: str) -> None:
        answer = get(server, f"pypistats/api/packages/{name}/overall")
        assert (answer.status_code, answer.text) == (404, "404")
        assert answer.headers["Content-Type"].startswith("text/html")

    def test_other_endpoints_answer_an_unknown_package_without_rows(self, server: ReplayServer) -> None:
        answer = get(server, "pypistats/api/packages/no-such-package-xyz/python_major")
        assert answer.json() == {"data": [], "package": "no-such-package-xyz", "type": "python_major_downloads"}


class TestTopPackages:
    def test_the_current_list_is_the_latest_of_the_day(self) -> None:
        with ReplayServer({"lists": TopPackagesReplay(date(2021, 6, 25))}) as lists:
            answer = get(lists, "lists/top-pypi-packages.json").json()
        assert answer["last_update"] == "2021-06-01 14:30:21"
        assert {"download_count": 3681830, "project": "torch"} in answer["rows"]
        assert "source" not in answer

    def test_lists_since_july_2025_say_how_they_were_made(self) -> None:
        with ReplayServer({"lists": TopPackagesReplay(date(2026, 11, 22))}) as lists:
            answer = get(lists, "lists/top-pypi-packages.json").json()
        assert (answer["last_update"], answer["source"]) == ("2026-04-01 06:34:06", "ClickHouse")

    def test_history_by_tag_and_by_commit(self, server: ReplayServer) -> None:
        by_tag = get(server, "old/2024.11/top-pypi-packages-30-days.json").json()
        assert by_tag["last_update"] == "2024-11-01 12:27:36", "the tag was set on the first list of the month"
        commit = next(listing.kept_at for listing in known_lists() if listing.listed_on == date(2018, 2, 7))
        old = get(server, f"old/{commit}/top-pypi-packages-30-days.json").json()
        assert old[0] == {"download_count": 965942, "project": "scikit-learn"}, "rows alone, without an object around"

    @pytest.mark.parametrize(
        "path",
        [
            "lists/2021.07/top-pypi-packages-30-days.json",  # not there yet
            "lists/2021.06/top-pypi-packages.json",  # not called so yet
            "lists/2018.03/top-pypi-packages-30-days.json",  # no tags yet
        ],
    )
    def test_a_list_that_did_not_exist_yet_is_404(self, server: ReplayServer, path: str) -> None:
        assert get(server, path).status_code == 404

    def test_there_is_nothing_before_the_first_list(self) -> None:
        with ReplayServer({"lists": TopPackagesReplay(date(2018, 1, 1))}) as lists:
            assert get(lists, "lists/top-pypi-packages.json").status_code == 404

    def test_every_recorded_list_has_a_known_window(self) -> None:
        known = {(listing.listed_on.isoformat(), listing.kept_at) for listing in known_lists()}
        assert known == {(row["listed_on"], row["commit"]) for row in recorded("top_packages_lists")}


class TestPackageIndex:
    def test_only_files_uploaded_by_then(self, server: ReplayServer) -> None:
        answer = get(server, "index/keras/", headers={"Accept": JSON_TYPE})
        assert answer.headers["Content-Type"] == JSON_TYPE
        assert max(file["upload-time"] for file in answer.json()["files"]) == "2021-06-25T23:26:41.279032Z"

    def test_the_index_is_as_of_an_exact_moment(self) -> None:
        with ReplayServer({"index": PackageIndexReplay(datetime(2021, 6, 25, 23, tzinfo=UTC))}) as index:
            files = get(index, "index/keras/", headers={"Accept": JSON_TYPE}).json()["files"]
        assert all("2.6.0rc0" not in file["filename"] for file in files)

    def test_a_page_for_people_has_no_upload_times(self, server: ReplayServer) -> None:
        answer = get(server, "index/keras/")
        assert answer.headers["Content-Type"].startswith("text/html")
        assert "upload" not in answer.text

    def test_versions_yanks_and_the_status_of_the_project(self) -> None:
        replay = PackageIndexReplay(date(2021, 6, 25), statuses={"torch": ("archived", "moved")})
        with ReplayServer({"index": replay}) as index:
            keras, torch = (
                get(index, f"index/{name}/", headers={"Accept": JSON_TYPE}).json() for name in ("keras", "torch")
            )
        assert keras["meta"]["api-version"] == "1.4"
        assert keras["project-status"] == {"status": "active"}
        assert "2.4.3" in keras["versions"]
        assert torch["project-status"] == {"status": "archived", "reason": "moved"}
        assert torch["files"]

    def test_a_quarantined_project_offers_no_file(self) -> None:
        replay = PackageIndexReplay(date(2021, 6, 25), statuses={"torch": ("quarantined", "")})
        with ReplayServer({"index": replay}) as index:
            page = get(index, "index/torch/", headers={"Accept": JSON_TYPE}).json()
        assert (page["files"], page["project-status"]) == ([], {"status": "quarantined"})

    def test_other_spellings_are_sent_on(self, server: ReplayServer) -> None:
        assert get(server, "index/TensorFlow_CPU/").headers["Location"] == "../tensorflow-cpu/"
        assert requests.get(f"{server.url('index')}/Keras", timeout=60).status_code == 200

    @pytest.mark.parametrize("name", ["no-such-package-xyz", "requests-toolbelt"])
    def test_an_unknown_project_is_404(self, server: ReplayServer, name: str) -> None:
        assert get(server, f"index/{name}/").status_code == 404

    def test_a_project_is_unknown_before_its_first_file(self) -> None:
        with ReplayServer({"index": PackageIndexReplay(date(2015, 1, 1))}) as index:
            assert get(index, "index/keras/").status_code == 404


def test_the_recordings_are_small_and_described() -> None:
    files = [path for path in FOLDER.iterdir() if path.suffix == ".gz"]
    assert sum(path.stat().st_size for path in files) < 1_500_000
    described = Path(FOLDER, "README.md").read_text(encoding="utf-8")
    for path in files:
        name = "index_<package>.csv.gz" if path.name.startswith("index_") else path.name
        assert f"`{name}`" in described
