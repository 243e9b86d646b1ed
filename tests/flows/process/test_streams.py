"""Whoever reads what a command says may go, stop reading, or never have been there: the work is not disturbed."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import pytest

from flows import cli
from flows.process.progress import PlainProgress, TerminalProgress, progress_on
from flows.process.streams import say
from tests.conftest import TRENDS, environment
from tests.flows.process.conftest import SmallNight, night_on_shared_server
from warehouse.printable import REPLACEMENT

NOBODY = "import os, sys; os.close(2); os.execv(sys.argv[1], sys.argv[1:])"


@pytest.fixture
def full_pipe() -> Iterator[TextIO]:
    """A pipe that takes no more and that nobody reads."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, bytes(4096))
    except BlockingIOError:
        os.set_blocking(writer, True)
    with os.fdopen(writer, "w") as out:
        yield out
        os.set_blocking(writer, False)
        os.close(reader)


@pytest.fixture
def without_reader() -> Iterator[TextIO]:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as out:
        yield out


@pytest.fixture
def full_disk() -> Iterator[TextIO]:
    with Path("/dev/full").open("w") as out:
        yield out


@pytest.fixture
def closed() -> TextIO:
    out = io.StringIO()
    out.close()
    return out


@pytest.mark.parametrize("stream", ["full_pipe", "without_reader", "full_disk", "closed"])
def test_progress_never_raises_and_never_waits(stream: str, request: pytest.FixtureRequest) -> None:
    out = request.getfixturevalue(stream)
    for kind in (PlainProgress, TerminalProgress):
        with kind(out) as progress:
            with progress.waiting("opens the warehouse"):
                progress.begin("git keras")
            progress.end("git keras", "ok", "1 new row")
            progress.end("pypi keras", "failed", "gone")


def test_what_can_be_written_is_written() -> None:
    out = io.StringIO()
    with progress_on(out) as progress:
        progress.end("git keras", "ok", "1 new row")
    say("done", out)
    assert out.getvalue() == "ok       git keras: 1 new row\ndone\n"


def test_control_codes_of_an_upstream_do_not_reach_the_terminal() -> None:
    for kind in (PlainProgress, TerminalProgress):
        out = io.StringIO()
        with kind(out) as progress:
            progress.end("git \x1b[31mred", "ok", "\x1b]0;title\x07")
        assert "\x1b[31m" not in out.getvalue()
        assert "\x07" not in out.getvalue()
        assert REPLACEMENT in out.getvalue()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, prefect_api: str, empty_folder: Path) -> SmallNight:
    """Where the nights of this file are run, one after the other; they report to a server that runs already."""
    return night_on_shared_server(tmp_path_factory.mktemp("streams"), prefect_api, empty_folder)


@pytest.fixture(scope="module")
def undisturbed(place: SmallNight) -> subprocess.CompletedProcess[str]:
    run = place.run_here()
    assert run.stdout.endswith("report.html\n"), run.stderr
    return run


@contextmanager
def _stream(name: str, file: TextIO) -> Iterator[None]:
    """Here and in whatever is started from here, `file` is standard output or standard error, as a shell gives it."""
    number = {"stdout": 1, "stderr": 2}[name]
    kept, before = os.dup(number), getattr(sys, name)
    os.dup2(file.fileno(), number)
    ours = os.fdopen(number, "w", encoding="utf-8", closefd=False)
    setattr(sys, name, ours)
    try:
        yield
    finally:
        setattr(sys, name, before)
        with suppress(OSError):
            ours.close()  # what it still holds back is lost here, not written to whatever is next behind its number
        os.dup2(kept, number)
        os.close(kept)


def _progress_to_nobody(place: SmallNight) -> subprocess.CompletedProcess[str]:
    """In a process of its own, since only that can begin without a stream."""
    command = [sys.executable, "-c", NOBODY, *place.command]
    return subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=False, timeout=100, env=os.environ | place.environment
    )


