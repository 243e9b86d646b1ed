"""One way to ask an upstream over HTTP: time limits, manners, retries and what each answer means.

Every answer that is not the wanted one becomes a TransientError or a TerminalError here, and transient ones are asked
again here, nowhere else. Redirects are not followed unless asked, and then on the same host only: a page behind a 302
must not pass for an answer. One deadline and one limit of bytes hold for an exchange, see flows/sources/transport.py.
Certificates are always verified; an authority of one's own goes in one of AUTHORITIES, a proxy in HTTPS_PROXY.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from pathlib import Path
from threading import Lock
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError, NewConnectionError, ReadTimeoutError

from flows.config.settings import Upstream
from flows.retry import again
from flows.sources.answers import kept, parsed_json
from flows.sources.errors import CertificateError, ExhaustedError, TerminalError, TransientError, UnreachableError
from flows.sources.transport import BUDGET, Budget, MeteredSession
from warehouse.printable import printable

USER_AGENT = "framework-trends/0.1 (nightly popularity report)"
LONGEST_WAIT_SECONDS = 60.0
LONGEST_CONNECT_SECONDS = 5.0
LARGEST_BODY_BYTES = 256 * 2**20
LARGEST_HEAD_BYTES = 2**20  # of everything before the body: heads, also of redirects, and "100 Continue"
MOST_REDIRECTS = 3
AUTHORITIES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")  # the first that is set
_USUAL_PORTS = {"http": 80, "https": 443}
_TRANSIENT_STATUS = frozenset({202, 408, 425, 429, 500, 502, 503, 504})

Wanted = frozenset[int] | Callable[[requests.Response], bool]


class HttpClient:
    """Asks one upstream on behalf of `source`.

    timeout_seconds is for the whole exchange, redirects too, at most 5 s of it for connecting; rate_per_minute spaces
    the requests out; attempts counts the first one. `sleep` is time.sleep, replaced in tests. Threads may share it.
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
        self.session, self._authority = plain_session()
        self.session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate", **(headers or {})})

    @classmethod
    def of(
        cls,
        source: str,
        upstream: Upstream,
        *,
        headers: Mapping[str, str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Self:
        """A client with the limits that config.toml sets for `upstream`."""
        return cls(
            source,
            timeout_seconds=upstream.timeout_seconds,
            attempts=upstream.attempts,
            rate_per_minute=upstream.rate_per_minute,
            headers=headers,
            sleep=sleep,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def get(self, url: str, **options: Any) -> requests.Response:
        """GET `url`; see `request`."""
        return self.request("GET", url, **options)

    def request(
        self,
        method: str,
        url: str,
        *,
        accept: Wanted = frozenset({200}),
        content_type: str | None = None,
        follow: bool = False,
        **options: Any,
    ) -> requests.Response:
        """Ask, and ask again while the answer is transient.

        `accept`: the statuses wanted, or a test of the response; `content_type`: a part of the one wanted.
        Returns the response with its body read in full. Raises TransientError or TerminalError.
        """
        began = time.monotonic()

        def passes(error: BaseException) -> bool:
            """Not where connecting alone took long: a night without network must not wait for every single request."""
            took_long = isinstance(error, UnreachableError) and time.monotonic() - began >= LONGEST_CONNECT_SECONDS
            return _worth_another_try(error) and not took_long

        return again(
            lambda: self._once(method, url, accept, content_type, follow, options),
            attempts=self._attempts,
            passes=passes,
            sleep=self._sleep,
            asked_wait=lambda error: error.retry_after if isinstance(error, TransientError) else None,
        )

    def asked_wait(self, response: requests.Response) -> float | None:
        """Seconds that a refusing `response` asks to wait, None where it names no time. Upstreams may differ."""
        return _retry_after_seconds(response)

    def _once(
        self, method: str, url: str, accept: Wanted, content_type: str | None, follow: bool, options: dict[str, Any]
    ) -> requests.Response:
        budget = Budget(self._timeout, LARGEST_HEAD_BYTES)
        response = self._ask(method, url, budget, follow, options)
        for _ in range(MOST_REDIRECTS):
            if not (follow and response.is_redirect):
                break
            url = self._next_url(url, response)
            response = self._ask(method, url, budget, follow, {**options, "params": None})
        self._judge(response, place_of(url), accept, content_type)
        return response

    def _ask(self, method: str, url: str, budget: Budget, follow: bool, options: dict[str, Any]) -> requests.Response:
        """One request and its answer; the body of a redirect that is followed is not read."""
        self._take_turn()
        where = place_of(url)
        in_use = BUDGET.set(budget)
        try:
            left = budget.seconds_left()
            with self.session.request(
                method,
                url,
                timeout=(min(left, LONGEST_CONNECT_SECONDS), left),
                allow_redirects=False,
                stream=True,
                proxies=proxies_for(url),
                **options,
            ) as response:
                if not (follow and response.is_redirect):
                    self._read_body(response, where, budget)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:  # ValueError: Location is no URL
            raise self._failure(error, where, budget) from None
        finally:
            BUDGET.reset(in_use)
        return response

    def _next_url(self, url: str, response: requests.Response) -> str:
        """Where a redirect leads: on the same host only, because what is sent there is meant for nobody else."""
        location = response.headers["Location"]
        target = _joined(url, location)
        if target is None or not _is_same_host(url, target):
            elsewhere = f"sent on to another host, {place_of(target or location)}"
            what = f"{place_of(url)}: status {response.status_code}, {elsewhere}"
            raise TransientError(self.source, what, "it is not followed; ask again later, or see base_url")
        return target

    def _take_turn(self) -> None:
        with self._lock:
            wait = self._next_at - time.monotonic()
            if wait > 0:
                self._sleep(wait)
            self._next_at = time.monotonic() + self._interval

    def _read_body(self, response: requests.Response, where: str, budget: Budget) -> None:
        """Read the body as it comes, unpacked: what is small on the wire may be large in memory."""
        budget.begin_body(LARGEST_BODY_BYTES)
        body = bytearray()
        while chunk := response.raw.read1(2**16, decode_content=True):
            body += chunk
            if len(body) > LARGEST_BODY_BYTES:
                raise TerminalError(self.source, f"{where}: body over {LARGEST_BODY_BYTES:,} bytes")
            budget.seconds_left()
        response._content = bytes(body)

    def _judge(self, response: requests.Response, where: str, accept: Wanted, content_type: str | None) -> None:
        status = response.status_code
        if accept(response) if callable(accept) else status in accept:
            self._check_content_type(response, where, content_type)
            return
        wait = self.asked_wait(response)
        if status in _TRANSIENT_STATUS or (status == 403 and wait is not None):
            asked = "" if wait is None else f", asks to wait {wait:.0f} s"
            raise TransientError(self.source, f"{where}: status {status}{asked}", "it is tried again next time", wait)
        if 300 <= status < 400:
            target = place_of(response.headers.get("Location", "")) or "nowhere"
            raise TransientError(self.source, f"{where}: status {status}, sent on to {target}")
        if status < 300:
            raise TransientError(self.source, f"{where}: status {status}, but not the answer wanted")
        raise TerminalError(self.source, f"{where}: status {status}")

    def _check_content_type(self, response: requests.Response, where: str, wanted: str | None) -> None:
        found = printable(response.headers.get("Content-Type", "none"), most=100)
        if wanted is not None and wanted not in found.lower():
            what = f"{where}: status {response.status_code} but content type {found}, wanted {wanted}"
            raise TransientError(self.source, what)

    def _failure(self, error: Exception, where: str, budget: Budget) -> TransientError | TerminalError:
        """What a request without a whole answer means. The text of `error` may hold the query, so it is left out."""
        if budget.is_overdrawn:
            part, limit = ("body", LARGEST_BODY_BYTES) if budget.in_body else ("head", LARGEST_HEAD_BYTES)
            return TerminalError(self.source, f"{where}: {part} over {limit:,} bytes")
        if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)):
            return TerminalError(self.source, f"{where}: not a URL that can be asked", "see base_url in config.toml")
        if (distrust := self._distrust(error, where)) is not None:
            return distrust
        if _never_connected(error):
            return UnreachableError(self.source, f"{where}: no connection", "check the network, then ask again")
        if isinstance(error, (requests.Timeout, ReadTimeoutError, TimeoutError)):
            what = "body not complete" if budget.in_body else "no answer"
            return TransientError(self.source, f"{where}: {what} within {self._timeout:g} s", "ask again later")
        return TransientError(self.source, f"{where}: answer broken off ({type(error).__name__})", "ask again later")

    def _distrust(self, error: Exception, where: str) -> TerminalError | None:
        """What is wrong with the certificate, or with what it is held against."""
        if type(error) is OSError and self._authority and not self._authority[1].exists():
            return missing_authority(self.source, *self._authority)
        if isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
            next_step = "if a proxy of yours signs it, name its authority in REQUESTS_CA_BUNDLE"
            return CertificateError(self.source, f"{where}: certificate not trusted", next_step)
        return None


def plain_session() -> tuple[MeteredSession, tuple[str, Path] | None]:
    """A session on BUDGET that sends nothing of ~/.netrc, and the authority of one's own that it trusts, if any."""
    session, authority = MeteredSession(), named_authority(AUTHORITIES)
    session.auth = _as_it_is
    session.verify = str(authority[1]) if authority else True
    return session, authority


def named_authority(names: Iterable[str]) -> tuple[str, Path] | None:
    """The first of these environment variables that names an authority of one's own, and the file or folder."""
    name = next((name for name in names if os.environ.get(name)), None)
    return (name, Path(os.environ[name]).absolute()) if name else None


def missing_authority(source: str, name: str, path: Path) -> TerminalError:
    return TerminalError(source, f"{name} names {path}, which does not exist", f"correct or remove {name}")


def json_of(source: str, response: requests.Response) -> Any:
    """The body as JSON, its texts fit to be stored. Raises TransientError: what is no JSON was broken on its way."""
    where = f"{place_of(response.url)}: "
    try:
        return kept(parsed_json(source, where, response.content))
    except RecursionError:
        raise TransientError(source, f"{where}body is nested too deeply", "it is asked again next time") from None


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Authentication that adds nothing: without it requests puts what ~/.netrc holds in place of a token."""
    return request


def proxies_for(url: str) -> dict[str, str]:
    """No proxy for this machine itself, whatever the environment says; elsewhere the environment decides."""
    host = urlsplit(url).hostname or ""
    try:
        is_loopback = ip_address(host).is_loopback
    except ValueError:
        is_loopback = host == "localhost"
    return {"http": "", "https": ""} if is_loopback else {}


def _worth_another_try(error: BaseException) -> bool:
    """Transient, and the upstream does not ask for a wait that is better spent until the next night."""
    if not isinstance(error, TransientError) or isinstance(error, ExhaustedError):
        return False
    return (error.retry_after or 0.0) <= LONGEST_WAIT_SECONDS


def _retry_after_seconds(response: requests.Response) -> float | None:
    """Retry-After in seconds; a date counts from the Date header of the same answer, never from the clock here."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
        now = parsedate_to_datetime(response.headers["Date"])
        return max(0.0, (until - now).total_seconds())
    except (KeyError, TypeError, ValueError):
        return None


def _never_connected(error: Exception) -> bool:
    """Name not resolved, connection refused or timed out. A connection that was dropped later is something else."""
    if isinstance(error, (requests.ConnectTimeout, requests.exceptions.ProxyError)):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError)


def place_of(url: str) -> str:
    """Host and path, without user and query: enough to find the request, nothing to leak."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(not a URL)"
    return printable(f"{parts.hostname or ''}{port}{parts.path}", most=200)


def _joined(url: str, location: str) -> str | None:
    """Where `location` leads from `url`; None where it is no URL."""
    try:
        return urljoin(url, location)
    except ValueError:
        return None


def _is_same_host(url: str, target: str) -> bool:
    """The same scheme, host and port, or from http to https where both ports are the usual ones."""
    try:
        here, there = urlsplit(url), urlsplit(target)
        ends = [(part.hostname, part.port or _USUAL_PORTS.get(part.scheme)) for part in (here, there)]
    except ValueError:
        return False
    if here.scheme == there.scheme:
        return ends[0] == ends[1]
    return (here.scheme, there.scheme) == ("http", "https") and ends == [(here.hostname, 80), (here.hostname, 443)]
