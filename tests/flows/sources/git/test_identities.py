"""Who made a commit: persons, bots, masked identities, and nobody by name."""

from __future__ import annotations

import csv
import hmac

import pytest

from flows.config.settings import Identity
from flows.sources.git.addresses import normalised
from flows.sources.git.identities import Identities, author_key, commit_key, commit_keys
from tests.conftest import ROOT
from tests.flows.sources.git.conftest import KEY, Upstream, commits, only, sha_of


def test_authors_are_persons_bots_or_masked(upstream: Upstream) -> None:
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
    assert {shas[sha_of(row)]: row.author_kind for row in commits(upstream.fetch())} == kinds


def test_config_adds_identities_and_every_commit_is_judged_again(upstream: Upstream) -> None:
    upstream.origin.commit(b"Robot <Robot@example.com>")
    assert only(upstream.fetch()).author_kind == "person"
    extra = (Identity(email="robot@EXAMPLE.com", kind="bot"),)
    judged_again = upstream.fetch(identities=extra)
    assert judged_again.replaces_all
    assert only(judged_again).author_kind == "bot"
    assert upstream.fetch(identities=extra).rows == ()


def test_key_of_the_warehouse_decides_the_hash(upstream: Upstream) -> None:
    assert author_key(b"a" * 32, "ann@example.com") != author_key(b"b" * 32, "ann@example.com")
    assert author_key(KEY, " Ann@Example.com ") == author_key(KEY, "ann@example.com")


def kind(author: str) -> str:
    """The kind of "Name <address>"."""
    name, _, address = author.partition(" <")
    return Identities().kind(name, address.removesuffix(">"))


@pytest.mark.parametrize("login", ["pytorchmergebot", "pytorchupdatebot", "facebook-github-bot", "k8s-ci-robot",
    "dependabot", "renovate", "pre-commit-ci", "github-actions", "copybara-service", "imgbot", "allcontributors",
    "mergify", "bors", "pytorch-bot", "openshift-merge-robot", "snyk-bot"])  # fmt: skip
def test_a_listed_machine_is_a_bot_in_every_spelling(login: str) -> None:
    spellings = [f"{number}{name}@users.noreply.github.com" for number in ("", "987654+") for name in
                 (login, f"{login}[bot]", login.upper())]  # fmt: skip
    assert {kind(f"Somebody <{address}>") for address in spellings} == {"bot"}


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ("jax authors <google-ml-automation@google.com>", "masked"),
        ("jax authors <no-reply@google.com>", "masked"),
        ("A. Unique TensorFlower <gardener@tensorflow.org>", "masked"),
        ("Copybara <tensorflow-copybara@users.noreply.github.com>", "masked"),
        ("TensorFlower Gardener <8123456+tensorflower-gardener@users.noreply.github.com>", "masked"),
        ("pytorchbot <soumith+bot@pytorch.org>", "bot"),
        ("Meta <generatedunixname89002005307016@meta.com>", "bot"),
        ("builder <deploy@some-project.iam.gserviceaccount.com>", "bot"),
        ("new name <49699333+renamed-app@users.noreply.github.com>", "bot"),
        ("copilot-swe-agent[bot] <198982749+Copilot@users.noreply.github.com>", "bot"),
        ("Claude <noreply@anthropic.com>", "bot"),
        ("some-new-app[bot] <app@example.com>", "bot"),
        ("x <9+some-new-app[bot]@users.noreply.github.com>", "bot"),
    ],
)  # fmt: skip
def test_known_machines_and_shared_names(author: str, expected: str) -> None:
    assert kind(author) == expected


@pytest.mark.parametrize("author", [
    "Abbot <abbot@example.com>", "Jan Bot <jan.bot@example.com>", "Talbot Abbott <talbot@users.noreply.github.com>",
    "robotics <12+robotics-fan@users.noreply.github.com>", "Claude Shannon <claude@example.com>",
    "Claude <claude@users.noreply.github.com>", "Devin <devin@example.com>", "Automation Jones <aj@example.com>",
    "pytorchbot's friend <friend@example.com>", "Renovate Smith <renovate.smith@example.com>", "svn user <ann>",
])  # fmt: skip
def test_a_person_whose_name_sounds_like_a_machine_is_a_person(author: str) -> None:
    assert kind(author) == "person"


@pytest.mark.parametrize("address", ["", " ", "<>", "@", "@example.com", '""', "none", "Unknown", "(no author)",
                                     "root@localhost", "none@none"])  # fmt: skip
