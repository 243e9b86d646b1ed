"""A mail server whose answers have no end: the exchange is over at its deadline and takes little memory."""

from __future__ import annotations

import itertools
import time
import tracemalloc
from collections.abc import Iterator

import pytest

from flows.mailing.smtp import PostError, Session, UnansweredError
from tests.flows.mailing.conftest import ADA, mail_of
from tests.flows.sources.http.test_attacks import Sends, dripping

LONG_AFTER = 20.0
GREETING, HELLO = b"220 here\r\n", b"250 hello\r\n"


def after(*answers: bytes, endless: bytes) -> Sends:
    """So many good answers, each a piece, then one that does not end."""
    return lambda: itertools.chain(answers, itertools.repeat(endless))


@pytest.mark.parametrize("security", ["none", "starttls"])
@pytest.mark.parametrize("good", [(), (GREETING,)], ids=["greeting", "hello"])
@pytest.mark.parametrize(
    ("endless", "pause"), [(b"220-more\r\n" * 900, 0.0), (b"2", 0.05), (b"220-more\r\n", 0.05), (b"x" * 9000, 0.0)]
)
def test_an_answer_without_end_is_cut_off(security: str, good: tuple[bytes, ...], endless: bytes, pause: float) -> None:
    with dripping(after(*good, endless=endless), pause, speaks_first=True) as url:
        mail = mail_of(int(url.split(":")[2].split("/")[0]), ADA, security=security, timeout_seconds=1)
        tracemalloc.start()
        began = time.monotonic()
        with pytest.raises(PostError), Session(mail, None) as session:
            session.send(ADA, b"Subject: x\r\n\r\n", before_content=lambda: None)
        assert time.monotonic() - began < LONG_AFTER
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < 2**23


def test_the_answer_to_a_message_has_a_deadline_too() -> None:
    def sends() -> Iterator[bytes]:
        yield from (GREETING, HELLO, b"250 ok\r\n", b"250 ok\r\n", b"354 go on\r\n")
        yield from itertools.repeat(b"250-taken\r\n")

    with dripping(sends, 0.05, speaks_first=True) as url:
        mail = mail_of(int(url.split(":")[2].split("/")[0]), ADA, timeout_seconds=1)
        with pytest.raises(UnansweredError, match="time-out"), Session(mail, None) as session:
            session.send(ADA, b"Subject: x\r\n\r\n", before_content=lambda: None)
