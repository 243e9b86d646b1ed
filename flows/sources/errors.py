"""What can go wrong with a source, decided where it is raised.

SourceError                 a source could not be read; carries source, what, and what to do next
├── TransientError          the same request may succeed later: 429, 5xx, time-out, broken body, dropped connection
│   ├── UnreachableError    no connection at all: no network, no such host, nothing listens
│   └── ExhaustedError      a limit of the upstream is used up: only minutes of waiting help, not another try at once
└── TerminalError           asking again does not help: 4xx, unknown package, refused token, an answer of another shape
"""

from __future__ import annotations


class SourceError(Exception):
    """`source` could not be read. `next_step` says what a person can do. The text never holds a secret."""

    def __init__(self, source: str, what: str, next_step: str = "") -> None:
        self.source = source
        self.what = what
        self.next_step = next_step
        super().__init__(f"{source}: {what}" + (f"; {next_step}" if next_step else ""))


class TransientError(SourceError):
    """May succeed later. `retry_after` is in seconds, None where the upstream named no time."""

    def __init__(self, source: str, what: str, next_step: str = "", retry_after: float | None = None) -> None:
        super().__init__(source, what, next_step)
        self.retry_after = retry_after


class UnreachableError(TransientError):
    """No connection came about, so nothing was asked; the next request to that host would likely end the same way."""


class ExhaustedError(TransientError):
    """The upstream asks for fewer requests, and asking again within seconds makes it worse."""


class TerminalError(SourceError):
    """Asking again does not help."""


class CertificateError(TerminalError):
    """The certificate is of no authority that is trusted, or not valid at the time that this machine has."""
