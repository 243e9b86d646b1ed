"""Author and time of a commit, whatever encoding it declares and whatever bytes it holds."""

from __future__ import annotations

from datetime import UTC, datetime

from flows.sources.git.identities import author_key
from tests.flows.sources.git.conftest import KEY, NOON, Upstream, commits, only, sha_of

ENCODINGS = ["ISO-8859-1", "latin1", "Shift_JIS", "EUC-JP", "ISO-2022-JP", "GB18030", "windows-1251", "KOI8-R", "UTF-7",
             "UTF-16", "UTF-16LE", "UTF-32", "IBM037", "utf-8", "no-such-encoding", ""]  # fmt: skip


def head(author: bytes, encoding: str = "") -> bytes:
    lines = [b"author %b %d +0200" % (author, NOON), b"committer Carol <carol@example.com> %d -0700" % (NOON + 1)]
    return b"\n".join([*lines, *([f"encoding {encoding}".encode()] if encoding else [])])


NAMES = [b"Ann", b"J\xf6rg", b"\x82\xa0\x82\xa2", b'\x1b$B$"\x1b(B', b"\xff\xfe\x80", "名".encode()]


def test_author_and_times_survive_any_declared_encoding(upstream: Upstream) -> None:
    address = b"12+ann@users.noreply.github.com"
    written = {
        upstream.origin.written(head(b"%b <%b>" % (name, address), encoding)): (encoding, name)
        for encoding in ENCODINGS
        for name in NAMES
    }
    expected = (author_key(KEY, address.decode()), "person", datetime.fromtimestamp(NOON + 1, UTC).date())
    lost = {
        written[sha_of(row)]: row
        for row in commits(upstream.fetch())
        if (row.author_key, row.author_kind, row.committed_on) != expected
    }
    assert lost == {}
    assert len(written) == upstream.state["commits"] == len(ENCODINGS) * len(NAMES)


def test_one_address_in_two_encodings_is_one_person(upstream: Upstream) -> None:
    upstream.origin.written(head("Jörg <jörg@example.com>".encode("latin-1"), "ISO-8859-1"))
    upstream.origin.written(head("Jörg <jörg@example.com>".encode()))
    upstream.origin.written(head("Jörg <JÖRG@example.com>".encode(), "UTF-8"))
    assert len({row.author_key for row in commits(upstream.fetch())}) == 1


def test_bytes_without_a_declared_encoding_are_kept_apart(upstream: Upstream) -> None:
    upstream.origin.written(head(b"J <j\xf6rg@example.com>"))
    upstream.origin.written(head(b"J <j\xe4rg@example.com>"))
    assert len({row.author_key for row in commits(upstream.fetch())}) == 2


def test_trailers_are_found_in_any_encoding(upstream: Upstream) -> None:
    upstream.origin.written(
        head(b"J\xf6rg <joerg@example.com>", "ISO-8859-1"),
        b"F\xfcr dich\n\nCo-authored-by: Claude <noreply@anthropic.com>\n",
    )
    assert only(upstream.fetch()).has_agent_trailer


def test_a_time_that_git_cannot_read_is_none(upstream: Upstream) -> None:
    times = [b"1622548800", b"1622548800 UTC", b"soon +0000", b"-5 +0000", b"", b"1.5 +0000"]
    for committed in times:
        upstream.origin.written(b"author Ann <ann@example.com> %d +0000\ncommitter C <c@x> %b" % (NOON, committed))
    rows = commits(upstream.fetch())
    assert [row.committed_on for row in rows] == [None] * len(times)


def test_a_time_of_any_size_breaks_no_row(upstream: Upstream) -> None:
    for seconds in (b"0", b"9" * 12, b"9" * 30, b"9" * 6000):
        upstream.origin.written(b"author Ann <ann@example.com> 1 +0000\ncommitter C <c@x> %b +0000" % seconds)
    rows = commits(upstream.fetch())
    assert [row.committed_on.year for row in rows if row.committed_on] == [9999, 9999, 9999, 1970]
