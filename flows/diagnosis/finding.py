"""What a look at one thing came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "problem"]
LIMIT_SECONDS = 10.0  # for a single question to an upstream


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` was looked at, what was found, and what a person can do; nothing to do where it is ok."""

    state: State
    what: str
    found: str
    next_step: str = ""
