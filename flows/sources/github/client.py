"""How GitHub's REST API is asked: its ways to say "wait" and "no", and what it allows within an hour.

Without a token 60 requests an hour are allowed, for everybody behind one address, and an answer "not modified" counts
like any other. So the repositories of a night take turns, what the report needs goes before what may wait, and a part
of the hour is left to others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from threading import Lock

import requests

from flows.config.settings import GithubRepository
from flows.sources.errors import TerminalError, TransientError
from flows.sources.http import HttpClient

SOURCE = "github"
API_VERSION = "2026-03-10"  # the first with /stargazers/history
REQUESTS_EVERY_NIGHT = 2  # the totals of a repository and the newest page of its star history
_HOUR = 3600.0
_MINUTE = 60.0


def kept_for_others(limit: int) -> int:
    """How many of the `limit` requests of an hour a night never uses."""
    return limit // 10


class Allowance:
    """What GitHub still allows within this hour, shared by the repositories of a night.

    `expect` says how many pages of star history the report needs of each; `turn` holds for one repository at a time.
    """

    def __init__(self) -> None:
        self._turn = Lock()
        self._pages_owed: dict[str, int] = {}
        self.remaining: int | None = None
        self.limit = 0

    def expect(self, pages: Mapping[str, int]) -> None:
        """What tonight still has to ask, beside REQUESTS_EVERY_NIGHT of each."""
        self._pages_owed = dict(pages)

    @contextmanager
    def turn(self, repository: str) -> Iterator[None]:
        """One repository after the other: half of each would be of no use to anybody."""
        with self._turn:
            try:
                yield
            finally:
                self._pages_owed.pop(repository, None)

    def note(self, headers: Mapping[str, str]) -> None:
        """What an answer says of the limit; servers without a limit say nothing."""
        left, limit = (headers.get(f"x-ratelimit-{name}", "") for name in ("remaining", "limit"))
        if all(text.isascii() and text.isdigit() and len(text) < 10 for text in (left, limit)):
            self.remaining, self.limit = int(left), int(limit)

    def is_used_up(self) -> bool:
        """Whether nothing more may be asked, but for what is kept for others."""
        return self.remaining is not None and self.remaining <= kept_for_others(self.limit)

    def has_room_for_page(self, repository: str, *, is_needed: bool) -> bool:
        """Whether a page may be asked. What the others owe comes first: their totals and newest days before any older
        page, what the report needs of them before any page that it does not need."""
        if self.remaining is None:
            return True
        others = [pages for name, pages in self._pages_owed.items() if name != repository]
        urgent = REQUESTS_EVERY_NIGHT * len(others) + (0 if is_needed else sum(others))
        return self.remaining > kept_for_others(self.limit) + urgent


class GithubClient(HttpClient):
    """The API with its own ways to say "wait" and "no"."""

    def __init__(
        self, settings: GithubRepository, token: str | None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": API_VERSION}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        super().__init__(
            SOURCE,
            timeout_seconds=settings.timeout_seconds,
            attempts=settings.attempts,
            rate_per_minute=settings.rate_per_minute,
            headers=headers,
            sleep=sleep,
        )
        self.allowance = Allowance()
        self._base_url = settings.base_url
        self._token_env = settings.token_env
        self._has_token = bool(token)

    def ask(self, repository: str, path: str = "", *, etag: str | None = None) -> requests.Response:
        """GET below /repos/owner/name; the status is 200, or 304 when there is an `etag`.

        Raises TransientError without asking when what is left of the hour is kept for others.
        """
        if self.allowance.is_used_up():
            raise self.stopped(f"{repository}{path.partition('?')[0]} was not asked")
        url = f"{self._base_url}/repos/{repository}{path}"
        accept = frozenset({200, 401, 404, *((304,) if etag else ())})
        try:
            response = self.get(url, accept=accept, follow=True, headers={"If-None-Match": etag})
        except TransientError as error:
            raise self._advised(error) from None
        self.allowance.note(response.headers)
        if response.status_code == 401:
            raise self._refusal()
        if response.status_code == 404:
            raise _not_there(repository, path.partition("?")[0])
        return response

    def asked_wait(self, response: requests.Response) -> float | None:
        """Retry-After, else the time to the reset of a used-up limit by the clock of GitHub, else its usual wait."""
        self.allowance.note(response.headers)
        wait = super().asked_wait(response)
        if wait is not None or response.status_code not in {403, 429}:
            return wait
        if response.headers.get("x-ratelimit-remaining") == "0":
            return _seconds_to_reset(response)
        return _MINUTE if b"secondary rate limit" in response.content else None

    def stopped(self, what: str) -> TransientError:
        """The error of a night that stops before the limit."""
        limit = self.allowance.limit
        because = f"{self.allowance.remaining} of {limit} requests are left this hour, {kept_for_others(limit)} stay"
        return TransientError(
            SOURCE, f"{what}: {because} for others", f"the next night goes on from there{self._hint()}"
        )

    def _advised(self, error: TransientError) -> TransientError:
        """A limit that is used up is where a token helps."""
        if self._has_token or error.retry_after is None:
            return error
        next_step = f"it is tried again next time{self._hint()}"
        return TransientError(SOURCE, error.what, next_step, error.retry_after)

    def _hint(self) -> str:
        return "" if self._has_token else f"; a token in {self._token_env} allows 5,000 requests an hour"

    def _refusal(self) -> TerminalError:
        if self._has_token:
            what = f"status 401, the token in the environment variable {self._token_env} is refused"
            return TerminalError(SOURCE, what, "make a new one, or unset it: none is needed")
        return TerminalError(SOURCE, "status 401, a token is wanted", f"put one in {self._token_env}")


def _not_there(repository: str, path: str) -> TerminalError:
    """The repository itself, or what this server does not tell of it."""
    if path:
        what = f"{repository}: {path} has status 404, so this server does not tell it"
        return TerminalError(SOURCE, what, "its totals are kept; see base_url in config.toml")
    what = f"{repository}: status 404, it does not exist or is private"
    return TerminalError(SOURCE, what, "check the repository in config.toml")


def _seconds_to_reset(response: requests.Response) -> float:
    try:
        now = parsedate_to_datetime(response.headers["Date"]).timestamp()
        return max(0.0, int(response.headers["x-ratelimit-reset"]) - now)
    except (KeyError, TypeError, ValueError, OverflowError):
        return _HOUR
