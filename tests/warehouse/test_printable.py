"""Texts from outside, made fit for a terminal and a warehouse."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies as st

from warehouse.printable import is_printable, printable, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("日本語 é 🎉", "日本語 é 🎉"),
        ("\x1b[31mred", "\ufffd[31mred"),
        ("a\nb\tc\r\nd\u2028e", "a b c d e"),
        ("half \ud83d of one", "half \ufffd of one"),
        ("a\0b", "a\ufffdb"),
        ("moc.\u202eelgoog", "moc.\ufffdelgoog"),
        ("csi \x9b2J", "csi \ufffd2J"),
        ("ke\u200bras, py\xadtorch", "ke\ufffdras, py\ufffdtorch"),
        ("x" * 2000, "x" * 997 + "..."),
    ],
)
def test_what_cannot_be_seen_is_marked(text: str, shown: str) -> None:
    assert printable(text) == shown


@hypothesis.given(st.text(alphabet=st.characters(codec=None), max_size=50), st.integers(min_value=4, max_value=60))
def test_any_text_becomes_one_line_that_can_be_kept(text: str, most: int) -> None:
    shown = printable(text, most=most)
    assert is_printable(shown)
    assert len(shown) <= most
    assert len(shown.splitlines()) <= 1
    shown.encode()
    assert printable(shown, most=most) == shown
    assert visible(shown) == shown


@hypothesis.given(st.text(alphabet=st.characters(codec=None), max_size=50))
def test_what_is_marked_when_it_comes_in_is_written_out_when_it_is_shown(text: str) -> None:
    shown = visible(text)
    assert is_printable(shown)
    assert (shown == text) == is_printable(text)
