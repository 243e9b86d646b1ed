"""What is kept of a history's authors saves a walk, and nothing else changes: kept, lost, torn or of another tip."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.sources.git.conftest import BOB, Upstream, commits, sha_of

HOST = "users.noreply.github.com"
AUTHORS = [f"ann@{HOST}", f"9+ann@{HOST}", "bob@example.com", f"bob@{HOST}", f"5+ann@{HOST}", f"7+bob@{HOST}"]


def _kept(clone: Path) -> Path:
    return clone / "known-authors.json"


def _of_another_tip(clone: Path) -> None:
    text = _kept(clone).read_text()
    _kept(clone).write_text(text.replace('"tip": "', '"tip": "0'))


SPOILS: dict[str, Callable[[Path], object]] = {
    "kept": lambda clone: None,
    "lost": lambda clone: _kept(clone).unlink(),
    "torn": lambda clone: _kept(clone).write_text(_kept(clone).read_text()[:40]),
    "of another shape": lambda clone: _kept(clone).write_text("[1]"),
    "of another tip": _of_another_tip,
}


@pytest.mark.parametrize("spoil", SPOILS)
def test_accounts_and_counts_are_those_of_one_walk(upstream: Upstream, spoil: str) -> None:
    told = {}
    for number, author in enumerate(AUTHORS, 1):
        upstream.origin.commit(f"X <{author}>".encode())
        night = upstream.fetch()
        told |= {sha_of(row): row.author_key for row in commits(night)}
        assert night.state["commits"] == number
        SPOILS[spoil](upstream.clone)
    upstream.state = {}
    assert told == {sha_of(row): row.author_key for row in commits(upstream.fetch())}


def test_only_addresses_that_hide_another_are_kept(upstream: Upstream) -> None:
    upstream.origin.commit(BOB)
    upstream.origin.commit(f"Ann <ann@{HOST}>".encode())
    upstream.fetch()
    text = _kept(upstream.clone).read_text()
    assert f"ann@{HOST}" in text
    assert "example.com" not in text
    assert '"commits": 2' in text


def test_a_night_walks_only_what_is_new(upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = tmp_path / "said"
    spy = tmp_path / "bin/git"
    spy.parent.mkdir()
    spy.write_text(f'#!/bin/sh\necho "$@" >> {said}\nexec {shutil.which("git")} "$@"\n')
    spy.chmod(0o755)
    tips = [upstream.origin.commit(f"Ann <1+ann@{HOST}>".encode())]
    upstream.fetch()
    tips.append(upstream.origin.commit(BOB))
    monkeypatch.setenv("PATH", str(spy.parent), prepend=":")
    upstream.fetch()
    walks = [line for line in said.read_text().splitlines() if " log " in line or " rev-list " in line]
    assert len(walks) == 1
    assert f"{tips[0]}..{tips[1]}" in walks[0]
