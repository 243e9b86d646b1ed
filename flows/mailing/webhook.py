"""One message to a webhook, and what each answer means for it, in the words that a mail server's answers have.

The address is a secret: no error and no line names more than the environment variable that holds it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

import requests
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError, SSLError

from flows.config.mail import Webhook
from flows.config.types import is_loopback
from flows.mailing.smtp import (
    LATER,
    NotAcceptedError,
    PostError,
    RefusedError,
    ServerGoneError,
    ServerUnusableError,
    UnansweredError,
)
from flows.sources.http import LARGEST_HEAD_BYTES, missing_authority, plain_session, proxies_for
from flows.sources.transport import BUDGET, Budget

_NOT_SENT = (ConnectTimeoutError, NewConnectionError, NameResolutionError, SSLError)


class HookSession:
    """Posts JSON to the address in `environ`. Raises ServerUnusableError where there is none that can be used."""

    def __init__(self, hook: Webhook, environ: Mapping[str, str], seconds: float) -> None:
        self._name = hook.url_env
        self._url = address_in(hook.url_env, environ)
        self._seconds = seconds
        self._session, self._authority = plain_session()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def send(self, recipient: str, content: bytes, *, before_content: Callable[[], None]) -> None:  # noqa: ARG002 - it has one
        """Post one message; returns when it is taken, else raises a PostError. Redirects are not followed."""
        before_content()
        in_use = BUDGET.set(Budget(self._seconds, LARGEST_HEAD_BYTES))
        try:
            with self._session.post(
                self._url, data=content, timeout=self._seconds, allow_redirects=False, stream=True,
                headers={"Content-Type": "application/json"}, proxies=proxies_for(self._url),
            ) as answer:  # fmt: skip
                status = answer.status_code
        except requests.RequestException as error:
            raise self._unanswered(error) from None
        except OSError:
            if self._authority is None or self._authority[1].exists():
                raise
            missing = missing_authority(self._name, *self._authority)
            raise ServerUnusableError(missing.what, missing.next_step) from None
        finally:
            BUDGET.reset(in_use)
        _demand(f"{self._name}: status {status}", status)

    def _unanswered(self, error: requests.RequestException) -> PostError:
        """Where no connection was made, nothing can have arrived."""
        cause = getattr(error.args[0] if error.args else None, "reason", None)
        if isinstance(cause, _NOT_SENT) or isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError):
            return ServerGoneError(f"{self._name}: no connection ({type(cause or error).__name__})", LATER)
        return UnansweredError(f"{self._name}: handed over, then no answer ({type(error).__name__})")


def address_in(name: str, environ: Mapping[str, str]) -> str:
    """The address in variable `name`. Raises ServerUnusableError, which does not say what is in it."""
    url = environ.get(name, "")
    if not url:
        raise ServerUnusableError(f"environment variable {name} is not set", "set it, or take it out of config.toml")
    found = re.fullmatch(r"(https?)://([A-Za-z0-9.-]+|\[[0-9a-f:]+\])(:\d+)?(/[!-~]*)?", url)
    if not found or (found[1] == "http" and not is_loopback(found[2].strip("[]"))):
        said = f"environment variable {name} holds no address that starts with https://"
        raise ServerUnusableError(said, "set it anew")
    return url


def _demand(said: str, status: int) -> None:
    if 200 <= status < 300:
        return
    if status in (408, 425, 429) or status >= 500:
        raise NotAcceptedError(said, LATER)
    if 300 <= status < 400:
        raise RefusedError(f"{said}, a redirect, which is not followed", "set the address that it leads to")
    raise RefusedError(said)
