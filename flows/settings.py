"""config.toml -> frozen, validated settings. Every bad key is reported at once, with what is allowed."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
)


class ConfigError(Exception):
    """config.toml cannot be used; the message names file, key, value and what is allowed, one line a fault."""


def _checked_url(value: str) -> str:
    TypeAdapter(HttpUrl).validate_python(value)
    return value.rstrip("/")


def _checked_time_zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("must be a name of the IANA time zone list, for example UTC or Europe/Berlin")
    return value


def _checked_cron(value: str) -> str:
    if len(value.split()) != 5:
        raise ValueError("must have five fields: minute hour day-of-month month day-of-week, for example '30 2 * * *'")
    return value


Url = Annotated[str, AfterValidator(_checked_url)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=300)]
FrameworkKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
Package = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$")]
Repository = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$")]
EnvironmentVariable = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]


class Section(BaseModel):
    """A table of config.toml: unknown keys are faults, values cannot change after loading."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Framework(Section):
    """What is asked about one framework. `label` is how reports write it."""

    packages: Annotated[tuple[Package, ...], Field(min_length=1)]
    repository: Repository
    search_term: Name
    search_topic: Annotated[str, StringConstraints(pattern=r"^/[gm]/[a-z0-9_]+$")] | None = None
    label: Name | None = None
    packages_reason: str = ""
    required_by: tuple[Package, ...] = ()
    required_by_since: date | None = None


class Upstream(Section):
    """What every source over HTTP has: switch, manners and limits. Seconds, tries, requests a minute."""

    enabled: bool = True
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 20
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    rate_per_minute: Annotated[float, Field(gt=0, le=6000)] = 60


class GoogleTrends(Upstream):
    """One weekly request with all terms together; over five, groups that share `reference` (a framework's key)."""

    base_url: Url = "https://trends.google.com"
    match: Literal["topic", "term"] = "topic"
    timeframe: Name = "today 5-y"
    geo: Annotated[str, StringConstraints(pattern=r"^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$")] = ""
    reference: FrameworkKey | None = None
    rate_per_minute: Annotated[float, Field(gt=0, le=6000)] = 10


class PypiDownloads(Upstream):
    """ClickPy first, pypistats.org when it fails, 30-day totals of top-pypi-packages when both do."""

    base_url: Url = "https://sql-clickhouse.clickhouse.com"
    pypistats_url: Url = "https://pypistats.org"
    top_packages_url: Url = "https://hugovk.dev/top-pypi-packages"
    top_packages_history_url: Url = "https://raw.githubusercontent.com/hugovk/top-pypi-packages"
    first_run_months: Annotated[int, Field(ge=1, le=240)] = 36
    nightly_days: Annotated[int, Field(ge=1, le=180)] = 14
    rate_per_minute: Annotated[float, Field(gt=0, le=6000)] = 30


class PypiReleases(Upstream):
    """The package index; without `index_url` the one that the pypi-simple library asks by default."""

    index_url: Url | None = None


class Identity(Section):
    """An account that is no single person: `bot` (a machine) or `masked` (one name for many people)."""

    email: Name
    kind: Literal["bot", "masked"]


class GitHistory(Section):
    """Commits of the default branch, from a clone that holds no files. `timeout_seconds` is for one git command."""

    enabled: bool = True
    base_url: Url = "https://github.com"
    timeout_seconds: Annotated[float, Field(gt=0, le=86400)] = 1800
    identities: tuple[Identity, ...] = ()
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


class Schedule(Section):
    """When the nightly flow runs: a cron line in a time zone."""

    cron: Annotated[str, AfterValidator(_checked_cron)] = "30 2 * * *"
    timezone: Annotated[str, AfterValidator(_checked_time_zone)] = "UTC"


class Warehouse(Section):
    """The data folder, relative to config.toml."""

    data: Path = Path("data")


class Report(Section):
    """How the page is written."""

    self_contained: bool = True


def _checked_host(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:-]{0,253}", value):
        raise ValueError("must be a host name or an IP address, without port or scheme, for example smtp.example.com")
    return value


def _checked_address(value: str) -> str:
    local, _, domain = value.rpartition("@")
    if len(local) > 64 or len(domain) > 253 or not _ADDRESS.fullmatch(value):
        raise ValueError("must be a bare address such as team@example.com, in ASCII (other domains in punycode)")
    return value


