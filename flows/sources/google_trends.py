"""Google Trends: search interest of all terms in one request, so that they share one scale.

pytrends builds the requests; the asking is done by our own HttpClient, and the rows are read from the body as Google
sent it, because the frame of pytrends drops hasData and "<1". Every answer is a draw: Google answers the same question
a little differently each time, so a draw is kept beside the earlier ones, with its body.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import requests
from pytrends.request import BASE_TRENDS_URL, TrendReq

from flows.config.settings import GoogleTrends
from flows.sources.answers import count, day_at, parsed_json, shown
from flows.sources.errors import TerminalError, TransientError
from flows.sources.http import HttpClient
from warehouse.rows import Answer, SearchPoint

SOURCE = "google_trends"
TERMS_PER_REQUEST = 5
_DATED_RESOLUTIONS = frozenset({"DAY", "WEEK", "MONTH"})


def fetch_interest(
    settings: GoogleTrends,
    client: HttpClient,
    *,
    queries: Sequence[str],
    collected_at: datetime,
    reference: str | None = None,
) -> Iterator[Answer]:
    """Ask for the interest in `queries` (terms or topic ids), and yield one Answer of SearchPoints a group of terms.

    Up to five terms are one group. More are split into groups that each start with `reference`, one of `queries`, by
    default the first: it is what puts the groups on one scale. An answer without any point comes as an Answer without
    rows and state {"empty": True}. Raises TransientError or TerminalError; what was yielded before stays good.
    """
    groups = _groups(list(queries), reference)
    trends = _Trends(client, settings.base_url)
    for terms in groups:
        yield _ask(trends, settings, terms, collected_at)


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


def _ask(trends: _Trends, settings: GoogleTrends, terms: list[str], collected_at: datetime) -> Answer:
    trends.build_payload(terms, timeframe=settings.timeframe, geo=settings.geo)
    widget = trends.widget_request()
    timeline = trends.timeline()
    rows = tuple(_points(timeline, terms, _resolution(widget)))
    first_day, last_day = _window(widget)
    return Answer(
        service=SOURCE,
        entity="+".join(terms),
        request=json.dumps({"explore": trends.explore_request(), "widget": widget}, sort_keys=True),
        collected_at=collected_at,
        rows=rows,
        window_start=first_day,
        window_end=last_day,
        is_synthetic=trends.is_synthetic,
        state={} if rows else {"empty": True},
        body=trends.body,
    )


class _TrendsClient(HttpClient):
    """Knows Google's two kinds of 429: no valid cookie, which comes with a new one, and too many requests."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._replaced: set[str | None] = set()

    def asked_wait(self, response: requests.Response) -> float | None:
        """At once with a new cookie. A cookie that came with a 429 and is refused too means too many requests."""
        cookie = response.cookies.get("NID")
        if response.status_code == 429 and cookie and _cookie_sent(response) not in self._replaced:
            self._replaced.add(cookie)
            return 0.0
        return super().asked_wait(response)


def trends_client(settings: GoogleTrends, sleep: Callable[[float], None] = time.sleep) -> HttpClient:
    """The client for `fetch_interest`."""
    return _TrendsClient.of(SOURCE, settings, headers={"Accept-Language": "en-US"}, sleep=sleep)


def _cookie_sent(response: requests.Response) -> str | None:
    pairs = (part.strip().partition("=") for part in response.request.headers.get("Cookie", "").split(";"))
    return {name: value for name, _, value in pairs}.get("NID")


