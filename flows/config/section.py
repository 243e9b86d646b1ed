"""What every table of config.toml has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A table of config.toml: unknown keys are faults, values cannot change after loading."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)
