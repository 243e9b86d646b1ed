"""What can be known of config.toml at once, while everything that checks it is still being imported."""

from __future__ import annotations

import tomllib
from pathlib import Path

LARGEST_FILE_BYTES = 2**20


def likely_data_folder(path: Path) -> Path | None:
    """The data folder that `path` names, as flows.config.settings finds it, or None where only its checks can tell."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_FILE_BYTES:  # a pipe can be read only once
            return None
        named = tomllib.loads(path.read_text("utf-8-sig")).get("warehouse", {}).get("data", "data")
        return path.resolve().parent / Path(named.strip()).expanduser()
    except (OSError, ValueError, RuntimeError, RecursionError, AttributeError, TypeError):
        return None
