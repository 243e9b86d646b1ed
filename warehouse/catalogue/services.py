"""The services of services.toml: who answers, for which source of config.toml, under which name."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Service:
    """One service; services.toml says what each field means."""

    service: str
    source: str
    name: str
    family: str
    preference: int
    fresh_days: int
    late_days: int


TEXT = files("warehouse.catalogue").joinpath("services.toml").read_text(encoding="utf-8")
SERVICES = {key: Service(service=key, **entry) for key, entry in tomllib.loads(TEXT).items()}


def source_of(service: str) -> str:
    """The source of config.toml that a service answers for. Raises ValueError for a service that is not listed."""
    if service not in SERVICES:
        raise ValueError(f"service {service!r} is not known; add it to services.toml, which has {', '.join(SERVICES)}")
    return SERVICES[service].source


def name_of(who: str) -> str:
    """How people call a service, or a source by the service that is preferred for it; any other word as it is."""
    if who in SERVICES:
        return SERVICES[who].name
    answering = [service for service in SERVICES.values() if service.source == who]
    return min(answering, key=lambda service: service.preference).name if answering else who


def name_of_source(source: str) -> str:
    """How people call a source of config.toml: its preferred service without the word that tells it from the others."""
    return name_of(source).partition(" (")[0]
