"""Stars and forks of a repository from the GitHub REST API: its totals, and the stars given on each day.

Two requests a repository and night, the totals and the newest page of the star history, and as many older pages as the
hour allows: first those that the report needs, then the others, until the whole history is there. A page that was read
is kept, whatever becomes of the next one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flows.sources.answers import count
from flows.sources.github.client import API_VERSION, SOURCE, GithubClient
from flows.sources.github.stars import Page, Span, StarHistory, other_shape, pages_missing
from flows.sources.http import json_of
from warehouse.rows import Answer, RepositoryTotal

_ETAG = re.compile(r'(W/)?"[!#-~]{1,200}"')


@dataclass(frozen=True, slots=True)
class KnownStars:
    """What the warehouse has of a repository's stars: the days, and where the history begins, None until that is known.

    `needed_since`: the first day that the report needs.
    """

    days: Sequence[Span]
    begins: date | None
    needed_since: date


def fetch_repository(
    client: GithubClient,
    *,
    repository: str,
    previous: RepositoryTotal | None,
    etag: str | None,
    stars: KnownStars,
    collected_at: datetime,
    day: date,
) -> Iterator[Answer]:
    """One answer with the RepositoryTotal for `day`, then one with StarDays before `day` for each page that was asked.

    With `previous` and its `etag` an unchanged repository has the same totals again; with a token that costs nothing.
    `day` and later days are left out: they are not over. Stars are of users who still star, so the past may change.
    The state of the answer with the first page of the history says when it begins ("history_begins").
    Raises TransientError (rate limit, 5xx, network, history unavailable, pages that the report needs still to come) or
    TerminalError (no such repository, token refused, an answer of another shape); what was yielded before stays good.
    """
    with client.allowance.turn(repository):
        total, state = _total(client, repository, previous, etag, day)
        yield _answer(repository, "", collected_at, (total,), state)
        history = StarHistory(client, repository, min(day, collected_at.date()), list(stars.days), stars.begins)
        for page in _pages(client, repository, history, stars.needed_since):
            begins = {"history_begins": history.begins.isoformat()} if page.is_last and history.begins else {}
            yield _answer(repository, page.path, collected_at, page.rows, {**state, **begins}, page.span)


def pages_needed(stars: KnownStars, today: date) -> int:
    """How many pages, beside the newest, the report still needs."""
    since = max(filter(None, (stars.needed_since, stars.begins)))
    return pages_missing(stars.days, since=since, before=today)


def _pages(client: GithubClient, repository: str, history: StarHistory, needed_since: date) -> Iterator[Page]:
    """The newest page, then those with missing days as far as the hour allows."""
    yield history.newest_page()
    while (missing := history.missing_day()) is not None:
        is_needed = missing >= needed_since
        if not client.allowance.has_room_for_page(repository, is_needed=is_needed):
            if is_needed:
                raise client.stopped(f"{repository}: stars up to {missing} are still to come")
            return
        yield history.page_of(missing)


def _total(
    client: GithubClient, repository: str, previous: RepositoryTotal | None, etag: str | None, day: date
) -> tuple[RepositoryTotal, dict[str, str | None]]:
    """The totals for `day` and the state that spares the next request."""
    known = etag if previous is not None else None
    response = client.ask(repository, etag=known)
    if response.status_code == 304 and previous is not None:
        return RepositoryTotal(repository, day, previous.stars, previous.forks), {"etag": known}
    body = json_of(SOURCE, response)
    if not isinstance(body, dict):
        raise other_shape(repository, "an object with stargazers_count and forks_count")
    stars, forks = (_count(repository, body, key) for key in ("stargazers_count", "forks_count"))
    found = response.headers.get("ETag", "")
    return RepositoryTotal(repository, day, stars, forks), {"etag": found if _ETAG.fullmatch(found) else None}


def _count(repository: str, body: dict[str, Any], key: str) -> int:
    try:
        return count(body.get(key))
    except ValueError:
        raise other_shape(repository, f"{key} as a count") from None


def _answer(
    repository: str,
    path: str,
    collected_at: datetime,
    rows: Sequence[Any],
    state: dict[str, str | None],
    span: Span | None = None,
) -> Answer:
    first_day, last_day = span or (None, None)
    return Answer(
        service=SOURCE,
        entity=repository,
        request=json.dumps({"get": f"/repos/{repository}{path}", "version": API_VERSION}),
        collected_at=collected_at,
        rows=tuple(rows),
        window_start=first_day,
        window_end=last_day,
        state=state,
    )
