"""Commits of a repository's default branch: what each says, who made it as far as that may be kept, and when."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from flows.config.settings import GitHistory
from flows.sources.errors import TerminalError
from flows.sources.git import SOURCE
from flows.sources.git.addresses import Accounts, normalised
from flows.sources.git.clone import Clone, LoggedCommit, RemoteHead, held
from flows.sources.git.command import DamagedCloneError
from flows.sources.git.identities import Identities, author_key
from flows.sources.git.mailmap import Mailmap, read_mailmap
from warehouse.columns import Columns
from warehouse.rows import Answer, Commit, Row

_LAST_SECOND = 253402300799  # of the year 9999; the clocks of some committers are beyond it


def fetch_commits(
    settings: GitHistory,
    *,
    repository: str,
    clone_dir: Path,
    since_tip: str | None,
    known_identities: str | None,
    identity_key: bytes,
    collected_at: datetime,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Answer]:
    """One answer with the commits of `repository` (owner/name): the new ones since `since_tip`, or all of them.

    All, with replaces_all, when `since_tip` is None or no ancestor of the new tip (history was rewritten), or when the
    list of identities or the mailmap is no longer the one of `known_identities`. No new commit is an answer without
    rows. `since_tip` and `known_identities` are "tip" and "identities" of the state of the answer before.
    `clone_dir` is made, brought up to date, and made again once when it is damaged.
    Raises TransientError (network, 429, 5xx, time, no commit at all) or TerminalError (no such repository, git, disk).
    """
    mailmap = read_mailmap(settings.mailmap)
    clone = Clone(settings, repository, clone_dir.absolute(), sleep)
    walk = _Walk(settings, repository, clone, mailmap, identity_key, collected_at)
    try:
        with held(clone_dir):
            answer = walk.answer(since_tip, known_identities)
    except OSError as error:
        raise TerminalError(SOURCE, f"{clone_dir}: {error.strerror}", "check the data folder and the disk") from None
    yield answer


class _Author(NamedTuple):
    address: str
    kind: str


class _Told(NamedTuple):
    """What is kept of a commit, until it is known which account its author's address belongs to.

    Times are seconds since 1970, None where git cannot read them.
    """

    sha: str
    author: _Author
    authored: int | None
    committed: int | None
    is_merge: bool
    has_agent_trailer: bool


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
    ) -> None:
        self._repository = repository
        self._clone = clone
        self._key = identity_key
        self._collected_at = collected_at
        self._mailmap = Mailmap(mailmap)
        self._identities = Identities(settings.identities)
        self._fingerprint = self._identities.fingerprint(mailmap)
        self._authors: dict[tuple[str, str], _Author] = {}
        self._agents: dict[str, bool] = {"": False}

    def answer(self, since_tip: str | None, known_identities: str | None) -> Answer:
        """The answer, from a new clone when the one that was there is damaged."""
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

    def _of_commits(self, head: RemoteHead, since_tip: str | None) -> Answer:
        tip = self._clone.bring_up_to_date(head)
        since = since_tip if self._clone.is_ancestor(since_tip, tip) else None
        told = self._told(self._clone.log(since, tip))
        known = [] if since is None else [self._author(*author).address for author in self._clone.authors(since)]
        count = len(known) + len(told)
        accounts = Accounts((*known, *(commit.author.address for commit in told)))
        told += self._told_anew(since, set(known), accounts)
        self._clone.tidy()
        return self._made_of(head, tip, since, self._rows(told, accounts), count)

    def _told_anew(self, since: str | None, known: set[str], accounts: Accounts) -> list[_Told]:
        """Earlier commits whose author's account is known only now, because its number has turned up."""
        before = Accounts(known)
        changed = {address for address in known if before.account(address) != accounts.account(address)}
        earlier = self._clone.log(None, since) if since and changed else ()
        return [commit for commit in self._told(earlier) if commit.author.address in changed]

    def _made_of(self, head: RemoteHead, tip: str, since: str | None, rows: Sequence[Row], count: int) -> Answer:
        request = {"repository": self._repository, "branch": head.branch, "since": since, "until": tip}
        return Answer(
            service=SOURCE,
            entity=self._repository,
            request=json.dumps(request),
            collected_at=self._collected_at,
            rows=rows,
            replaces_all=since is None,
            state={"tip": tip, "identities": self._fingerprint, "branch": head.branch, "commits": count},
        )

    def _told(self, commits: Iterable[LoggedCommit]) -> list[_Told]:
        """What is kept of each; where git log cannot tell author or time, the commit's own head may."""
        told: list[_Told] = []
        unclear: dict[str, tuple[int, LoggedCommit]] = {}
        for commit in commits:
            if commit.is_unclear:
                unclear[commit.sha] = len(told), commit
            told.append(self._kept(commit))
        headers = self._clone.headers(unclear) if unclear else {}
        for sha, header in headers.items():
            place, commit = unclear[sha]
            told[place] = self._kept(commit.corrected(header))
        return told

    def _kept(self, commit: LoggedCommit) -> _Told:
        return _Told(
            commit.sha,
            self._author(commit.name, commit.address),
            _seconds(commit.authored),
            _seconds(commit.committed),
            " " in commit.parents,
            self._names_agent(commit.trailers),
        )

    def _author(self, name: str, address: str) -> _Author:
        known = self._authors.get((name, address))
        if known is None:
            name_, address_ = self._mailmap.proper(name, address)
            known = _Author(normalised(address_), self._identities.kind(name_, address_))
            self._authors[name, address] = known
        return known

    def _names_agent(self, trailers: str) -> bool:
        known = self._agents.get(trailers)
        if known is None:
            known = self._agents[trailers] = self._identities.names_agent(trailers)
        return known

    def _rows(self, told: Sequence[_Told], accounts: Accounts) -> Sequence[Row]:
        if not told:
            return ()
        addresses = {commit.author.address for commit in told}
        keys = {address: author_key(self._key, address, accounts) for address in addresses}
        shas, authors, authored, committed, merges, agents = zip(*told, strict=True)
        return Columns(
            Commit,
            repository=self._repository,
            commit_sha=shas,
            author_key=[keys[author.address] for author in authors],
            author_kind=[author.kind for author in authors],
            authored_at=_moments(authored),
            committed_at=_moments(committed),
            is_merge=merges,
            has_agent_trailer=agents,
        )


def _seconds(text: str) -> int | None:
    """None where git cannot read the time. A clock beyond the calendar stands at its end."""
    return min(int(text[:15]), _LAST_SECOND) if text.isdigit() else None


def _moments(seconds: Sequence[int | None]) -> pa.Array:
    return pa.array(seconds, pa.int64()).cast(pa.timestamp("s", tz="+00:00"))