@pytest.mark.slow
def test_a_night_is_the_same_when_nobody_reads_its_progress(
    place: SmallNight, undisturbed: subprocess.CompletedProcess[str]
) -> None:
    before = place.statuses()
    run = _progress_to_nobody(place)
    assert (run.stdout, run.returncode) == (undisturbed.stdout, undisturbed.returncode)
    assert place.statuses() == [*before, before[0]]


@pytest.mark.slow
@pytest.mark.parametrize("stream", ["without_reader", "full_disk"])
def test_a_night_is_the_same_whoever_reads_its_progress(
    place: SmallNight,
    undisturbed: subprocess.CompletedProcess[str],
    stream: str,
    request: pytest.FixtureRequest,
    capfd: pytest.CaptureFixture[str],
) -> None:
    before = place.statuses()
    with _stream("stderr", request.getfixturevalue(stream)), environment(place.environment):
        code = cli.main(place.command[1:])
    assert (capfd.readouterr().out, code) == (undisturbed.stdout, undisturbed.returncode)
    assert place.statuses() == [*before, before[0]]


def test_the_exit_code_is_the_same_where_nobody_can_be_told(full_disk: TextIO, without_reader: TextIO) -> None:
    for stream in (full_disk, without_reader):
        done = subprocess.run([*TRENDS, "--config", "nowhere.toml", "status"], stderr=stream, check=False)
        assert done.returncode == 2


@pytest.mark.slow
def test_a_report_whose_path_nobody_takes_is_a_report(
    place: SmallNight,
    undisturbed: subprocess.CompletedProcess[str],
    full_disk: TextIO,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with _stream("stdout", full_disk), environment(place.environment):
        code = cli.main(place.command[1:])
    assert code == undisturbed.returncode
    last = capfd.readouterr().err.splitlines()[-1]
    assert last == f"trends: standard output: No space left on device; the report is {undisturbed.stdout.strip()}"


def test_a_file_never_takes_the_place_of_a_closed_stream(tmp_path: Path) -> None:
    """Else the warehouse would be file 2, and whatever is written to standard error would damage it."""
    code = """if True:
        import os, sys
        for number in (0, 1, 2):
            os.close(number)
        sys.stdin = sys.stdout = sys.stderr = None
        from flows.cli import main
        main(["status"])
        opened = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)
        os.write(opened, str(opened).encode())"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "opened")], check=True, cwd=tmp_path)
    assert int((tmp_path / "opened").read_text()) > 2


def test_complaints_never_raise(monkeypatch: pytest.MonkeyPatch, without_reader: TextIO) -> None:
    monkeypatch.setattr(sys, "stderr", without_reader)
    assert cli.main(["--config", "nowhere.toml", "status"]) == 2


# ---- the first words -------------------------------------------------------------------------------------------------

FIRST_WORDS = """if True:
    import sys, os
    from flows.process.streams import Patient
    write = Patient.write
    def look(self, text):
        if "s the " in text:
            os.write(1, " ".join([text, *sys.modules]).encode())
            os._exit(0)
        return write(self, text)
    Patient.write = look
    from flows.cli import main
    main(sys.argv[1:])
"""
SLOW_TO_LOAD = {"prefect", "duckdb", "pandas", "requests", "pyarrow", "plotly", "matplotlib"}


@pytest.mark.parametrize("arguments", [["nightly"], ["nightly", "--replay"]])
def test_the_first_words_on_a_terminal_wait_for_nothing_that_is_slow_to_load(
    arguments: list[str], tmp_path: Path
) -> None:
    """What is loaded by then is what makes them late or not, on any machine."""
    terminal, ours = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", FIRST_WORDS, *arguments], stderr=ours, stdout=subprocess.PIPE, text=True, check=True,
        timeout=60, env=os.environ | {"TERM": "xterm"}, cwd=tmp_path,
    )  # fmt: skip
    os.close(ours)
    os.close(terminal)
    words, loaded = done.stdout.split(" sys ", 1)
    assert "loads the program" in words or "starts the recorded upstreams" in words
    assert SLOW_TO_LOAD & {name.split(".")[0] for name in loaded.split()} == set()
