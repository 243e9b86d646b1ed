"""The config.toml that `trends init` writes: the one of the repository, which a wheel carries beside this module."""

from __future__ import annotations

from pathlib import Path


class InPlaceError(Exception):
    """There is a file already; it is left as it is."""


def shipped_text() -> str:
    """Every key with its default and what it does; the frameworks to begin with."""
    packed = Path(__file__).with_name("config.toml")
    return (packed if packed.is_file() else Path(__file__).parents[2] / "config.toml").read_text("utf-8")


def write_shipped(path: Path) -> None:
    """Raises InPlaceError, OSError."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(shipped_text())
    except FileExistsError:
        raise InPlaceError(
            f"{path}: is there already and stays as it is; edit it, or write another: trends --config FILE init"
        ) from None