class _Trends(TrendReq):  # type: ignore[misc]  # pytrends ships no types
    """pytrends on our HttpClient: its own session cannot retry, loops on dead proxies and follows redirects."""

    def __init__(self, client: HttpClient, base_url: str) -> None:
        self._client = client
        self._base_url = base_url
        self.body = ""
        self.is_synthetic = False
        super().__init__(hl="en-US", tz=0)

    def GetGoogleCookie(self) -> dict[str, str]:  # noqa: N802  (the name is pytrends')
        """The cookie that explore asks for. The status beside it has been 404, 429 and 200; only the cookie matters."""
        response = self._client.get(f"{self._base_url}/trends/explore/?geo=US", accept=_brings_cookie)
        return {"NID": response.cookies["NID"]}

    def _get_data(self, url: str, method: str = "get", *, params: Mapping[str, Any], **_: Any) -> Any:
        """The JSON answer. What pytrends would trim off is left out of account: the prefix has two lengths."""
        address = url.replace(BASE_TRENDS_URL, f"{self._base_url}/trends", 1)
        response = self._client.request(method.upper(), address, content_type="application/json", params=params)
        self.body = response.content.decode(errors="replace")
        self.is_synthetic = response.headers.get("X-Synthetic", "").lower() == "true"
        return _json_without_prefix(self.body)

    def build_payload(self, kw_list: list[str], **options: Any) -> None:
        """Ask explore for the widgets of `kw_list`."""
        self.interest_over_time_widget: dict[str, Any] = {}
        try:
            super().build_payload(kw_list, **options)
        except (KeyError, TypeError) as error:
            raise _another_shape(f"explore: {type(error).__name__} {error}") from None

    def explore_request(self) -> dict[str, Any]:
        """What explore was asked, without the cookie."""
        return {**self.token_payload, "req": json.loads(self.token_payload["req"])}

    def widget_request(self) -> dict[str, Any]:
        """The request that explore made for the curve: window and resolution resolved, signed by the widget's token."""
        request = self.interest_over_time_widget.get("request")
        if not isinstance(request, dict) or "token" not in self.interest_over_time_widget:
            raise _another_shape("explore: no widget TIMESERIES with request and token")
        return request

    def timeline(self) -> list[Any]:
        """The points of the curve, as Google sends them."""
        options = {
            "req": json.dumps(self.widget_request()),
            "token": self.interest_over_time_widget["token"],
            "tz": self.tz,
        }
        answer = self._get_data(TrendReq.INTEREST_OVER_TIME_URL, params=options)
        try:
            timeline = answer["default"]["timelineData"]
        except (KeyError, TypeError):
            raise _another_shape("multiline: no timelineData") from None
        if not isinstance(timeline, list):
            raise _another_shape("multiline: timelineData is no list")
        return timeline


def _brings_cookie(response: requests.Response) -> bool:
    return "NID" in response.cookies


def _json_without_prefix(body: str) -> Any:
    """The value behind Google's guard line, which is )]}' or )]}', and ends with a line feed."""
    if body.startswith(")]}'"):
        body = body.partition("\n")[2]
    return parsed_json(SOURCE, "", body)


def _resolution(widget: Mapping[str, Any]) -> str:
    """WEEK for 5 years; Google chooses it by the length of the window. Below a day there is no row type."""
    resolution = str(widget.get("resolution"))
    if resolution not in _DATED_RESOLUTIONS:
        what = f"resolution {resolution}, wanted one of {', '.join(sorted(_DATED_RESOLUTIONS))}"
        raise TerminalError(SOURCE, what, "set a timeframe of more than 7 days in config.toml")
    return resolution


def _window(widget: Mapping[str, Any]) -> tuple[date, date]:
    """First and last day of what Google made of the timeframe: "2018-03-26 2023-03-26"."""
    try:
        first_day, last_day = (date.fromisoformat(part[:10]) for part in widget["time"].split())
    except (KeyError, ValueError, AttributeError):
        raise _another_shape(f"explore: window {shown(widget.get('time'))}") from None
    return first_day, last_day


def _points(timeline: list[Any], terms: list[str], resolution: str) -> Iterator[SearchPoint]:
    for point in timeline:
        try:
            columns = [list(point[name]) for name in ("value", "hasData", "formattedValue")]
            start = day_at(point["time"])
        except (KeyError, TypeError, ValueError) as error:
            raise _another_shape(f"multiline: {type(error).__name__} {error}") from None
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
        raise _another_shape(f"multiline: value {shown(value)} on {start}") from None


def _another_shape(what: str) -> TerminalError:
    return TerminalError(SOURCE, f"an answer of another shape: {what}", "Google may have changed its interface")
