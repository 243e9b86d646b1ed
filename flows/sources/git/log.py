"""What git log tells of many commits, in columns: only what differs is looked at one by one.

Every field ends with a NUL, the one byte that none can hold.

git log turns the whole of a commit that declares an encoding into UTF-8, its head too. From an encoding that is no
extension of ASCII, such as UTF-16, that leaves neither author nor time. And it takes the first angle brackets for the
address, also where they are part of the name. So the heads of such commits are read as they were written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

_NAMING_KEYS = ("Co-authored-by", "Co-developed-by", "Assisted-by", "Generated-by", "Signed-off-by")
_TRAILERS = f"%(trailers:{','.join(f'key={key}' for key in _NAMING_KEYS)},separator=%x0A)"
COMMIT = ("%H", "%P", "%an", "%ae", "%cn", "%ce", "%ct", "%e", _TRAILERS)
PEOPLE = ("%an", "%ae", "%cn", "%ce", _TRAILERS)
_LAST_SECOND = 253402300799  # of the year 9999; the clocks of some committers are beyond it
_LONGEST_SECONDS = 15  # digits; more are beyond the calendar anyway
_ENTRY = re.compile(rb"([0-9a-f]+) commit (\d+)\n")
_PERSON = re.compile(rb"(.*)<([^<>]*)>+ *(?:(\d+) [+-]\d+)?[^<>]*")  # the last angle brackets hold the address
_CO_AUTHOR = re.compile(r"^co-authored-by:([^<>\n]*)<([^<>\n]*)>", re.IGNORECASE | re.MULTILINE)
Author = tuple[str, str]
Keyed = Callable[[Iterable[str]], Iterable[str]]
_SAID = pa.schema(
    {
        "sha": pa.string(),
        "key": pa.string(),
        "is_merge": pa.bool_(),
        "author": pa.large_binary(),
        "committer": pa.large_binary(),
        "committed": pa.int64(),
        "trailers": pa.large_binary(),
        "has_encoding": pa.bool_(),
    }
)


class Header(NamedTuple):
    """Author name, author address and the committer's time: seconds since 1970, empty where it cannot be read."""

    name: str
    address: str
    committed: str


@dataclass(frozen=True, slots=True)
class People:
    """Name and address of everybody, by the way in which they take part. Co-authors are those of a trailer."""

    authors: frozenset[Author] = frozenset()
    committers: frozenset[Author] = frozenset()
    co_authors: frozenset[Author] = frozenset()

    @classmethod
    def of(cls, authors: Iterable[Author], committers: Iterable[Author], trailers: Iterable[str]) -> People:
        named = {(found[1].strip(), found[2]) for lines in trailers for found in _CO_AUTHOR.finditer(lines)}
        return cls(frozenset(authors), frozenset(committers), frozenset(named))


@dataclass(frozen=True, slots=True)
class Log:
    """Commits as git log tells of them.

    commits     a row each: sha; key, made of it; is_merge; author, its place in `authors`; committed, seconds since
                1970, NULL where git cannot read it; trailers, their place in `trailers`; has_encoding, whether the
                commit declares one
    authors     name and address, each pair once
    trailers    those that name somebody, a line each
    people      as git log tells of them
    """

    commits: pa.Table
    authors: Sequence[Author]
    trailers: Sequence[str]
    people: People

    def of(self, authors: Iterable[Author]) -> Log:
        """Only the commits of these authors."""
        wanted = [self.authors.index(author) for author in authors]
        return replace(
            self, commits=self.commits.filter(pc.is_in(self.commits["author"], pa.array(wanted, pa.int32())))
        )

    def unclear(self) -> pa.ChunkedArray:
        """Of which commits their own head may say more: git log reads it wrongly, or finds no address or no time."""
        without = [place for place, (_, address) in enumerate(self.authors) if "@" not in address]
        has_no_address = pc.is_in(self.commits["author"], pa.array(without, pa.int32()))
        has_no_time = pc.is_null(self.commits["committed"])
        return pc.or_(pc.or_(self.commits["has_encoding"], has_no_address), has_no_time)

    def corrected(self, headers: Mapping[str, Header]) -> Log:
        """With author and time of the commits' own heads, for those that are in `headers`."""
        mask = pc.is_in(self.commits["sha"], pa.array(headers, pa.string()))
        found = [headers[sha] for sha in self.commits["sha"].filter(mask).to_pylist()]
        people = [(header.name, header.address) for header in found]
        authors = list(dict.fromkeys((*self.authors, *people)))
        places = {author: place for place, author in enumerate(authors)}
        said = {
            "author": pa.array([places[author] for author in people], pa.int32()),
            "committed": _seconds(pa.array([header.committed for header in found], pa.string())),
        }
        commits = self.commits
        for name, values in said.items():
            column = pc.replace_with_mask(commits[name].combine_chunks(), mask.combine_chunks(), values)
            commits = commits.set_column(commits.schema.get_field_index(name), name, column)
        return replace(self, commits=commits, authors=authors)


