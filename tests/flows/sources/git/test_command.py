"""git as a command: faults of the network, refusals, time limits, and the machine it runs on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from flows.replay.git_server import GitFolder
from flows.replay.server import ReplayServer, Reply, instead, redirected, slow, status, too_many_requests, truncated
from flows.sources.errors import TerminalError, TransientError
from flows.sources.git import command
from tests.flows.sources.git.conftest import Upstream, commits, git, only, sha_of

# ---- Faults ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        too_many_requests(),
        status(503),
        status(500),
        status(202),
        status(200, b"<title>Sorry</title>", {"Content-Type": "text/html"}),
        truncated(20),
        truncated(0),
    ],
)
def test_a_temporary_failure_is_tried_again(upstream: Upstream, fault: Any) -> None:
    sha = upstream.origin.commit()
    upstream.server.misbehave("git", fault)
    assert sha_of(only(upstream.fetch())) == sha
    assert upstream.waits == [1.0]


@pytest.mark.parametrize("fault", [too_many_requests(), status(502), truncated(20), status(202), instead([])])
def test_a_lasting_failure_is_transient_and_leaves_no_half_clone(upstream: Upstream, fault: Any) -> None:
    upstream.origin.commit()
    upstream.server.misbehave("git", fault, times=20)
    with pytest.raises(TransientError):
        upstream.fetch()
    assert upstream.waits == [1.0, 2.0]
    assert [path.name for path in upstream.clone.parent.iterdir()] == [".name.git.lock"]


def cut_packs(request: Any, serve: Any) -> Reply:
    """Drops the connection in the middle of a pack, and only there."""
    reply: Reply = serve(request)
    is_pack = request.method == "POST" and b"PACK" in reply.body
    return Reply(reply.status, reply.body, reply.headers, cut_at=len(reply.body) // 2) if is_pack else reply


def test_a_clone_cut_in_the_middle_of_a_pack_leaves_no_half_clone(upstream: Upstream) -> None:
    for _ in range(20):
        upstream.origin.commit()
    upstream.server.misbehave("git", cut_packs, times=20)
    with pytest.raises(TransientError):
        upstream.fetch()
    assert [path.name for path in upstream.clone.parent.iterdir()] == [".name.git.lock"]


def test_a_fetch_cut_in_the_middle_of_a_pack_keeps_the_clone(upstream: Upstream) -> None:
    upstream.origin.commit()
    upstream.fetch()
    inode = upstream.clone.stat().st_ino
    sha = upstream.origin.commit()
    upstream.server.misbehave("git", cut_packs, times=50)
    with pytest.raises(TransientError):
        upstream.fetch()
    upstream.server._faults.clear()
    assert sha_of(only(upstream.fetch())) == sha
    assert upstream.clone.stat().st_ino == inode


@pytest.mark.parametrize("code", [401, 403, 404])
def test_a_refusal_is_terminal_and_not_tried_again(upstream: Upstream, code: int) -> None:
    upstream.origin.commit()
    upstream.server.misbehave("git", status(code), times=9)
    with pytest.raises(TerminalError, match=r"config\.toml"):
        upstream.fetch()
    assert upstream.waits == []


def test_a_repository_that_moved_is_followed(upstream: Upstream) -> None:
    sha = upstream.origin.commit()
    target = upstream.server.url("git") + "/owner/name.git/info/refs?service=git-upload-pack"
    upstream.server.misbehave("git", redirected(target))
    assert sha_of(only(upstream.fetch())) == sha


def test_a_server_that_does_not_listen_is_transient(upstream: Upstream, nobody_listens: str) -> None:
    with pytest.raises(TransientError, match="check the network"):
        upstream.fetch(base_url=f"http://{nobody_listens}")


def test_a_command_over_its_time_limit_is_ended_and_not_tried_again(upstream: Upstream) -> None:
    upstream.origin.commit()
    upstream.server.misbehave("git", slow(1.0), times=9)
    with pytest.raises(TransientError, match="not done within 1 s"):
        upstream.fetch(timeout_seconds=1)
    assert upstream.waits == []


def test_a_password_in_a_url_is_not_shown(nobody_listens: str) -> None:
    with pytest.raises(TransientError, match=r"127\.0\.0\.1") as caught:
        command.run(("ls-remote", f"http://someone:hunter2@{nobody_listens}/x"), limit=30, network=True)
    assert "hunter2" not in repr(caught.value)


# ---- The machine -----------------------------------------------------------------------------------------------------


def test_a_machine_without_git_is_told_to_install_it(
    upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TerminalError, match="git is not installed; install git"):
        upstream.fetch()


def test_a_git_that_is_too_old_is_named(upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "bin/git"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho git version 2.17.1\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}:{os.environ['PATH']}")
    with pytest.raises(TerminalError, match=r"version 2\.17\.1; install git 2\.32 or later"):
        upstream.fetch()


def test_the_configuration_of_user_and_environment_is_ignored(
    upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = upstream.origin.commit()
    home = tmp_path / "home"
    (home / "hooks").mkdir(parents=True)
    hook = home / "hooks/reference-transaction"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hook-ran\n")
    hook.chmod(0o755)
    (home / ".gitconfig").write_text(
        '[url "http://127.0.0.1:9/"]\ninsteadOf = http://127.0.0.1\n'
        "[log]\nshowSignature = true\nmailmap = true\n[format]\npretty = fuller\n"
        f"[core]\nhooksPath = {home}/hooks\n"
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "url.http://127.0.0.1:9/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "http://127.0.0.1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert sha_of(only(upstream.fetch())) == sha
    assert not (tmp_path / "hook-ran").exists()


def test_a_repository_around_the_working_directory_is_ignored(
    upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = upstream.origin.commit()
    around = tmp_path / "around"
    git("init", "--quiet", str(around))
    git("-C", str(around), "config", "url.http://127.0.0.1:9/.insteadOf", "http://127.0.0.1")
    monkeypatch.chdir(around)
    assert sha_of(only(upstream.fetch())) == sha


def test_git_writes_in_blocks_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_FLUSH", "1")
    seen = command.run(("-c", "alias.surroundings=!env", "surroundings"), limit=30).splitlines()
    assert "GIT_FLUSH=0" in seen


@pytest.mark.parametrize("at_fetch", [False, True], ids=["first night", "later night"])
def test_a_repository_that_is_sent_to_another_host_is_not_followed(upstream: Upstream, at_fetch: bool) -> None:
    """Git would follow, to whatever the machine can reach."""
    upstream.origin.commit()
    if at_fetch:
        upstream.fetch()
        upstream.origin.commit()
    with ReplayServer({"git": GitFolder(upstream.origin.path.parents[1])}) as elsewhere:
        target = f"{elsewhere.url('git')}/owner/name.git/info/refs?service=git-upload-pack"
        upstream.server.misbehave("git", redirected(target), times=50)
        with pytest.raises(TransientError, match="another host"):
            upstream.fetch()
        assert elsewhere.requests == []
    upstream.server._faults["git"].clear()
    assert len(commits(upstream.fetch())) == 1


def test_a_repository_that_is_sent_to_a_page_is_told(upstream: Upstream) -> None:
    upstream.origin.commit()
    page = status(200, b"<html>gone</html>")
    upstream.server.misbehave("git", redirected("/git/gone"))
    upstream.server.misbehave("git", redirected("/git/gone"))
    upstream.server.misbehave("git", page, times=9)
    with pytest.raises(TransientError, match=r"no repository|not that of git"):
        upstream.fetch()
