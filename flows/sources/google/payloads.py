"""pytrends on our own HttpClient: it builds the requests of Google Trends, we do the asking.

It loads pandas, which takes as long as a small night's questions to other upstreams: import it where Google is asked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pytrends.request import BASE_TRENDS_URL, TrendReq

from flows.sources.answers import parsed_json
from flows.sources.google.client import SOURCE, TrendsClient, another_shape
from flows.sources.google.notes import names_of


class Trends(TrendReq):  # type: ignore[misc]  # pytrends ships no types
    """pytrends on our HttpClient: its own session cannot retry, loops on dead proxies and follows redirects."""

    def __init__(self, client: TrendsClient, base_url: str) -> None:
        self._client = client
        self._base_url = base_url
        self.body = ""
        self.said: Any = None
        self.names: dict[str, dict[str, str]] = {}
        self.is_synthetic = False
        super().__init__(hl="en-US", tz=0)

    def GetGoogleCookie(self) -> dict[str, str]:  # noqa: N802  (the name is pytrends')
        """Nothing: the client keeps the cookie and sends it."""
        if not self._client.has_cookie:
            self._client.fetch_cookie(self._base_url)
        return {}

    def _get_data(self, url: str, method: str = "get", *, params: Mapping[str, Any], **_: Any) -> Any:
        """The JSON answer. What pytrends would trim off is left out of account: the prefix has two lengths."""
        response = self._client.ask(method.upper(), url.replace(BASE_TRENDS_URL, f"{self._base_url}/trends", 1), params)
        self.body = response.content.decode(errors="replace")
        self.is_synthetic = response.headers.get("X-Synthetic", "").lower() == "true"
        self.said = _json_without_prefix(self.body)
        return self.said

    def build_payload(self, kw_list: list[str], **options: Any) -> None:
        """Ask explore for the widgets of `kw_list`."""
        self.interest_over_time_widget: dict[str, Any] = {}
        try:
            super().build_payload(kw_list, **options)
        except (KeyError, TypeError) as error:
            raise another_shape(f"explore: {type(error).__name__} {error}") from None
        self.names = names_of(self.said, kw_list)

    def explore_request(self) -> dict[str, Any]:
        """What explore was asked, without the cookie."""
        return {**self.token_payload, "req": json.loads(self.token_payload["req"])}

    def widget_request(self) -> dict[str, Any]:
        """The request that explore made for the curve: window and resolution resolved, signed by the widget's token."""
        request = self.interest_over_time_widget.get("request")
        if not isinstance(request, dict) or "token" not in self.interest_over_time_widget:
            raise another_shape("explore: no widget TIMESERIES with request and token")
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
            raise another_shape("multiline: no timelineData") from None
        if not isinstance(timeline, list):
            raise another_shape("multiline: timelineData is no list")
        return timeline


def _json_without_prefix(body: str) -> Any:
    """The value behind Google's guard line, which is )]}' or )]}', and ends with a line feed."""
    if body.startswith(")]}'"):
        body = body.partition("\n")[2]
    return parsed_json(SOURCE, "", body)
