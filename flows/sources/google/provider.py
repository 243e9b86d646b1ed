"""Who answers for Google Trends, behind one small protocol.

Pytrends asks Google or the replay of it on loopback; ExportDraws, in flows/search_import.py, reads what a browser
saved. Google's own interface, in alpha and by application only, would be another: a class with `draw`, once its answers
can be recorded and tested.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from warehouse.rows import Answer

TERMS_PER_REQUEST = 5


class Provider(Protocol):
    """Draws of one question."""

    def draw(self, terms: Sequence[str], role: str, link: str | None, /) -> Answer:
        """One sample of the interest in `terms`, all on one scale: an Answer of SearchPoints.

        `role`: what the request is for, see core.search_draws; `link`: the term that it shares with other requests, if
        that is to be looked at. Raises TransientError or TerminalError.
        """
        ...
