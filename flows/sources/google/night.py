"""What a night asks a provider of Google Trends: all terms together, then what is small there beside its own size.

More than five terms are asked in groups that share one of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from datetime import date

from flows.sources.errors import TerminalError
from flows.sources.google.beside import TOGETHER, Beside, Past, reference_by_level, sizes_of
from flows.sources.google.client import SOURCE
from flows.sources.google.notes import WEAK_LINK, levels_of
from flows.sources.google.provider import TERMS_PER_REQUEST, Provider
from warehouse.rows import Answer, SearchPoint


def ask_all(
    provider: Provider, queries: Sequence[str], *, today: date, reference: str | None, past: Sequence[Past]
) -> Iterator[Answer]:
    """All that a night asks, an Answer a request. `past`: the requests of earlier nights.

    Without `reference` groups share the term that links them best by the levels of `past`; where there are none and the
    first term turns out to be small, the groups are asked once more around the one that links them best. Raises
    TransientError or TerminalError, also after all Answers, where a group could not be linked with the others.
    """
    known = reference or _reference(queries, past) or (queries[0] if queries else "")
    common = yield from _together(provider, groups_of(queries, known))
    groups = [levels_of(answer.rows) for answer in common]
    link = known if len(groups) > 1 else None
    better = reference_by_level(sizes_of(groups, link)) if link and reference is None else link
    if link and better != link and any(levels.get(link, 0) < WEAK_LINK for levels in groups):
        link = better
        common = yield from _together(provider, groups_of(queries, link))
        groups = [levels_of(answer.rows) for answer in common]
    rows = [row for answer in common for row in answer.rows if isinstance(row, SearchPoint)]
    beside = Beside(provider, past, today)
    yield from beside.answers(groups, frozenset(row.term for row in rows if row.has_data), link)
    if beside.unlinked:
        what = f"nothing puts the terms beside {', '.join(beside.unlinked)} on one scale with the others"
        raise TerminalError(SOURCE, what, "name a framework of a size between as reference in config.toml")


def _together(provider: Provider, groups: Sequence[Sequence[str]]) -> Generator[Answer, None, list[Answer]]:
    """Yields an Answer for each group, and returns them all; how well its first term links it is not looked at, since
    the ladder links what it does not."""
    answers = []
    for terms in groups:
        answers.append(provider.draw(terms, TOGETHER, None))
        yield answers[-1]
    return answers


def ask_together(provider: Provider, groups: Sequence[Sequence[str]]) -> Iterator[Answer]:
    """An Answer for each group; several share their first term, which alone links them."""
    for terms in groups:
        yield provider.draw(terms, TOGETHER, terms[0] if len(groups) > 1 else None)


def _reference(queries: Sequence[str], past: Sequence[Past]) -> str | None:
    """The term that linked the groups last, as long as it stands well in each; else the best one by their levels.

    None where the requests of the last night do not tell all terms of today.
    """
    common = [request.levels for request in past if request.role == TOGETHER]
    by_link = {
        link: [levels for levels in common if next(iter(levels)) == link] for link in map(next, map(iter, common))
    }
    whole = {
        link: groups
        for link, groups in by_link.items()
        if {term for levels in groups for term in levels} == set(queries)
    }
    if not whole:
        return None
    link, groups = max(whole.items(), key=lambda item: min(levels[item[0]] for levels in item[1]))
    is_strong = min(levels[link] for levels in groups) >= WEAK_LINK
    return link if is_strong else reference_by_level(sizes_of(groups, link))


def groups_of(queries: Sequence[str], reference: str | None) -> list[list[str]]:
    """Up to five terms are one group; more are split into groups that each start with `reference`, or else the first.

    Raises TerminalError for a term that is there twice and for a reference that is none of them.
    """
    times = Counter(query.strip().casefold() for query in queries)
    twice = [query for query in times if times[query] > 1]
    if twice:
        next_step = "give each framework a search_term or search_topic of its own in config.toml"
        raise TerminalError(SOURCE, f"asked twice for {', '.join(map(repr, twice))}", next_step)
    if len(queries) <= TERMS_PER_REQUEST:
        return [list(queries)] if queries else []
    anchor = reference if reference is not None else queries[0]
    if anchor not in queries:
        raise TerminalError(SOURCE, f"reference {anchor!r} is none of the terms", "see reference in config.toml")
    others = [query for query in queries if query != anchor]
    size = TERMS_PER_REQUEST - 1
    return [[anchor, *others[start : start + size]] for start in range(0, len(others), size)]
