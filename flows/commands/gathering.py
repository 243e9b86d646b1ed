"""What brings figures into the warehouse: `trends nightly`, `schedule`, `backfill` and `import-search`."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.root import Invocation, app
from flows.process.arguments import AsOf, day_of, not_after
from flows.process.endings import ALL_DONE, INCOMPLETE, NOTHING_DONE, complain
from flows.process.loading import without_collecting
from flows.process.streams import say, send_to_nothing
from warehouse import WAREHOUSE

if TYPE_CHECKING:
    from flows.process.progress import Progress
    from flows.run import Run


@app.command(short_help="Run the nightly job once, now; print the path of the report.")
def nightly(
    context: typer.Context,
    as_of: AsOf = None,
    replay: Annotated[
        bool,
        typer.Option(
            "--replay", help="Ask the recorded upstreams on this machine; data goes to DIR/demo, nothing is mailed."
        ),
    ] = False,
    no_mail: Annotated[bool, typer.Option("--no-mail", help="Build the report, send nothing.")] = False,
    full: Annotated[
        bool,
        typer.Option("--full", help="Compute every figure again, also those that nothing new touches; same figures."),
    ] = False,
    if_due: Annotated[
        bool, typer.Option("--if-due", help="Do nothing where a night has been since [schedule] last asked for one.")
    ] = False,
) -> int:
    """Run the nightly job once, now: collect, load, check, publish, report.

    Progress goes to stderr; the last line on stdout is the path of the report.

    \b
    trends nightly                        ask the real upstreams
    trends nightly --replay               ask recorded ones, offline; nothing mixes with live rows
    trends nightly --as-of 2026-09-30     report that day as it was known then
    trends nightly --if-due               make up for nights that were missed, for a timer that asks more often
    trends nightly --full                 after a repair by hand in the warehouse, or to be sure

    \b
    What a night publishes is made of what the last one published and of what is new since. Another
    program, other definitions, another config.toml, a copy that is missing or damaged: then all of
    it is computed without being asked. --full asks for it; after five years it takes some seconds.
    """
    from flows.process.progress import progress_on

    if if_due and not replay and not _is_due(context.obj):
        return ALL_DONE
    with progress_on(sys.stderr) as progress:
        run = (_replayed if replay else _live)(context.obj, progress, as_of, send_mail=not no_mail, full=full)
    return _told(run)


def _is_due(invocation: Invocation) -> bool:
    """Whether a night is due; where none is, say so."""
    from flows.scheduling.due import due_after, is_night_due
    from warehouse.ledger import last_night_at
    from warehouse.open import writing_warehouse

    settings = invocation.settings()
    path = settings.warehouse.data / WAREHOUSE
    if not path.exists():
        return True
    with writing_warehouse(path) as con:
        last = last_night_at(con)
    if is_night_due(settings.schedule, last, invocation.now):
        return True
    following = due_after(settings.schedule, invocation.now)
    when = f"the last one began at {last:%Y-%m-%d %H:%M} UTC, the next one is due at {following:%Y-%m-%d %H:%M} UTC"
    say(f"no night is due: {when}", sys.stderr)
    return False


def _live(invocation: Invocation, progress: Progress, as_of: date | None, *, send_mail: bool, full: bool) -> Run:
    with progress.waiting("loads the program"), without_collecting():
        settings = invocation.settings()
        from flows.night import run_nightly
        from flows.run import Night
    today = invocation.now.date()
    day = not_after(as_of or today, today, "which is today")
    night = Night(
        settings, settings.warehouse.data, invocation.now, day, send_mail, doubts_clock=True, computes_all=full
    )
    return run_nightly(night, progress, invocation.stop)


def _replayed(
    invocation: Invocation,
    progress: Progress,
    as_of: date | None,
    *,
    send_mail: bool,  # noqa: ARG001 - a replay mails nothing
    full: bool,
) -> Run:
    with progress.waiting("starts the recorded upstreams"):
        with without_collecting():
            settings = invocation.settings()
            from flows.night import run_nightly
            from flows.replay.upstreams import DEMO_DAY, moment_of, pointed_at, replay_server
            from flows.run import Night
        day = not_after(as_of or DEMO_DAY, DEMO_DAY, "the last day of the recordings")
        data = settings.warehouse.data / "demo"
        server = replay_server(day, data / "upstreams")
    with server:
        night = Night(pointed_at(server, settings), data, moment_of(day), day, send_mail=False, computes_all=full)
        return run_nightly(night, progress, invocation.stop)


def _told(run: Run) -> int:
    """Print the path of the report. What the night came to does not change because nobody takes the path."""
    if run.report is None:
        nothing = "nothing could be collected and nothing is kept, so there is no report"
        return complain("there is no report; the lines above say why" if run.is_broken else nothing, NOTHING_DONE)
    try:
        typer.echo(run.report.page)
    except OSError as error:
        send_to_nothing(sys.stdout)
        return complain(f"standard output: {error.strerror}; the report is {run.report.page}", run.exit_code)
    return run.exit_code


@app.command(short_help="Load a range of days of a source, as far back as it goes; goes on where it was stopped.")
def backfill(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="pypi_downloads or github_repository.")],
    first_day: Annotated[date, typer.Option("--from", metavar="DAY", parser=day_of, help="the first day (UTC)")],
    last_day: Annotated[date, typer.Option("--to", metavar="DAY", parser=day_of, help="the last day (UTC)")],
    framework: Annotated[
        str | None, typer.Option("--framework", metavar="KEY", help="One framework of config.toml; left out: all.")
    ] = None,
) -> int:
    """Ask a source for days before those that nights ask for, a year at a time, with the limits of config.toml.

    What is there already is not asked again, so the same command goes on where it was stopped. Sources that answer with
    all they have every night have nothing to backfill, and say so.

    \b
    trends backfill pypi_downloads --from 2019-01-01 --to 2022-12-31
    trends backfill github_repository --from 2015-11-01 --to 2020-12-31 --framework tensorflow
    """
    from flows.process.progress import progress_on

    invocation: Invocation = context.obj
    with progress_on(sys.stderr) as progress:
        with progress.waiting("loads the program"), without_collecting():
            settings = invocation.settings()
            from flows.collecting.backfill import Backfill, run_backfill
            from flows.run import Night
        night = Night(settings, settings.warehouse.data, invocation.now, invocation.now.date())
        asked = Backfill(night, source, first_day, last_day, progress, invocation.stop, framework)
        return ALL_DONE if run_backfill(asked) else INCOMPLETE


@app.command(short_help="Run nights by [schedule] of config.toml, until it is stopped.")
def schedule(context: typer.Context) -> int:
    """Serve the nightly deployment with the cron line and time zone of [schedule], until Ctrl-C or a signal.

    Nights that were missed are made up for by one, which begins at once. The lines of the nights go to stderr; a change
    of [schedule] holds from the next start on. For systemd and containers see the README.

    \b
    trends schedule
    trends --config /etc/trends/config.toml schedule
    """
    from flows.scheduling.serve import Served, serve_nights

    invocation: Invocation = context.obj
    settings = invocation.settings()
    serve_nights(
        Served(settings, invocation.config, invocation.clock, lambda line: say(f"schedule: {line}", sys.stderr))
    )
    return ALL_DONE


@app.command(
    name="import-search", short_help="Load browser exports of Google Trends (multiTimeline.csv), any language."
)
def import_search(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="As trends.google.com lets them be saved.")],
    names: Annotated[
        list[str] | None,
        typer.Option("--as", metavar="KEY", help="What a column stands for, in their order; or TERM=KEY."),
    ] = None,
    geo: Annotated[
        str | None, typer.Option("--geo", metavar="CODE", help='Where the searches were made: "" worldwide, DE, US-NY.')
    ] = None,
) -> int:
    """Load exports as draws of search interest, beside those of the nights, and publish them.

    Columns are matched to the frameworks of config.toml by their terms. A file that cannot be used is refused with the
    line, and nothing is loaded. The same file again changes nothing.

    \b
    trends import-search multiTimeline.csv
    trends import-search multiTimeline.csv --as tensorflow --as pytorch
    trends import-search multiTimeline.csv --as "torch=pytorch" --geo DE
    """
    from flows.search_import import Wanted
    from flows.search_import import import_search as load

    invocation: Invocation = context.obj
    code = ALL_DONE
    for line, is_well in load(Wanted(invocation.settings(), names or [], geo, invocation.now), files):
        if is_well:
            typer.echo(line)
        else:
            code = complain(line, INCOMPLETE)
    return code
