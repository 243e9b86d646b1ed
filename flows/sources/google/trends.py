"""Google Trends: search interest of all terms in one request, so that they share one scale.

pytrends builds the requests; the asking is done by our own HttpClient, and the rows are read from the body as Google
sent it, because the frame of pytrends drops hasData and "<1". Every answer is a draw: Google answers the same question
a little differently each time, so a draw is kept beside the earlier ones, with its body.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from flows.config.settings import GoogleTrends
from flows.sources.answers import count, day_at, kept, shown
from flows.sources.errors import TerminalError, TransientError
from flows.sources.google.client import SOURCE, TrendsClient, another_shape
from flows.sources.google.notes import notes_on
from warehouse.rows import Answer, SearchPoint

if TYPE_CHECKING:
    from flows.sources.google.payloads import Trends

TERMS_PER_REQUEST = 5
WEEKLY = "WEEK"
CATEGORY, PROPERTY = 0, ""  # all categories, search on the web


def fetch_interest(
    settings: GoogleTrends,
    client: TrendsClient,
    *,
    queries: Sequence[str],
    collected_at: datetime,
    reference: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Iterator[Answer]:
    """Ask for the interest in `queries` (terms or topic ids), and yield one Answer of SearchPoints a group of terms.

    Up to five terms are one group. More are split into groups that each start with `reference`, one of `queries`, by
    default the first: it is what puts the groups on one scale. An answer without any point comes as an Answer without
    rows. `labels` says what a query stands for. The state of an Answer holds

    question   {"geo", "timeframe", "match", "category", "property"}: draws of different questions never mix
    terms      what Google says of each: {"/g/11bwp1s2k3": {"name": "TensorFlow", "type": "Software"}}
    notes      plain lines about what to look at, see google_notes
    empty      true where there was no point at all

    Raises TransientError or TerminalError; what was yielded before stays good.
    """
    groups = _groups(list(queries), reference)
    trends = _trends(client, settings)
    for terms in groups:
        link = terms[0] if len(groups) > 1 else None
        yield _ask(trends, settings, {term: (labels or {}).get(term, term) for term in terms}, link, collected_at)


def _groups(queries: list[str], reference: str | None) -> list[list[str]]:
    times = Counter(query.strip().casefold() for query in queries)
    twice = [query for query in times if times[query] > 1]
    if twice:
        next_step = "give each framework a search_term or search_topic of its own in config.toml"
        raise TerminalError(SOURCE, f"asked twice for {', '.join(map(repr, twice))}", next_step)
    if len(queries) <= TERMS_PER_REQUEST:
        return [queries] if queries else []
    anchor = reference if reference is not None else queries[0]
    if anchor not in queries:
        raise TerminalError(SOURCE, f"reference {anchor!r} is none of the terms", "see reference in config.toml")
    others = [query for query in queries if query != anchor]
    size = TERMS_PER_REQUEST - 1
    return [[anchor, *others[start : start + size]] for start in range(0, len(others), size)]


def _ask(
    trends: Trends, settings: GoogleTrends, labels: Mapping[str, str], link: str | None, collected_at: datetime
) -> Answer:
    terms = list(labels)
    trends.build_payload(terms, cat=CATEGORY, timeframe=settings.timeframe, geo=settings.geo, gprop=PROPERTY)
    widget = trends.widget_request()
    resolution = _resolution(widget, settings.timeframe)
    timeline = trends.timeline()
    rows = tuple(_points(timeline, terms, resolution))
    first_day, last_day = _window(widget)
    state = {
        "question": question(settings),
        "terms": trends.names,
        "notes": notes_on(rows, trends.names, labels, link),
        **({} if rows else {"empty": True}),
    }
    return Answer(
        service=SOURCE,
        entity="+".join(terms),
        request=json.dumps(kept({"explore": trends.explore_request(), "widget": widget}), sort_keys=True),
        collected_at=collected_at,
        rows=rows,
        window_start=first_day,
        window_end=last_day,
        is_synthetic=trends.is_synthetic,
        state=kept(state),
        body=trends.body,
    )


def ask_names(settings: GoogleTrends, client: TrendsClient, queries: Sequence[str]) -> dict[str, dict[str, str]]:
    """What Google calls `queries` and of which type they are, without any figures. Raises as `fetch_interest` does."""
    trends = _trends(client, settings)
    names: dict[str, dict[str, str]] = {}
    for start in range(0, len(queries), TERMS_PER_REQUEST):
        trends.build_payload(list(queries[start : start + TERMS_PER_REQUEST]), timeframe=settings.timeframe)
        names |= trends.names
    return names


def _trends(client: TrendsClient, settings: GoogleTrends) -> Trends:
    from flows.sources.google.payloads import Trends  # loads pandas: only for who asks Google, beside other upstreams

    return Trends(client, settings.base_url)


def question(settings: GoogleTrends) -> dict[str, str | int]:
    """What makes draws comparable: those of one question are samples of one series."""
    return {
        "geo": settings.geo,
        "timeframe": settings.timeframe,
        "match": settings.match,
        "category": CATEGORY,
        "property": PROPERTY,
    }


def _resolution(widget: Mapping[str, Any], timeframe: str) -> str:
    """WEEK. Google chooses by the length of the window; figures of days or months would never be shown."""
    resolution = widget.get("resolution")
    if resolution != WEEKLY:
        what = f"resolution {shown(resolution)} for the timeframe {timeframe!r}, wanted {WEEKLY}"
        raise TerminalError(SOURCE, what, 'write timeframe = "today 5-y" under [sources.google_trends] in config.toml')
    return WEEKLY


def _window(widget: Mapping[str, Any]) -> tuple[date, date]:
    """First and last day of what Google made of the timeframe: "2018-03-26 2023-03-26"."""
    try:
        first_day, last_day = (date.fromisoformat(part[:10]) for part in widget["time"].split())
    except (KeyError, ValueError, AttributeError):
        raise another_shape(f"explore: window {shown(widget.get('time'))}") from None
    return first_day, last_day


def _points(timeline: list[Any], terms: list[str], resolution: str) -> Iterator[SearchPoint]:
    for point in timeline:
        try:
            columns = [list(point[name]) for name in ("value", "hasData", "formattedValue")]
            start = day_at(point["time"])
        except (KeyError, TypeError, ValueError) as error:
            raise another_shape(f"multiline: {type(error).__name__} {error}") from None
        if any(len(column) != len(terms) for column in columns):
            what = f"{len(columns[0])} values for {len(terms)} terms on {start}"
            raise TransientError(SOURCE, what, "a term vanished from the answer; it is asked again next time")
        for term, value, has_data, text in zip(terms, *columns, strict=True):
            yield SearchPoint(
                term=term,
                bucket_start=start,
                resolution=resolution,
                interest=_interest(value, start),
                is_below_one="<" in str(text),
                has_data=bool(has_data),
                is_partial=bool(point.get("isPartial", False)),
            )


def _interest(value: Any, start: date) -> int:
    try:
        return count(value, most=100)
    except ValueError:
        raise another_shape(f"multiline: value {shown(value)} on {start}") from None
