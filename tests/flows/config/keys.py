"""The keys of config.toml, and a night that asks upstreams on loopback with some of them set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from pydantic import BaseModel

from flows.collecting.clients import open_clients
from flows.collecting.plan import Step, plan
from flows.config.messages import _models_in
from flows.config.settings import Settings
from flows.run import Night
from flows.sources.errors import SourceError
from warehouse.read.state import known_before

NOW = datetime(2021, 6, 25, 23, tzinfo=UTC)
KERAS = {"packages": ["keras"], "repository": "keras-team/keras", "search_term": "Keras"}
SOURCES = ("google_trends", "pypi_downloads", "pypi_releases", "git_history", "github_repository")


def keys_of(model: type[BaseModel], table: str = "") -> Iterator[str]:
    """Every key that holds a value, as a table's name and its own: "mail.port", "mail.lists.cadence"."""
    for name, field_ in model.model_fields.items():
        key = f"{table}{field_.alias or name}"
        tables = list(_models_in(field_.annotation))
        if not tables:
            yield key
        for inner in tables:
            yield from keys_of(inner, f"{key}.")


def settings_with(
    key: str, value: Any, *, framework: Mapping[str, Any] = KERAS, sources: Mapping[str, Any] | None = None
) -> Settings:
    """One framework and `key` set to `value`; of `sources`, those tables are as given."""
    table: dict[str, Any] = {
        "frameworks": {"keras": dict(framework)},
        "sources": {name: dict(entries) for name, entries in (sources or {}).items()},
    }
    at = table
    *tables, name = key.replace("frameworks.", "frameworks.keras.").split(".")
    for part in tables:
        at = at.setdefault(part, {})
    at[name] = value
    return Settings.model_validate(table)


def night_of(settings: Settings, data: Path) -> Night:
    return Night(settings, data, NOW, NOW.date())


@dataclass
class Outcome:
    """What one step of a night came to."""

    errors: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)


def steps_of(settings: Settings, data: Path, con: duckdb.DuckDBPyConnection) -> list[Step]:
    with open_clients(settings.sources, {}) as clients, known_before(con, NOW):
        return plan(night_of(settings, data), con, clients)


def asked_once(
    settings: Settings,
    source: str,
    data: Path,
    con: duckdb.DuckDBPyConnection,
    environ: Mapping[str, str] | None = None,
) -> Outcome:
    """The first step of `source`, as the night takes it."""
    outcome = Outcome()
    with open_clients(settings.sources, environ or {}, outcome.slept.append) as clients:
        with known_before(con, NOW):
            steps = plan(night_of(settings, data), con, clients)
        step = next(step for step in steps if step.source == source)
        with suppress(SourceError):
            try:
                list(step.fetch())
            except SourceError as error:
                outcome.errors.append(str(error))
                raise
    return outcome
