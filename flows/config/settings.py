"""config.toml -> frozen, validated settings. Every bad key is reported at once, with what is allowed."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, ValidationError, ValidationInfo, field_validator

from flows.config.alarms import Alarms, Freshness
from flows.config.claims import Claim
from flows.config.early import LARGEST_FILE_BYTES
from flows.config.mail import Mail
from flows.config.messages import across_keys, in_one_key
from flows.config.section import Section
from flows.config.types import (
    Attempts,
    BreakMetric,
    BreakSource,
    Count,
    Cron,
    Day,
    EnvironmentVariable,
    FrameworkKey,
    Geo,
    Name,
    Number,
    Package,
    PerMinute,
    Repository,
    Seconds,
    Timeframe,
    TimeZone,
    Topic,
    Url,
    from_to,
)
from warehouse.calendar import MONTHS_OF_HISTORY


class ConfigError(Exception):
    """config.toml cannot be used; the message names file, key, value and what is allowed, one line a fault."""


class Framework(Section):
    """What is asked about one framework. `label` is how reports write it. `required_by_since` None: they always did."""

    packages: Annotated[tuple[Package, ...], Field(min_length=1)]
    repository: Repository
    search_term: Name
    search_topic: Topic | None = None
    label: Name | None = None
    packages_reason: Annotated[str, Field(max_length=1000)] = ""
    required_by: tuple[Package, ...] = ()
    required_by_since: Day | None = None


class Upstream(Section):
    """What every source over HTTP has: switch, manners and limits. Seconds, tries, requests a minute."""

    enabled: StrictBool = True
    timeout_seconds: Seconds = 20
    attempts: Attempts = 3
    rate_per_minute: PerMinute = 60


class GoogleTrends(Upstream):
    """One weekly request with all terms together; over five, groups that share `reference` (a framework's key)."""

    base_url: Url = "https://trends.google.com"
    match: Literal["topic", "term"] = "topic"
    timeframe: Timeframe = "today 5-y"
    geo: Geo = ""
    reference: FrameworkKey | None = None
    rate_per_minute: PerMinute = 10


class PypiDownloads(Upstream):
    """ClickPy first, pypistats.org when it fails, 30-day totals of top-pypi-packages when both do."""

    base_url: Url = "https://sql-clickhouse.clickhouse.com"
    pypistats_url: Url = "https://pypistats.org"
    top_packages_url: Url = "https://hugovk.dev/top-pypi-packages"
    top_packages_history_url: Url = "https://raw.githubusercontent.com/hugovk/top-pypi-packages"
    first_run_months: Annotated[Count, from_to(1, 240)] = MONTHS_OF_HISTORY
    nightly_days: Annotated[Count, from_to(1, 180)] = 14
    rate_per_minute: PerMinute = 30


class PypiReleases(Upstream):
    """The package index; without `index_url` the one that the pypi-simple library asks by default."""

    index_url: Url | None = None


class Identity(Section):
    """What an account is: `bot` (a machine), `masked` (one name for many people) or `person`, whatever ships."""

    email: Name
    kind: Literal["bot", "masked", "person"]


class GitHistory(Section):
    """Commits of the default branch, from a clone that holds no files. `timeout_seconds` is for one git command.

    `apart`: addresses that are not put together with others because the full name is the same.
    """

    enabled: StrictBool = True
    base_url: Url = "https://github.com"
    timeout_seconds: Annotated[Number, from_to(1.0, 86400.0)] = 1800
    identities: tuple[Identity, ...] = ()
    apart: tuple[Name, ...] = ()
    mailmap: Path | None = None


class GithubRepository(Upstream):
    """Totals and stars a day. The token, if there is one, is in the environment variable named here."""

    base_url: Url = "https://api.github.com"
    token_env: EnvironmentVariable = "GITHUB_TOKEN"


class Sources(Section):
    google_trends: GoogleTrends = GoogleTrends()
    pypi_downloads: PypiDownloads = PypiDownloads()
    pypi_releases: PypiReleases = PypiReleases()
    git_history: GitHistory = GitHistory()
    github_repository: GithubRepository = GithubRepository()

    @property
    def off(self) -> frozenset[str]:
        """Names of the sources that are switched off."""
        return frozenset(name for name, source in self if not source.enabled)


class Schedule(Section):
    """When the nightly flow runs: a cron line in a time zone."""

    cron: Cron = "30 2 * * *"
    timezone: TimeZone = "UTC"


class Warehouse(Section):
    """The data folder, relative to config.toml."""

    data: Path = Path("data")


class Report(Section):
    """How the page is written, and what lies beside it.

    base_url     where the folder of reports is served, for links in mails and the feed
    data_files   the forms in which every public view is written beside the reports, for whoever has no DuckDB
    group        with more frameworks than this the page is an overview, and so many at most share a page of charts
    keep         how many reports are kept; older ones go that the warehouse gives again byte for byte
    """

    self_contained: StrictBool = False
    base_url: Url | None = None
    data_files: tuple[Literal["csv", "json", "parquet"], ...] = ("csv", "json", "parquet")
    group: Annotated[Count, from_to(1, 1_000)] | None = 12
    keep: Annotated[Count, from_to(1, 100_000)] = 400


class MeasurementBreak(Section):
    """A day from which a source counts differently; windows across it are not compared.

    `source`: a source of this file, a service that answers for one, or "pypi" for every service that counts downloads;
    `entity`: a framework's key, a package or a repository; "*" means all. `ends_on`: the last day of a
    loss that was temporary.
    """

    source: BreakSource
    metric: BreakMetric = "*"
    entity: Name = "*"
    effective_on: Day
    ends_on: Day | None = None
    what_changed: Name
    evidence: Name

    @field_validator("ends_on")
    @classmethod
    def _not_before_it_began(cls, value: date | None, info: ValidationInfo) -> date | None:
        if value and value < info.data.get("effective_on", value):
            raise ValueError("must not be before effective_on")
        return value


class Settings(Section):
    """The whole of config.toml. `frameworks` keeps the order of the file."""

    frameworks: Annotated[dict[FrameworkKey, Framework], Field(min_length=1, max_length=50)]
    sources: Sources = Sources()
    schedule: Schedule = Schedule()
    warehouse: Warehouse = Warehouse()
    report: Report = Report()
    mail: Mail = Mail()
    freshness: Freshness = Freshness()
    alarms: Alarms = Alarms()
    breaks: tuple[MeasurementBreak, ...] = ()
    claims: tuple[Claim, ...] = ()

    @field_validator("mail")
    @classmethod
    def _lists_of_tracked(cls, value: Mail, info: ValidationInfo) -> Mail:
        tracked = info.data.get("frameworks")
        asked = {key for audience in value.audiences for key in audience.frameworks}
        asked |= {threshold.framework for audience in value.audiences for threshold in audience.thresholds}
        if tracked is not None and (unknown := sorted(asked - set(tracked))):
            raise ValueError(f"lists ask for frameworks that are not tracked: {', '.join(unknown)}")
        return value

    @field_validator("alarms")
    @classmethod
    def _over_a_server(cls, value: Alarms, info: ValidationInfo) -> Alarms:
        mail = info.data.get("mail")
        if value.recipients and mail is not None and not (mail.host and mail.sender):
            raise ValueError("recipients need mail.host and mail.from to be set")
        return value


def load_settings(path: Path) -> Settings:
    """Read and check `path`; the paths in it count from its folder. Raises ConfigError that lists every fault."""
    table = _read(path)
    faults = across_keys(table)
    try:
        settings = Settings.model_validate(table)
    except ValidationError as error:
        faults = [in_one_key(Settings, item) for item in error.errors()] + faults
    if faults:
        raise ConfigError("\n".join(f"{path}: {fault}" for fault in faults))
    return _anchored(settings, path.resolve().parent)


def with_data(settings: Settings, data: Path) -> Settings:
    """The same settings with another data folder."""
    return settings.model_copy(update={"warehouse": Warehouse(data=data)})


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST_FILE_BYTES + 1)
        if len(text) > LARGEST_FILE_BYTES:
            raise ConfigError(f"{path}: over {LARGEST_FILE_BYTES:,} bytes; no config.toml is that long")
        return tomllib.loads(text.decode("utf-8-sig"))  # editors on Windows put a mark before the first letter
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; name it with --config FILE, or write one with trends init") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except RecursionError:
        raise ConfigError(f"{path}: not TOML: nested too deeply") from None
    except ValueError as error:  # TOML, UTF-8 or a number of thousands of digits
        raise ConfigError(f"{path}: not TOML: {error}") from None


def _anchored(settings: Settings, folder: Path) -> Settings:
    """Paths in the file count from the file's folder, wherever the command is started."""
    git = settings.sources.git_history
    mailmap = None if git.mailmap is None else folder / git.mailmap.expanduser()
    sources = settings.sources.model_copy(update={"git_history": git.model_copy(update={"mailmap": mailmap})})
    data = folder / settings.warehouse.data.expanduser()
    return settings.model_copy(update={"sources": sources, "warehouse": Warehouse(data=data)})
