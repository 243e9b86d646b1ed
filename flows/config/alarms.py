"""[freshness] and [alarms] of config.toml: how old figures may be, and who is told when a night fails."""

from __future__ import annotations

from typing import Annotated, Literal

from flows.config.section import Section
from flows.config.types import Address, Count, EnvironmentVariable, from_to

Limit = Annotated[Count, from_to(1, 400)]


class Freshness(Section):
    """How many days old the figures of a source may be; by default as warehouse/catalogue/services.toml says."""

    google_trends: Limit | None = None
    pypi_downloads: Limit | None = None
    pypi_releases: Limit | None = None
    git_history: Limit | None = None
    github_repository: Limit | None = None

    def judge(self, source: str, status: str, age_days: int | None) -> str:
        """`status` of the catalogue (fresh, late, stale, never), or what the limit of this file makes of it."""
        limit = getattr(self, source, None)
        if limit is None or age_days is None:
            return status
        if age_days <= limit:
            return "fresh"
        return "late" if status == "fresh" else status


class Alarms(Section):
    """Who is told that nights fail, and that they are well again, once each. Addresses of the web are secrets.

    `heartbeat_env`: the variable with an address that is asked after each good night, so that silence is an alarm too.
    """

    recipients: tuple[Address, ...] = ()
    webhook_env: EnvironmentVariable | None = None
    webhook_form: Literal["json", "slack"] = "json"
    heartbeat_env: EnvironmentVariable | None = None
