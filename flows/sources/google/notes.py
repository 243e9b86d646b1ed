"""What a draw of Google Trends gives cause to look at, in plain lines that are kept with it.

Topics that are not what the framework is called, terms too small to be measured, and groups of terms whose common one
hardly links them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from warehouse.printable import printable
from warehouse.rows import SearchPoint

WEAK_LINK = 10  # below this a figure may be off by 5 % and more from rounding alone
SMALL = 12  # a term below this is asked for again beside one of its own size
_FIND_TOPIC = "find the right one at trends.google.com and name it as search_topic in config.toml"
_NAME_REFERENCE = "name a framework that is searched for as much as they are as reference in config.toml"


def names_of(explored: Any, terms: Sequence[str]) -> dict[str, dict[str, str]]:
    """What explore calls `terms`, where it does: {"/g/11bwp1s2k3": {"name": "TensorFlow", "type": "Software"}}."""
    said = explored.get("keywords") if isinstance(explored, dict) else None
    entries = [entry for entry in said if isinstance(entry, dict)] if isinstance(said, list) else []
    return {
        term: {key: printable(str(entry.get(key)), most=200) for key in ("name", "type")}
        for term in terms
        for entry in entries
        if entry.get("keyword") == term and entry.get("name")
    }


def notes_on(
    rows: Sequence[SearchPoint], names: Mapping[str, Mapping[str, str]], labels: Mapping[str, str], link: str | None
) -> list[str]:
    """The lines about one group. `labels`: its terms and what they stand for; `link`: the term that groups share."""
    if not rows:
        return [f"Google has no figures for {_listed(list(labels.values()))}"]
    levels = levels_of(rows)
    return [
        *(note for term in labels if (note := topic_note(term, names.get(term), labels[term]))),
        *(_too_small(term, rows, labels) for term in levels if term != link and levels[term] < 1),
        *_link_note(link, levels, labels),
    ]


def anchor_notes(rows: Sequence[SearchPoint], labels: Mapping[str, str]) -> list[str]:
    """The lines about a request that links small terms, each beside one of its size: those that are small there too."""
    if not rows:
        return [f"Google has no figures for {_listed(list(labels.values()))}"]
    levels = levels_of(rows)
    return [
        f"{label} stands at {levels[term]:.0f} of 100 beside {_beside(term, labels)}, which is to link it with the "
        f"other frameworks: its level may be off by {50 / levels[term]:.0f} %"
        if levels.get(term, 0) >= 1
        else _too_small(term, rows, labels)
        for term, label in labels.items()
        if levels.get(term, 0) < WEAK_LINK
    ]


def topic_note(term: str, said: Mapping[str, str] | None, label: str) -> str | None:
    """What to look at when `term` is a topic that is called otherwise than `label`; None when all is well.

    A term that stands for nothing but itself has no other name that it could fit.
    """
    if not term.startswith("/") or label == term:
        return None
    if said is None or said["name"] == term:
        return f"Google does not say what the topic {term} is, which stands for {label}; {_FIND_TOPIC}"
    if said["type"] != "Search term" and _holds(_words(said["name"]), _words(label)):
        return None
    what = f"{said['name']} ({said['type']})"
    return f"Google calls the topic {term} {what}, which does not fit {label}; {_FIND_TOPIC}"


def _too_small(term: str, rows: Sequence[SearchPoint], labels: Mapping[str, str]) -> str:
    if any(row.is_below_one for row in rows if row.term == term):
        return f"{labels[term]} stays under 1 of 100 beside {_beside(term, labels)}: too little to be measured there"
    return f"Google has no figures for {labels[term]} beside {_beside(term, labels)}"


def _link_note(link: str | None, levels: Mapping[str, float], labels: Mapping[str, str]) -> Iterator[str]:
    if link is None or link not in levels or len(labels) < 2 or levels[link] >= WEAK_LINK:
        return
    others = _beside(link, labels)
    if levels[link] < 1:
        yield (
            f"nothing puts {others} on one scale with the other frameworks: {labels[link]} is under 1 of 100 beside "
            f"them, so they cannot be shown; {_NAME_REFERENCE}"
        )
    else:
        level = levels[link]
        yield (
            f"{labels[link]} puts {others} on one scale with the other frameworks, but stands at {level:.0f} of 100 "
            f"beside them, so their level may be off by {50 / level:.0f} %; {_NAME_REFERENCE}"
        )


def levels_of(rows: Iterable[object]) -> dict[str, float]:
    """The mean of each term over the weeks that are over; 0 where no week has a figure of 1 or more."""
    figures: dict[str, list[float]] = {}
    for row in rows:
        if isinstance(row, SearchPoint) and not row.is_partial:
            figures.setdefault(row.term, []).append(0.5 if row.is_below_one else row.interest)
    return {term: fmean(values) if max(values) >= 1 else 0.0 for term, values in figures.items()}


def _beside(term: str, labels: Mapping[str, str]) -> str:
    """The others of the group."""
    return _listed([label for other, label in labels.items() if other != term] or ["nothing else"])


def _listed(labels: Sequence[str]) -> str:
    *most, last = labels
    return f"{', '.join(most)} and {last}" if most else last


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())


def _holds(name: list[str], label: list[str]) -> bool:
    """Whether `label` stands in `name`, word by word: "Google JAX" holds JAX, Torch does not hold PyTorch."""
    starts = range(len(name) - len(label) + 1)
    return bool(label) and any(name[start : start + len(label)] == label for start in starts)
