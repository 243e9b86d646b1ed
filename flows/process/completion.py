"""Completion of commands and options in bash, zsh and fish: typer knows how, this lets it."""

from __future__ import annotations

import os
from typing import Any

import typer

VARIABLE = "_TRENDS_COMPLETE"  # the shell asks for completions by setting it


def is_asked() -> bool:
    return VARIABLE in os.environ


def complete(command: Any) -> int:
    """Answer the shell. Returns the exit code."""
    from typer._completion_classes import completion_init
    from typer.completion import shell_complete

    completion_init()
    return shell_complete(command, {}, "trends", VARIABLE, os.environ[VARIABLE])


def say_script(shell: str | None) -> None:
    """Write what a shell has to read so that it asks."""
    if shell:
        from typer._completion_shared import get_completion_script

        typer.echo(get_completion_script(prog_name="trends", complete_var=VARIABLE, shell=shell))
        raise typer.Exit
