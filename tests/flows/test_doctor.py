"""`trends doctor` against upstreams on loopback, well and ill."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from flows.config.mail import Mail
from flows.config.settings import Identity, Settings, load_settings
from flows.doctor import GIGABYTE, examine
from flows.replay.package_index import PackageIndexReplay
from flows.replay.server import ReplayServer, Reply, Request, json_reply, status, too_many_requests
from flows.replay.upstreams import pointed_at
from flows.sources.git.clone import clone_of

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CONFIG = '[frameworks.keras]\npackages = ["keras"]\nrepository = "keras-team/keras"\nsearch_term = "Keras"\n'


def _rate_limit(request: Request) -> Reply:
    """As GitHub: the token that is good here is "good"."""
    token = request.headers.get("authorization")
    if token not in {None, "Bearer good"}:
        return json_reply({"message": "Bad credentials"}, 401)
    limit = 5000 if token else 60
    core = {"limit": limit, "remaining": limit - 1, "reset": 0}
    return json_reply({"resources": {"core": core}}, headers={"Date": format_datetime(NOW, usegmt=True)})


@pytest.fixture
def git_upstream(tmp_path: Path) -> bytes:
    """What a real repository with one commit answers to `git ls-remote`."""
    repository = tmp_path / "repository"
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run(["git", "init", "-q", repository], check=True)
    subprocess.run(["git", "-C", repository, *who, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
    refs = subprocess.run(
        ["git", "upload-pack", "--advertise-refs", repository], check=True, capture_output=True
    ).stdout
    return b"001e# service=git-upload-pack\n0000" + refs


@pytest.fixture
def server(git_upstream: bytes) -> Iterator[ReplayServer]:
    git = Reply(200, git_upstream, {"Content-Type": "application/x-git-upload-pack-advertisement"})
    page = Reply(200, b"<html>", {"Content-Type": "text/html"})
    upstreams = {
        "trends": lambda request: page,
        "clickhouse": lambda request: Reply(200, b"Ok.\n"),
        "pypistats": lambda request: page,
        "top-packages": lambda request: Reply(404, b"no start page"),
        "index": PackageIndexReplay(date(2021, 6, 25)),
        "git": lambda request: git,
        "github": _rate_limit,
    }
    with ReplayServer(upstreams) as server:
        yield server


@pytest.fixture
def settings(server: ReplayServer, tmp_path: Path) -> Settings:
    (tmp_path / "config.toml").write_text(CONFIG, "utf-8")
    return pointed_at(server, load_settings(tmp_path / "config.toml"))


@pytest.fixture(autouse=True)
def free_gigabytes(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets how much room the disk has; it has enough to begin with, whatever the machine has."""

    def set_free(gigabytes: float) -> None:
        usage = SimpleNamespace(free=gigabytes * GIGABYTE)
        monkeypatch.setattr("shutil.disk_usage", lambda folder: usage)

    set_free(100)
    return set_free


def doctor(settings: Settings, now: datetime = NOW) -> tuple[int, dict[str, str]]:
    """The exit code, and by what was looked at: "ok: what was found"."""
    out = io.StringIO()
    code = examine(settings, now, out)
    lines = [line.split(maxsplit=1) for line in out.getvalue().splitlines()]
    return code, {what.split(": ")[0]: f"{state}: {what.split(': ', 1)[1]}" for state, what in lines}


def test_all_is_well(settings: Settings, server: ReplayServer) -> None:
    code, found = doctor(settings)

    assert (code, {line.split(":")[0] for line in found.values()}) == (0, {"ok"})
    assert found["schedule"] == "ok: '30 2 * * *' in UTC, next 2026-11-23 02:30 UTC"
    assert found["github_repository"] == "ok: 59 of 60 requests left this hour; no token, none is needed"
    assert found["pypi_releases keras"].endswith(" releases")
    assert {name for name, _ in server.requests} == {
        "trends", "clickhouse", "pypistats", "top-packages", "index", "git", "github",
    }  # fmt: skip


def test_the_next_run_is_told_in_the_time_zone_of_the_schedule(settings: Settings) -> None:
    berlin = settings.schedule.model_copy(update={"timezone": "Europe/Berlin"})
    _, found = doctor(settings.model_copy(update={"schedule": berlin}))

    assert found["schedule"] == "ok: '30 2 * * *' in Europe/Berlin, next 2026-11-23 02:30 CET"


