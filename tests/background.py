"""Commands that run beside the tests and end with them.

`python -m tests.background OWNER RECORD AFTER COMMAND...` is what `start` runs. It lives in a process group of its own
and ends the whole group as soon as the process OWNER, the pytest that was called, is no longer there.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

ROOT = Path(__file__).parents[1]
LONGEST_SECONDS = 600  # a command that takes longer hangs
PAUSE_SECONDS = 0.1


def start(
    record: Path,
    command: Sequence[str],
    *,
    owner: int,
    environment: Mapping[str, str],
    keep_open: Sequence[int] = (),
    after: str = "",
) -> None:
    """Start `command` and return at once.

    record       what the names of its files begin with: .stdout, .stderr and, at the end, .code
    owner        the process with which it ends
    keep_open    file descriptors that the command gets under the same numbers
    after        a URL that has to answer first
    """
    watch = [sys.executable, "-m", "tests.background", str(owner), str(record), after, *command]
    with Path(f"{record}.stdout").open("wb") as out, Path(f"{record}.stderr").open("wb") as err:
        subprocess.Popen(
            watch, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
            pass_fds=keep_open, start_new_session=True,
        )  # fmt: skip


def result(record: Path) -> subprocess.CompletedProcess[str]:
    """What the command said, once it has ended. Raises TimeoutError when it does not."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while not Path(f"{record}.code").exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{record.name} has not ended after {LONGEST_SECONDS} s; it wrote: {_said(record)}")
        time.sleep(PAUSE_SECONDS)
    return subprocess.CompletedProcess((), int(_text(record, "code")), _text(record, "stdout"), _text(record, "stderr"))


def _text(record: Path, kind: str) -> str:
    return Path(f"{record}.{kind}").read_text(encoding="utf-8")


def _said(record: Path) -> str:
    return _text(record, "stdout") + _text(record, "stderr")


def _watch(owner: int, record: Path, after: str, command: Sequence[str]) -> None:
    """Run `command` to its end, which is written down in one step, or to the end of `owner`."""
    if after:
        build_opener(ProxyHandler({})).open(after, timeout=LONGEST_SECONDS).close()
    with subprocess.Popen(command, close_fds=False) as running:
        while running.poll() is None:
            if not _is_there(owner):
                os.killpg(0, signal.SIGKILL)  # this process too
            time.sleep(PAUSE_SECONDS)
    partial = Path(f"{record}.code.partial")
    partial.write_text(str(running.returncode), encoding="utf-8")
    partial.replace(f"{record}.code")


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    _watch(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4:])
