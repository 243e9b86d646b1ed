"""The log of a history in columns, wherever the pieces of it are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.sources.git.log import Header, Log, People, read_log, read_people

SHAS = [f"{number:040x}" for number in range(4)]
COMMITS = [
    (SHAS[0], SHAS[1], b"Ann", b"ann@example.com", b"Hub", b"h@h", b"2", b"", b""),
    (
        *(SHAS[1], f"{SHAS[2]} {SHAS[3]}", b"J\xf6rg", b"x@y", b"Bo", b"b@b", b"9" * 20, b"latin1"),
        b"Co-authored-by: A <a@b>\nx",
    ),
    (SHAS[2], "", b"", b"", b"", b"", b"0012", b"", b""),
    (SHAS[3], "", b"Ann", b"ann@example.com", b"Hub", b"h@h", b"253402300799", b"", b"Co-authored-by: A <a@b>\nx"),
]
WRITTEN = b"".join(
    (field.encode() if isinstance(field, str) else field) + b"\0" for commit in COMMITS for field in commit
)


def column(log: Log, name: str) -> list[object]:
    return list(log.commits[name].to_pylist())


@given(cuts=st.lists(st.integers(0, len(WRITTEN)), max_size=6).map(sorted))
def test_a_log_is_the_same_wherever_it_is_cut(cuts: list[int]) -> None:
    log = read_log(WRITTEN[start:end] for start, end in zip([0, *cuts], [*cuts, len(WRITTEN)], strict=True))
    assert column(log, "sha") == SHAS
    assert column(log, "is_merge") == [False, True, False, False]
    assert [log.authors[place] for place in log.commits["author"].to_pylist()] == [
        ("Ann", "ann@example.com"), ("J\udcf6rg", "x@y"), ("", ""), ("Ann", "ann@example.com"),
    ]  # fmt: skip
    assert len(log.authors) == 3
    assert column(log, "committed") == [2, 253402300799, 12, 253402300799]
    assert [log.trailers[place] for place in log.commits["trailers"].to_pylist()] == [
        "", "Co-authored-by: A <a@b>\nx", "", "Co-authored-by: A <a@b>\nx",
    ]  # fmt: skip
    assert log.unclear().to_pylist() == [False, True, True, False]
    assert log.people == People(
        frozenset({("Ann", "ann@example.com"), ("J\udcf6rg", "x@y"), ("", "")}),
        frozenset({("Hub", "h@h"), ("Bo", "b@b"), ("", "")}),
        frozenset({("A", "a@b")}),
    )


def test_keys_are_made_of_the_ids_in_their_order() -> None:
    log = read_log([WRITTEN[:100], WRITTEN[100:]], lambda shas: (f"key of {sha}" for sha in shas))
    assert column(log, "key") == [f"key of {sha}" for sha in SHAS]


def test_a_log_without_commits_has_columns_without_rows() -> None:
    log = read_log([])
    assert (log.commits.num_rows, log.authors, log.trailers) == (0, [], [])
    assert log.unclear().to_pylist() == []
    assert read_people([]) == (People(), 0)


def test_a_log_that_ends_within_a_commit_is_refused() -> None:
    with pytest.raises(ValueError, match="ends within a commit"):
        read_log([WRITTEN[:-1]])
    with pytest.raises(ValueError, match="ends within a commit"):
        read_log([WRITTEN, b"0"])


def test_heads_of_commits_have_the_last_word_on_theirs_alone() -> None:
    log = read_log([WRITTEN]).corrected(
        {SHAS[1]: Header("Jörg", "x@y", "x"), SHAS[2]: Header("Ann", "ann@example.com", "8")}
    )
    assert [log.authors[place] for place in log.commits["author"].to_pylist()] == [
        ("Ann", "ann@example.com"), ("Jörg", "x@y"), ("Ann", "ann@example.com"), ("Ann", "ann@example.com"),
    ]  # fmt: skip
    assert column(log, "committed") == [2, None, 8, 253402300799]


def test_commits_of_some_authors() -> None:
    assert column(read_log([WRITTEN]).of([("Ann", "ann@example.com")]), "sha") == [SHAS[0], SHAS[3]]


def test_everybody_is_told_once_by_the_way_they_take_part_and_commits_counted() -> None:
    trailers = b"Co-authored-by: Bo <b@b>\nSigned-off-by: Cy <c@c>\nco-authored-by:<d@d>"
    written = b"Ann\0a@b\0Hub\0h@h\0\0" * 3 + b"J\xf6rg\0\0J\xf6rg\0\0" + trailers + b"\0"
    everybody = People(
        frozenset({("Ann", "a@b"), ("J\udcf6rg", "")}),
        frozenset({("Hub", "h@h"), ("J\udcf6rg", "")}),
        frozenset({("Bo", "b@b"), ("", "d@d")}),
    )
    assert read_people([written[:5], written[5:]]) == (everybody, 4)
