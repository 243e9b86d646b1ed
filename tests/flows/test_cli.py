"""The command line: quick, one line an error, the exit codes of the design."""

from __future__ import annotations

import io
import json
import os
import resource
import shlex
import signal
import subprocess
import sys
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest
import typer

from flows import cli
from flows.process.arguments import for_every_command_first
from tests.conftest import TRENDS

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CONFIG = '[frameworks.jax]\npackages = ["jax"]\nrepository = "jax-ml/jax"\nsearch_term = "jax"\n'
HEAVY = {"prefect", "pandas", "plotly", "duckdb", "pydantic", "requests", "pyarrow", "rich", "matplotlib"}
COMMANDS = sorted(typer.main.get_command(cli.app).commands)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a config.toml in it."""
    (tmp_path / "config.toml").write_text(CONFIG, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(arguments: str, capsys: pytest.CaptureFixture[str], code: int = 2) -> str:
    """The one line on stderr of a command that ends with `code`."""
    assert cli.main(arguments.split(), NOW) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("trends: ")
    assert err.count("\n") == 1
    return err.removeprefix("trends: ").rstrip("\n")


def _help_in_a_new_process() -> subprocess.CompletedProcess[str]:
    code = "import sys; from flows.cli import main; main(['--help']); print(*sys.modules, file=sys.stderr)"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


def test_help_loads_nothing_that_only_a_command_needs() -> None:
    loaded = {name.split(".")[0] for name in _help_in_a_new_process().stderr.split()}

    assert "typer" in loaded
    assert not HEAVY & loaded


def test_help_costs_little_more_than_the_library_that_writes_it() -> None:
    """Both measured in turn on this machine, whatever it is: a tenth of a second of a processor or two."""
    trends, typer_alone = [*TRENDS, "--help"], [sys.executable, "-c", "import typer.main"]
    pairs = [(_processor_seconds(trends), _processor_seconds(typer_alone)) for _ in range(5)]
    assert min(pair[0] for pair in pairs) < 2 * min(pair[1] for pair in pairs)


def _processor_seconds(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_help_lists_every_command_and_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([], NOW) == cli.main(["--help"], NOW) == 0
    out = capsys.readouterr().out
    assert all(f"\n  {command} " in out for command in COMMANDS)
    assert "Exit codes: 0 all done; 1 finished, but a source failed" in out


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_shows_examples_that_parse(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([command, "--help"], NOW) == 0
    examples = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  trends ")]
    assert examples
    group = typer.main.get_command(cli.app)
    for example in examples:
        words = shlex.split(example.strip().split("   ")[0].split(">")[0])[1:]
        with group.make_context("trends", words) as context:
            name, found, rest = group.resolve_command(context, [*context._protected_args, *context.args])
            assert name == command
            found.make_context(name, rest, parent=context).close()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("nighly", "No such command 'nighly'. Did you mean 'nightly'? See trends --help."),
        ("--conf x status", "No such option: --conf"),
        ("nightly --as-of 25.6.2021", "'25.6.2021' is no day; write it as YYYY-MM-DD, for example 2021-06-25."),
        ("nightly --as-of 20210625", "'20210625' is no day"),
        ("nightly --as-of 2021-W25-5", "'2021-W25-5' is no day"),
        ("nightly --as-of 2021-02-29", "'2021-02-29' is no day"),
        ("nightly --as-of 2026-11-23", "--as-of 2026-11-23 is after 2026-11-22, which is today"),
        (
            "nightly --replay --as-of 2021-06-26",
            "after 2021-06-25, the last day of the recordings",
        ),
        ("status --as-of 2026-11-23", "--as-of 2026-11-23 is after 2026-11-22, which is today"),
        ("status --format xml", "'xml' is not one of 'table', 'json'"),
        ("sql", "give one QUERY in quotes, or --describe VIEW"),
        ("sql .tables --describe releases", "give one QUERY in quotes, or --describe VIEW"),
        (
            "--config nowhere.toml status",
            "nowhere.toml: no such file; name it with --config FILE, or write one with trends init",
        ),
    ],
)
@pytest.mark.usefixtures("folder")
def test_usage_errors_are_one_line(arguments: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert said in refused(arguments, capsys)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("arguments", ["status", "sql .tables", "sql --describe releases"])
def test_before_the_first_night_there_is_nothing_to_read(arguments: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "nothing has been published yet; run trends nightly first" in refused(arguments, capsys, code=3)


def test_every_fault_of_the_config_is_a_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "config.toml").write_text("[schedul]\n[frameworks]\n", "utf-8")

    assert cli.main(["status"], NOW) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all("config.toml: " in line for line in lines)


def test_data_comes_before_the_config(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = refused("--data elsewhere status", capsys, code=3)

    assert line.startswith("elsewhere/published.duckdb: ")
    assert str(folder / "data/published.duckdb") in refused("status", capsys, code=3)


@pytest.mark.parametrize("where", ["status --data {0}", "status --data={0}", "status --format json --data {0}"])
def test_what_holds_for_every_command_may_stand_after_it(
    where: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(where.format("elsewhere"), capsys, code=3).startswith("elsewhere/published.duckdb: ")
    (folder / "other.toml").write_text("?", "utf-8")
    assert "other.toml: not TOML" in refused("status --config other.toml", capsys)


def test_what_comes_after_two_dashes_is_left_where_it_is() -> None:
    assert for_every_command_first(["sql", "--", "--data"]) == ["sql", "--", "--data"]
    assert for_every_command_first(["sql", "-- --data x"]) == ["sql", "-- --data x"]


def test_no_command_has_an_option_of_its_own_that_is_taken_for_one_of_all() -> None:
    commands = typer.main.get_command(cli.app).commands.values()
    own = {option for command in commands for parameter in command.params for option in parameter.opts}
    assert not own & {"--config", "--data"}


def test_the_version_is_that_of_the_project(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"trends {version('framework-trends')}\n"


def test_foreseen_errors_exist() -> None:
    for name in cli.FORESEEN:
        module, _, cls = name.rpartition(".")
        assert issubclass(getattr(import_module(module), cls), Exception)


def _failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    """The exit code of a command that meets `error`."""

    def fail(_: cli.Invocation) -> None:
        raise error

    monkeypatch.setattr(cli.Invocation, "settings", fail)
    return cli.main(["doctor"], NOW)


def test_a_fault_of_the_program_is_no_failed_source(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _failing(monkeypatch, ZeroDivisionError("division by zero")) == 3
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == "trends: fault in the program; please report it with the lines above"


def test_a_busy_warehouse_names_its_holder(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from warehouse.open import WarehouseBusy

    assert _failing(monkeypatch, WarehouseBusy(4711, Path("w.duckdb"))) == 3
    assert capsys.readouterr().err == "trends: w.duckdb: in use by process 4711; wait until it ends, or stop it\n"


def test_a_full_disk_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert _failing(monkeypatch, OSError(28, "No space left on device", "data/x")) == 3
    assert capsys.readouterr().err == "trends: data/x: No space left on device\n"


def test_control_c_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert _failing(monkeypatch, KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "trends: stopped; what was loaded stays, the same command goes on from there\n"


def test_a_reader_that_has_seen_enough_is_no_error(folder: Path) -> None:
    """As in `trends --help | true`: the pipe closes before anything is written."""
    code = "import sys; sys.stdin.read(); from flows.cli import main; raise SystemExit(main(['--help']))"
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    child = subprocess.Popen([sys.executable, "-c", code], cwd=folder, **pipes)
    assert child.stdout
    child.stdout.close()
    _, err = child.communicate()  # closes its standard input, for which it waits
    assert (err, child.returncode) == (b"", 0)


@pytest.mark.usefixtures("folder")
def test_interrupting_a_real_process_leaves_no_traceback() -> None:
    code = """if True:
        import signal, time
        from flows.cli import Invocation, main
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background would ignore it
        Invocation.settings = lambda self: (print("here", flush=True), time.sleep(60))
        raise SystemExit(main(["doctor"]))"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout
        assert child.stdout.readline() == b"here\n"
        os.kill(child.pid, signal.SIGINT)
        _, err = child.communicate()
    assert (err.count(b"\n"), child.returncode) == (1, 130)


