"""Connections to a mail server on which no answer takes more time or memory than it may.

The time limit of smtplib is for a single read and starts anew with every byte, and an answer of many lines is read
until the server chooses to end it. Here each answer, the greeting too, has one deadline and one number of bytes.
"""

from __future__ import annotations

import io
import smtplib
import socket
from typing import Any

from flows.sources.transport import Budget, Metered

LARGEST_ANSWER_BYTES = 2**16


class _Answers:
    """What smtplib reads the lines of answers from."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._limit = sock.gettimeout() or 0.0
        self._metered = Metered(sock.makefile("rb", buffering=0), sock, self._budget())
        self._lines = io.BufferedReader(self._metered)

    def _budget(self) -> Budget:
        return Budget(self._limit, LARGEST_ANSWER_BYTES)

    def begin(self) -> None:
        """Another answer begins."""
        self._metered.budget = self._budget()

    def end(self) -> None:
        """What is sent next has the whole time limit again."""
        self._sock.settimeout(self._limit)

    def readline(self, most: int) -> bytes:
        try:
            return self._lines.readline(most)
        except TimeoutError:
            raise TimeoutError("timed out") from None

    def close(self) -> None:
        self._lines.close()


class _WithAnswersThatEnd:
    """For smtplib, whose answers need not end."""

    file: Any
    sock: Any

    def getreply(self) -> tuple[int, bytes]:
        """Raises SMTPServerDisconnected also at the deadline, and for an answer that is too long."""
        if self.file is None:
            self.file = _Answers(self.sock)
        answers = self.file
        answers.begin()
        said: tuple[int, bytes] = super().getreply()  # type: ignore[misc]
        answers.end()
        return said


class MailConnection(_WithAnswersThatEnd, smtplib.SMTP):
    """In plain text, or with STARTTLS."""


class SecureMailConnection(_WithAnswersThatEnd, smtplib.SMTP_SSL):
    """Encrypted from the first byte."""
