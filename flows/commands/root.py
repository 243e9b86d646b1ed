"""What all commands have in common: the options before them, and how each gets config.toml."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from flows.process import completion
from flows.process.arguments import say_version
from flows.process.signals import Stop

if TYPE_CHECKING:
    from flows.config.settings import Settings


app = typer.Typer(
    name="trends",
    help="How popular are the frameworks in config.toml? Measured every night, kept in DuckDB, told in one report.",
    epilog="Exit codes: 0 all done; 1 finished, but a source failed and the report says so; 2 usage or config; "
    "3 nothing could be done; 130 stopped by Ctrl-C or a signal.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


@dataclass(frozen=True)
class Invocation:
    """What holds for every command. `now` is the one reading of the clock; `stop` knows who wants it to end.

    `clock` is for a command that runs for years.
    """

    now: datetime
    stop: Stop
    clock: Callable[[], datetime]
    config: Path = Path("config.toml")
    data_option: Path | None = None

    def settings(self) -> Settings:
        """config.toml, with --data in it. Raises ConfigError."""
        from flows.config.settings import load_settings, with_data

        settings = load_settings(self.config)
        return with_data(settings, self.data_option) if self.data_option else settings


@app.callback()
def options(
    context: typer.Context,
    config: Annotated[
        Path, typer.Option("--config", metavar="FILE", help="What is tracked, when, and where it is kept.")
    ] = Path("config.toml"),
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Data folder, instead of the one that FILE names.")
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=say_version, is_eager=True, help="Say the version and exit.")
    ] = False,
    _completion: Annotated[
        Literal["bash", "zsh", "fish"] | None,
        typer.Option("--show-completion", callback=completion.say_script, help="Write what lets this shell complete."),
    ] = None,
) -> None:
    """Take what holds for every command; FILE is read by the command, so that --help works without one."""
    context.obj = replace(context.obj, config=config, data_option=data)