def _absolute(value: Path) -> Path:
    if not value.is_absolute():
        raise ValueError("must be an absolute path: the nightly job may run in another folder")
    return value


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
Address = Annotated[str, AfterValidator(_checked_address)]


class MailList(Section):
    """Who gets which frameworks how often. `frameworks` empty: all. Renaming a list starts its record of mails anew."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
    recipients: Annotated[tuple[Address, ...], Field(min_length=1)]
    cadence: Literal["nightly", "weekly", "monthly"] = "weekly"
    frameworks: tuple[FrameworkKey, ...] = ()

    @field_validator("recipients")
    @classmethod
    def _once_each(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len({address.lower() for address in value}) < len(value):
            raise ValueError("names an address twice")
        return value


class Mail(Section):
    """The mail server and the lists; without lists no mail is sent. `timeout_seconds` is for one step of the protocol.

    Certificates are always verified, against the machine's authorities or those in `ca_file`.
    """

    security: Literal["starttls", "tls", "none"] = "starttls"
    host: Annotated[str, AfterValidator(_checked_host)] = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    username_env: EnvironmentVariable | None = None
    password_env: Annotated[EnvironmentVariable | None, Field(validate_default=True)] = None
    ca_file: Annotated[Path, AfterValidator(_absolute)] | None = None
    sender: Annotated[Address | None, Field(alias="from")] = None
    sender_name: Annotated[Name, Field(alias="from_name")] = "Framework Trends"
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 60
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    lists: tuple[MailList, ...] = ()

    @field_validator("host")
    @classmethod
    def _private_without_encryption(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("security") == "none" and value and not _is_loopback(value):
            raise ValueError('must be this machine (127.0.0.1, ::1 or localhost) when security = "none"')
        return value

    @field_validator("password_env")
    @classmethod
    def _both_or_neither(cls, value: str | None, info: ValidationInfo) -> str | None:
        if (value is None) != (info.data.get("username_env") is None):
            raise ValueError("username_env and password_env have to be set together")
        return value

    @field_validator("sender_name")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("must be one line without control characters")
        return value

    @field_validator("lists")
    @classmethod
    def _ready_to_send(cls, value: tuple[MailList, ...], info: ValidationInfo) -> tuple[MailList, ...]:
        missing = [
            key for key, field in (("mail.host", "host"), ("mail.from", "sender")) if not info.data.get(field, "?")
        ]
        if value and missing:
            raise ValueError(f"need {' and '.join(missing)} to be set")
        if len({mail_list.name for mail_list in value}) < len(value):
            raise ValueError("must have different names")
        return value


class Settings(Section):
    """The whole of config.toml. `frameworks` keeps the order of the file."""

    frameworks: Annotated[dict[FrameworkKey, Framework], Field(min_length=1, max_length=50)]
    sources: Sources = Sources()
    schedule: Schedule = Schedule()
    warehouse: Warehouse = Warehouse()
    report: Report = Report()
    mail: Mail = Mail()

    @field_validator("mail")
    @classmethod
    def _lists_of_tracked(cls, value: Mail, info: ValidationInfo) -> Mail:
        tracked = info.data.get("frameworks")
        asked = {key for mail_list in value.lists for key in mail_list.frameworks}
        if tracked is not None and (unknown := sorted(asked - set(tracked))):
            raise ValueError(f"lists ask for frameworks that are not tracked: {', '.join(unknown)}")
        return value


def load_settings(path: Path) -> Settings:
    """Read and check `path`. Raises ConfigError that lists every fault of the file."""
    try:
        with path.open("rb") as file:
            raw = tomllib.load(file)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; name it with --config FILE") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    try:
        return Settings.model_validate(raw)
    except ValidationError as error:
        raise ConfigError("\n".join(_fault(path, item) for item in error.errors())) from None


def _fault(path: Path, item: Any) -> str:
    key = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        return f"{path}: {key}: unknown key; see the comments in the config.toml that ships for what is allowed"
    if item["type"] == "missing":
        return f"{path}: {key}: missing; it has to be set"
    if isinstance(item["input"], dict) or key == "mail.lists":
        return f"{path}: {key}: {item['msg']}"  # a whole table says less than the message
    return f"{path}: {key} = {item['input']!r}: {item['msg']}"
