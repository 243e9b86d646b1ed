"""What the words of a command line may be."""

from __future__ import annotations

from datetime import date
from importlib.metadata import version
from itertools import islice
from typing import Annotated

import typer

from warehouse.calendar import FIRST_DAY


class UsageError(Exception):
    """The command was understood, but cannot be meant that way."""


def say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"trends {version('framework-trends')}")
        raise typer.Exit


def for_every_command_first(arguments: list[str]) -> list[str]:
    """--config and --data hold for every command, so people write them after it as well."""
    moved: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word in ("--config", "--data"):
            moved += [word, *islice(words, 1)]
        else:
            (moved if word.startswith(("--config=", "--data=")) else rest).append(word)
    return moved + rest


def day_of(value: str) -> date:
    """YYYY-MM-DD and nothing else that fromisoformat would take. Raises typer.BadParameter."""
    try:
        day = date.fromisoformat(value)
    except ValueError:
        day = None
    if day is None or value != day.isoformat():
        raise typer.BadParameter(f"{value!r} is no day; write it as YYYY-MM-DD, for example 2021-06-25.")
    if day < FIRST_DAY:
        raise typer.BadParameter(f"{value} is before {FIRST_DAY}; nothing that is measured here existed.")
    return day


def not_after(day: date, limit: date, why: str) -> date:
    """`day`, which must not be after `limit`. Raises UsageError, which says `why` that is the limit."""
    if day > limit:
        raise UsageError(f"--as-of {day} is after {limit}, {why}")
    return day


def not_before(day: date, limit: date, why: str) -> date:
    """`day`, which must not be before `limit`. Raises UsageError, which says `why` that is the limit."""
    if day < limit:
        raise UsageError(f"--as-of {day} is before {limit}, {why}")
    return day


AsOf = Annotated[date | None, typer.Option("--as-of", metavar="DAY", parser=day_of, help="as known on that day (UTC)")]
