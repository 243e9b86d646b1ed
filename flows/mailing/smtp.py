"""One connection to the mail server, and what each of its answers means for the message at hand.

PostError                       a message was not surely sent; says what happened in codes, without addresses or secrets
├── NotAcceptedError            the server did not take it and may do so later: 4xx
│   └── ServerGoneError         ... because it cannot be reached, does not answer or hung up, whatever the message
├── RefusedError                the server will never take this message: 5xx
├── ServerUnusableError         no message can be sent at all: wrong certificate, no STARTTLS, login refused
└── UnansweredError             the whole message was handed over, then no answer came: it may have been sent
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Self

from flows.config.mail import Mail
from flows.mailing.metered import MailConnection, SecureMailConnection

LATER = "it is tried again on the next run"
_CHUNK = 2**16


class PostError(Exception):
    """A message was not surely sent. `next_step` says what a person can do."""

    def __init__(self, what: str, next_step: str = "") -> None:
        self.what = what
        self.next_step = next_step
        super().__init__(f"{what}; {next_step}" if next_step else what)


class NotAcceptedError(PostError):
    """The server did not take the message; it may later."""


class ServerGoneError(NotAcceptedError):
    """The server cannot be reached, does not answer or hung up."""


class RefusedError(PostError):
    """The server will never take the message."""


class ServerUnusableError(PostError):
    """Nothing can be sent over this server as it is set up."""


class UnansweredError(PostError):
    """The message was handed over whole, and no answer came."""


class Session:
    """Sends messages one after the other over one connection, made when first needed and again after a drop.

    `login` is (user name, password), None for a server that asks for none.
    """

    def __init__(self, mail: Mail, login: tuple[str, str] | None) -> None:
        self._mail = mail
        self._login = login
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        try:
            smtp.quit()
        except (smtplib.SMTPException, OSError):  # a server that hangs up without a goodbye has done all it was asked
            smtp.close()

    def send(self, recipient: str, content: bytes, *, before_content: Callable[[], None]) -> None:
        """Send one message; returns when the server has taken it, else raises a PostError.

        `before_content` is called when nothing but the content is left to send: from then on it may have arrived.
        """
        try:
            smtp = self._smtp = self._smtp or self._connected()
            self._begin(smtp, recipient)
            before_content()
            self._finish(smtp, content)
        except (ServerGoneError, ServerUnusableError, UnansweredError):
            self._forget()
            raise
        except PostError:
            self._reset()
            raise
        except (smtplib.SMTPException, OSError) as error:
            self._forget()
            raise ServerGoneError(f"connection lost ({_kind(error)})", LATER) from None
        except BaseException:
            self._forget()  # whatever would be said over this connection now could be taken for the message
            raise

    def try_connection(self) -> None:
        """Connect, agree on encryption and log in, without a message. Raises a PostError."""
        with self:
            self._smtp = self._connected()

    # ---- the connection ----------------------------------------------------------------------------------------------

    def _connected(self) -> smtplib.SMTP:
        try:
            smtp = self._opened()
            try:
                self._greet(smtp)
            except BaseException:
                smtp.close()
                raise
        except (smtplib.SMTPException, OSError) as error:
            raise _unconnected(f"{self._mail.host}:{self._mail.port}", error) from None
        return smtp

    def _opened(self) -> smtplib.SMTP:
        mail = self._mail
        if mail.security == "tls":
            return SecureMailConnection(
                mail.host, mail.port, _own_name(), timeout=mail.timeout_seconds, context=self._context()
            )
        return MailConnection(mail.host, mail.port, _own_name(), timeout=mail.timeout_seconds)

    def _greet(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        if self._mail.security == "starttls":
            smtp.starttls(context=self._context())
            smtp.ehlo_or_helo_if_needed()
        if self._login:
            smtp.login(*self._login)

    def _context(self) -> ssl.SSLContext:
        """Certificates and names are verified; there is no switch that turns it off."""
        try:
            return ssl.create_default_context(cafile=None if self._mail.ca_file is None else str(self._mail.ca_file))
        except (OSError, ssl.SSLError):
            raise ServerUnusableError(
                f"mail.ca_file = {self._mail.ca_file}: cannot be read as certificates", "name a PEM file"
            ) from None

    def _forget(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    def _reset(self) -> None:
        """Make the connection ready for the next message, or drop it: the next one makes a new connection."""
        try:
            if self._smtp is None or self._smtp.rset()[0] != 250:
                self._forget()
        except (smtplib.SMTPException, OSError):
            self._forget()

    # ---- one message -------------------------------------------------------------------------------------------------

    def _begin(self, smtp: smtplib.SMTP, recipient: str) -> None:
        _demand("sender", (250,), smtp.mail(self._mail.sender or ""))
        _demand("recipient", (250, 251), smtp.rcpt(recipient))
        _demand("message", (354,), smtp.docmd("DATA"))

    def _finish(self, smtp: smtplib.SMTP, content: bytes) -> None:
        """Hand the content over. Until its last line is sent nothing can have been accepted; after it, anything."""
        lines = _with_quoted_periods(content)
        for start in range(0, len(lines), _CHUNK):
            smtp.send(lines[start : start + _CHUNK])
        if smtp.sock is not None:
            _stop_if_interrupted(smtp.sock)
        try:
            smtp.send(b".\r\n")
            answer = smtp.getreply()
        except (smtplib.SMTPException, OSError) as error:
            raise UnansweredError(f"handed over, then no answer ({_kind(error)})") from None
        _demand("message", (250,), answer)


def _unconnected(where: str, error: smtplib.SMTPException | OSError) -> PostError:
    """What an error before the first message means. The order matters: the kinds of error are kinds of each other."""
    if isinstance(error, ssl.SSLCertVerificationError):
        said = f"{where}: certificate refused: {error.verify_message}"
        return ServerUnusableError(said, "check mail.host, or name its authority in mail.ca_file")
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError):
        return ServerGoneError(f"{where}: hung up while encryption was agreed on", LATER)
    if isinstance(error, ssl.SSLError):
        said = f"{where}: no encrypted connection ({error.reason})"
        return ServerUnusableError(said, "check mail.security and mail.port")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return ServerUnusableError(f"{where}: no STARTTLS or no login on offer", "check mail.security and mail.port")
    if isinstance(error, smtplib.SMTPResponseException):
        step = "login" if isinstance(error, smtplib.SMTPAuthenticationError) else "greeting"
        said = f"{where}: {step}: {codes(error.smtp_code, error.smtp_error)}"
        for_good = error.smtp_code >= 500
        return (
            ServerUnusableError(
                said, "check user name and password" if step == "login" else "ask who runs the mail server"
            )
            if for_good
            else ServerGoneError(said, LATER)
        )
    return ServerGoneError(f"{where}: no connection ({_kind(error)})", "check mail.host and mail.port")


def _with_quoted_periods(content: bytes) -> bytes:
    return re.sub(rb"(?m)^\.", b"..", content if content.endswith(b"\r\n") else content + b"\r\n")


def _stop_if_interrupted(sock: socket.socket) -> None:
    """Raise what it means when the server has spoken, or hung up, before the message was over: it is not taken."""
    limit = sock.gettimeout()
    sock.settimeout(0)
    try:
        said = sock.recv(_CHUNK)
    except (BlockingIOError, ssl.SSLWantReadError):
        return
    finally:
        sock.settimeout(limit)
    if said[:3].isdigit():
        _demand("message", (), (int(said[:3]), said[4:]))
    raise ServerGoneError("hung up in mid-message", LATER)


def _demand(step: str, wanted: tuple[int, ...], answer: tuple[int, bytes]) -> None:
    code, words = answer
    if code in wanted:
        return
    said = f"{step}: {codes(code, words)}"
    if code >= 500:
        raise RefusedError(said)
    raise ServerGoneError(said, LATER) if code == 421 or code < 400 else NotAcceptedError(said, LATER)


def codes(code: int, answer: bytes | str) -> str:
    """The codes of an answer, 550 5.1.1: its words may name the recipient."""
    text = answer.decode("ascii", "replace") if isinstance(answer, bytes) else answer
    extended = re.match(r"\s*([245]\.\d{1,3}\.\d{1,3})\b", text)
    return f"{code} {extended[1]}" if extended else str(code)


def _kind(error: Exception) -> str:
    """What went wrong on the line, in words that hold nothing from outside."""
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "time-out"
    if isinstance(error, socket.gaierror):
        return "unknown host name"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    return "dropped" if isinstance(error, smtplib.SMTPServerDisconnected | ConnectionError) else type(error).__name__


def _own_name() -> str:
    """How this machine greets: its full name where it has one; asking DNS for it could take long and say nothing."""
    name = socket.gethostname()
    return name if re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", name) else "[127.0.0.1]"
