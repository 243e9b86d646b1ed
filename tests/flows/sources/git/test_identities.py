"""Who made a commit: persons, bots, masked identities, and nobody by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.config.settings import Identity
from flows.sources.errors import TerminalError
from flows.sources.git.identities import author_key
from tests.flows.sources.git.conftest import KEY, Upstream, commits, only


def test_kind_of_author(upstream: Upstream) -> None:
    kinds = {
        b"Ann <ann@example.com>": "person",
        b"A. Unique TensorFlower <Gardener@TensorFlow.org >": "masked",
        b"Person 7d2dec7a <7d2dec7a63879f76@example.invalid>": "masked",
        b"Person 14c7e99c <14c7e99c32bbc2a1@example.invalid>": "masked",
        b"Person 3c205d8f <3c205d8fc749f729@example.invalid>": "bot",
        b"Person 012a4f40 <012a4f40db5d3f36@example.invalid>": "person",
        b"dependabot <49699333+dependabot[bot]@users.noreply.github.com>": "bot",
        b"someone <12+new-machine[bot]@users.noreply.github.com>": "bot",
        b"pre-commit-ci[bot] <ci@example.com>": "bot",
        b"Abbot <abbot@example.com>": "person",
        b"GitHub <noreply@github.com>": "bot",
    }
    shas = {upstream.origin.commit(author): author for author in kinds}
    assert {shas[row.commit_sha]: row.author_kind for row in commits(upstream.fetch())} == kinds


def test_config_adds_identities_and_every_commit_is_judged_again(upstream: Upstream) -> None:
    upstream.origin.commit(b"Robot <Robot@example.com>")
    assert only(upstream.fetch()).author_kind == "person"
    extra = (Identity(email="robot@EXAMPLE.com", kind="bot"),)
    judged_again = upstream.fetch(identities=extra)
    assert judged_again.replaces_all
    assert only(judged_again).author_kind == "bot"
    assert upstream.fetch(identities=extra).rows == ()


def test_case_space_and_number_of_a_hidden_address_make_no_other_person(upstream: Upstream) -> None:
    upstream.origin.commit(b"Ann <ANN@users.noreply.github.com>")
    upstream.origin.commit(b"Ann B. <123+ann@users.noreply.github.com >")
    upstream.origin.commit(b"Ann <123+ann@example.com>")
    keys = [row.author_key for row in commits(upstream.fetch())]
    assert keys[1] == keys[2]
    assert keys[0] != keys[1]


def test_key_of_the_warehouse_decides_the_hash(upstream: Upstream) -> None:
    assert author_key(b"a" * 32, "ann@example.com") != author_key(b"b" * 32, "ann@example.com")
    assert author_key(KEY, " Ann@Example.com ") == author_key(KEY, "ann@example.com")


def test_mailmap_joins_addresses_and_a_change_of_it_walks_again(upstream: Upstream, tmp_path: Path) -> None:
    upstream.origin.commit(b"Ann <ann@old.example>")
    upstream.origin.commit(b"Ann <ann@example.com>")
    assert len({row.author_key for row in commits(upstream.fetch())}) == 2
    mailmap = tmp_path / "mailmap"
    mailmap.write_text("Ann <ann@example.com> <ann@old.example>\n")
    joined = upstream.fetch(mailmap=mailmap)
    assert joined.replaces_all
    assert {row.author_key for row in commits(joined)} == {author_key(KEY, "ann@example.com")}
    assert upstream.fetch(mailmap=mailmap).rows == ()


def test_missing_mailmap_is_named(upstream: Upstream, tmp_path: Path) -> None:
    with pytest.raises(TerminalError, match=r"absent.*git_history\.mailmap"):
        upstream.fetch(mailmap=tmp_path / "absent")


@pytest.mark.parametrize("with_mailmap", [False, True])
def test_mailmap_inside_the_repository_is_not_looked_for(
    upstream: Upstream, tmp_path: Path, with_mailmap: bool
) -> None:
    mailmap = tmp_path / "mailmap"
    mailmap.write_text("# none\n")
    sha = upstream.origin.commit(file=b".mailmap")
    assert only(upstream.fetch(mailmap=mailmap if with_mailmap else None)).commit_sha == sha
    assert upstream.objects() == 1
