"""The command line: arguments -> settings -> one call. The only place that reads the clock.

Whatever a command needs is imported inside it, so that `trends --help` does not wait for Prefect, pandas or DuckDB.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from flows.process import completion
from flows.process.arguments import AsOf, UsageError, for_every_command_first, not_after, say_version
from flows.process.endings import (
    ALL_DONE,
    INCOMPLETE,
    INTERRUPTED,
    NOTHING_DONE,
    USAGE,
    complain,
    of_the_system,
    one_line,
    told,
)
from flows.process.loading import without_collecting
from flows.process.signals import Stop, stop_on_signals
from flows.process.streams import open_closed_streams, send_to_nothing

if TYPE_CHECKING:
    from flows.config.settings import Settings
    from flows.process.progress import Progress
    from flows.run import Run


# Errors that a person can do something about end as one line; every other one is a fault of the program.
# By name, because importing the classes would load the modules that --help must not wait for.
FORESEEN = {
    "flows.process.arguments.UsageError": USAGE,
    "flows.config.settings.ConfigError": USAGE,
    "flows.config.shipped.InPlaceError": USAGE,
    "flows.diagnosis.clock.ClockError": NOTHING_DONE,
    "flows.sources.errors.SourceError": NOTHING_DONE,
    "warehouse.open.WarehouseError": NOTHING_DONE,
    "warehouse.publish.snapshot.PublishedError": NOTHING_DONE,
    "warehouse.adhoc.ask.CopyUnusableError": NOTHING_DONE,
    "warehouse.adhoc.ask.QueryError": USAGE,
}

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
    """What holds for every command. `now` is the one reading of the clock; `stop` knows who wants it to end."""

    now: datetime
    stop: Stop
    config: Path = Path("config.toml")
    data_option: Path | None = None

    def settings(self) -> Settings:
        """config.toml, with --data in it. Raises ConfigError."""
        from flows.config.settings import load_settings, with_data

        settings = load_settings(self.config)
        return with_data(settings, self.data_option) if self.data_option else settings


def main(arguments: Sequence[str] | None = None, now: datetime | None = None) -> int:
    """Run one command and return its exit code. `arguments` and `now` default to those of this process."""
    open_closed_streams()
    stop = Stop(give_up=lambda: os._exit(_stopped()))
    with stop_on_signals(stop):
        code = _ended(list(sys.argv[1:] if arguments is None else arguments), now or datetime.now(UTC), stop)
        if arguments is None:
            _leave(code)
    return code


def _leave(code: int) -> NoReturn:
    """End this process at once. What had to be closed is closed; taking the rest apart would take up to a second."""
    with suppress(OSError):
        sys.stdout.flush()
    os._exit(code)


def _ended(arguments: list[str], now: datetime, stop: Stop) -> int:
    try:
        return _run(arguments, now, stop)
    except BrokenPipeError:  # whoever read the output has seen enough, as in `trends sql ... | head`
        send_to_nothing(sys.stdout)
        return ALL_DONE
    except KeyboardInterrupt:
        return _stopped()


def _stopped() -> int:
    return complain("stopped; what was loaded stays, the same command goes on from there", INTERRUPTED)


def _run(arguments: list[str], now: datetime, stop: Stop) -> int:
    command = typer.main.get_command(app)
    if completion.is_asked():
        return completion.complete(command)
    try:
        words = for_every_command_first(arguments) or ["--help"]
        with command.make_context("trends", words, obj=Invocation(now, stop)) as context:
            return int(command.invoke(context) or ALL_DONE)
    except typer.Exit as end:
        return end.exit_code
    except typer.TyperException as error:
        return complain(f"{one_line(error.format_message())} See trends --help.", USAGE)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        return complain(of_the_system(error), NOTHING_DONE)
    except Exception as error:  # noqa: BLE001 - the exit code of an uncaught error would read as "a source failed"
        if stop.asked:  # DuckDB turns the interruption of a query into an error of its own
            raise KeyboardInterrupt from None
        return told(error, FORESEEN)


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
) -> int:
    """Run the nightly job once, now: collect, load, check, publish, report.

    Progress goes to stderr; the last line on stdout is the path of the report.

    \b
    trends nightly                        ask the real upstreams
    trends nightly --replay               ask recorded ones, offline; nothing mixes with live rows
    trends nightly --as-of 2026-09-30     report that day as it was known then
    """
    from flows.process.progress import progress_on

    with progress_on(sys.stderr) as progress:
        run = (_replayed if replay else _live)(context.obj, progress, as_of, send_mail=not no_mail)
    return _told(run)


def _live(invocation: Invocation, progress: Progress, as_of: date | None, *, send_mail: bool) -> Run:
    with progress.waiting("loads the program"), without_collecting():
        settings = invocation.settings()
        from flows.night import run_nightly
        from flows.run import Night
    today = invocation.now.date()
    day = not_after(as_of or today, today, "which is today")
    night = Night(settings, settings.warehouse.data, invocation.now, day, send_mail, doubts_clock=True)
    return run_nightly(night, progress, invocation.stop)


def _replayed(invocation: Invocation, progress: Progress, as_of: date | None, *, send_mail: bool) -> Run:  # noqa: ARG001 - a replay mails nothing
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
        night = Night(pointed_at(server, settings), data, moment_of(day), day, send_mail=False)
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
    from warehouse.adhoc.ask import run_query, started

    invocation: Invocation = context.obj
    if bool(query) == bool(describe):
        raise UsageError("give one QUERY in quotes, or --describe VIEW; trends sql .tables lists the views")
    with started(form) as child:  # it loads DuckDB while this process reads config.toml
        question = f".describe {describe}" if describe else sys.stdin.read() if query == "-" else query
        day = not_after(as_of, invocation.now.date(), "which is today") if as_of else None
        published = invocation.settings().warehouse.data / "published.duckdb"
        run_query(published, question, out=sys.stdout.buffer, output_format=form, as_of=day, child=child)
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
    found = read_status(settings.warehouse.data, day, settings.sources.off)
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
