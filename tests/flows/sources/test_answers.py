"""What upstreams may say and what is believed of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from flows.replay.server import ReplayServer, status
from flows.sources.answers import LARGEST_COUNT, count, day_at, day_in, kept, parsed_json, shown
from flows.sources.errors import TransientError
from flows.sources.http import HttpClient, json_of

DEEP, LONG = b"[" * 5000 + b"]" * 5000, b'{"count": ' + b"7" * 5000 + b"}"
NO_JSON = [DEEP, b'{"a": ' * 5000 + b"1" + b"}" * 5000, LONG, b"NaN", b'{"a": Infinity}', b'"\xff"', b"", b"{", b"\x00"]


@pytest.mark.parametrize("body", NO_JSON)
def test_a_body_that_cannot_be_read_is_transient(body: bytes) -> None:
    with pytest.raises(TransientError, match=r"^up: here: body is (not JSON|empty)"):
        parsed_json("up", "here: ", body)


@pytest.mark.parametrize("body", [*NO_JSON, b"[" * 400 + b"]" * 400 + b" x"])
def test_the_body_of_a_server_that_cannot_be_read_is_transient_and_shows_no_query(
    replay: Callable[..., ReplayServer], slept: list[float], body: bytes
) -> None:
    server = replay(up=lambda request: status(200, body)(request, lambda _: None))
    with HttpClient("up", sleep=slept.append) as client:
        response = client.get(f"{server.url('up')}/x?secret=1")
    with pytest.raises(TransientError, match=r"/up/x: body is ") as caught:
        json_of("up", response)
    assert "secret" not in str(caught.value)


@hypothesis.given(st.binary(max_size=60))
def test_any_body_gives_a_value_or_a_transient_error(body: bytes) -> None:
    with suppress(TransientError):
        parsed_json("up", "", body)


def test_characters_that_cannot_be_stored_are_replaced() -> None:
    value = parsed_json("up", "", rb'{"a\u0000": ["\ud800", "\u001b[2J", "two\nlines"], "b": "\u65e5\u672c"}')
    assert kept(value) == {"a\ufffd": ["\ufffd", "\ufffd[2J", "two lines"], "b": "日本"}


@pytest.mark.parametrize("value", [0, 1, 2**31, LARGEST_COUNT])
def test_whole_numbers_from_zero_up_are_counts(value: int) -> None:
    assert count(value) == value


@pytest.mark.parametrize("value", [-1, LARGEST_COUNT + 1, 2**63, 10**400, 1.0, True, "1", None, [], float("nan")])
def test_other_values_are_refused_as_counts(value: Any) -> None:
    with pytest.raises(ValueError, match="is no count up to 1,000,000,000,000") as caught:
        count(value)
    assert len(str(caught.value)) < 120


def test_days_are_read_from_seconds_and_from_text() -> None:
    assert day_at(1623542400) == day_at("1623542400") == date(2021, 6, 13)
    assert day_in("2021-06-13") == date(2021, 6, 13)


@pytest.mark.parametrize("value", [-(10**10), 10**10, 10**18, "9" * 5000, "soon", None, [], float("inf"), 0, True])
def test_seconds_outside_two_centuries_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="is no moment between 1990-01-01 and 2199-12-31"):
        day_at(value)


@pytest.mark.parametrize("value", ["0001-01-01", "9999-12-31", "2021-6-13", "20210613", "2021-W23-7", "", None, 7])
def test_texts_that_are_no_day_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="is no day between"):
        day_in(value)


@pytest.mark.parametrize(
    ("value", "words"),
    [("a\x1b", r"'a\x1b'"), ({"a": 1}, "an object"), (10**400, "a number of very many digits"), ("x" * 99, "'xxx")],
)
def test_values_in_messages_are_short_and_on_one_line(value: Any, words: str) -> None:
    assert shown(value).startswith(words)
    assert len(shown(value)) <= 60
