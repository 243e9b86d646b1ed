"""`trends restore`: a warehouse that is gone, from its published copy."""

from __future__ import annotations

import typer

from flows.commands.root import Invocation, app
from flows.process.endings import ALL_DONE


@app.command(short_help="Make a missing warehouse.duckdb anew from the published copy; say what is lost.")
def restore(context: typer.Context) -> int:
    """Make a missing warehouse.duckdb anew from published.duckdb, which holds every answer up to the last night.

    A warehouse that is there stays as it is. What is lost is said; a backup of the data folder is better.

    \b
    trends restore
    trends --data /srv/trends/data restore
    """
    from flows.process.private import kept_private
    from warehouse.publish.restore import restore as restored

    invocation: Invocation = context.obj
    data = invocation.settings().warehouse.data
    with kept_private(data):
        answers, day = restored(data / "warehouse.duckdb")
    typer.echo(f"{data / 'warehouse.duckdb'}: restored with {answers:,} answers, up to the night of {day}")
    typer.echo("lost: the key with which people were hashed; the next night reads all commits anew under a new one")
    typer.echo("lost: who has had which mail and alarm; what is due is sent once more")
    typer.echo("lost: whatever came after the last night that published")
    return ALL_DONE
