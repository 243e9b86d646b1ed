"""The recorded commit logs as real repositories: what is rebuilt, what is served, what a kill leaves behind."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import requests

from flows.replay.git_server import GitReplay, read_log
from flows.replay.server import ReplayServer

RECORDINGS = Path(__file__).parents[3] / "flows/replay/recordings/github"
HEADER = "commit_sha,author_time_utc,committer_time_utc,author_hash,committer_hash,is_merge"
LOG = (
    f"{1:040x},2021-06-01T10:00:00Z,2021-06-01T12:00:00Z,{10:016x},{11:016x},0",
    f"{2:040x},2021-06-01T23:59:59Z,2021-06-01T23:59:59Z,{12:016x},{11:016x},0",
    f"{3:040x},2019-01-01T00:00:00Z,2021-06-02T00:00:00Z,{10:016x},{10:016x},1",
    f"{4:040x},2021-06-09T10:00:00Z,2021-06-04T09:00:00Z,{13:016x},{11:016x},0",
)
DAY_1, DAY_2, DAY_3, DAY_4 = (date(2021, 6, day) for day in (1, 2, 3, 4))


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    write_log(tmp_path / "recordings", LOG)
    return tmp_path / "recordings"


@pytest.fixture
def replay(recordings: Path, tmp_path: Path) -> GitReplay:
    return GitReplay(recordings, tmp_path / "cache", DAY_2)


@pytest.fixture
def server(replay: GitReplay) -> Iterator[ReplayServer]:
    with ReplayServer({"git": replay}) as server:
        yield server


def write_log(recordings: Path, lines: tuple[str, ...]) -> None:
    log = recordings / "commits/owner_some_name.csv.gz"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(gzip.compress("\n".join((HEADER, *lines, "")).encode(), mtime=0))


def git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def clone(server: ReplayServer, target: Path, *options: str) -> str:
    git("clone", "--quiet", "--bare", *options, f"{server.url('git')}/owner/some_name.git", str(target))
    return str(target)


def subjects(repository: str) -> list[str]:
    return git("-C", repository, "log", "--reverse", "--format=%s").splitlines()


def test_times_people_and_merges_are_the_recorded_ones(server: ReplayServer, replay: GitReplay, tmp_path: Path) -> None:
    replay.advance(DAY_4)
    found = clone(server, tmp_path / "clone")
    stamp = "--date=format:%Y-%m-%dT%H:%M:%SZ"
    shown = git("-C", found, "log", "--reverse", stamp, "--format=%s,%ad,%cd,%ae,%ce,%p").splitlines()
    rows = [line.replace("@example.invalid", "").rsplit(",", 1) for line in shown]
    assert [f"{row},{int(' ' in parents)}" for row, parents in rows] == list(LOG)
    assert git("-C", found, "rev-parse", "HEAD^{tree}") == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def test_day_ends_at_midnight_utc(server: ReplayServer, replay: GitReplay, tmp_path: Path) -> None:
    for day, count in ((DAY_1, 2), (DAY_2, 3), (DAY_3, 3), (DAY_4, 4)):
        replay.advance(day)
        assert len(subjects(clone(server, tmp_path / day.isoformat()))) == count


def test_later_day_adds_to_the_same_history(server: ReplayServer, replay: GitReplay, tmp_path: Path) -> None:
    found = clone(server, tmp_path / "clone", "--single-branch", "--no-tags", "--filter=tree:0")
    before = git("-C", found, "rev-parse", "HEAD")
    replay.advance(DAY_4)
    git("-C", found, "fetch", "--quiet", "origin", "+master:master")
    git("-C", found, "merge-base", "--is-ancestor", before, "HEAD")
    assert subjects(found) == [line.split(",")[0] for line in LOG]


def test_day_before_the_first_commit_has_none(server: ReplayServer, replay: GitReplay, tmp_path: Path) -> None:
    replay.advance(date(2021, 5, 31))
    assert git("-C", clone(server, tmp_path / "clone"), "rev-list", "--all", "--count") == "0"


def test_same_ids_whenever_and_wherever_it_is_built(recordings: Path, tmp_path: Path) -> None:
    tips = set()
    for name, day in (("one", DAY_4), ("two", DAY_4), ("two", DAY_3)):
        replay = GitReplay(recordings, tmp_path / name, day)
        with ReplayServer({"git": replay}) as server:
            tips.add(git("ls-remote", f"{server.url('git')}/owner/some_name", "HEAD"))
    assert len(tips) == 2


def test_built_once_and_kept(recordings: Path, tmp_path: Path) -> None:
    GitReplay(recordings, tmp_path / "cache", DAY_4).build()
    [whole] = (tmp_path / "cache").glob("*/whole.git")
    before = whole.stat().st_ino
    GitReplay(recordings, tmp_path / "cache", DAY_3).build()
    assert [path.stat().st_ino for path in (tmp_path / "cache").glob("*/whole.git")] == [before]


def test_changed_log_is_built_anew(recordings: Path, tmp_path: Path) -> None:
    GitReplay(recordings, tmp_path / "cache", DAY_4).build()
    write_log(recordings, LOG[:3])
    replay = GitReplay(recordings, tmp_path / "cache", DAY_4)
    with ReplayServer({"git": replay}) as server:
        assert len(subjects(clone(server, tmp_path / "clone"))) == 3


def test_cache_can_be_moved(recordings: Path, tmp_path: Path) -> None:
    GitReplay(recordings, tmp_path / "cache", DAY_4).build()
    shutil.move(tmp_path / "cache", tmp_path / "moved")
    replay = GitReplay(recordings, tmp_path / "moved", DAY_4)
    with ReplayServer({"git": replay}) as server:
        assert len(subjects(clone(server, tmp_path / "clone"))) == 4


def test_killed_build_breaks_nothing(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    program = (
        "import sys; from datetime import date; from pathlib import Path; from flows.replay import git_server as g;"
        "build = g._fast_import;"
        "g._fast_import = lambda *a: (build(*a), print('built', flush=True), sys.stdin.read());"
        f"g.GitReplay(Path({str(RECORDINGS)!r}), Path({str(cache)!r}), date(2021, 6, 25)).build()"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "built\n"
        os.kill(process.pid, signal.SIGKILL)
    [home] = cache.iterdir()
    assert [path.name[:10] for path in home.iterdir() if path.name != ".lock"] == [".building-"]

    replay = GitReplay(RECORDINGS, cache, date(2021, 6, 25))
    replay._rebuilt = {"keras-team/keras": replay._rebuilt["keras-team/keras"]}
    replay.build()
    assert sorted(path.name for path in home.iterdir()) == [".lock", "2021-06-25", "whole.git"]


def test_nothing_can_be_pushed(server: ReplayServer, tmp_path: Path) -> None:
    found = clone(server, tmp_path / "clone")
    done = subprocess.run(["git", "-C", found, "push", "origin", "HEAD:refs/heads/x"], capture_output=True, check=False)
    assert done.returncode != 0
    base = server.url("git") + "/owner/some_name.git"
    assert requests.get(f"{base}/info/refs?service=git-receive-pack", timeout=60).status_code == 403
    assert requests.post(f"{base}/git-receive-pack", timeout=60).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/owner/some_name.git/config",
        "/owner/some_name.git/HEAD",
        "/x/../../etc/passwd",
        "/",
    ],
)
def test_nothing_else_is_served(server: ReplayServer, path: str) -> None:
    assert requests.get(server.url("git") + path, params={"service": "git-upload-pack"}, timeout=60).status_code == 404


@pytest.mark.parametrize("owner", ["owner", "nobody"])
def test_a_password_is_asked_for_where_there_is_no_repository(server: ReplayServer, owner: str) -> None:
    answer = requests.get(f"{server.url('git')}/{owner}/other.git/info/refs?service=git-upload-pack", timeout=10)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Basic realm="GitHub"')


def test_the_default_branch_may_have_another_name(recordings: Path, tmp_path: Path) -> None:
    tips = {}
    for branch in ("master", "main"):
        replay = GitReplay(recordings, tmp_path / "cache", DAY_4, branches={"owner/some_name": branch})
        with ReplayServer({"git": replay}) as server:
            listed = git("ls-remote", "--symref", f"{server.url('git')}/owner/some_name.git", "HEAD").splitlines()
        assert listed[0] == f"ref: refs/heads/{branch}\tHEAD"
        tips[branch] = listed[1]
    assert tips["master"] == tips["main"]


def test_with_and_without_the_ending(server: ReplayServer) -> None:
    url = server.url("git") + "/owner/some_name"
    assert git("ls-remote", url) == git("ls-remote", f"{url}.git") != ""


def test_compressed_request_is_understood(server: ReplayServer) -> None:
    body = b"0014command=ls-refs\n0001" + b"001bref-prefix refs/heads/\n" + b"0000"
    headers = {
        "Content-Type": "application/x-git-upload-pack-request",
        "Content-Encoding": "gzip",
        "Git-Protocol": "version=2",
    }
    url = server.url("git") + "/owner/some_name.git/git-upload-pack"
    answer = requests.post(url, data=gzip.compress(body), headers=headers, timeout=60)
    assert answer.status_code == 200
    assert b"refs/heads/master" in answer.content


def test_filter_is_honoured(server: ReplayServer, tmp_path: Path) -> None:
    found = clone(server, tmp_path / "clone", "--filter=tree:0")
    assert "in-pack: 3" in git("-C", found, "count-objects", "-v")
    assert "in-pack: 4" in git("-C", clone(server, tmp_path / "full"), "count-objects", "-v")


def test_every_log_that_ships_can_be_read() -> None:
    logs = {path.name: list(read_log(path)) for path in (RECORDINGS / "commits").glob("*.csv.gz")}
    assert {name: len(log) for name, log in logs.items()} == {
        "keras-team_keras.csv.gz": 12637,
        "pytorch_pytorch.csv.gz": 38317,
        "tensorflow_tensorflow.csv.gz": 113199,
    }
    for log in logs.values():
        assert [row.committed for row in log] == sorted(row.committed for row in log)
        assert not any(row.is_merge for row in log[:2]), "a merge needs two commits before it"
