"""`trends report` and `trends mail`: what people read, made again from what is kept."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from flows.commands.root import Invocation, app
from flows.process.arguments import AsOf
from flows.process.endings import ALL_DONE, INCOMPLETE, complain


@app.command(short_help="Build page and CSV from the warehouse, no network; print the path.")
def report(
    context: typer.Context,
    as_of: AsOf = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Write it there, instead of reports/DAY in the data folder."),
    ] = None,
) -> int:
    """Build the report again from what is published; DAY is by default that of the last night.

    The same day from the same warehouse gives the same bytes.

    \b
    trends report
    trends report --as-of 2026-09-30
    trends report --out /tmp/look
    """
    from flows.report_folder import list_and_record, make_report
    from flows.status import day_to_report

    invocation: Invocation = context.obj
    settings = invocation.settings()
    data = settings.warehouse.data
    built = make_report(settings, data, day_to_report(data, as_of), out)
    tell = partial(complain, code=INCOMPLETE)
    is_listed = out is not None or list_and_record(settings, data, built, invocation.now.date(), tell)
    typer.echo(built.page)
    return ALL_DONE if is_listed else INCOMPLETE


@app.command(short_help="Send the report to the lists that are due; --dry-run writes it to look at.")
def mail(
    context: typer.Context,
    as_of: AsOf = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Send nothing; write an .eml for each list and say where.")
    ] = False,
    resend_uncertain: Annotated[
        bool,
        typer.Option("--resend-uncertain", help="Send again what was handed over without an answer from the server."),
    ] = False,
) -> int:
    """Build the report and send it, to each recipient once per period, whatever is retried or run again.

    Server, lists and cadence are in config.toml under [mail]; the password is in the environment.

    \b
    trends mail --dry-run
    trends mail --as-of 2026-09-30
    """
    from flows.mailing.send import mail_report
    from flows.status import day_to_report

    invocation: Invocation = context.obj
    settings = invocation.settings()
    day = day_to_report(settings.warehouse.data, as_of)
    all_sent = mail_report(
        settings,
        as_of=day,
        now=invocation.now,
        environ=os.environ,
        say=typer.echo,
        dry_run=dry_run,
        resend_uncertain=resend_uncertain,
    )
    return ALL_DONE if all_sent else INCOMPLETE
