"""Google Trends on loopback: cookie, explore, signed tokens and the weekly curve, as measured in 2023 and 2026.

Recorded questions get the recorded answers. Any other question gets made-up figures that carry `X-Synthetic: true`.
recordings/google_trends/README.md says where each file and each rule comes from.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import blake2b
from itertools import count
from pathlib import Path
from typing import Any

from flows.replay.server import Reply, Request
from flows.replay.synthetic_interest import TOPIC_NAMES, made_up_timeline

RECORDINGS = Path(__file__).parent / "recordings" / "google_trends"
TOKEN_SECONDS = 86_400
ITEMS_ALLOWED = 5
EXPLORE_CALLS = 90  # the bucket was measured to hold 90 to 100
SORRY_URL = "https://www.google.com/sorry/index?continue=https://trends.google.com/trends/api/explore"
_EXPLORE = "/trends/api/explore"
_MULTILINE = "/trends/api/widgetdata/multiline"
_TOKEN_PREFIX = urlsafe_b64decode("ANI_2wMAAAAA")  # as in 2026
_SIGNING_KEY = b"replay only"  # signs nothing outside this process
_COOKIE_ATTRIBUTES = (
    "expires=Wed, 25-Dec-2030 00:00:00 GMT; path=/; domain=.google.com; Secure; HttpOnly; SameSite=none"
)
_PAGES = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}


class _BadRequestError(Exception):
    """What Google answers with a page of status 400."""


@dataclass(frozen=True, slots=True)
class _Question:
    """What explore is asked, resolved: terms in order, window, resolution."""

    terms: tuple[str, ...]
    geo: str
    first: date
    last: date
    resolution: str
    timeframe: str
    category: int
    google_property: str

    @property
    def time(self) -> str:
        return f"{self.first} {self.last}"


class GoogleTrendsReplay:
    """An upstream. `now` is the moment it plays, aware of its zone; another `draw` samples the made-up terms anew.

    After `explore_calls` questions with a good cookie it answers 429, and to the third of those with the way to a sorry
    page. Nothing refills, because its clock stands still; `advance` begins anew.
    """

    def __init__(self, now: datetime, *, draw: int = 0, explore_calls: int = EXPLORE_CALLS) -> None:
        self._now = now
        self._draw = draw
        self._explore_calls = self._left = explore_calls
        self._cookies: set[str] = set()
        self._cookie_numbers = count(1)

    def advance(self, now: datetime) -> None:
        """From now on it is that moment."""
        self._now = now
        self._left = self._explore_calls

    def __call__(self, request: Request) -> Reply:
        if request.path in {"/trends/explore", "/trends/explore/"}:
            return self._page_with_cookie(429)
        if request.path == _EXPLORE:
            return self._explore(request)
        if request.path == _MULTILINE and request.method == "GET":
            return self._multiline(request)
        return error_page(404)

    def token_for(self, widget_request: Mapping[str, Any]) -> str:
        """44 characters, 33 bytes: prefix, moment of expiry big-endian in bytes 9 to 12, signature of the request."""
        return self._token(widget_request, int(self._now.timestamp()) + TOKEN_SECONDS)

    def _token(self, widget_request: Mapping[str, Any], expires_at: int) -> str:
        head = _TOKEN_PREFIX + expires_at.to_bytes(4, "big")
        signature = blake2b(head + _canonical(widget_request).encode(), key=_SIGNING_KEY, digest_size=20).digest()
        return urlsafe_b64encode(head + signature).decode()

    def _is_signed(self, widget_request: Mapping[str, Any], token: str) -> bool:
        try:
            expires_at = int.from_bytes(urlsafe_b64decode(token)[9:13], "big")
        except ValueError:
            return False
        return token == self._token(widget_request, expires_at) and expires_at > self._now.timestamp()

    def _page_with_cookie(self, status: int) -> Reply:
        """Whatever the status, a cookie that explore will accept. It is for .google.com: a jar would drop it here."""
        cookie = f"511={next(self._cookie_numbers):024d}"
        self._cookies.add(cookie)
        page = error_page(status)
        return Reply(page.status, page.body, {**page.headers, "Set-Cookie": f"NID={cookie}; {_COOKIE_ATTRIBUTES}"})

    def _explore(self, request: Request) -> Reply:
        if not self._cookies & set(_cookies_of(request)):
            return self._page_with_cookie(429)
        self._left -= 1
        if self._left < 0:
            return sorry_page() if self._left < -2 else error_page(429)
        try:
            asked = _json_object(request.query.get("req", ""))
            recorded = _recordings().get((_EXPLORE, _canonical(asked)))
            answer = _behind_prefix(recorded["body"]) if recorded else explore_answer(self._question(asked))
        except _BadRequestError:
            return error_page(400)
        for widget in answer["widgets"]:
            if "request" in widget:
                widget["token"] = self.token_for(widget["request"])
        return _json_reply(")]}'\n", answer, "application/json; charset=utf-8")

    def _multiline(self, request: Request) -> Reply:
        try:
            asked = _json_object(request.query.get("req", ""))
        except _BadRequestError:
            return error_page(400)
        if not self._is_signed(asked, request.query.get("token", "")):
            return error_page(401)
        if recorded := _recordings().get((_MULTILINE, _canonical(asked))):
            return Reply(200, recorded["body"].encode(), recorded["headers"])
        return _json_reply(")]}',\n", self._made_up(asked), "application/json; charset=UTF-8", {"X-Synthetic": "true"})

    def _made_up(self, widget_request: Mapping[str, Any]) -> dict[str, Any]:
        items = widget_request["comparisonItem"]
        first, last = (date.fromisoformat(day) for day in widget_request["time"].split())
        timeline = made_up_timeline(
            [item["complexKeywordsRestriction"]["keyword"][0]["value"] for item in items],
            geo=_canonical(items[0]["geo"]),
            first=first,
            last=last,
            resolution=widget_request["resolution"],
            today=self._now.date(),
            draw=self._draw,
        )
        return {"default": {"timelineData": timeline, "averages": _averages(timeline) if len(items) > 1 else []}}

    def _question(self, asked: Mapping[str, Any]) -> _Question:
        """Raises _BadRequestError where Google refuses; different windows or places an item are not replayed either."""
        try:
            items = asked["comparisonItem"]
            terms = tuple(item["keyword"] for item in items)
            ((timeframe, geo),) = {(item["time"], item["geo"]) for item in items}
            wanted = all(isinstance(term, str) and term.strip() for term in terms)
            first, last = _window(timeframe, self._now.date())
            kind = (int(asked["category"]), str(asked["property"]))
        except (KeyError, TypeError, ValueError):
            raise _BadRequestError from None
        if len(terms) > ITEMS_ALLOWED or not wanted or first >= last:
            raise _BadRequestError
        return _Question(terms, geo, first, last, _resolution(first, last), timeframe, *kind)


def error_page(status: int) -> Reply:
    """The page as Google writes it, without Retry-After. Recorded is the one of 404; the others differ in the words."""
    words = _PAGES[status]
    page = _page_of_404().replace("Error 404 (Not Found)!!1", f"Error {status} ({words})!!1")
    if status != 404:
        page = page.replace("<b>404.</b>", f"<b>{status}.</b>")
        page = page.replace("The requested URL was not found on this server.", f"{words}.")
    return Reply(status, page.encode(), {"Content-Type": "text/html; charset=utf-8"})


def sorry_page() -> Reply:
    """The way to the page with the captcha, which an address gets that asks on after 429."""
    return Reply(302, b"", {"Content-Type": "text/html; charset=utf-8", "Location": SORRY_URL})


def explore_answer(question: _Question) -> dict[str, Any]:
    """Widgets without tokens: a curve and a map, then for several terms a title, a map and related searches each."""
    terms = question.terms
    if len(terms) == 1:
        more = [_related_widget(question, terms[0], kind) for kind in ("ENTITY", "QUERY")]
    else:
        more = [widget for index, term in enumerate(terms) for widget in _widgets_of_term(question, index, term)]
    return {
        "widgets": [_curve_widget(question), _map_widget(question, terms), *more],
        "keywords": [_keyword_entry(term) for term in terms],
        "timeRanges": [question.timeframe] * len(terms),
        "shareText": f"Explore search interest for {', '.join(terms)} by time, location and popularity",
        "shouldShowMultiHeatMapMessage": False,
    }


def _keyword_entry(term: str) -> dict[str, str]:
    """What explore calls a term; a topic that it does not know keeps its id for a name."""
    if term in TOPIC_NAMES:
        return {"keyword": term, "name": TOPIC_NAMES[term], "type": "Software"}
    return {"keyword": term, "name": term, "type": "Search term"}


def _widgets_of_term(question: _Question, index: int, term: str) -> list[dict[str, Any]]:
    title = {"text": {"text": term}, "id": "TITLE", "type": "fe_text"}
    widgets = [title, _map_widget(question, (term,)), _related_widget(question, term, "QUERY")]
    return [{**widget, "id": f"{widget['id']}_{index}"} for widget in widgets]


def _curve_widget(question: _Question) -> dict[str, Any]:
    items = [{"geo": _geo(question.geo), "complexKeywordsRestriction": _keyword(term)} for term in question.terms]
    request = {
        "time": question.time,
        "resolution": question.resolution,
        "locale": "en-US",
        "comparisonItem": items,
        **_options(question),
    }
    return {"request": request, "id": "TIMESERIES", "type": "fe_line_chart", "title": "Interest over time"}


def _map_widget(question: _Question, terms: tuple[str, ...]) -> dict[str, Any]:
    items = [{"time": question.time, "complexKeywordsRestriction": _keyword(term)} for term in terms]
    request = {
        "geo": _geo(question.geo),
        "comparisonItem": items,
        "resolution": "REGION" if question.geo else "COUNTRY",
        "locale": "en-US",
        **_options(question),
    }
    return {"request": request, "id": "GEO_MAP", "type": "fe_geo_chart_explore", "title": "Interest by region"}


def _related_widget(question: _Question, term: str, kind: str) -> dict[str, Any]:
    name = "RELATED_TOPICS" if kind == "ENTITY" else "RELATED_QUERIES"
    restriction = {
        "geo": _geo(question.geo),
        "time": question.time,
        "originalTimeRangeForExploreUrl": question.timeframe,
        "complexKeywordsRestriction": _keyword(term),
    }
    request = {"restriction": restriction, "keywordType": kind, "metric": ["TOP", "RISING"], **_options(question)}
    return {"request": request, "id": name, "type": "fe_related_searches", "keywordName": term}


def _options(question: _Question) -> dict[str, Any]:
    options = {"property": question.google_property, "backend": "IZG", "category": question.category}
    return {"requestOptions": options, "userConfig": {"userType": "USER_TYPE_SCRAPER"}}


def _keyword(term: str) -> dict[str, Any]:
    return {"keyword": [{"type": "ENTITY" if _is_topic(term) else "BROAD", "value": term}]}


def _is_topic(term: str) -> bool:
    return term.startswith(("/m/", "/g/"))


def _geo(geo: str) -> dict[str, str]:
    if not geo:
        return {}
    return {"region": geo} if "-" in geo else {"country": geo}


def _window(timeframe: str, today: date) -> tuple[date, date]:
    """ "today 5-y", "today 3-m" and "all" end today; anything else is two days, or raises ValueError."""
    if timeframe == "all":
        return date(2004, 1, 1), today
    if match := re.fullmatch(r"today (\d{1,2})-([my])", timeframe):
        months = int(match[1]) * (12 if match[2] == "y" else 1)
        year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
        last_of_month = (date(year, month + 1, 28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        return min(date(year, month + 1, 1) + timedelta(days=today.day - 1), last_of_month), today
    first, last = timeframe.split(" ")
    return date.fromisoformat(first), date.fromisoformat(last)


def _resolution(first: date, last: date) -> str:
    days = (last - first).days
    if days < 270:
        return "DAY"
    return "WEEK" if days <= 1827 else "MONTH"


def _averages(timeline: list[dict[str, Any]]) -> list[int]:
    """Rounded means over all points, those without data too."""
    return [round(sum(values) / len(values)) for values in zip(*(point["value"] for point in timeline), strict=True)]


def _cookies_of(request: Request) -> list[str]:
    pairs = (part.strip().partition("=") for part in request.headers.get("cookie", "").split(";"))
    return [value for name, _, value in pairs if name == "NID"]


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        raise _BadRequestError from None
    if not isinstance(value, dict):
        raise _BadRequestError
    return value


def _canonical(value: Any) -> str:
    """Key order and spacing of a request may differ: pytrends writes it anew, and Google accepts that."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _behind_prefix(body: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(body.partition("\n")[2])
    return answer


def _json_reply(prefix: str, value: Any, content_type: str, headers: Mapping[str, str] | None = None) -> Reply:
    body = prefix + json.dumps(value, separators=(",", ":"))
    disposition = {"Content-Disposition": 'attachment; filename="json.txt"'}
    return Reply(200, body.encode(), {"Content-Type": content_type, **disposition, **(headers or {})})


@cache
def _recordings() -> dict[tuple[str, str], dict[str, Any]]:
    """Recorded answers by path and canonical request."""
    recordings: dict[tuple[str, str], dict[str, Any]] = {}
    for path in [*RECORDINGS.glob("explore_*.json"), *RECORDINGS.glob("multiline_*.json")]:
        exchange = json.loads(path.read_text())
        request, response = exchange["request"], exchange["response"]
        headers = {"Content-Type": response["headers"]["Content-Type"]}
        key = (request["path"], _canonical(json.loads(request["query"]["req"])))
        recordings[key] = {"body": response["body"], "headers": headers}
    return recordings


@cache
def _page_of_404() -> str:
    page: str = json.loads((RECORDINGS / "cookie_explore_404_sets_nid.json").read_text())["response"]["body"]
    return page
