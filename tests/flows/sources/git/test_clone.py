"""The treeless clone: nothing but commits in it, and made again when it is damaged."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flows.sources.errors import TerminalError
from flows.sources.git import clone, command
from tests.flows.sources.git.conftest import Upstream, commits, only, sha_of


def test_clone_and_fetch_hold_one_object_a_commit(upstream: Upstream) -> None:
    for _ in range(5):
        upstream.origin.commit()
    upstream.fetch()
    assert upstream.objects() == 5
    for _ in range(3):
        upstream.origin.commit()
    upstream.fetch()
    assert upstream.objects() == 8


def test_a_command_that_needs_a_tree_fails_and_fetches_nothing(upstream: Upstream) -> None:
    upstream.origin.commit()
    upstream.origin.commit()
    upstream.fetch()
    asked = len(upstream.server.requests)
    with pytest.raises(command.DamagedCloneError):
        command.run(("log", "-1", "--stat"), limit=30, git_dir=upstream.clone)
    assert (len(upstream.server.requests), upstream.objects()) == (asked, 2)

    command.run(("log", "-1", "--stat"), limit=30, git_dir=upstream.clone, network=True)
    assert len(upstream.server.requests) > asked, "the trap is real: with the network git fetches by itself"
    assert upstream.objects() > 2


def test_many_nights_do_not_pile_up_packs(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clone, "_MOST_PACKS", 3)
    shas = []
    for _ in range(5):
        shas.append(upstream.origin.commit())
        upstream.fetch()
    assert len(list(upstream.clone.glob("objects/pack/*.pack"))) == 2
    assert upstream.objects() == 5
    upstream.state = {}
    assert [sha_of(row) for row in commits(upstream.fetch())] == shas[::-1]


def without_packs(clone: Path) -> None:
    shutil.rmtree(clone / "objects/pack")


def with_a_cut_pack(clone: Path) -> None:
    [pack] = clone.glob("objects/pack/*.pack")
    pack.chmod(0o644)
    pack.write_bytes(pack.read_bytes()[:40])


def with_a_lock_left_behind(clone: Path) -> None:
    (clone / "refs/heads/followed.lock").touch()


def without_a_tip(clone: Path) -> None:
    for ref in (*clone.glob("refs/heads/*"), clone / "packed-refs"):
        ref.unlink(missing_ok=True)


def not_a_repository(clone: Path) -> None:
    shutil.rmtree(clone)
    (clone / "objects").mkdir(parents=True)


@pytest.mark.parametrize(
    "damage", [without_packs, with_a_cut_pack, with_a_lock_left_behind, without_a_tip, not_a_repository]
)
@pytest.mark.parametrize("as_a_first_run", [False, True])
def test_a_damaged_clone_is_made_again(upstream: Upstream, damage: Any, as_a_first_run: bool) -> None:
    first = upstream.origin.commit()
    upstream.fetch()
    second = upstream.origin.commit()
    damage(upstream.clone)
    if as_a_first_run:
        upstream.state = {}
    answer = upstream.fetch()
    assert {sha_of(row) for row in commits(answer)} == {second, *([first] if as_a_first_run else [])}
    assert answer.replaces_all == as_a_first_run
    assert upstream.objects() == 2


def test_a_lost_clone_is_made_again_and_only_new_commits_are_reported(upstream: Upstream) -> None:
    upstream.origin.commit()
    upstream.fetch()
    shutil.rmtree(upstream.clone)
    sha = upstream.origin.commit()
    assert sha_of(only(upstream.fetch())) == sha


def test_two_users_of_a_clone_take_turns(upstream: Upstream) -> None:
    shas = [upstream.origin.commit() for _ in range(30)]
    others = [replace(upstream, state={}) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(Upstream.fetch, others))
    assert [len(answer.rows) for answer in answers] == [len(shas)] * 4
    clones = [request for _, request in upstream.server.requests if b"filter tree:0" in request.body]
    assert len(clones) == 1


def test_what_a_killed_clone_left_behind_is_removed(upstream: Upstream) -> None:
    upstream.origin.commit()
    left = upstream.clone.parent / ".name.git.cloning-abc/objects"
    left.mkdir(parents=True)
    upstream.fetch()
    assert {path.name for path in upstream.clone.parent.iterdir()} == {"name.git", ".name.git.lock"}


def test_a_data_folder_that_cannot_be_written_is_named(upstream: Upstream) -> None:
    upstream.clone.parent.parent.mkdir(parents=True)
    upstream.clone.parent.write_text("a file where a folder should be")
    with pytest.raises(TerminalError, match="check the data folder"):
        upstream.fetch()
