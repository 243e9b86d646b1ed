"""`trends restore` and `trends quarantine`: what a person does to the warehouse by hand."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from flows.commands.root import Invocation, app
from flows.process.arguments import UsageError
from flows.process.endings import ALL_DONE
from warehouse import PUBLISHED, WAREHOUSE


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
        answers, day = restored(data / WAREHOUSE)
    typer.echo(f"{data / WAREHOUSE}: restored with {answers:,} answers, up to the night of {day}")
    typer.echo("lost: the key with which people were hashed; the next night reads all commits anew under a new one")
    typer.echo("lost: who has had which mail and alarm; what is due is sent once more")
    typer.echo("lost: whatever came after the last night that published")
    return ALL_DONE


@app.command(short_help="List answers that checks hold back; show, release or drop one of them.")
def quarantine(
    context: typer.Context,
    what: Annotated[
        Literal["list", "show", "release", "drop"], typer.Argument(help="What to do; list needs no ID.")
    ] = "list",
    answer_id: Annotated[str, typer.Argument(metavar="ID", help="As listed; its beginning is enough.")] = "",
) -> int:
    """Look at answers that a check holds back, and decide by hand what the checks leave open.

    A released answer counts from now on; a dropped one is forgotten, as if it had never come. Both publish anew.

    \b
    trends quarantine
    trends quarantine show 3f2a91
    trends quarantine release 3f2a91
    """
    from flows.process.private import kept_private
    from warehouse.ledger import drop_held, quarantined, release
    from warehouse.open import writing_warehouse
    from warehouse.publish.snapshot import publish

    invocation: Invocation = context.obj
    data = invocation.settings().warehouse.data
    if (what == "list") == bool(answer_id):
        raise UsageError("give show, release or drop the ID of an answer; trends quarantine lists them")
    with kept_private(data), writing_warehouse(data / WAREHOUSE) as con:
        held = quarantined(con, answer_id)
        if what == "list":
            typer.echo("\n".join(_line(row) for row in held) or "no answer is held back")
            return ALL_DONE
        if len({row["answer_id"] for row in held}) != 1:
            raise UsageError(
                f"{answer_id}: {'several answers begin' if held else 'no answer that is held back begins'} so"
            )
        for row in held:
            typer.echo(_line(row))
        if what == "show":
            typer.echo(f"days {held[0]['window_start']} to {held[0]['window_end']}; asked: {held[0]['request']}")
            return ALL_DONE
        (release if what == "release" else drop_held)(con, held[0]["answer_id"])
        publish(con, data / PUBLISHED)
    typer.echo("released; it counts from now on" if what == "release" else "dropped; as if it had never come")
    return ALL_DONE


def _line(row: dict[str, Any]) -> str:
    from warehouse.printable import printable

    said = f"{row['answer_id'][:12]}  {row['collected_at']:%Y-%m-%d %H:%M} UTC  {row['service']} {row['entity']}"
    return printable(f"{said}, {row['row_count']:,} rows  {row['check_name']}: {row['reason']}")
