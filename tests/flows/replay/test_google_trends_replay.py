"""The Trends upstream on loopback keeps the protocol that was recorded and measured."""

from __future__ import annotations

import json
import statistics
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import requests

from flows.replay.google_trends import RECORDINGS, GoogleTrendsReplay, _canonical, explore_answer
from flows.replay.server import ReplayServer
from flows.replay.synthetic_interest import buckets, formatted_time, made_up_timeline

NOW = datetime(2021, 6, 25, 23, 0, tzinfo=UTC)
TOPICS = ("/g/11bwp1s2k3", "/g/11gd3905v1", "/g/11c1r2rvnp")


class Browser:
    """Asks as a browser would, and shows the plain responses."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.session = requests.Session()
        self.session.trust_env = False

    def cookie(self) -> requests.Response:
        return self.keep_cookie(self.session.get(f"{self.base_url}/trends/explore/?geo=US"))

    def keep_cookie(self, response: requests.Response) -> requests.Response:
        """A jar would do so at trends.google.com; on loopback it minds domain and Secure."""
        name, _, value = response.headers["Set-Cookie"].partition(";")[0].partition("=")
        self.session.cookies.set(name, value)
        return response

    def explore(self, *terms: str, time: str = "today 5-y", geo: str = "", **more: Any) -> requests.Response:
        items = [{"keyword": term, "time": time, "geo": geo} for term in terms]
        return self.explore_raw(json.dumps({"comparisonItem": items, "category": 0, "property": "", **more}))

    def explore_raw(self, req: str) -> requests.Response:
        return self.session.post(f"{self.base_url}/trends/api/explore", params={"hl": "en-US", "tz": 0, "req": req})

    def multiline(self, req: Any, token: str) -> requests.Response:
        params = {"req": json.dumps(req), "token": token, "tz": 0}
        return self.session.get(f"{self.base_url}/trends/api/widgetdata/multiline", params=params)

    def curve(self, *terms: str, **options: Any) -> requests.Response:
        widget = widgets_of(self.explore(*terms, **options))[0]
        return self.multiline(widget["request"], widget["token"])


def widgets_of(response: requests.Response) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    return json.loads(response.text.removeprefix(")]}'\n"))["widgets"]


def timeline_of(response: requests.Response) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    return json.loads(response.text.removeprefix(")]}',\n"))["default"]["timelineData"]


def recorded(name: str) -> dict[str, Any]:
    return json.loads((RECORDINGS / f"{name}.json").read_text())


@pytest.fixture
def open_browser(replay: Callable[..., ReplayServer]) -> Callable[..., Browser]:
    def start(now: datetime = NOW, *, draw: int = 0, cookie: bool = True) -> Browser:
        browser = Browser(replay(trends=GoogleTrendsReplay(now, draw=draw)).url("trends"))
        if cookie:
            browser.cookie()
        return browser

    return start


@pytest.fixture
def browser(open_browser: Callable[..., Browser]) -> Browser:
    return open_browser()


def test_the_cookie_comes_with_a_429_page_for_google_com_alone(open_browser: Callable[..., Browser]) -> None:
    browser = open_browser(cookie=False)
    response = browser.cookie()
    assert response.status_code == 429
    assert "<title>Error 429 (Too Many Requests)!!1</title>" in response.text
    assert response.headers["Set-Cookie"].startswith("NID=511=")
    assert "; domain=.google.com; Secure; HttpOnly" in response.headers["Set-Cookie"]
    assert dict(response.cookies) == {}


def test_pages_that_are_not_there_are_the_recorded_one(browser: Browser) -> None:
    page = browser.session.get(f"{browser.base_url}/trends/nowhere")
    assert (page.status_code, page.text) == (404, recorded("cookie_explore_404_sets_nid")["response"]["body"])


def test_too_many_questions_are_429_and_then_sent_to_a_sorry_page(replay: Callable[..., ReplayServer]) -> None:
    trends = GoogleTrendsReplay(NOW, explore_calls=2)
    browser = Browser(replay(trends=trends).url("trends"))
    browser.cookie()
    assert [browser.explore("keras").status_code for _ in range(4)] == [200, 200, 429, 429]
    refused = browser.session.post(f"{browser.base_url}/trends/api/explore", allow_redirects=False)
    assert refused.status_code == 302
    assert refused.headers["Location"].startswith("https://www.google.com/sorry/index?continue=")
    assert "Set-Cookie" not in refused.headers
    trends.advance(NOW)
    assert browser.explore("keras").status_code == 200


def test_topics_are_named_and_unknown_ones_keep_their_id(browser: Browser) -> None:
    answer = json.loads(browser.explore(*TOPICS, "/g/unknown").text.removeprefix(")]}'\n"))
    assert [(entry["name"], entry["type"]) for entry in answer["keywords"]] == [
        ("TensorFlow", "Software"), ("PyTorch", "Software"), ("Keras", "Software"), ("/g/unknown", "Search term"),
    ]  # fmt: skip


def test_explore_without_cookie_is_429_and_brings_one_that_works(open_browser: Callable[..., Browser]) -> None:
    browser = open_browser(cookie=False)
    refused = browser.explore("keras")
    assert refused.status_code == 429
    assert refused.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<title>Error 429 (Too Many Requests)!!1</title>" in refused.text
    assert "Retry-After" not in refused.headers
    browser.keep_cookie(refused)
    assert browser.explore("keras").status_code == 200


def test_a_cookie_that_was_never_issued_is_refused(open_browser: Callable[..., Browser]) -> None:
    browser = open_browser(cookie=False)
    browser.session.cookies.set("NID", "511=made-up")
    assert browser.explore("keras").status_code == 429


def test_the_curve_needs_no_cookie(browser: Browser) -> None:
    widget = widgets_of(browser.explore("keras"))[0]
    browser.session.cookies.clear()
    assert browser.multiline(widget["request"], widget["token"]).status_code == 200


def test_explore_may_be_asked_with_get(browser: Browser) -> None:
    req = json.dumps(
        {"comparisonItem": [{"keyword": "keras", "time": "today 5-y", "geo": ""}], "category": 0, "property": ""}
    )
    assert browser.session.get(f"{browser.base_url}/trends/api/explore", params={"req": req}).status_code == 200


def test_prefixes_and_content_types_are_the_recorded_ones(browser: Browser) -> None:
    explored = browser.explore("keras")
    assert explored.content.startswith(b")]}'\n{")
    assert explored.headers["Content-Type"] == "application/json; charset=utf-8"
    curve = browser.curve("keras")
    assert curve.content.startswith(b")]}',\n{")
    assert not curve.content.endswith(b"\n")
    assert curve.headers["Content-Type"] == "application/json; charset=UTF-8"


@pytest.mark.parametrize("name", ["explore_2kw_5days_day", "explore_2kw_today5y_week", "explore_1kw_youtube_jp_12m"])
def test_tokens_have_the_recorded_form(browser: Browser, name: str) -> None:
    exchange = recorded(name)
    answer = browser.explore_raw(exchange["request"]["query"]["req"])
    theirs = json.loads(exchange["response"]["body"].partition("\n")[2])["widgets"]
    ours = widgets_of(answer)
    assert [widget["id"] for widget in ours] == [widget["id"] for widget in theirs]
    assert [widget.get("request") for widget in ours] == [widget.get("request") for widget in theirs]
    for mine, recorded_one in zip(ours, theirs, strict=True):
        assert ("token" in mine) == ("token" in recorded_one)
        if "token" in mine:
            assert (len(mine["token"]), len(recorded_one["token"])) == (44, 44)
            raw = urlsafe_b64decode(mine["token"])
            assert len(raw) == 33
            assert int.from_bytes(raw[9:13], "big") == NOW.timestamp() + 86_400


def test_an_altered_token_is_refused(browser: Browser) -> None:
    widget = widgets_of(browser.explore("keras"))[0]
    raw = bytearray(urlsafe_b64decode(widget["token"]))
    for position in (0, 12, 32):
        altered = bytearray(raw)
        altered[position] ^= 1
        response = browser.multiline(widget["request"], urlsafe_b64encode(altered).decode())
        assert response.status_code == 401
        assert "Error 401" in response.text
    for token in ("", "x", "é", "A" * 44, widget["token"][:-4]):
        assert browser.multiline(widget["request"], token).status_code == 401


def test_a_token_signs_its_request(browser: Browser) -> None:
    widget = widgets_of(browser.explore("keras"))[0]
    longer = {**widget["request"], "time": "2010-01-01 2021-06-25"}
    assert browser.multiline(longer, widget["token"]).status_code == 401
    reordered = dict(reversed(widget["request"].items()))
    assert browser.multiline(reordered, widget["token"]).status_code == 200


def test_a_token_is_good_for_24_hours(open_browser: Callable[..., Browser]) -> None:
    widget = widgets_of(open_browser(NOW).explore("keras"))[0]
    just_before = open_browser(NOW + timedelta(hours=24, seconds=-1))
    assert just_before.multiline(widget["request"], widget["token"]).status_code == 200
    assert open_browser(NOW + timedelta(hours=24)).multiline(widget["request"], widget["token"]).status_code == 401


@pytest.mark.parametrize(
    "req",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"comparisonItem": [], "category": 0, "property": ""}',
        '{"comparisonItem": [{"keyword": "", "time": "today 5-y", "geo": ""}], "category": 0, "property": ""}',
        '{"comparisonItem": [{"keyword": "a", "time": "yesterday", "geo": ""}], "category": 0, "property": ""}',
        '{"comparisonItem": [{"keyword": "a", "time": "2021-02-01 2021-01-01", "geo": ""}], "category": 0, '
        '"property": ""}',
        '{"comparisonItem": [{"keyword": "a", "geo": ""}], "category": 0, "property": ""}',
    ],
)
def test_a_bad_request_is_400(browser: Browser, req: str) -> None:
    response = browser.explore_raw(req)
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"


def test_five_items_are_allowed_and_six_are_not(browser: Browser) -> None:
    assert browser.explore(*"abcde").status_code == 200
    assert browser.explore(*"abcdef").status_code == 400


def test_addresses_that_are_gone_are_404(browser: Browser) -> None:
    for path in ("api/dailytrends", "api/realtimetrends", "api/widgetdata/comparedgeo", ""):
        assert browser.session.get(f"{browser.base_url}/trends/{path}").status_code == 404


@pytest.mark.parametrize("name", sorted(path.stem for path in RECORDINGS.glob("multiline_*.json")))
def test_recorded_curves_come_back_byte_for_byte_and_unmarked(browser: Browser, name: str) -> None:
    exchange = recorded(name)
    request = json.loads(exchange["request"]["query"]["req"])
    response = browser.multiline(request, GoogleTrendsReplay(NOW).token_for(request))
    assert response.content == exchange["response"]["body"].encode()
    assert "X-Synthetic" not in response.headers


def test_made_up_curves_say_so(browser: Browser) -> None:
    assert browser.curve("keras").headers["X-Synthetic"] == "true"


def test_a_question_leads_to_its_recorded_curve(browser: Browser) -> None:
    for terms, options, name in (
        (("pizza", "bagel"), {}, "multiline_week_2kw_today5y_partial"),
        (("pizza", "bagel"), {"time": "2021-01-01 2021-01-05"}, "multiline_day_2kw_web"),
        (
            ("pizza", "bagel"),
            {"time": "2021-01-01 2021-01-05", "property": "news"},
            "multiline_day_2kw_news_hasdata_false",
        ),
        (("youtube",), {"time": "today 12-m", "geo": "JP"}, "multiline_week_youtube_jp_12m"),
    ):
        assert browser.curve(*terms, **options).text == recorded(name)["response"]["body"]


def test_widgets_made_up_are_those_recorded_in_kind_order_and_request(browser: Browser) -> None:
    replay = GoogleTrendsReplay(datetime(2023, 3, 26, 8, tzinfo=UTC))
    for name in ("explore_2kw_today5y_week", "explore_2kw_5days_day"):
        exchange = recorded(name)
        made = explore_answer(replay._question(json.loads(exchange["request"]["query"]["req"])))["widgets"]
        real = json.loads(exchange["response"]["body"].partition("\n")[2])["widgets"]
        assert [widget["id"] for widget in made] == [widget["id"] for widget in real]
        assert _canonical(made[0]["request"]) == _canonical(real[0]["request"])
        assert ["request" in widget for widget in made] == ["request" in widget for widget in real]
    one = widgets_of(browser.explore("keras"))
    assert [widget["id"] for widget in one] == ["TIMESERIES", "GEO_MAP", "RELATED_TOPICS", "RELATED_QUERIES"]


@pytest.mark.parametrize("name", ["multiline_week_2kw_today5y_partial", "multiline_day_2kw_web"])
def test_labels_are_written_as_google_writes_them(name: str) -> None:
    points = json.loads(recorded(name)["response"]["body"].partition("\n")[2])["default"]["timelineData"]
    resolution = "WEEK" if "week" in name else "DAY"
    for point in points:
        start = datetime.fromtimestamp(int(point["time"]), UTC).date()
        ((_, end),) = buckets(start, start, resolution)
        assert formatted_time(start, end, resolution) == point["formattedTime"]


def test_weeks_start_on_sunday_and_the_last_one_is_partial(browser: Browser) -> None:
    timeline = timeline_of(browser.curve(*TOPICS))
    starts = [datetime.fromtimestamp(int(point["time"]), UTC) for point in timeline]
    assert {(start.isoweekday(), start.hour) for start in starts} == {(7, 0)}
    assert {later - earlier for earlier, later in pairwise(starts)} == {timedelta(days=7)}
    assert (starts[0].date(), starts[-1].date()) == (date(2016, 6, 19), date(2021, 6, 20))
    assert [index for index, point in enumerate(timeline) if point.get("isPartial")] == [len(timeline) - 1]


def test_a_window_that_is_over_has_no_partial_point(browser: Browser) -> None:
    timeline = timeline_of(browser.curve("keras", time="2019-01-01 2019-12-31"))
    assert not any("isPartial" in point for point in timeline)


@pytest.mark.parametrize(
    ("time", "resolution", "points"),
    [
        ("2021-01-01 2021-01-05", "DAY", 5),
        ("2020-01-01 2020-09-26", "DAY", 270),
        ("2020-01-01 2020-09-27", "WEEK", 39),
        ("today 3-m", "DAY", 93),
        ("today 12-m", "WEEK", 53),
        ("today 5-y", "WEEK", 262),
        ("all", "MONTH", 210),
    ],
)
def test_the_length_of_the_window_decides_the_resolution(
    browser: Browser, time: str, resolution: str, points: int
) -> None:
    widget = widgets_of(browser.explore("keras", time=time))[0]
    assert widget["request"]["resolution"] == resolution
    assert len(timeline_of(browser.multiline(widget["request"], widget["token"]))) == points


def test_a_window_from_the_29th_of_february_ends_with_the_month(open_browser: Callable[..., Browser]) -> None:
    widget = widgets_of(open_browser(datetime(2024, 2, 29, tzinfo=UTC)).explore("keras", time="today 5-y"))[0]
    assert widget["request"]["time"] == "2019-02-28 2024-02-29"


def test_100_is_the_maximum_over_all_terms(browser: Browser) -> None:
    timeline = timeline_of(browser.curve(*TOPICS))
    assert max(value for point in timeline for value in point["value"]) == 100
    assert max(point["value"][2] for point in timeline) < 60
    alone = timeline_of(browser.curve(TOPICS[2]))
    assert max(point["value"][0] for point in alone) == 100


def test_averages_are_empty_for_one_term_and_rounded_means_for_more(browser: Browser) -> None:
    assert json.loads(browser.curve("keras").text[6:])["default"]["averages"] == []
    answer = json.loads(browser.curve("tensorflow", "keras").text[6:])["default"]
    means = [
        statistics.mean(column) for column in zip(*(point["value"] for point in answer["timelineData"]), strict=True)
    ]
    assert answer["averages"] == [round(mean) for mean in means]


def test_below_one_is_told_from_no_data(browser: Browser) -> None:
    kinds = {
        (value, has_data, text)
        for point in timeline_of(browser.curve("tensorflow", "pytorch", "jax"))
        for value, has_data, text in zip(point["value"], point["hasData"], point["formattedValue"], strict=True)
        if value == 0
    }
    assert kinds == {(0, True, "<1"), (0, False, "0")}


def test_an_unknown_term_has_no_data(browser: Browser) -> None:
    beside = timeline_of(browser.curve("keras", "jax"))
    assert {(point["value"][1], point["hasData"][1], point["formattedValue"][1]) for point in beside} == {
        (0, False, "0")
    }
    assert timeline_of(browser.curve("jax")) == []


def test_the_same_draw_is_the_same_and_another_differs_by_about_three_percent(
    open_browser: Callable[..., Browser],
) -> None:
    first, again, other = (timeline_of(open_browser(draw=draw).curve("tensorflow", "pytorch")) for draw in (0, 0, 1))
    assert first == again
    ratios = [
        one / two
        for mine, theirs in zip(first, other, strict=True)
        for one, two in zip(mine["value"], theirs["value"], strict=True)
        if one >= 40
    ]
    assert 0.03 < statistics.stdev(ratios) / statistics.mean(ratios) < 0.06  # two draws: 3 % times the root of 2


def ratio(browser: Browser, time: str) -> float:
    points = [point["value"] for point in timeline_of(browser.curve("tensorflow", "pytorch", "keras", time=time))]
    tensorflow, pytorch, keras = (statistics.mean(column) for column in zip(*points, strict=True))
    assert keras < 0.5 * min(tensorflow, pytorch)
    return pytorch / tensorflow


def test_the_made_up_levels_stand_as_the_published_figures_say(open_browser: Callable[..., Browser]) -> None:
    assert 1.9 <= ratio(open_browser(datetime(2025, 7, 1, tzinfo=UTC)), "today 12-m") <= 2.3
    assert 0.85 <= ratio(open_browser(NOW), "2020-07-01 2021-06-25") <= 1.15


def test_the_made_up_curves_dip_at_christmas() -> None:
    def week(first: date) -> int:
        options = {"geo": "", "resolution": "WEEK", "today": date(2021, 6, 25), "draw": 0}
        points = made_up_timeline(["tensorflow"], first=date(2019, 11, 1), last=date(2020, 2, 1), **options)
        return {point["formattedAxisTime"]: point["value"][0] for point in points}[
            f"{first:%b} {first.day}, {first.year}"
        ]

    assert week(date(2019, 12, 22)) < 0.9 * week(date(2019, 12, 8))
    assert week(date(2019, 12, 22)) < 0.9 * week(date(2020, 1, 12))
