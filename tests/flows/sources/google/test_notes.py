"""What a draw gives cause to look at: topics by another name, terms too small, groups that hardly hang together."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from flows.replay.server import ReplayServer, Reply, Request, Upstream
from flows.sources.google.notes import names_of, notes_on, topic_note
from tests.flows.sources.google.conftest import JSON, TOPICS, with_timeline
from warehouse.rows import Answer, SearchPoint

KERAS = "/g/11c1r2rvnp"


def weeks(term: str, *interests: int | str, partial: int | None = None) -> list[SearchPoint]:
    """Weeks of a term: a figure, "<1", or "" where Google has none; the one numbered `partial` is not over."""
    return [
        SearchPoint(
            term=term,
            bucket_start=date(2021, 1, 3) + timedelta(weeks=number),
            resolution="WEEK",
            interest=interest if isinstance(interest, int) else 0,
            is_below_one=interest == "<1",
            has_data=interest != "",
            is_partial=number == partial,
        )
        for number, interest in enumerate(interests)
    ]


# ---- Topics ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "label"),
    [
        ("Keras", "Software", "Keras"),
        ("keras", "Topic", "KERAS"),
        ("Google JAX", "Software", "JAX"),
        ("scikit-learn", "Computer software", "Scikit Learn"),
        ("Keras (Bibliothek)", "Thema", "Keras"),
        ("\uff2b\uff45\uff52\uff41\uff53", "Software", "Keras"),
    ],
)
def test_a_topic_named_like_its_label_needs_no_note(name: str, kind: str, label: str) -> None:
    assert topic_note(KERAS, {"name": name, "type": kind}, label) is None


@pytest.mark.parametrize(
    ("name", "kind", "label"),
    [
        ("Kerala", "State in India", "Keras"),
        ("Torch", "Software", "PyTorch"),
        ("Django", "Software", "Go"),
        ("Learn Scikit", "Software", "scikit-learn"),
        ("Keras", "Search term", "Keras"),
        ("", "Software", "Keras"),
    ],
)
def test_a_topic_named_otherwise_gets_a_note(name: str, kind: str, label: str) -> None:
    note = topic_note(KERAS, {"name": name, "type": kind}, label)
    assert note is not None
    assert f"Google calls the topic {KERAS} {name} ({kind}), which does not fit {label}; find the right one" in note


@pytest.mark.parametrize("said", [None, {"name": KERAS, "type": "Search term"}, {"name": KERAS, "type": "Topic"}])
def test_a_topic_that_google_does_not_name_gets_a_note(said: dict[str, str] | None) -> None:
    assert f"does not say what the topic {KERAS} is, which stands for Keras" in str(topic_note(KERAS, said, "Keras"))


def test_a_search_term_needs_no_note_whatever_it_is_called() -> None:
    assert topic_note("Keras", {"name": "Keras", "type": "Search term"}, "Something else") is None


@pytest.mark.parametrize(
    "explored",
    [
        None, [], {}, {"keywords": None}, {"keywords": "Keras"}, {"keywords": [None, 7, []]},
        {"keywords": [{"keyword": KERAS}]}, {"keywords": [{"keyword": KERAS, "name": None}]},
        {"keywords": [{"keyword": "other", "name": "Keras"}]},
    ],
)  # fmt: skip
def test_an_explore_answer_without_names(explored: Any) -> None:
    assert names_of(explored, [KERAS]) == {}


def named(name: Any, kind: Any = "Software") -> Callable[[Request, Upstream], Reply]:
    """explore gives the last term another name."""

    def fault(request: Request, upstream: Upstream) -> Reply:
        reply = upstream(request)
        if request.path != "/trends/api/explore" or reply.status != 200:
            return reply
        answer = json.loads(reply.body[5:])
        answer["keywords"][-1] |= {"name": name, "type": kind}
        return Reply(200, json.dumps(answer).encode(), JSON)

    return fault


def test_what_explore_says_is_kept_with_the_draw_and_a_misfit_is_noted(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer
) -> None:
    server.misbehave("trends", named("Kerala", "State in India"), times=9)
    (answer,) = fetch(*TOPICS, labels=dict(zip(TOPICS, ("TensorFlow", "PyTorch", "Keras"), strict=True)))
    assert answer.state["terms"][KERAS] == {"name": "Kerala", "type": "State in India"}
    assert answer.state["notes"] == [
        "Google calls the topic /g/11c1r2rvnp Kerala (State in India), which does not fit Keras; find the right one at"
        " trends.google.com and name it as search_topic in config.toml"
    ]


@pytest.mark.parametrize("name", ["Ker\u202ela\x1b[2J\n", "\ud800", "x" * 10_000, 7, ["Keras"]])
def test_names_that_mean_harm_are_kept_as_plain_text(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer, name: Any
) -> None:
    server.misbehave("trends", named(name), times=9)
    (answer,) = fetch(*TOPICS)
    said = answer.state["terms"][KERAS]["name"]
    assert len(said) <= 200
    assert all(sign.isprintable() or sign == "\ufffd" for sign in said + "".join(answer.state["notes"]))


# ---- Levels ----------------------------------------------------------------------------------------------------------


def test_terms_of_a_fair_size_need_no_note() -> None:
    rows = weeks("a", 80, 100) + weeks("b", 12, 1)
    assert notes_on(rows, {}, {"a": "A", "b": "B"}, "a") == []


@pytest.mark.parametrize("small", [("<1", "<1"), ("<1", ""), (0, "<1")])
def test_a_term_that_stays_under_one_is_noted(small: tuple[int | str, ...]) -> None:
    rows = weeks("a", 80, 100) + weeks("b", *small)
    (note,) = notes_on(rows, {}, {"a": "A", "b": "B"}, None)
    assert note == "B stays under 1 of 100 beside A: too little to be measured there"


def test_the_running_week_does_not_count() -> None:
    rows = weeks("a", 80, 100, partial=1) + weeks("b", "<1", 5, partial=1)
    assert len(notes_on(rows, {}, {"a": "A", "b": "B"}, None)) == 1


def test_a_term_without_figures_is_noted() -> None:
    rows = weeks("a", 80, 100) + weeks("b", "", "") + weeks("c", 3, 4)
    assert notes_on(rows, {}, {"a": "A", "b": "B", "c": "C"}, None) == ["Google has no figures for B beside A and C"]


def test_a_draw_without_any_figure_is_noted() -> None:
    assert notes_on([], {}, {"a": "A", "b": "B"}, None) == ["Google has no figures for A and B"]


@pytest.mark.parametrize(("level", "noted"), [(9, True), (10, False), (50, False)])
def test_a_link_through_small_figures_is_noted(level: int, noted: bool) -> None:
    notes = notes_on(weeks("a", level, level) + weeks("b", 90, 100), {}, {"a": "A", "b": "B"}, "a")
    assert bool(notes) == noted


def test_how_far_a_weak_link_may_be_off() -> None:
    (note,) = notes_on(weeks("a", 2, 2) + weeks("b", 90, 100), {}, {"a": "A", "b": "B"}, "a")
    assert note == (
        "A puts B on one scale with the other frameworks, but stands at 2 of 100 beside them, so their level may be off"
        " by 25 %; name a framework that is searched for as much as they are as reference in config.toml"
    )


@pytest.mark.parametrize("figures", [("<1", "<1"), ("", ""), (0, 0)])
def test_a_group_that_nothing_links_is_noted(figures: tuple[int | str, ...]) -> None:
    rows = weeks("a", *figures) + weeks("giant", 90, 100) + weeks("c", 40, 30)
    (note,) = notes_on(rows, {}, {"a": "A", "giant": "Giant", "c": "C"}, "a")
    assert note.startswith("nothing puts Giant and C on one scale with the other frameworks: A is under 1 of 100")
    assert "so they cannot be shown" in note


def reference_is(shown: str, value: int) -> Callable[[Request, Upstream], Reply]:
    """Every curve has `value` for its first term and 90 for the others."""

    def change(points: list[Any]) -> list[Any]:
        others = len(points[0]["value"]) - 1
        columns = {"value": [value, *[90] * others], "formattedValue": [shown, *["90"] * others]}
        return [{**point, **columns, "hasData": [True] * (others + 1)} for point in points]

    return lambda request, upstream: (
        with_timeline(change)(request, upstream) if "multiline" in request.path else upstream(request)
    )


@pytest.mark.parametrize(
    ("shown", "value", "first", "second"),
    [
        ("<1", 0, "nothing puts a, b, c and d on one scale", "nothing puts e and Giant on one scale"),
        ("2", 2, "Keras puts a, b, c and d on one scale", "but stands at 2 of 100 beside them, so their level"),
        ("40", 40, "", ""),
    ],
)
def test_seven_terms_with_a_small_reference_never_pass_in_silence(
    fetch: Callable[..., Iterator[Answer]], server: ReplayServer, shown: str, value: int, first: str, second: str
) -> None:
    server.misbehave("trends", reference_is(shown, value), times=99)
    answers = list(fetch("keras", *"abcdef", labels={"keras": "Keras", "f": "Giant"}))
    notes = [" ".join(answer.state["notes"]) for answer in answers]
    assert [bool(note) for note in notes] == [bool(first), bool(second)]
    assert first in notes[0]
    assert second in notes[1]