def read_log(output: Iterable[bytes], keyed: Keyed = iter) -> Log:
    """The commits of `git log -z` in the format COMMIT; `keyed` makes the column key of their ids.

    All that can be is done with one piece of the output while git makes the next.
    """
    parts = [pa.RecordBatch.from_pydict(_said(columns, keyed), _SAID) for columns in _parts(output, len(COMMIT))]
    commits = pa.Table.from_batches(parts, _SAID)
    found = {}
    for name in ("author", "committer", "trailers"):
        found[name], places = _distinct(commits[name])
        commits = commits.set_column(commits.schema.get_field_index(name), name, places)
    authors, committers = ([_pair(pair) for pair in found[name]] for name in ("author", "committer"))
    trailers = [_text(lines) for lines in found["trailers"]]
    return Log(commits.drop_columns("committer"), authors, trailers, People.of(authors, committers, trailers))


def _said(columns: Sequence[pa.LargeBinaryArray], keyed: Keyed) -> dict[str, pa.Array]:
    sha, parents, name, address, committer, its_address, committed, encoding, trailers = columns
    ids = sha.cast(pa.string())
    return {
        "sha": ids,
        "key": pa.array(keyed(ids.to_pylist()), pa.string(), size=len(ids)),
        "is_merge": pc.match_substring(parents, b" "),
        "author": _pairs(name, address),
        "committer": _pairs(committer, its_address),
        "committed": _seconds(committed.cast(pa.string())),
        "trailers": trailers,
        "has_encoding": pc.greater(pc.binary_length(encoding), 0),
    }


def read_people(output: Iterable[bytes]) -> tuple[People, int]:
    """Everybody in `git log -z` in the format PEOPLE, and how many commits there are."""
    name, address, *committer, trailers = _columns(output, len(PEOPLE))
    authors, committers = (
        [_pair(pair) for pair in _pairs(*both).unique().to_pylist()] for both in ((name, address), committer)
    )
    return People.of(authors, committers, [_text(lines) for lines in trailers.unique().to_pylist()]), len(name)


def read_headers(said: bytes) -> Iterator[tuple[str, Header]]:
    """Id and head of each commit in what `git cat-file --batch` says."""
    at = 0
    while found := _ENTRY.match(said, at):
        end = found.end() + int(found[2])
        yield found[1].decode(), _header(said[found.end() : end])
        at = end + 1


def _header(commit: bytes) -> Header:
    head, _, _ = commit.partition(b"\n\n")
    lines = dict(line.split(b" ", 1) for line in head.splitlines() if b" " in line and not line.startswith(b" "))
    encoding = lines.get(b"encoding", b"").decode("ascii", "replace").strip()
    author = _PERSON.fullmatch(lines.get(b"author", b"").rstrip())
    committer = _PERSON.fullmatch(lines.get(b"committer", b"").rstrip())
    return Header(
        name=_in_encoding(author[1], encoding).strip() if author else "",
        address=_in_encoding(author[2], encoding) if author else "",
        committed=(committer[3] or b"").decode() if committer else "",
    )


def _in_encoding(written: bytes, encoding: str) -> str:
    """What is plain ASCII is meant so; the rest is in the declared encoding, where it is one and fits."""
    if not written.isascii():
        try:
            return written.decode(encoding)
        except (LookupError, UnicodeError):
            pass
    return _text(written)


def _columns(output: Iterable[bytes], fields: int) -> list[pa.ChunkedArray]:
    """A column for each field. Raises ValueError for a log that ends within a commit."""
    parts = list(_parts(output, fields))
    return [pa.chunked_array([part[place] for part in parts], pa.large_binary()) for place in range(fields)]


def _parts(output: Iterable[bytes], fields: int) -> Iterator[list[pa.LargeBinaryArray]]:
    """The same of a few thousand commits at a time."""
    for values in _pieces(output, fields):
        rows = pa.FixedSizeListArray.from_arrays(values, fields)
        yield [pc.list_element(rows, place) for place in range(fields)]


def _pieces(output: Iterable[bytes], fields: int) -> Iterator[pa.LargeBinaryArray]:
    """The fields of whole commits, many at a time."""
    rest = b""
    for piece in output:
        values = _split(rest + piece)
        whole = (len(values) - 1) // fields * fields
        rest = b"\0".join(values[whole:].to_pylist())
        yield values[:whole]
    if rest:
        raise ValueError(f"the log ends within a commit: {rest[-60:]!r}")


def _split(text: bytes) -> pa.LargeBinaryArray:
    return pc.split_pattern(pa.array([text], pa.large_binary()), b"\0").flatten()


def _pairs(names: pa.ChunkedArray, addresses: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(names, addresses, pa.scalar(b"\0", pa.large_binary()))


def _pair(joined: bytes) -> Author:
    name, _, address = joined.partition(b"\0")
    return _text(name), _text(address)


def _distinct(values: pa.ChunkedArray) -> tuple[list[bytes], pa.ChunkedArray]:
    """Each value once, and for each row the place of its value."""
    encoded = values.dictionary_encode()
    places = pa.chunked_array([chunk.indices for chunk in encoded.chunks], pa.int32())
    return (encoded.chunk(encoded.num_chunks - 1).dictionary.to_pylist() if encoded.num_chunks else []), places


def _seconds(texts: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """NULL where git cannot read the time. A clock beyond the calendar stands at its end."""
    digits = pc.if_else(pc.ascii_is_decimal(texts), texts, None)
    seconds = pc.utf8_slice_codeunits(digits, 0, _LONGEST_SECONDS).cast(pa.int64())
    return pc.min_element_wise(seconds, pa.scalar(_LAST_SECOND, pa.int64()), skip_nulls=False)


def _text(written: bytes) -> str:
    return written.decode("utf-8", "surrogateescape")
