"""Which addresses are one account: hidden addresses with and without number, mailmaps, and none at all."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from flows.sources.errors import TerminalError
from flows.sources.git.addresses import Accounts, normalised
from flows.sources.git.identities import author_key
from flows.sources.git.mailmap import Mailmap
from tests.flows.sources.git.conftest import ANN, BOB, KEY, Origin, Upstream, commits, git, only, sha_of

HOST = "users.noreply.github.com"


def people(upstream: Upstream, *authors: str) -> int:
    """How many accounts a history by these authors has."""
    for author in authors:
        upstream.origin.commit(author.encode())
    return len({row.author_key for row in commits(upstream.fetch())})


def test_case_space_and_number_of_a_hidden_address_make_no_other_person(upstream: Upstream) -> None:
    upstream.origin.commit(b"Ann <ANN@users.noreply.github.com>")
    upstream.origin.commit(b"Ann B. <123+ann@users.noreply.github.com >")
    upstream.origin.commit(b"Ann <123+ann@example.com>")
    keys = [row.author_key for row in commits(upstream.fetch())]
    assert keys[1] == keys[2]
    assert keys[0] != keys[1]


def test_the_number_is_the_account(upstream: Upstream) -> None:
    assert people(upstream, f"Ann <123+ann@{HOST}>", f"Ann Newname <123+ann-newname@{HOST}>") == 1


def test_a_login_that_changed_hands_is_two_accounts(upstream: Upstream) -> None:
    assert people(upstream, f"Ann <123+ann@{HOST}>", f"Other Ann <98765432+ann@{HOST}>") == 2


def test_an_address_without_number_belongs_to_the_older_account(upstream: Upstream) -> None:
    authors = [f"Ann <98765432+ann@{HOST}>", f"Ann <123+ann@{HOST}>", f"Ann <ann@{HOST}>"]
    for author in authors:
        upstream.origin.commit(author.encode())
    plain, old, new = [row.author_key for row in commits(upstream.fetch())]
    assert plain == old != new


def test_a_login_of_digits_is_not_an_account_number(upstream: Upstream) -> None:
    assert people(upstream, f"Ann <123@{HOST}>", f"Bob <123+bob@{HOST}>") == 2


def test_a_number_of_any_length_breaks_nothing() -> None:
    endless = f"{'9' * 5000}+ann@{HOST}"
    assert Accounts([endless]).account(endless) == endless


def test_gitlab_puts_a_dash_after_the_number() -> None:
    accounts = Accounts()
    assert accounts.account("123-ann@users.noreply.gitlab.com") == accounts.account("123-new@users.noreply.gitlab.com")
    assert accounts.account(f"123-ann@{HOST}") != accounts.account(f"123-new@{HOST}")


def test_a_number_that_turns_up_later_joins_what_was_known_before(upstream: Upstream) -> None:
    first = upstream.origin.commit(f"Ann <ann@{HOST}>".encode())
    upstream.origin.commit(BOB)
    upstream.fetch()
    second = upstream.origin.commit(f"Ann <123+ann@{HOST}>".encode())
    night = upstream.fetch()

    assert not night.replaces_all
    assert {sha_of(row) for row in commits(night)} == {first, second}
    assert {row.author_key for row in commits(night)} == {author_key(KEY, f"123+ann@{HOST}")}
    assert night.state["commits"] == 3
    assert upstream.fetch().rows == ()


def test_nights_tell_the_same_accounts_as_one_walk(upstream: Upstream) -> None:
    authors = [f"ann@{HOST}", f"9+ann@{HOST}", f"bob@{HOST}", f"5+ann@{HOST}", f"7+bobby@{HOST}", f"7+bob@{HOST}"]
    told = {}
    for author in authors:
        upstream.origin.commit(f"X <{author}>".encode())
        told |= {sha_of(row): row.author_key for row in commits(upstream.fetch())}
    upstream.state = {}
    assert told == {sha_of(row): row.author_key for row in commits(upstream.fetch())}


@pytest.mark.parametrize("address", [
    " ann@example.com ", "<ann@example.com>", '"ann@example.com"', "'Ann@Example.COM'", "<<ann@example.com>>",
    "mailto:ann@example.com", "ann@example.com,", "ann@example.com.", "\tann@example.com",
])  # fmt: skip
def test_what_surrounds_an_address_makes_no_other_person(address: str) -> None:
    assert normalised(address) == "ann@example.com"


@pytest.mark.parametrize("author", [
    b"Ann <<ann@example.com>>", b"Ann \"the <B>\" Smith <ann@example.com>", b"Ann <ann@example.com> <ann@example.com>",
    b"  Ann   <  ann@example.com  >", b"<ann@example.com>", b"\"Ann, A.\" <ann@example.com>",
])  # fmt: skip
def test_brackets_quotes_and_spaces_in_names(upstream: Upstream, author: bytes) -> None:
    upstream.origin.written(b"author %b 1622548800 +0000\ncommitter C <c@example.com> 1622548800 +0000" % author)
    row = only(upstream.fetch())
    assert row.author_key == author_key(KEY, "ann@example.com")


@pytest.mark.parametrize("author", [b"Ann <> 1622548800 +0000", b"Ann 1622548800 +0000", b"<> 1622548800 +0000", b""])
def test_authors_without_address_are_masked(upstream: Upstream, author: bytes) -> None:
    upstream.origin.written(b"author %b\ncommitter C <c@example.com> 1622548800 +0000" % author)
    row = only(upstream.fetch())
    assert row.author_kind == "masked"
    assert row.committed_on is not None


# ---- Mailmaps --------------------------------------------------------------------------------------------------------


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


LINES = "# people\n  # more people <x@example.com> <ann@old.example>\n\nAnn <ann@example.com> <ann@old.example>\n"


@pytest.mark.parametrize("content", [
    LINES.encode(), LINES.replace("\n", "\r\n").encode(), LINES.replace("\n", "\r").encode(),
    codecs.BOM_UTF8 + LINES.encode(), codecs.BOM_UTF16_LE + LINES.encode("utf-16-le"),
    codecs.BOM_UTF16_BE + LINES.encode("utf-16-be"), b"J\xf6rg <joerg@example.com>\n" + LINES.encode(),
    codecs.BOM_UTF8 + b"<ann@example.com> <ann@old.example>", LINES.lower().encode(),
    b"ANN <ANN@EXAMPLE.COM> < Ann@Old.Example >  # a comment", b"\tAnn <ann@example.com>\t<ann@old.example>\t\n",
])  # fmt: skip
def test_mailmaps_of_all_editors_say_the_same(upstream: Upstream, tmp_path: Path, content: bytes) -> None:
    upstream.origin.commit(b"Ann <Ann@Old.example>")
    mailmap = tmp_path / "mailmap"
    mailmap.write_bytes(content)
    assert only(upstream.fetch(mailmap=mailmap)).author_key == author_key(KEY, "ann@example.com")


def test_mailmap_reads_lines_as_git_does(tmp_path: Path) -> None:
    """Against git itself, for every form of a line; the last line about somebody has the last word."""
    lines = (
        "Proper <one@example.com>\n<proper@example.com> <two@example.com>\n"
        "Proper <proper@example.com> <three@example.com>\n"
        "Proper <proper@example.com> Commit <four@example.com>\nOther <other@example.com> <four@example.com>\n"
        "First <first@example.com> <five@example.com>\nLast <last@example.com> <five@example.com>\n"
        "Nobody <nobody@example.com> Ann <>\n"
    )
    (tmp_path / "mailmap").write_text(lines)
    authors = [(name, f"{number}@example.com") for number in ("one", "two", "three", "four", "five", "six")
               for name in ("Commit", "commit", "Else")]  # fmt: skip
    origin = Origin(tmp_path / "origin.git")
    for name, address in authors:
        origin.commit(f"{name} <{address}>".encode())
    said = _git_log_with_mailmap(origin, tmp_path / "mailmap")
    mailmap = Mailmap(lines.encode())
    assert [mailmap.proper(*author) for author in reversed(authors)] == said
    assert mailmap.proper("Ann", "") == ("Nobody", "nobody@example.com")


def _git_log_with_mailmap(origin: Origin, mailmap: Path) -> list[tuple[str, str]]:
    said = git(f"--git-dir={origin.path}", "-c", f"mailmap.file={mailmap}", "log", "--format=%aN%x09%aE", "main")
    return [(name, address) for name, address in (line.split("\t") for line in said.splitlines())]


def test_missing_mailmap_is_named(upstream: Upstream, tmp_path: Path) -> None:
    with pytest.raises(TerminalError, match=r"absent.*git_history\.mailmap"):
        upstream.fetch(mailmap=tmp_path / "absent")


@pytest.mark.parametrize("with_mailmap", [False, True])
def test_mailmap_inside_the_repository_is_not_looked_for(
    upstream: Upstream, tmp_path: Path, with_mailmap: bool
) -> None:
    mailmap = tmp_path / "mailmap"
    mailmap.write_text("# none\n")
    sha = upstream.origin.commit(ANN, file=b".mailmap")
    assert sha_of(only(upstream.fetch(mailmap=mailmap if with_mailmap else None))) == sha
    assert upstream.objects() == 1
