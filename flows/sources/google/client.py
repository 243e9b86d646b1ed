"""How Google Trends is asked: its cookie, its two kinds of 429, and the page that says sorry.

explore wants a cookie that Google has given out, NID. It comes with the start page, whose status beside it has been
404, 429 and 200, and also with the 429 of explore itself. A 429 to a good cookie means too many requests: a night can
afford to wait for minutes, and does so a few times. A redirect to a sorry page is for the address of this machine, and
whoever asks on makes it last longer.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests

from flows.config.settings import GoogleTrends
from flows.retry import again
from flows.sources.errors import ExhaustedError, SourceError, TerminalError, UnreachableError
from flows.sources.http import HttpClient, place_of

SOURCE = "google_trends"
# Seconds to wait when Google wants fewer requests, one after the other, for all requests of a night together.
PATIENCE: tuple[float, ...] = (60.0, 300.0, 900.0)
_NID = re.compile(r"(?:^|,\s*)NID=([!#-+\--:<-~]{1,2000})(?=[;,]|$)")


class TrendsClient(HttpClient):
    """Asks Google Trends. `patience`: how long it may still wait this night, see PATIENCE."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.patience = list(PATIENCE)
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # the one cookie is kept here
        self._from_refusals: set[str] = set()
        self._nid: str | None = None

    def fetch_cookie(self, base_url: str) -> None:
        """Take the cookie from the start page. A page without one is no failure: explore hands one out as well.

        Raises UnreachableError, and TerminalError for a sorry page.
        """
        try:
            self.get(self.start_page(base_url), accept=self.is_start_page)
        except (UnreachableError, SorryError):
            raise
        except SourceError:  # whatever is wrong with the page, nothing in it is wanted
            return

    @property
    def has_cookie(self) -> bool:
        """Whether Google has given one out."""
        return self._nid is not None

    @staticmethod
    def start_page(base_url: str) -> str:
        """Where the cookie comes from."""
        return f"{base_url}/trends/explore/?geo=US"

    def is_start_page(self, response: requests.Response) -> bool:
        """Take the cookie that comes with it. Raises SorryError."""
        self._refuse_sorry(response)
        nid = nid_of(response)
        if nid:
            self._use(nid)
        return True

    def ask(self, method: str, url: str, params: Mapping[str, Any]) -> requests.Response:
        """An answer of the interface, JSON. Raises SorryError, ExhaustedError, and as `request` does."""
        return again(
            lambda: self.request(method, url, accept=self._is_answer, content_type="application/json", params=params),
            attempts=len(self.patience) + 1,
            passes=self._can_wait,
            asked_wait=self._next_wait,
            sleep=self._sleep,
        )

    def asked_wait(self, response: requests.Response) -> float | None:
        """None at all with a new cookie, which `_is_answer` has taken."""
        return 0.0 if response.status_code == 429 else super().asked_wait(response)

    def _can_wait(self, error: BaseException) -> bool:
        """Not as long as a day, should Google ever name a time."""
        return isinstance(error, ExhaustedError) and (error.retry_after or 0.0) <= max(self.patience, default=-1.0)

    def _next_wait(self, error: BaseException) -> float:
        asked = error.retry_after if isinstance(error, ExhaustedError) else None
        return max(self.patience.pop(0), asked or 0.0)

    def _is_answer(self, response: requests.Response) -> bool:
        self._refuse_sorry(response)
        if response.status_code != 429:
            return response.status_code == 200
        nid, sent = nid_of(response), self._nid
        if nid is None or sent in self._from_refusals:
            what = f"{place_of(response.url)}: status 429, too many requests"
            next_step = "it is tried again the next night, and what was drawn before stays"
            raise ExhaustedError(SOURCE, what, next_step, super().asked_wait(response))
        self._from_refusals.add(nid)
        self._use(nid)
        return False

    def _use(self, nid: str) -> None:
        self._nid = nid
        self.session.headers["Cookie"] = f"NID={nid}"

    def _refuse_sorry(self, response: requests.Response) -> None:
        location = response.headers.get("Location", "")
        if response.is_redirect and re.search(r"/sorry(/|\?|$)", location):
            raise SorryError(
                SOURCE,
                f"{place_of(response.url)}: status {response.status_code}, sent on to a sorry page",
                "Google takes the address of this machine for one that asks too much; it is asked again the next night",
            )


class SorryError(TerminalError):
    """Google asks for a captcha. Nothing more is asked this night."""


def trends_client(
    settings: GoogleTrends, sleep: Callable[[float], None] = time.sleep, patience: Sequence[float] = PATIENCE
) -> TrendsClient:
    """The client for `fetch_interest`. `patience`: the seconds it may wait, one wait after the other."""
    client = TrendsClient.of(SOURCE, settings, headers={"Accept-Language": "en-US"}, sleep=sleep)
    client.patience = list(patience)
    return client


def nid_of(response: requests.Response) -> str | None:
    """The cookie NID that comes with `response`, whatever domain it is for: the one that asks is the one that sends.

    Read from the header, because a jar drops a Secure cookie of .google.com that a mirror hands on.
    """
    found = _NID.search(response.headers.get("Set-Cookie", ""))
    return found[1] if found else None


def another_shape(what: str) -> TerminalError:
    """The error of an answer that is not as it has been."""
    return TerminalError(SOURCE, f"an answer of another shape: {what}", "Google may have changed its interface")
