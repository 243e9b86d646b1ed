"""Releases from the package index: every version with its day, and every page that is not what was asked for."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from flows.config.settings import PypiReleases
from flows.replay.package_index import JSON_TYPE, PackageIndexReplay
from flows.replay.server import ReplayServer, Reply, instead, json_reply, redirected, status, truncated
from flows.sources.errors import SourceError, TerminalError, TransientError
from flows.sources.pypi.releases import fetch_releases, index_client
from warehouse.rows import Answer, Release

NOW = datetime(2021, 6, 25, 23, tzinfo=UTC)


@pytest.fixture
def index() -> Iterator[ReplayServer]:
    with ReplayServer({"index": PackageIndexReplay(NOW), "later": PackageIndexReplay(date(2026, 11, 22))}) as server:
        yield server


def ask(server: ReplayServer, package: str = "tensorflow", mount: str = "index") -> Answer:
    settings = PypiReleases(index_url=server.url(mount), rate_per_minute=6000)
    with index_client(settings, lambda seconds: None) as client:
        (answer,) = fetch_releases(settings, client, package=package, collected_at=NOW)
    return answer


def releases(answer: Answer) -> dict[str, Release]:
    return {row.version: row for row in answer.rows if isinstance(row, Release)}


def a_file(filename: str, uploaded: str | None = "2021-05-01T10:00:00Z", **more: Any) -> dict[str, Any]:
    times = {} if uploaded is None else {"upload-time": uploaded}
    return {"filename": filename, "url": f"../files/{filename}", "hashes": {}, **times, **more}


def page(*files: dict[str, Any], name: str = "torch", **more: Any) -> Reply:
    body = {"meta": {"api-version": "1.4"}, "name": name, "files": list(files), **more}
    return json_reply(body, headers={"Content-Type": JSON_TYPE})


def served(server: ReplayServer, reply: Reply) -> Answer:
    server.misbehave("index", lambda request, upstream: reply)
    return ask(server, "torch")


def test_every_release_with_its_first_upload(index: ReplayServer) -> None:
    answer = ask(index)
    found = releases(answer)
    assert (answer.service, answer.entity, answer.replaces_all) == ("pypi_index", "tensorflow", True)
    assert found["2.5.0"].released_at == datetime(2021, 5, 13, 17, 28, 39, 499226, tzinfo=UTC)
    assert max(row.released_at for row in found.values()) <= NOW
    assert answer.state == {"files_without_version": 0, "versions_without_date": 0}


def test_pre_releases_are_marked(index: ReplayServer) -> None:
    found = releases(ask(index, "keras"))
    assert [version for version, row in found.items() if row.is_prerelease] == ["2.5.0rc0"]


def test_the_name_is_asked_by_the_standard(index: ReplayServer) -> None:
    assert ask(index, "TensorFlow_CPU").entity == "tensorflow-cpu"
    assert index.requests[-1][1].path == "/tensorflow-cpu/"
    assert JSON_TYPE in index.requests[-1][1].headers["accept"]


def test_yanked_releases_are_marked(index: ReplayServer) -> None:
    found = releases(ask(index, "requests", "later"))
    assert {version for version, row in found.items() if row.is_yanked} == {"2.32.0", "2.32.1"}


def test_a_release_is_yanked_when_all_its_files_are(index: ReplayServer) -> None:
    found = releases(
        served(
            index,
            page(
                a_file("torch-1.0-py3-none-any.whl", yanked="broken"),
                a_file("torch-1.0.tar.gz", yanked=False),
                a_file("torch-1.1-py3-none-any.whl", yanked=True),
                a_file("torch-1.1.tar.gz", yanked="broken"),
            ),
        )
    )
    assert {version: row.is_yanked for version, row in found.items()} == {"1.0": False, "1.1": True}


def test_local_times_become_utc(index: ReplayServer) -> None:
    answer = served(
        index,
        page(
            a_file("torch-1.0.tar.gz", "2021-05-01T01:30:00+03:00"),
            a_file("torch-1.1.tar.gz", "2021-05-01T01:30:00"),
        ),
    )
    written = {version: row.released_at.isoformat() for version, row in releases(answer).items()}
    assert written == {"1.0": "2021-04-30T22:30:00+00:00", "1.1": "2021-05-01T01:30:00+00:00"}


def test_versions_that_are_none_and_versions_without_a_date_are_counted(index: ReplayServer) -> None:
    answer = served(
        index,
        page(
            a_file("torch-1.0.tar.gz"),
            a_file("torch-latest-final.tar.gz"),
            a_file("torch-1.1.tar.gz", None),
            a_file("notes.txt"),
        ),
    )
    assert list(releases(answer)) == ["1.0"]
    assert answer.state == {"files_without_version": 2, "versions_without_date": 1}


def test_versions_come_in_their_order_however_they_are_written(index: ReplayServer) -> None:
    answer = served(index, page(*[a_file(f"torch-{v}.tar.gz") for v in ("1.10.0", "1.9.0", "1.10.0-rc1")]))
    assert list(releases(answer)) == ["1.9.0", "1.10.0rc1", "1.10.0"]


def test_an_unknown_package_is_named_and_final(index: ReplayServer) -> None:
    with pytest.raises(TerminalError, match="no package no-such-package-xyz in the index"):
        ask(index, "no-such-package-xyz")
    assert len(index.requests) == 1


def test_an_index_without_upload_times_is_refused(index: ReplayServer) -> None:
    with pytest.raises(TerminalError, match="tells no upload times for torch"):
        served(index, page(a_file("torch-1.0.tar.gz", None)))


def test_an_empty_page_does_not_wipe_out_what_is_known(index: ReplayServer) -> None:
    with pytest.raises(TransientError, match="lists no file of torch"):
        served(index, page())


def test_the_page_of_another_project_is_refused(index: ReplayServer) -> None:
    with pytest.raises(TerminalError, match="asked for torch, the index answers with pytorch"):
        served(index, page(a_file("pytorch-1.0.tar.gz"), name="pytorch"))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (status(503), TransientError),
        (status(403), TerminalError),
        (status(200, b"<html>sorry</html>"), TransientError),
        (instead([]), TransientError),  # a type that is not of the index
        (status(200, b"{", {"Content-Type": JSON_TYPE}), TransientError),
        (status(200, b"[" * 100_000, {"Content-Type": JSON_TYPE}), TransientError),
        (status(200, b'{"name": ' + b"9" * 5000 + b"}", {"Content-Type": JSON_TYPE}), TransientError),
        (status(200, b"[]", {"Content-Type": JSON_TYPE}), TerminalError),
        (status(200, b'{"name": "tensorflow"}', {"Content-Type": JSON_TYPE}), TerminalError),
        (
            status(200, b'{"meta": {"api-version": "2.0"}, "name": "t", "files": []}', {"Content-Type": JSON_TYPE}),
            TerminalError,
        ),
    ],
)
def test_what_is_no_page_is_an_error(index: ReplayServer, fault: Any, kind: type[SourceError]) -> None:
    index.misbehave("index", fault, times=3)
    with pytest.raises(kind) as caught:
        ask(index)
    assert caught.value.source == "pypi_index"
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("fault", [status(502), truncated(100)])
def test_a_passing_fault_is_tried_again(index: ReplayServer, fault: Any) -> None:
    index.misbehave("index", fault)
    assert "2.5.0" in releases(ask(index))


@pytest.mark.parametrize(
    ("status", "kept"),
    [("active", {}), ("archived", {"project_status": "archived"}), ("new", {"project_status": "new"})],
)
def test_the_status_of_a_project_is_kept_where_it_is_not_active(
    index: ReplayServer, status: str, kept: dict[str, str]
) -> None:
    reply = page(a_file("torch-1.0.tar.gz"), **{"project-status": {"status": status, "reason": "moved"}})
    answer = served(index, reply)
    assert answer.state == {"files_without_version": 0, "versions_without_date": 0, **kept}
    assert list(releases(answer)) == ["1.0"]


@pytest.mark.parametrize("told", [None, "archived", {"status": None}, {"status": 5}, {}])
def test_a_status_that_says_nothing_is_active(index: ReplayServer, told: Any) -> None:
    answer = served(index, page(a_file("torch-1.0.tar.gz"), **{"project-status": told}))
    assert "project_status" not in answer.state


def test_a_quarantined_project_is_told_from_a_page_that_lost_its_files(index: ReplayServer) -> None:
    with pytest.raises(TerminalError, match="torch is quarantined: the index offers none of its files; what is known"):
        served(index, page(**{"project-status": {"status": "quarantined"}}))


def test_an_index_that_is_newer_by_a_minor_version_is_read(
    index: ReplayServer, recwarn: pytest.WarningsRecorder
) -> None:
    assert list(releases(served(index, page(a_file("torch-1.0.tar.gz"), meta={"api-version": "1.99"})))) == ["1.0"]


@pytest.mark.parametrize("moment", ["0001-01-01T00:30:00+03:00", "9999-12-31T23:30:00-03:00", "1970-01-01T00:00:00Z"])
def test_an_upload_at_a_moment_that_cannot_be_has_no_date(index: ReplayServer, moment: str) -> None:
    answer = served(index, page(a_file("torch-1.0.tar.gz", moment), a_file("torch-1.1.tar.gz")))
    assert list(releases(answer)) == ["1.1"]
    assert answer.state["versions_without_date"] == 1


def test_a_version_of_thousands_of_digits_is_none(index: ReplayServer) -> None:
    answer = served(index, page(a_file(f"torch-{'9' * 5000}.tar.gz"), a_file("torch-1.1.tar.gz")))
    assert list(releases(answer)) == ["1.1"]
    assert answer.state["files_without_version"] == 1


def test_a_redirect_within_the_index_is_followed(index: ReplayServer) -> None:
    index.misbehave("index", redirected("../keras/"))
    settings = PypiReleases(index_url=index.url("index"), attempts=1)
    (answer,) = fetch_releases(settings, index_client(settings), package="keras", collected_at=NOW)
    assert "2.4.3" in releases(answer)


@pytest.mark.index
@pytest.mark.parametrize(
    ("package", "version", "released_on"),
    [
        ("tensorflow", "2.0.0", date(2019, 9, 30)),
        ("torch", "1.0.0", date(2018, 12, 7)),
        ("keras", "2.4.3", date(2020, 6, 24)),
        ("tensorflow-cpu", "1.15.0", date(2019, 10, 16)),
    ],
)
def test_the_real_index_answers(package: str, version: str, released_on: date) -> None:
    settings = PypiReleases()
    (answer,) = fetch_releases(settings, index_client(settings), package=package, collected_at=datetime.now(UTC))
    assert releases(answer)[version].released_at.date() == released_on
    assert answer.state["versions_without_date"] == 0