@pytest.mark.parametrize(
    ("upstream", "what", "state", "code"),
    [
        ("trends", "google_trends", "problem", 1),
        ("clickhouse", "pypi_downloads (ClickPy)", "problem", 1),
        ("pypistats", "pypi_downloads (pypistats)", "warning", 1),
        ("top-packages", "pypi_downloads (top-pypi-packages)", "warning", 1),
        ("index", "pypi_releases keras", "problem", 1),
        ("git", "git_history keras-team/keras", "problem", 1),
        ("github", "github_repository", "problem", 1),
    ],
)
def test_an_upstream_that_fails_is_named_and_the_others_are_looked_at_all_the_same(
    settings: Settings, server: ReplayServer, upstream: str, what: str, state: str, code: int
) -> None:
    server.misbehave(upstream, status(500), times=5)
    found_code, found = doctor(settings)

    assert found_code == code
    assert [key for key, line in found.items() if not line.startswith("ok")] == [what]
    assert found[what].startswith(state)
    assert "500" in found[what]


def test_being_asked_to_slow_down_is_no_answer(settings: Settings, server: ReplayServer) -> None:
    server.misbehave("trends", too_many_requests(retry_after=3600))
    code, found = doctor(settings)

    assert code == 1
    assert "status 429" in found["google_trends"]


def test_where_nobody_listens_it_says_so_and_ends(settings: Settings, nobody_listens: str) -> None:
    nowhere = SimpleNamespace(url=lambda name: f"http://{nobody_listens}/{name}")
    code, found = doctor(pointed_at(nowhere, settings))

    assert code == 1
    assert "no connection" in found["google_trends"]
    assert sum(not line.startswith("ok") for line in found.values()) == 7


def test_a_package_that_the_index_does_not_have_is_a_problem(settings: Settings) -> None:
    keras = settings.frameworks["keras"].model_copy(update={"packages": ("kerras",)})
    code, found = doctor(settings.model_copy(update={"frameworks": {"keras": keras}}))

    assert code == 1
    assert found["pypi_releases kerras"].startswith("problem: ")


@pytest.mark.parametrize("status", ["archived", "deprecated"])
def test_a_project_that_is_over_is_a_warning(settings: Settings, server: ReplayServer, status: str) -> None:
    over = PackageIndexReplay(date(2021, 6, 25), statuses={"keras": (status, "")})
    server.misbehave("index", lambda request, upstream: over(request))
    code, found = doctor(settings)
    assert code == 1
    assert f"releases, and the project is {status}; see whether another package" in found["pypi_releases keras"]


def test_a_token_is_used_where_there_is_one(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "good")
    _, found = doctor(settings)

    assert found["github_repository"] == "ok: 4999 of 5000 requests left this hour; token in GITHUB_TOKEN"


