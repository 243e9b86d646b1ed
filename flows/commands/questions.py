"""`trends sql`, `trends status` and `trends doctor`: what is kept, how fresh it is, and what is wrong."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from flows.commands.root import Invocation, app
from flows.process.arguments import AsOf, UsageError, not_after
from flows.process.endings import ALL_DONE, INCOMPLETE
from warehouse import PUBLISHED


@app.command(short_help="Read-only SQL on the published copy of the warehouse.")
def sql(
    context: typer.Context,
    query: Annotated[
        str, typer.Argument(metavar="QUERY", help="SQL, .tables, or - to read the SQL from standard input.")
    ] = "",
    form: Annotated[
        Literal["table", "csv", "json", "parquet"],
        typer.Option("--format", help="A table for people; for programs the values as they are."),
    ] = "table",
    as_of: AsOf = None,
    describe: Annotated[
        str | None, typer.Option("--describe", metavar="VIEW", help="Grain, columns, units and comments of a view.")
    ] = None,
) -> int:
    """Ask the warehouse anything; it answers from the published copy, also while a nightly run writes.

    The query can read the warehouse and nothing else: no files, no network, bounded memory and time.

    \b
    trends sql .tables
    trends sql --describe monthly_metrics
    trends sql "FROM monthly_metrics WHERE metric = 'commits' AND framework = 'keras' ORDER BY month"
    trends sql "FROM releases" --format csv > releases.csv
    """
    from flows.config.early import likely_data_folder
    from warehouse.adhoc.ask import get_ready, run_query, started

    invocation: Invocation = context.obj
    if bool(query) == bool(describe):
        raise UsageError("give one QUERY in quotes, or --describe VIEW; trends sql .tables lists the views")
    with started(form) as child:  # it loads DuckDB and opens the copy while this process checks config.toml
        if likely := invocation.data_option or likely_data_folder(invocation.config):
            get_ready(child, likely / PUBLISHED)
        question = f".describe {describe}" if describe else sys.stdin.read() if query == "-" else query
        day = not_after(as_of, invocation.now.date(), "which is today") if as_of else None
        published = invocation.settings().warehouse.data / PUBLISHED
        run_query(published, question, out=sys.stdout.buffer, output_format=form, as_of=day, child=child)
    return ALL_DONE


@app.command(short_help="What others claim, beside what was counted; badges of it.")
def claims(
    context: typer.Context,
    form: Annotated[
        Literal["table", "csv", "json"],
        typer.Option("--format", help="A table for people; for programs every column of the view claims."),
    ] = "table",
    as_of: AsOf = None,
    badge: Annotated[
        bool, typer.Option("--badge", help="Write a badge (SVG) of each claim instead; nights do so too.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where badges go, by default reports/badges.")
    ] = None,
) -> int:
    """Show whether the claims that config.toml quotes hold, since when, and why not.

    With --badge an SVG for each of them is written, and its path printed: embed the one in reports/badges, which every
    night writes anew, so its number stays true.

    \b
    trends claims
    trends claims --format json
    trends --data data/demo claims --badge --out badges
    """
    from warehouse.adhoc.ask import run_query
    from warehouse.read.queries import query

    invocation: Invocation = context.obj
    day = not_after(as_of, invocation.now.date(), "which is today") if as_of else None
    data = invocation.settings().warehouse.data
    published = data / PUBLISHED
    if badge:
        from flows.report_folder import BADGES, make_badges

        for path in make_badges(published, day, out or data / "reports" / BADGES):
            typer.echo(path)
    elif out:
        raise UsageError("--out says where badges go; give --badge too, or redirect the output")
    else:
        question = query("claims/short" if form == "table" else "claims/all")
        run_query(published, question, out=sys.stdout.buffer, output_format=form, as_of=day)
    return ALL_DONE


@app.command(short_help="Freshness of each source, last runs, gaps, breaks in force.")
def status(
    context: typer.Context,
    as_of: AsOf = None,
    form: Annotated[Literal["table", "json"], typer.Option("--format", help="For people or for programs.")] = "table",
) -> int:
    """Show how fresh each source is, how the last runs ended, which days are missing and which breaks are in force.

    Exit code 1 when something is late, stale or failed.

    \b
    trends status
    trends status --format json
    trends --data data/demo status --as-of 2021-06-25
    """
    from flows.status import read_status, show_json, show_tables

    invocation: Invocation = context.obj
    today = invocation.now.date()
    day = not_after(as_of or today, today, "which is today")
    settings = invocation.settings()
    found = read_status(settings.warehouse.data, day, settings.sources.off, settings.freshness)
    (show_json if form == "json" else show_tables)(found, sys.stdout)
    return INCOMPLETE if found.wants_attention else ALL_DONE


@app.command(short_help="Check config, upstreams, token, disk, git; say what to do.")
def doctor(context: typer.Context) -> int:
    """Check the config, each upstream, the token, disk and git, and say what to do about what is wrong.

    Run it before the first night and whenever a source stays away. Exit code 1 when something wants attention.

    \b
    trends doctor
    trends --config /etc/trends/config.toml doctor
    """
    from flows.doctor import examine

    invocation: Invocation = context.obj
    return examine(invocation.settings(), invocation.now, sys.stdout)
