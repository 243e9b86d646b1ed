"""The measurement breaks that ship with the program."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from warehouse.rows import Break


@cache
def known_breaks() -> tuple[Break, ...]:
    """Every entry of known.toml, in its order. The flow saves them as an answer of the source "config"."""
    text = files("warehouse.breaks").joinpath("known.toml").read_text(encoding="utf-8")
    return tuple(
        Break(
            break_source=entry["source"],
            metric=entry["metric"],
            effective_on=entry["effective_on"],
            kind=entry["kind"],
            what_changed=entry["what_changed"],
            evidence=entry["evidence"],
            entity=entry.get("entity", "*"),
            ends_on=entry.get("ends_on"),
        )
        for entry in tomllib.loads(text)["breaks"]
    )