@pytest.mark.parametrize("token", ["expired", "good\n", " good", "gööd", "good\x1b"])
def test_a_bad_token_is_a_problem_and_not_repeated(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", token)
    code, found = doctor(settings)

    assert code == 1
    assert found["github_repository"].startswith("problem: ")
    assert "GITHUB_TOKEN" in found["github_repository"]
    assert token not in found["github_repository"]


def test_few_requests_left_is_a_warning(settings: Settings, server: ReplayServer) -> None:
    core = {"limit": 60, "remaining": 3, "reset": 0}
    server.misbehave(
        "github", lambda request, upstream: json_reply({"resources": {"core": core}}, headers={"Date": "x"})
    )
    code, found = doctor(settings)

    assert code == 1
    assert found["github_repository"].startswith("warning: 3 of 60 requests left this hour")


def test_a_clock_that_is_wrong_is_a_problem(settings: Settings) -> None:
    code, found = doctor(settings, NOW + timedelta(minutes=20))

    assert code == 1
    assert found["clock"] == "problem: 20 minutes away from GitHub's; set the clock of this machine"


def test_a_data_folder_that_cannot_be_is_a_problem(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    blocked = settings.warehouse.model_copy(update={"data": tmp_path / "file" / "data"})
    code, found = doctor(settings.model_copy(update={"warehouse": blocked}))

    assert code == 1
    assert found["disk"].startswith("problem: ")


@pytest.mark.parametrize(("gigabytes", "state"), [(5, "ok"), (4.9, "warning"), (1, "warning"), (0.9, "problem")])
def test_how_much_room_there_is_on_the_disk(
    settings: Settings, free_gigabytes: Callable[[float], None], gigabytes: float, state: str
) -> None:
    free_gigabytes(gigabytes)
    code, found = doctor(settings)

    assert found["disk"].startswith(f"{state}: {gigabytes:.1f} GB free")
    assert code == (state != "ok")


def test_a_machine_without_git_is_a_problem(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    code, found = doctor(settings)

    assert code == 1
    assert found["git"] == "problem: git is not installed; install git and run again"


def test_missing_mail_credentials_are_a_problem(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "config.toml").write_text(
        CONFIG + '[mail]\nhost = "127.0.0.1"\nfrom = "a@example.com"\nusername_env = "SMTP_USERNAME"\n'
        'password_env = "SMTP_PASSWORD"\n[[mail.lists]]\nname = "team"\nrecipients = ["b@example.com"]\n',
        "utf-8",
    )
    mail = load_settings(tmp_path / "config.toml").mail
    code, found = doctor(settings.model_copy(update={"mail": mail}))

    assert code == 1
    assert (
        found["mail"]
        == "problem: SMTP_USERNAME and SMTP_PASSWORD not set; set what is missing where the nightly job runs"
    )


@pytest.mark.parametrize(("url", "said"), [("", "problem: HOOK not set; "), ("https://x.example", "ok: credentials ")])
def test_the_address_of_a_webhook_has_to_be_there(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, url: str, said: str
) -> None:
    monkeypatch.setenv("HOOK", url)
    mail = Mail.model_validate({"webhooks": [{"name": "hook", "url_env": "HOOK"}]})
    assert doctor(settings.model_copy(update={"mail": mail}))[1]["mail"].startswith(said)


def test_sources_that_are_off_are_not_asked(settings: Settings, server: ReplayServer) -> None:
    off = {name: source.model_copy(update={"enabled": False}) for name, source in settings.sources}
    code, found = doctor(settings.model_copy(update={"sources": settings.sources.model_copy(update=off)}))

    assert code == 1
    assert found["config"] == "problem: 1 tracked, 0 of 5 sources on; set enabled = true for at least one source"
    assert server.requests == []


def _clone_with(data: Path, commits: list[tuple[str, str]]) -> None:
    """A clone as a night leaves it, with commits by these authors on these days."""
    clone = clone_of(data, "keras-team/keras")
    subprocess.run(["git", "init", "-q", "--bare", "-b", "followed", clone], check=True)
    for author, day in commits:
        name, _, address = author.rstrip(">").partition(" <")
        who = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": address, "GIT_COMMITTER_DATE": f"{day}T12:00:00Z",
               "GIT_COMMITTER_NAME": "c", "GIT_COMMITTER_EMAIL": "c@example.com"}  # fmt: skip
        git = ["git", f"--git-dir={clone}"]
        parent = subprocess.run(
            [*git, "for-each-ref", "--format=%(objectname)"], check=True, capture_output=True, text=True
        )
        tree = subprocess.run([*git, "hash-object", "-t", "tree", "-w", "--stdin"], input="", capture_output=True,
                              text=True, check=True).stdout.strip()  # fmt: skip
        made = subprocess.run(
            [*git, "commit-tree", tree, "-m", "x", *(["-p", parent.stdout.strip()] if parent.stdout else [])],
            env=os.environ | who, capture_output=True, text=True, check=True,
        )  # fmt: skip
        subprocess.run([*git, "update-ref", "refs/heads/followed", made.stdout.strip()], check=True)


def test_whoever_made_much_of_a_year_is_named_to_be_looked_at(settings: Settings) -> None:
    few = [(f"Person {number} <{number}@example.com>", "2025-05-01") for number in range(20)]
    _clone_with(settings.warehouse.data, [
        *few, ("pytorchmergebot <pytorchmergebot@users.noreply.github.com>", "2025-05-01"),
        ("Ne\x1b[31mw Machine <12+machine@users.noreply.github.com>", "2025-06-01"),
        ("New Machine <12+renamed@users.noreply.github.com>", "2025-06-02"),
        ("Ann <ann@example.com>", "2026-01-01"), ("Ann <ann@example.com>", "1970-06-01"), ("Bob <>", "2026-01-01"),
    ])  # fmt: skip
    code, found = doctor(settings)

    assert code == 0
    line = found["git_history keras-team/keras authors"]
    assert line.startswith(
        "ok: 2 persons made over 5% of a year's commits, look at each: Ann <ann@example.com> (50% of"
    )
    assert "New Machine <12+renamed@users.noreply.github.com> (9% of 2025)" in line
    assert not any(word in line for word in ("\x1b", "Person", "mergebot", "Bob", "1970"))

    known = Identity(email="12+machine@users.noreply.github.com", kind="bot")
    source = settings.sources.git_history.model_copy(update={"identities": (known,)})
    told = settings.model_copy(update={"sources": settings.sources.model_copy(update={"git_history": source})})
    assert "New Machine" not in doctor(told)[1]["git_history keras-team/keras authors"]


def test_a_clone_that_cannot_be_read_is_a_warning(settings: Settings) -> None:
    clone_of(settings.warehouse.data, "keras-team/keras").mkdir(parents=True)
    code, found = doctor(settings)

    assert code == 1
    assert found["git_history keras-team/keras authors"].endswith("the next night makes it anew")
