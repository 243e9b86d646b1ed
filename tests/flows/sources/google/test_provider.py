"""Pytrends, the replay and browser exports stand behind one protocol."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from flows.config.settings import GoogleTrends
from flows.replay.server import ReplayServer
from flows.search_import import ExportDraws
from flows.sources.errors import TerminalError
from flows.sources.google.browser_export import read_export
from flows.sources.google.client import trends_client
from flows.sources.google.provider import Provider
from flows.sources.google.trends import Pytrends
from tests.flows.sources.google.conftest import NOW
from tests.flows.sources.google.searches import QUESTION, World

EXPORT = b"Category: All categories\n\nWeek,pizza: (Worldwide),bagel: (Worldwide)\n2021-05-30,80,<1\n2021-06-06,100,3\n"


@pytest.fixture
def providers(server: ReplayServer) -> dict[str, Provider]:
    """Each kind, able to tell of pizza and bagel."""
    settings = GoogleTrends(base_url=server.url("trends"), rate_per_minute=6000)
    export = read_export(EXPORT)
    columns = {series.term: series for series in export.series}
    at = datetime(2021, 6, 13, tzinfo=UTC)
    return {
        "pytrends on the replay": Pytrends(settings, trends_client(settings, sleep=lambda _: None), {}, NOW),
        "export": ExportDraws(export, columns, QUESTION, "0f", is_aside=False, collected_at=at),
        "world": World({"pizza": 20, "bagel": 1}),
    }


@pytest.mark.parametrize("kind", ["pytrends on the replay", "export", "world"])
def test_a_draw_is_an_answer_of_the_terms_on_one_scale(providers: dict[str, Provider], kind: str) -> None:
    answer = providers[kind].draw(["pizza", "bagel"], "", None)
    assert (answer.service, answer.entity) == ("google_trends", "pizza+bagel")
    assert {row.term for row in answer.rows} == {"pizza", "bagel"}
    assert max(row.interest for row in answer.rows) == 100
    assert set(answer.state["question"]) == set(QUESTION)
    assert "role" not in answer.state, "all terms together"


def test_a_file_has_only_its_own_columns(providers: dict[str, Provider]) -> None:
    assert providers["export"].draw(["bagel"], "", None).entity == "bagel"
    with pytest.raises(TerminalError, match="the file has no column 'donut'; it has 'pizza', 'bagel'"):
        providers["export"].draw(["pizza", "donut"], "", None)
