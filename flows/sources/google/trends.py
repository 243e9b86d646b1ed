"""Google Trends: search interest of all terms in one request, so that they share one scale.

pytrends builds the requests; the asking is done by our own HttpClient, and the rows are read from the body as Google
sent it, because the frame of pytrends drops hasData and "<1". Every answer is a draw: Google answers the same question
a little differently each time, so a draw is kept beside the earlier ones, with its body.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flows.config.settings import GoogleTrends
from flows.sources.answers import count, day_at, kept, shown
from flows.sources.errors import TerminalError, TransientError
from flows.sources.google.beside import Past
from flows.sources.google.client import SOURCE, TrendsClient, another_shape
from flows.sources.google.night import ask_all, ask_together, groups_of
from flows.sources.google.notes import anchor_notes, notes_on
from flows.sources.google.provider import TERMS_PER_REQUEST
from warehouse.rows import Answer, SearchPoint

if TYPE_CHECKING:
    from flows.sources.google.payloads import Trends

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
    provider = Pytrends(settings, client, labels or {}, collected_at)
    yield from ask_together(provider, groups_of(queries, reference))


def fetch_search(
    settings: GoogleTrends,
    client: TrendsClient,
    *,
    queries: Sequence[str],
    collected_at: datetime,
    reference: str | None = None,
    labels: Mapping[str, str] | None = None,
    past: Sequence[Past] = (),
) -> Iterator[Answer]:
    """All that a night asks: what fetch_interest does, and then what Beside says of terms too small to be told so.

    Without `reference` groups share the term that links them best by the levels of `past`, the requests of earlier
    nights; where there are none and the first term turns out to be small, the groups are asked once more. The state of
    an Answer beside the common ones also holds its role. Raises as fetch_interest does.
    """
    provider = Pytrends(settings, client, labels or {}, collected_at)
    yield from ask_all(provider, queries, today=collected_at.date(), reference=reference, past=past)


@dataclass(frozen=True)
class Pytrends:
    """A Provider: the requests of one night through pytrends. `labels`: what a query stands for."""

    settings: GoogleTrends
    client: TrendsClient
    labels: Mapping[str, str]
    collected_at: datetime

    @cached_property
    def trends(self) -> Trends:
        """pytrends, which asks for its cookie when it is made."""
        return _trends(self.client, self.settings)

    def draw(self, terms: Sequence[str], role: str, link: str | None) -> Answer:
        """See Provider. Raises TransientError or TerminalError."""
        trends, labels = self.trends, {term: self.labels.get(term, term) for term in terms}
        trends.build_payload(
            list(terms), cat=CATEGORY, timeframe=self.settings.timeframe, geo=self.settings.geo, gprop=PROPERTY
        )
        widget = trends.widget_request()
        resolution = _resolution(widget, self.settings.timeframe)
        timeline = trends.timeline()
        rows = tuple(_points(timeline, list(terms), resolution))
        first_day, last_day = _window(widget)
        notes = anchor_notes(rows, labels) if role else notes_on(rows, trends.names, labels, link)
        state = {
            "question": question(self.settings),
            "terms": trends.names,
            "notes": notes,
            **({"role": role} if role else {}),
            **({} if rows else {"empty": True}),
        }
        return Answer(
            service=SOURCE,
            entity="+".join(terms),
            request=json.dumps(kept({"explore": trends.explore_request(), "widget": widget}), sort_keys=True),
            collected_at=self.collected_at,
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
