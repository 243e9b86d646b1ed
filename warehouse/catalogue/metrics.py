"""The metrics of metrics.toml: name, unit, rule, definition. SQL reads the same in core.metrics."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from warehouse.catalogue.services import SERVICES

Aggregate = Literal["sum", "mean", "distinct", "last"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric; metrics.toml says what each field means."""

    metric: str
    label: str
    unit: str
    aggregate: Aggregate
    source: str
    answered_by: str
    definition: str
    basis: str
    caveat: str
    reference: str
    raw_table: str
    base_metric: str
    level_unit: str
    short_unit: str
    figure_days: int
    days_view: str | None = None
    counted_as: tuple[str, ...] = ()
    adds_up_to: str | None = None


def _metric(key: str, entry: dict[str, object]) -> Metric:
    """An entry with what it leaves out: its own base; counts compared by the day; units in full; means of weeks."""
    unit = entry["unit"]
    a_day = entry["aggregate"] == "sum"
    usual = {
        "base_metric": key,
        "level_unit": f"{unit} a day" if a_day else unit,
        "short_unit": "a day" if a_day else unit,
        "figure_days": 7 if entry["aggregate"] == "mean" else 1,
    }
    return Metric(**{"metric": key, **usual, **entry})  # type: ignore[arg-type]  # metrics.toml ships with the program


TEXT = files("warehouse.catalogue").joinpath("metrics.toml").read_text(encoding="utf-8")
METRICS = {key: _metric(key, entry) for key, entry in tomllib.loads(TEXT).items()}

_MEASURED = {metric.source for metric in METRICS.values()}
BREAK_METRICS = ("*", *METRICS)
BREAK_SOURCES = (
    "*",
    *dict.fromkeys(
        word
        for service in SERVICES.values()
        if service.source in _MEASURED
        for word in (service.source, service.family, service.service)
    ),
)
"""What a break may name: every metric, and every source, family and service that some metric comes from."""
