"""Calendar arithmetic for Python, as core.calendar does it for SQL: months, the 12 months to a day, UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

# What a report draws on: windows of 12 months that end in the last 24.
MONTHS_OF_HISTORY = 36

# No report is of an earlier day: nothing of what is measured here existed.
FIRST_DAY = date(1990, 1, 1)


def add_months(first_of_month: date, months: int) -> date:
    """The first of the month that lies `months` later (earlier when negative)."""
    index = first_of_month.year * 12 + first_of_month.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def year_before(day: date) -> date:
    """The same day a year earlier; the last of February for a 29th."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def first_of_year_to(day: date) -> date:
    """First of the 12 months that end on `day`: a day counts until the day before the same day a year later.

    So the 12 months to 28 February begin on 1 March, whether or not the year before has a 29 February.
    """
    tomorrow = day + timedelta(days=1)
    return max(year_before(tomorrow), year_before(day) + timedelta(days=1))


def days_in_year_to(day: date) -> int:
    """Days of the 12 months that end on `day`: 365 or 366."""
    return (day - first_of_year_to(day)).days + 1


def naive_utc(moment: datetime) -> datetime:
    """DuckDB keeps TIMESTAMP without a zone here, always UTC. Raises ValueError for a time that names no zone."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} names no time zone; times here are UTC with tzinfo set")
    return moment.astimezone(UTC).replace(tzinfo=None)