def test_without_an_address_nobody_is_told_apart(address: str) -> None:
    assert Identities().kind("Ann", address) == "masked"


def test_config_has_the_last_word_on_the_list_that_ships() -> None:
    extra = (("noreply@github.com", "person"), ("7+ann@users.noreply.github.com", "bot"))
    own = Identities([Identity(email=email, kind=kind) for email, kind in extra])
    assert own.kind("Ann", "noreply@github.com") == "person"
    assert (
        own.kind("Ann", "7+renamed@users.noreply.github.com") == own.kind("A", "ann@users.noreply.github.com") == "bot"
    )


def test_every_line_of_the_list_is_complete_and_unique() -> None:
    """Every line has all its fields, an address is listed once, in one spelling, and says where it is known from."""
    with (ROOT / "flows/sources/git/identities.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    addresses = [row["address"] for row in rows]
    assert all(all(row.values()) and None not in row for row in rows)
    assert {row["kind"] for row in rows} == {"bot", "masked", "agent"}
    assert len(set(addresses)) == len(addresses)
    assert [address for address in addresses if address != normalised(address) and "sha256:" not in address] == []


AGENTS = [
    "Co-authored-by: Claude <noreply@anthropic.com>",
    "Co-Authored-By: Claude Opus 4.8 (1M context) <noreply@anthropic.com>",
    "co-authored-by: Copilot <175728472+Copilot@users.noreply.github.com>",
    "Co-authored-by: copilot-swe-agent[bot] <198982749+Copilot@users.noreply.github.com>",
    "Co-authored-by: Cursor <cursoragent@cursor.com>",
    "Co-authored-by: Devin AI <158243242+devin-ai-integration[bot]@users.noreply.github.com>",
    "Co-authored-by: aider (openai/gpt-5) <noreply@aider.chat>",
    "Co-authored-by: Codex <codex@openai.com>",
    "Co-authored-by: claude[bot] <41898282+claude[bot]@users.noreply.github.com>",
    "Co-authored-by: gemini-code-assist[bot] <176961590+gemini-code-assist[bot]@users.noreply.github.com>",
    "Co-authored-by: google-labs-jules[bot] <161369871+google-labs-jules[bot]@users.noreply.github.com>",
    "Assisted-by: Claude:claude-opus-4-6 coccinelle",
    "Signed-off-by: Ann <ann@example.com>\nCo-authored-by: Amp <amp@ampcode.com>",
]


def test_a_commit_with_a_coding_agent_in_a_trailer_is_counted(upstream: Upstream) -> None:
    made = {upstream.origin.commit(message=f"Do it\n\nWhy.\n\n{trailer}\n".encode()): trailer for trailer in AGENTS}
    rows = commits(upstream.fetch())
    assert [made[sha_of(row)] for row in rows if not row.has_agent_trailer] == []
    assert {row.author_kind for row in rows} == {"person"}


NO_AGENTS = [
    "Do it\n\nCo-authored-by: Claude <claude@example.com>\n",
    "Do it\n\nCo-authored-by: Claude Monet <12+claude@users.noreply.github.com>\n",
    "Do it\n\nCo-authored-by: Devin Smith <devin@example.com>\n",
    "Do it\n\nCo-authored-by: dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>\n",
    "Do it\n\nAssisted-by: Claude\n",
    "Do it\n\nReviewed-by: Cursor <cursoragent@cursor.com>\n",
    "Mail noreply@anthropic.com, or Co-authored-by: Claude <noreply@anthropic.com> in a sentence\n\nThe end.\n",
    "Do it\n",
]


def test_a_first_name_a_bot_or_a_sentence_is_no_coding_agent(upstream: Upstream) -> None:
    made = {upstream.origin.commit(message=message.encode()): message for message in NO_AGENTS}
    assert [made[sha_of(row)] for row in commits(upstream.fetch()) if row.has_agent_trailer] == []


@pytest.mark.parametrize("key", [bytes(32), bytes(range(32)), b"k" * 64, b"short"])
def test_keys_of_commits_are_keyed_hashes_of_their_ids(key: bytes) -> None:
    shas = ["0" * 40, "0123456789abcdef" * 4]
    wanted = [hmac.digest(key, f"commit {sha}".encode(), "sha256").hex()[:20] for sha in shas]
    assert list(commit_keys(key, shas)) == [commit_key(key, sha) for sha in shas] == wanted
