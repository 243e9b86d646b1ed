"""[mail] of config.toml: the server, and who gets what how often."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from flows.config.section import Section
from flows.config.types import (
    AbsolutePath,
    Address,
    Attempts,
    Count,
    Day,
    EnvironmentVariable,
    FrameworkKey,
    Host,
    ListName,
    Name,
    Number,
    Seconds,
    ShownMetric,
    Unsubscribe,
    from_to,
    is_loopback,
)


class Threshold(Section):
    """A level, in the unit of the charts (downloads a day), whose passing is a change."""

    framework: FrameworkKey
    metric: ShownMetric
    level: Annotated[Number, Field(allow_inf_nan=False)]


class Audience(Section):
    """What a list of recipients and a webhook have in common. `frameworks` empty: all. A new name starts a new record.

    when          changed: only when a verdict flipped, a threshold was passed, or a source went stale or came back
    pause_until   nothing is sent before that day
    """

    name: ListName
    cadence: Literal["nightly", "weekly", "monthly"] = "weekly"
    frameworks: tuple[FrameworkKey, ...] = ()
    when: Literal["always", "changed"] = "always"
    thresholds: tuple[Threshold, ...] = ()
    pause_until: Day | None = None


class MailList(Audience):
    """Who gets mails. `attach`: what goes along as a file: the page with its scripts (8 MB), the figures or nothing."""

    recipients: Annotated[tuple[Address, ...], Field(min_length=1)]
    attach: Literal["none", "page", "csv"] = "none"

    @field_validator("recipients")
    @classmethod
    def _once_each(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len({address.lower() for address in value}) < len(value):
            raise ValueError("names an address twice")
        return value


class Webhook(Audience):
    """An address of the web that is told. It is a secret, so `url_env` names the environment variable that holds it."""

    url_env: EnvironmentVariable
    form: Literal["json", "slack"] = "json"


class Mail(Section):
    """The mail server, the lists and the webhooks; without any nothing is sent. `timeout_seconds` is for one step.

    Certificates are always verified, against the machine's authorities or those in `ca_file`. `unsubscribe`: the
    address to write to, or the page to visit, to leave a list; by default the sender's address.
    """

    security: Literal["starttls", "tls", "none"] = "starttls"
    host: Host = ""
    port: Annotated[Count, from_to(1, 65535)] = 587
    username_env: EnvironmentVariable | None = None
    password_env: Annotated[EnvironmentVariable | None, Field(validate_default=True)] = None
    ca_file: AbsolutePath | None = None
    sender: Annotated[Address | None, Field(alias="from")] = None
    sender_name: Annotated[Name, Field(alias="from_name")] = "Framework Trends"
    unsubscribe: Unsubscribe | None = None
    timeout_seconds: Seconds = 60
    attempts: Attempts = 3
    lists: tuple[MailList, ...] = ()
    webhooks: tuple[Webhook, ...] = ()

    @property
    def audiences(self) -> tuple[MailList | Webhook, ...]:
        return (*self.lists, *self.webhooks)

    @field_validator("host")
    @classmethod
    def _private_without_encryption(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("security") == "none" and value and not is_loopback(value):
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

    @field_validator("webhooks")
    @classmethod
    def _names_of_their_own(cls, value: tuple[Webhook, ...], info: ValidationInfo) -> tuple[Webhook, ...]:
        names = [audience.name for audience in (*info.data.get("lists", ()), *value)]
        if len(set(names)) < len(names):
            raise ValueError("must have names that no other webhook and no list has")
        return value
