"""How services misbehave: every fault that flows/replay knows, and answers whose values cannot be."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flows.replay import clickhouse, github, google_trends, pypistats
from flows.replay.server import (
    Fault,
    Reply,
    Request,
    Upstream,
    instead,
    late,
    redirected,
    slow,
    status,
    too_many_requests,
    truncated,
)

TOO_LATE = 3.0  # seconds, beside the one that is waited where an answer is to come too late
_JSON = {"Content-Type": "application/json"}
_DAY = re.compile(r"\d{4}-\d\d-\d\d")

EVERYWHERE: dict[str, Fault] = {
    "429, wait a second": too_many_requests(1),
    "429, wait a day": too_many_requests(86400),
    "429, wait until a date that is none": too_many_requests("soon"),
    "429 of no type": too_many_requests(content_type=None),
    "500": status(500),
    "503": status(503),
    "401": status(401),
    "403": status(403),
    "404": status(404),
    "410": status(410),
    "202 without a body": status(202),
    "204": status(204),
    "a status that is none": status(799),
    "sent on to another host": redirected("http://sorry.invalid/sorry"),
    "sent on to itself": redirected("?again"),
    "cut after 20 bytes": truncated(20),
    "a page": status(200, b"<html><title>Sorry</title></html>"),
    "nothing": status(200, b"", _JSON),
    "bytes that are no text": status(200, b"\xff\xfe\x00", _JSON),
}
"""Faults of any service that answers over HTTP."""

IN_JSON: dict[str, Fault] = {
    "an empty list": instead([]),
    "an empty object": instead({}),
    "null": instead(None),
    "lists in lists, 5,000 deep": status(200, b"[" * 5000 + b"]" * 5000, _JSON),
    "a number of 5,000 digits": status(200, b"9" * 5000, _JSON),
    "NaN": status(200, b"NaN", _JSON),
}


TOO_SLOW: dict[str, Fault] = {"a drip of bytes": slow(TOO_LATE), "silence": late(TOO_LATE)}
"""Answers that nobody waits for. They come last: a request may reach the server when it has been given up."""


def altered(change: Callable[[Any], Any]) -> Fault:
    """The right answer with every number and text in it changed; of Google the curve, for what it tells before that is
    only asked back."""

    def fault(request: Request, upstream: Upstream) -> Reply:
        reply = upstream(request)
        if "/explore" in request.path:
            return reply
        start = min((place for sign in (b"{", b"[") if (place := reply.body.find(sign)) >= 0), default=0)
        try:
            value = json.loads(reply.body[start:])
        except ValueError:
            return reply
        return replace(reply, body=reply.body[:start] + json.dumps(_changed(value, change)).encode())

    return fault


def _changed(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {key: _changed(item, change) for key, item in value.items()}
    return [_changed(item, change) for item in value] if isinstance(value, list) else change(value)


def _numbers(number: int) -> Fault:
    def change(value: Any) -> Any:
        if isinstance(value, str):
            return str(number) if value.isdecimal() else value
        return number if isinstance(value, int) and not isinstance(value, bool) else value

    return altered(change)


VALUES: dict[str, Fault] = {
    "every number is 2^63": _numbers(2**63),
    "every number is 2^63 - 1": _numbers(2**63 - 1),
    "every number is 2^31": _numbers(2**31),
    "every number is -1": _numbers(-1),
    "every number is a text": altered(lambda value: "many" if type(value) is int else value),
    "every text ends with half a character and codes for a terminal": altered(
        lambda value: value + "\ud800\x1b[31m\x00" if isinstance(value, str) else value
    ),
    "every day is in the year 1": altered(
        lambda value: _DAY.sub("0001-01-01", value) if isinstance(value, str) else value
    ),
    "every value is null": altered(lambda value: None),
}

OF_ONE: dict[str, dict[str, Fault]] = {
    "clickpy": {
        "an exception of ClickHouse": clickhouse.exception(241, "MEMORY_LIMIT_EXCEEDED"),
        "an exception of ClickHouse, status 200": clickhouse.exception(241, "MEMORY_LIMIT_EXCEEDED", 200),
        "over its 60 seconds": clickhouse.too_slow(),
        "half of the rows, silently": clickhouse.cut_silently(),
        "over its limit of rows": clickhouse.over_the_limit(),
    },
    "pypistats": {"its own 429": pypistats.rate_limited()},
    "github": {
        "bad credentials": github.bad_credentials(),
        "no such repository": github.not_found(),
        "the hour is used up": github.rate_limited(),
        "the hour is used up, until when is not said": github.rate_limited(None, 429),
        "too many at once": github.secondary_limited(),
        "too many at once, for how long is not said": github.secondary_limited(None),
    },
    "google_trends": {
        "its page for 429": lambda request, upstream: google_trends.error_page(429),
        "its page for 400": lambda request, upstream: google_trends.error_page(400),
        "its sorry page": lambda request, upstream: google_trends.sorry_page(),
    },
}


def faults_of(service: str) -> dict[str, Fault]:
    """Name -> fault of everything that can befall `service`."""
    in_json = {} if service == "git" else {**IN_JSON, **VALUES}
    return {**EVERYWHERE, **in_json, **OF_ONE.get(service, {}), **TOO_SLOW}
