"""What a value of config.toml may be: checked types whose messages say in words what is allowed."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, Strict

from reports.signals import SIGNALS
from warehouse.catalogue.metrics import BREAK_METRICS, BREAK_SOURCES
from warehouse.printable import is_printable

WEEKLY_WINDOW_DAYS = 270, 1827  # Google answers shorter windows with days and longer ones with months


def words(pattern: str, allowed: str) -> AfterValidator:
    """Text of a pattern; `allowed` says in words what it is."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"must be {allowed}")
        return value

    return AfterValidator(check)


_Number = TypeVar("_Number", int, float)


def from_to(low: _Number, high: _Number) -> AfterValidator:
    def check(value: _Number) -> _Number:
        if not low <= value <= high:
            raise ValueError(f"must be from {low:g} to {high:g}")
        return value

    return AfterValidator(check)


def _checked_name(value: str) -> str:
    """Any script, signs and emoji; no line breaks, control characters or halves of characters."""
    if not 1 <= len(value) <= 300 or not is_printable(value):
        raise ValueError("must be one line of 1 to 300 characters, without control characters")
    return value


def _checked_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        fits = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits or re.search(r"[\s?#\\]", value) or not value.isascii():
        raise ValueError("must be an address that starts with http:// or https://, without ? and #")
    if "@" in parts.netloc:
        raise ValueError("must not hold a user name or password")
    return value.rstrip("/")


def _checked_time_zone(value: str) -> str:
    names = available_timezones()
    if value not in names:
        near = get_close_matches(value.lower(), by_lower := {name.lower(): name for name in names}, n=1)
        meant = f"; did you mean {by_lower[near[0]]}?" if near else ""
        raise ValueError(f"must be a name of the IANA time zone list, for example UTC or Europe/Berlin{meant}")
    return value


def _checked_cron(value: str) -> str:
    from cronsim import CronSim, CronSimError

    allowed = "five fields: minute (0-59) hour (0-23) day-of-month (1-31) month (1-12) day-of-week (0-7)"
    if not re.fullmatch(r"[0-9A-Za-z*/,-]+( +[0-9A-Za-z*/,-]+){4}", value):
        raise ValueError(f"must be {allowed}, for example '30 2 * * *'")
    try:
        CronSim(value, datetime(2024, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise ValueError(f"{error}; must be {allowed}".lower()) from None
    return value


def _checked_timeframe(value: str) -> str:
    """Only what Google answers with weekly figures: it chooses their step by the length of the window."""
    low, high = WEEKLY_WINDOW_DAYS
    days = _days_of_timeframe(value)
    if days is None:
        raise ValueError('must be "today 5-y", "today 12-m" or two days such as "2020-01-01 2024-12-31"')
    if not low <= days <= high:
        steps = "monthly" if days > high else "daily or hourly"
        raise ValueError(
            f'must be a time of {low} to {high:,} days, such as "today 5-y", "today 12-m" or two days: '
            f"Google answers this one with {steps} figures, and reports show weeks"
        )
    return value


def _days_of_timeframe(value: str) -> int | None:
    """How long it is, about; None for what Google does not know. "all" goes back to 2004."""
    if value == "all":
        return 8000
    if match := re.fullmatch(r"(?:today|now) ([1-9]\d?)-([Hdmy])", value):
        return int(int(match[1]) * {"H": 1 / 24, "d": 1, "m": 30.4, "y": 365.2}[match[2]])
    if not re.fullmatch(r"[\d-]{10} [\d-]{10}", value):
        return None
    try:
        days = (date.fromisoformat(value[11:]) - date.fromisoformat(value[:10])).days
    except ValueError:
        return None
    return days if days >= 0 else None


def _checked_host(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:-]{0,253}", value):
        raise ValueError("must be a host name or an IP address, without port or scheme, for example smtp.example.com")
    return value


def _checked_address(value: str) -> str:
    local, _, domain = value.rpartition("@")
    if len(local) > 64 or len(domain) > 253 or not _ADDRESS.fullmatch(value):
        raise ValueError("must be a bare address such as team@example.com, in ASCII (other domains in punycode)")
    return value


def _checked_way_out(value: str) -> str:
    if not re.fullmatch(r"https://[A-Za-z0-9.-]+(:\d+)?(/[^\s<>@]*)?", value) and not _ADDRESS.fullmatch(value):
        raise ValueError("must be a bare address such as leave@example.com, or a page that starts with https://")
    return value


def _absolute(value: Path) -> Path:
    if not value.is_absolute():
        raise ValueError("must be an absolute path: the nightly job may run in another folder")
    return value


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)

Cron = Annotated[str, AfterValidator(_checked_cron)]
TimeZone = Annotated[str, AfterValidator(_checked_time_zone)]
Url = Annotated[str, AfterValidator(_checked_url)]
Name = Annotated[str, AfterValidator(_checked_name)]
Day = Annotated[date, Strict()]
Count = Annotated[int, Strict()]
Number = Annotated[float, Strict()]
Seconds = Annotated[Number, from_to(0.01, 600.0)]
Attempts = Annotated[Count, from_to(1, 10)]
PerMinute = Annotated[Number, from_to(0.01, 6000.0)]
FrameworkKey = Annotated[
    str, words(r"[a-z][a-z0-9_-]{0,62}", "1 to 63 small letters, digits, - or _, the first one a letter")
]
Package = Annotated[
    str,
    words(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?", "a name on PyPI: letters, digits, - . _ in between"),
]
Repository = Annotated[
    str, words(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}", "owner/name, as on GitHub")
]
Topic = Annotated[str, words(r"/[gm]/[a-z0-9_]+", "a topic id of Google's, such as /g/11bwp1s2k3")]
Geo = Annotated[
    str, words(r"([A-Z]{2}(-[A-Z0-9]{1,3})?)?", 'empty for worldwide, "US" for a country, "US-NY" for a part')
]
Timeframe = Annotated[str, AfterValidator(_checked_timeframe)]
EnvironmentVariable = Annotated[
    str, words(r"[A-Z_][A-Z0-9_]*", "the name of an environment variable: capitals, digits and _")
]
Address = Annotated[str, AfterValidator(_checked_address)]
Unsubscribe = Annotated[str, AfterValidator(_checked_way_out)]
Host = Annotated[str, AfterValidator(_checked_host)]
AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
ListName = Annotated[str, words(r"[a-z0-9][a-z0-9_-]{0,62}", "1 to 63 small letters, digits, - or _")]

# One of the words of the catalogue. A type checker cannot follow that, so it is told "text".
if TYPE_CHECKING:
    BreakSource = str
    BreakMetric = str
    ShownMetric = str
else:
    BreakSource = Literal[BREAK_SOURCES]
    BreakMetric = Literal[BREAK_METRICS]
    ShownMetric = Literal[tuple(signal.metric for signal in SIGNALS)]
