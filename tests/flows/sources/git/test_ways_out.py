"""Servers that are not like GitHub: behind an authority of one's own, behind a proxy, or offering plain files."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from flows.replay.git_server import GitFolder
from flows.replay.server import ReplayServer, Reply, Request
from flows.sources.errors import TerminalError, TransientError
from flows.sources.git import clone, command
from tests.flows.sources.git.conftest import Upstream, git, only, sha_of

AUTHORITIES = ("GIT_SSL_CAINFO", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """The file of an authority that only this test knows."""
    return tmp_path / "authority.pem"


@pytest.fixture
def over_tls(upstream: Upstream, tmp_path: Path, authority: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The base URL of the same repositories over TLS."""
    for name in AUTHORITIES:
        monkeypatch.delenv(name, raising=False)
    ours = trustme.CA()
    ours.cert_pem.write_to_path(str(authority))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.issue_cert("127.0.0.1").configure_cert(context)
    server = ReplayServer({"git": GitFolder(tmp_path / "served")})
    server._http.socket = context.wrap_socket(server._http.socket, server_side=True)
    with server:
        yield server.url("git").replace("http://", "https://")


@pytest.mark.parametrize("name", ["GIT_SSL_CAINFO", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_an_authority_of_ones_own_holds_for_git_as_for_http(
    upstream: Upstream, over_tls: str, authority: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(authority.parent)
    monkeypatch.setenv(name, authority.name)  # from the folder of the program, whichever git runs in
    first = upstream.origin.commit()
    assert sha_of(only(upstream.fetch(base_url=over_tls))) == first
    second = upstream.origin.commit()
    assert sha_of(only(upstream.fetch(base_url=over_tls))) == second


def test_a_folder_of_authorities(
    upstream: Upstream, over_tls: str, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = authority.parent / "authorities"
    folder.mkdir()
    authority.rename(folder / "ours.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(folder))
    upstream.origin.commit()
    assert len(upstream.fetch(base_url=over_tls).rows) == 1


def test_an_unknown_authority_is_not_trusted_and_asked_once(upstream: Upstream, over_tls: str) -> None:
    upstream.origin.commit()
    with pytest.raises(TerminalError, match=r"certificate not trusted; .*REQUESTS_CA_BUNDLE"):
        upstream.fetch(base_url=over_tls)
    assert upstream.waits == []


def test_an_authority_that_is_not_there_is_named(
    upstream: Upstream, over_tls: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent/authority.pem")
    upstream.origin.commit()
    with pytest.raises(TerminalError, match=r"SSL_CERT_FILE names /nonexistent/authority\.pem, which does not exist"):
        upstream.fetch(base_url=over_tls)


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
def test_a_proxy_is_asked_in_whatever_letters_it_is_named(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for other in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(other, raising=False)
    sha = upstream.origin.commit()
    monkeypatch.setenv(name, upstream.server.url("").rstrip("/"))  # the server answers for any host
    assert sha_of(only(upstream.fetch(base_url="http://git.example.invalid/git"))) == sha

    monkeypatch.setenv("NO_PROXY", "git.example.invalid")
    with pytest.raises(TransientError, match="check the network"):
        upstream.fetch(base_url="http://git.example.invalid/git")


class PlainFiles:
    """A mirror as a web server for files offers it. An upstream of ReplayServer."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def __call__(self, request: Request) -> Reply:
        path = self._root / request.path.lstrip("/")
        if not path.is_file():
            return Reply(404, b"Not Found", {"Content-Type": "text/html"})
        return Reply(200, path.read_bytes(), {"Content-Type": "application/octet-stream"})


@pytest.fixture
def plain_files(upstream: Upstream, tmp_path: Path) -> Iterator[ReplayServer]:
    for _ in range(3):
        upstream.origin.commit()
    git(f"--git-dir={upstream.origin.path}", "update-server-info")
    with ReplayServer({"git": PlainFiles(tmp_path / "served")}) as server:
        yield server


def test_a_mirror_of_plain_files_is_not_cloned(upstream: Upstream, plain_files: ReplayServer) -> None:
    with pytest.raises(
        TerminalError, match=r"does not speak git's smart protocol; .*base_url in config\.toml"
    ) as caught:
        upstream.fetch(base_url=plain_files.url("git"))
    assert "\n" not in str(caught.value)
    assert upstream.waits == []
    assert {request.path.rpartition(".git")[2] for _, request in plain_files.requests} <= {"/info/refs", "/HEAD"}
    assert [path.name for path in upstream.clone.parent.iterdir()] == [".name.git.lock"]


def test_a_server_that_turns_to_plain_files_is_not_fetched_from(upstream: Upstream, plain_files: ReplayServer) -> None:
    upstream.fetch()
    upstream.origin.commit()
    git(f"--git-dir={upstream.origin.path}", "update-server-info")
    with pytest.raises(TerminalError, match="smart protocol"):
        upstream.fetch(base_url=plain_files.url("git"))
    assert len(upstream.fetch().rows) == 1


def test_git_that_calls_itself_ends_with_its_time(upstream: Upstream, plain_files: ReplayServer) -> None:
    """What a mirror of plain files does when nothing keeps git from fetching there: it calls itself without end."""
    upstream.fetch()
    upstream.origin.commit()
    git(f"--git-dir={upstream.origin.path}", "update-server-info")
    fetch = ("fetch", "--filter=tree:0", "--no-tags", f"{plain_files.url('git')}/owner/name.git", "+HEAD:refs/heads/x")
    git(f"--git-dir={upstream.clone}", "config", "remote.origin.url", f"{plain_files.url('git')}/owner/name.git")
    with pytest.raises(TransientError, match="not done within 1 s"):
        command.run(fetch, limit=1, git_dir=upstream.clone, network=True)
    deadline = time.monotonic() + 60
    while _processes_that_name(upstream.clone):
        assert time.monotonic() < deadline, "git outlives its time"
        time.sleep(0.05)


def _processes_that_name(target: Path) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
            where = str((process / "cwd").readlink())
        except OSError:
            continue  # it has ended
        if str(target).encode() in words or where.startswith(str(target)):
            found.append(process.name)
    return found


def test_doctor_asks_in_the_same_way(plain_files: ReplayServer) -> None:
    with pytest.raises(TerminalError, match="smart protocol"):
        clone.remote_head(plain_files.url("git"), "owner/name", 30)
