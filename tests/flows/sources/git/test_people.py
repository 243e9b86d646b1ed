"""Which accounts are one person, on a labelled sample and over real git, and how often everybody is read."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import timedelta
from itertools import combinations

import pytest

from flows.config.settings import GitHistory
from flows.sources.git.people.merging import Seen, people_of
from flows.sources.git.people.organisations import organisations
from tests.flows.sources.git.conftest import ANN, NOW, Upstream
from warehouse.rows import Contributor

HIDDEN = "users.noreply.github.com"


def same(seen: list[tuple[str, str]], one: str, other: str, apart: tuple[str, ...] = ()) -> bool:
    person = people_of((Seen(name, account, "person") for name, account in seen), apart)
    return person[one] == person[other]


NAME, HOME, WORK = "Ann Raresurname", "ann@a.example", "other@b.example"
PAIR = [(NAME, HOME), (NAME, WORK)]
BO, CY = ("Bo Raresurname", "b@c.example"), ("Cy Raresurname", "c@c.example")
ALIKE = [(NAME, "annrare@a.example"), (NAME, "annrare@b.example")]


@pytest.mark.parametrize(
    ("seen", "is_one"),
    [
        (PAIR, True),
        ([("ann  rar\u00e9surname", HOME), (NAME, WORK)], True),
        ([*PAIR, BO], True),
        ([*PAIR, BO, CY], False),  # no longer rare
        ([*ALIKE, BO, CY], True),  # but the addresses are alike
        ([("Ann", HOME), ("Ann", WORK)], False),
        ([("0a1bcdef2345abcd", HOME), ("0a1bcdef2345abcd", WORK)], False),
        ([("Your Name", HOME), ("Your Name", WORK)], False),
        ([("A. R.", HOME), ("A. R.", WORK)], False),
        ([(NAME, f"1+@{HIDDEN}"), (NAME, f"2+@{HIDDEN}")], False),  # two accounts on GitHub
        ([(NAME, f"1+@{HIDDEN}"), (NAME, WORK)], True),
        ([*PAIR, ("Bo Otherperson", HOME), ("Cy Thirdperson", HOME)], False),  # an address that is shared
        ([*PAIR, *((NAME, f"{number}@c.example") for number in range(4))], False),  # too many
    ],
)  # fmt: skip
def test_accounts_are_one_person_only_where_that_is_nearly_certain(seen: list[tuple[str, str]], is_one: bool) -> None:
    assert same(seen, seen[0][1], seen[1][1]) is is_one


def test_every_merge_can_be_undone() -> None:
    assert same(PAIR, PAIR[0][1], PAIR[1][1])
    assert not same(PAIR, PAIR[0][1], PAIR[1][1], apart=(PAIR[1][1],))


def test_machines_and_masked_names_are_nobody() -> None:
    told = people_of([Seen("Ann Raresurname", "a@a", "person"), Seen("Ann Raresurname", "b@b", "bot")])
    assert told == {"a@a": "a@a"}


def labelled_sample(persons: int) -> list[tuple[str, Seen]]:
    """Who is who by construction. As in the recorded histories one person in twelve has a second address. Family names
    are as unequal as those of people: the hundred most frequent are those of a third, given names of a few hundred."""
    draw = random.Random(20_210_625)
    common, given = (
        [f"Common{n:c}x" for n in range(97, 123)],
        [f"Given{n:c}{m:c}" for n in range(97, 113) for m in range(97, 113)],
    )
    sample = []
    for number in range(persons):
        family = draw.choice(common) if draw.random() < 1 / 3 else f"Rarely{draw.choice(given)}{draw.choice(given)}"
        name = f"{draw.choice(given)} {family}"
        for address in range(2 if draw.random() < 1 / 12 else 1):
            local = f"{name.lower().replace(' ', '')}{number}" if draw.random() < 0.3 else f"u{number}{address}"
            sample.append((str(number), Seen(name, f"{local}@h{address}.example", "person")))
    return sample


def test_precision_and_recall_on_a_labelled_sample() -> None:
    sample = labelled_sample(3500)
    label = {seen.account: who for who, seen in sample}
    groups: dict[str, list[str]] = defaultdict(list)
    for account, person in people_of(seen for _, seen in sample).items():
        groups[person].append(account)
    merged = [pair for accounts in groups.values() for pair in combinations(sorted(accounts), 2)]
    right = sum(label[one] == label[other] for one, other in merged)
    truth = len(label) - len(set(label.values()))  # pairs: nobody has more than two addresses
    assert truth > 250
    assert right / len(merged) >= 0.995
    assert right / truth >= 0.5


def test_everybody_is_read_with_the_first_night_and_once_a_week(upstream: Upstream) -> None:
    trailer = b"x\n\nCo-authored-by: Dee Helper <dee@example.com>\n"
    upstream.origin.commit(ANN, message=trailer)
    upstream.origin.commit(b"Ann Raresurname <ann@home.example>")
    upstream.origin.commit(b"Ann Raresurname <ann@work.example>")
    upstream.fetch()
    (people,) = upstream.people
    assert people.replaces_all
    rows = list(people.rows)
    assert all(isinstance(row, Contributor) for row in rows)
    authors = [row for row in rows if row.is_author]
    assert (len(authors), len({row.author_key for row in authors}), len({row.person_key for row in authors})) == (
        3,
        3,
        2,
    )
    assert [row.is_author for row in rows if row.is_co_author] == [False]
    assert any(row.is_committer for row in rows)
    assert "example" not in str(rows)
    assert [row.address_key for row in rows] == sorted(row.address_key for row in rows), "no order but that of the keys"

    upstream.fetch()
    assert upstream.people == []
    upstream.now = NOW + timedelta(days=7)
    upstream.fetch()
    assert [answer.rows for answer in upstream.people] == [people.rows]


def test_apart_is_a_key_of_the_history(upstream: Upstream) -> None:
    upstream.origin.commit(b"Ann Raresurname <ann@home.example>")
    upstream.origin.commit(b"Ann Raresurname <ann@work.example>")
    upstream.fetch(apart=("Ann@Home.example",))
    assert len({row.person_key for row in upstream.people[0].rows if row.is_author}) == 2
    assert GitHistory().apart == ()


def test_organisations_are_those_that_the_address_names_and_several_share() -> None:
    at = [
        f"{name}@{host}"
        for host in ("google.com", "mail.cs.cam.ac.uk", "gmail.com", HIDDEN, "x.invalid")
        for name in "abcde"
    ]
    at += ["ann@own.example.org", "f@corp.google.com", "localhost"]
    found = organisations({address: address for address in at})
    assert set(found.values()) == {"google.com", "cam.ac.uk"}
    assert [address for address in at if address not in found] == [*at[10:26], "localhost"]
    assert found["f@corp.google.com"] == "google.com"
    assert organisations(dict.fromkeys(at, "one person")) == {}
