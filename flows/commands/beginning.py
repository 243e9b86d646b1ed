"""`trends init`: a config.toml to begin with."""

from __future__ import annotations

from pathlib import Path

import typer

from flows.commands.root import app
from flows.process.endings import ALL_DONE


@app.command(short_help="Write a config.toml to begin with, every key explained in it.")
def init(context: typer.Context) -> int:
    """Write a config.toml here, or at --config FILE, to begin with; its comments say what each key does.

    A file that is there already stays as it is.

    \b
    trends init
    trends --config /etc/trends/config.toml init
    """
    from flows.config.shipped import write_shipped

    config: Path = context.obj.config
    write_shipped(config)
    typer.echo(
        f"{config}: written; say in it what to track, then look with trends doctor and start with trends nightly"
    )
    return ALL_DONE
