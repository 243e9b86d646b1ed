"""One way to ask an upstream over HTTP: time limits, manners, retries and what each answer means.

Every answer that is not the wanted one becomes a TransientError or a TerminalError here, and transient ones are asked
again here, nowhere else. Redirects are not followed unless asked: a page behind a 302 must not pass for an answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import requests
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from flows.sources.errors import SourceError, TerminalError, TransientError

USER_AGENT = "framework-trends/0.1 (nightly popularity report)"
LONGEST_WAIT_SECONDS = 60.0
LARGEST_BODY_BYTES = 256 * 2**20
_TRANSIENT_STATUS = frozenset({202, 408, 425, 429, 500, 502, 503, 504})


class HttpClient:
    """Asks one upstream on behalf of `source`.

    timeout_seconds is for connecting (at most 10 s of it) and for the whole answer; rate_per_minute spaces the requests
    out; attempts counts the first one. `sleep` is time.sleep, replaced in tests.
    """

    def __init__(
        self,
        source: str,
        *,
        timeout_seconds: float = 20,
        attempts: int = 3,
        rate_per_minute: float = 60,
        headers: Mapping[str, str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.source = source
        self._timeout = timeout_seconds
        self._attempts = attempts
        self._interval = 60.0 / rate_per_minute
        self._sleep = sleep
        self._next_at = 0.0
        self._lock = Lock()
        self.session = requests.Session()
        self.session.headers.update({"User-Agent": USER_AGENT, **(headers or {})})

    def get(self, url: str, **options: Any) -> requests.Response:
        """GET `url`; see `request`."""
        return self.request("GET", url, **options)

    def request(
        self,
        method: str,
        url: str,
        *,
        accept: frozenset[int] = frozenset({200}),
        content_type: str | None = None,
        follow: bool = False,
        **options: Any,
    ) -> requests.Response:
        """Ask, and ask again while the answer is transient. `accept`: the statuses wanted; `content_type`: a part of it.

        Returns the response with its body read in full. Raises TransientError or TerminalError.
        """
        retrying = Retrying(
            stop=stop_after_attempt(self._attempts),
            retry=retry_if_exception_type(TransientError),
            wait=_wait,
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(self._once, method, url, accept, content_type, follow, options)

    def _once(
        self,
        method: str,
        url: str,
        accept: frozenset[int],
        content_type: str | None,
        follow: bool,
        options: dict[str, Any],
    ) -> requests.Response:
        self._take_turn()
        where = _where(url)
        try:
            with self.session.request(
                method,
                url,
                timeout=(min(self._timeout, 10.0), self._timeout),
                allow_redirects=follow,
                stream=True,
                **options,
            ) as response:
                self._read_body(response, where)
        except requests.RequestException as error:
            raise TransientError(
                self.source, f"{where}: {_kind(error)}", "check the network or ask again later"
            ) from None
        self._judge(response, where, accept, content_type)
        return response

    def _take_turn(self) -> None:
        with self._lock:
            wait = self._next_at - time.monotonic()
            if wait > 0:
                self._sleep(wait)
            self._next_at = time.monotonic() + self._interval

    def _read_body(self, response: requests.Response, where: str) -> None:
        """Read the body within the time limit: a drip of bytes never trips the time limit of a single read."""
        deadline = time.monotonic() + self._timeout
        body = bytearray()
        for chunk in response.iter_content(2**16):
            body += chunk
            if len(body) > LARGEST_BODY_BYTES:
                raise TerminalError(self.source, f"{where}: body over {LARGEST_BODY_BYTES:,} bytes")
            if time.monotonic() > deadline:
                raise TransientError(self.source, f"{where}: body not complete within {self._timeout:g} s")
        expected = response.headers.get("Content-Length")
        if expected and expected.isdigit() and "Content-Encoding" not in response.headers and len(body) < int(expected):
            raise TransientError(self.source, f"{where}: body cut at {len(body)} of {expected} bytes")
        response._content = bytes(body)

    def _judge(self, response: requests.Response, where: str, accept: frozenset[int], content_type: str | None) -> None:
        status = response.status_code
        found = response.headers.get("Content-Type", "none")
        if status in accept:
            if content_type is None or content_type in found.lower():
                return
            raise TransientError(
                self.source, f"{where}: status {status} but content type {found}, wanted {content_type}"
            )
        retry_after = _retry_after_seconds(response)
        if status in _TRANSIENT_STATUS or (status == 403 and retry_after is not None):
            wait = "" if retry_after is None else f", asks to wait {retry_after:.0f} s"
            raise TransientError(
                self.source, f"{where}: status {status}{wait}", "it is tried again next time", retry_after
            )
        if 300 <= status < 400:
            target = _where(response.headers.get("Location", ""))
            raise TransientError(self.source, f"{where}: status {status}, sent on to {target or 'nowhere'}")
        raise TerminalError(self.source, f"{where}: status {status}")


def json_of(source: str, response: requests.Response) -> Any:
    """The body as JSON. Raises TransientError: a body that is not JSON is an answer broken on its way."""
    try:
        return response.json()
    except requests.JSONDecodeError:
        raise TransientError(source, f"{_where(response.url)}: body is not JSON") from None


def _wait(state: RetryCallState) -> float:
    """Seconds to the next try: what the upstream asks for, else 1, 2, 4, ...; too long a wait ends the tries."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, TransientError) else None
    if asked is not None and asked > LONGEST_WAIT_SECONDS and isinstance(error, SourceError):
        raise error
    return asked if asked is not None else float(2 ** (state.attempt_number - 1))


def _retry_after_seconds(response: requests.Response) -> float | None:
    value = response.headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
        now = parsedate_to_datetime(response.headers["Date"])
        return max(0.0, (until - now).total_seconds())
    except (KeyError, TypeError, ValueError):
        return None


def _where(url: str) -> str:
    """Host and path, without the query: enough to find the request, nothing to leak."""
    parts = urlsplit(url)
    return f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _kind(error: requests.RequestException) -> str:
    if isinstance(error, requests.ConnectTimeout):
        return "no connection within the time limit"
    if isinstance(error, requests.Timeout):
        return "no answer within the time limit"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return f"broken answer ({type(error).__name__})"
