"""Commits of a repository's default branch: what each says, who made it as far as that may be kept, and when."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence, Set
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from flows.config.settings import GitHistory
from flows.sources.errors import TerminalError
from flows.sources.git import SOURCE
from flows.sources.git.addresses import Accounts, normalised
from flows.sources.git.clone import Clone, RemoteHead, held
from flows.sources.git.command import DamagedCloneError
from flows.sources.git.identities import Identities, author_key, commit_key, commit_keys
from flows.sources.git.known_authors import KnownAuthors, keep_known_authors, kept_tip, read_known_authors
from flows.sources.git.log import Log, People
from flows.sources.git.mailmap import Mailmap, read_mailmap
from flows.sources.git.people.taking_part import WAYS, Part, contributors
from warehouse.columns import Columns
from warehouse.rows import Answer, Commit, Row

PEOPLE_EVERY_DAYS = 7


def fetch_commits(
    settings: GitHistory,
    *,
    repository: str,
    clone_dir: Path,
    since_tip: str | None,
    known_identities: str | None,
    identity_key: bytes,
    collected_at: datetime,
    people_on: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Answer]:
    """The commits of `repository` (owner/name), the new ones since `since_tip` or all of them. And, a week after
    `people_on` ("people_on" of the state, the day it was last read), everybody who takes part in the whole history, as
    entity "owner/name people".

    All, with replaces_all, when `since_tip` is None or no ancestor of the new tip (history was rewritten), or when the
    list of identities or the mailmap is no longer the one of `known_identities`. No new commit is an answer without
    rows. `since_tip` and `known_identities` are "tip" and "identities" of the state of the answer before. Neither an
    answer nor its rows hold the id of a commit, only its key, and rows are in the order of the keys.
    `clone_dir` is made, brought up to date, and made again once when it is damaged.
    Raises TransientError (network, 429, 5xx, time, no commit at all) or TerminalError (no such repository, git, disk).
    """
    mailmap = read_mailmap(settings.mailmap)
    clone = Clone(settings, repository, clone_dir.absolute(), sleep)
    walk = _Walk(settings, repository, clone, mailmap, identity_key, collected_at, people_on)
    try:
        with held(clone_dir):
            answers = walk.answers(since_tip, known_identities)
    except OSError as error:
        raise TerminalError(SOURCE, f"{clone_dir}: {error.strerror}", "check the data folder and the disk") from None
    yield from answers


class _Author(NamedTuple):
    address: str
    kind: str


class _Walk:
    """From a clone to the answer."""

    def __init__(
        self,
        settings: GitHistory,
        repository: str,
        clone: Clone,
        mailmap: bytes,
        identity_key: bytes,
        collected_at: datetime,
        people_on: str | None,
    ) -> None:
        self._repository = repository
        self._clone = clone
        self._key = identity_key
        self._keyed = partial(commit_keys, identity_key)
        self._collected_at = collected_at
        self._mailmap = Mailmap(mailmap)
        self._identities = Identities(settings.identities)
        self._fingerprint = self._identities.fingerprint(mailmap)
        self._people_on = people_on
        self._apart = {normalised(address) for address in settings.apart}
        self._authors: dict[tuple[str, str], _Author] = {}

    def answers(self, since_tip: str | None, known_identities: str | None) -> tuple[Answer, ...]:
        """The answers, from a new clone when the one that was there is damaged."""
        head = self._clone.remote_head()
        wanted = since_tip if known_identities == self._fingerprint else None
        try:
            return self._of_commits(head, wanted)
        except DamagedCloneError:
            self._clone.remove()
        try:
            return self._of_commits(head, wanted)
        except DamagedCloneError as damage:
            what = f"{self._repository}: the clone is damaged again right after it was made: {damage}"
            raise TerminalError(SOURCE, what, "check the disk and the installation of git") from None

    def _of_commits(self, head: RemoteHead, since_tip: str | None) -> tuple[Answer, ...]:
        tip = self._clone.bring_up_to_date(head)
        since = self._known_commit(since_tip, tip)
        log = self._clone.log(since, tip, self._keyed)
        known = self._known(since)
        addresses = {self._author(*author).address for author in log.authors}
        accounts = Accounts(known.addresses | addresses)
        rows = self._rows([log, *self._told_anew(since, known.addresses, accounts)], accounts)
        known = known.and_of(addresses, log.commits.num_rows)
        keep_known_authors(self._clone.folder, known, tip=tip, fingerprint=self._fingerprint)
        self._clone.tidy()
        if not self._asks_for_people(since):
            return (self._made_of(head, tip, since, rows, known.commits),)
        self._people_on = self._collected_at.date().isoformat()
        people = log.people if since is None else self._clone.people(tip)[0]
        return self._made_of(head, tip, since, rows, known.commits), self._of_people(people, accounts)

    def _asks_for_people(self, since: str | None) -> bool:
        """All commits have to be read for that, which takes longer as they grow: so once a week."""
        if since is None or self._people_on is None:
            return True
        return self._collected_at.date() - date.fromisoformat(self._people_on) >= timedelta(days=PEOPLE_EVERY_DAYS)

    def _of_people(self, people: People, accounts: Accounts) -> Answer:
        told = [
            Part(way, name, *self._author(name, address))
            for way in WAYS
            for name, address in sorted(getattr(people, way))
        ]
        rows = contributors(told, accounts, self._key, repository=self._repository, apart=self._apart)
        return Answer(SOURCE, f"{self._repository} people", "{}", self._collected_at, rows, replaces_all=True)

    def _known_commit(self, key: str | None, tip: str) -> str | None:
        """The commit in the history of `tip` that has this key; None where there is none. Mostly it is the one up to
        which the clone was read before."""
        if key is None:
            return None
        likely = kept_tip(self._clone.folder)
        if likely and self._commit_key(likely) == key:
            return likely if self._clone.is_ancestor(likely, tip) else None
        shas = self._clone.commits(tip)
        return next((sha for sha, its in zip(shas, self._keyed(shas), strict=True) if its == key), None)

    def _commit_key(self, sha: str) -> str:
        return commit_key(self._key, sha)

    def _known(self, tip: str | None) -> KnownAuthors:
        """What is known of the history up to `tip`, which is read again where that was not kept."""
        if tip is None:
            return KnownAuthors()
        kept = read_known_authors(self._clone.folder, tip=tip, fingerprint=self._fingerprint)
        if kept:
            return kept
        people, commits = self._clone.people(tip)
        return KnownAuthors().and_of((self._author(*author).address for author in people.authors), commits)

    def _told_anew(self, since: str | None, known: Set[str], accounts: Accounts) -> Iterator[Log]:
        """Earlier commits whose author's account is known only now, because its number has turned up."""
        before = Accounts(known)
        changed = {address for address in known if before.account(address) != accounts.account(address)}
        if since and changed:
            log = self._clone.log(None, since, self._keyed)
            yield log.of([author for author in log.authors if self._author(*author).address in changed])

    def _made_of(self, head: RemoteHead, tip: str, since: str | None, rows: Sequence[Row], count: int) -> Answer:
        span = {"since": since and self._commit_key(since), "until": self._commit_key(tip)}
        return Answer(
            service=SOURCE,
            entity=self._repository,
            request=json.dumps({"repository": self._repository, "branch": head.branch, **span}),
            collected_at=self._collected_at,
            rows=rows,
            replaces_all=since is None,
            state={
                "tip": span["until"],
                "identities": self._fingerprint,
                "branch": head.branch,
                "commits": count,
                "people_on": self._people_on,
            },
        )

    def _author(self, name: str, address: str) -> _Author:
        known = self._authors.get((name, address))
        if known is None:
            name_, address_ = self._mailmap.proper(name, address)
            known = _Author(normalised(address_), self._identities.kind(name_, address_))
            self._authors[name, address] = known
        return known

    def _rows(self, logs: Sequence[Log], accounts: Accounts) -> Columns:
        columns = [self._columns(log, accounts) for log in logs]
        together = pa.concat_tables(columns).combine_chunks().sort_by("commit_key")
        return Columns(Commit, repository=self._repository, **dict(zip(together.column_names, together, strict=True)))

    def _columns(self, log: Log, accounts: Accounts) -> pa.Table:
        people = [self._author(*author) for author in log.authors]
        keys = pa.array([author_key(self._key, person.address, accounts) for person in people], pa.string())
        kinds = pa.array([person.kind for person in people], pa.string())
        agents = pa.array([self._identities.names_agent(trailers) for trailers in log.trailers], pa.bool_())
        columns = {
            "commit_key": log.commits["key"],
            "author_key": keys.take(log.commits["author"]),
            "author_kind": kinds.take(log.commits["author"]),
            "committed_on": log.commits["committed"].cast(pa.timestamp("s")).cast(pa.date32()),
            "is_merge": log.commits["is_merge"],
            "has_agent_trailer": agents.take(log.commits["trailers"]),
        }
        return pa.table(columns)