# ---- on the demo's warehouse -----------------------------------------------------------------------------------------


def test_nightly_prints_the_path_of_the_report_last(demo) -> None:
    assert Path(demo.stdout.splitlines()[-1]).is_file()
    assert demo.stdout.splitlines()[-1].endswith("reports/2021-06-25/report.html")


def test_sql_answers_in_every_format(demo, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    query = "SELECT DATE '2021-05-01' AS day, count(*) > 0 AS found FROM monthly_metrics WHERE metric = 'commits'"

    def ask(form: str) -> bytes:
        assert cli.main(["--data", str(demo.data), "sql", query, "--format", form], NOW) == 0
        return capfdbinary.readouterr().out

    assert json.loads(ask("json")) == [{"day": "2021-05-01", "found": True}]
    assert ask("csv").splitlines() == [b"day,found", b"2021-05-01,true"]
    assert ask("parquet").startswith(b"PAR1")
    assert b"2021-05-01" in ask("table")


def test_sql_reads_the_query_from_standard_input(
    demo, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("SELECT 1 + 1 AS two"))
    assert cli.main(["--data", str(demo.data), "sql", "-", "--format", "csv"], NOW) == 0
    assert capfdbinary.readouterr().out.splitlines() == [b"two", b"2"]


def test_a_wrong_query_is_one_line(demo, capsys: pytest.CaptureFixture[str]) -> None:
    assert "monthly_metrics" in refused(f"--data {demo.data} sql --describe monthly_metric", capsys)


def test_status_as_json_is_a_list_of_objects(demo, capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(["--data", str(demo.data), "status", "--as-of", "2021-06-25", "--format", "json"], NOW)
    rows = json.loads(capsys.readouterr().out)

    assert code == 0
    assert {row["section"] for row in rows} >= {"freshness", "runs", "breaks"}
    runs = [row for row in rows if row["section"] == "runs"]
    assert {(run["status"], run["started_at"][:14], run["steps"] - run["steps_ok"]) for run in runs} == {
        ("ok", "2021-06-25T23:", 0), ("fallback", "2021-06-25T23:", 0),
    }  # fmt: skip
    told = {run["entity"]: run["error"] for run in runs}
    assert told.keys() == {None, "tensorflow", "tensorflow-cpu", "torch", "keras"}
    assert told["torch"].startswith("clickpy: no row for torch from ")
    git = [row for row in rows if row["section"] == "freshness" and row["service"] == "git"]
    assert {row["entity"] for row in git} == {"tensorflow/tensorflow", "pytorch/pytorch", "keras-team/keras"}
    assert all(row["status"] == "fresh" for row in git)


def test_status_of_a_later_day_wants_attention(demo, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--data", str(demo.data), "status"], NOW) == 1
    assert "stale" in capsys.readouterr().out


def test_status_off_a_terminal_has_no_frames_and_cuts_nothing(demo, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["--data", str(demo.data), "status", "--as-of", "2021-06-25"], NOW)
    out = capsys.readouterr().out

    assert out.isascii() or "─" not in out
    assert "…" not in out
    assert "\x1b" not in out
    assert "Measurement breaks in force" in out
