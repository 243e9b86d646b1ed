"""Kill the night with SIGKILL at ten random moments, run it again, and compare with an undisturbed run.

python -m tests.bench.ten_kills
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import OFFLINE, ROOT
from tests.flows.test_nightly import facts_of

KILLS, LONGEST_SECONDS = 10, 20.0


def _night(data: Path) -> subprocess.Popen[bytes]:
    command = [str(Path(sys.executable).parent / "trends"), "--data", str(data), "nightly", "--replay"]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(
        command, cwd=ROOT, env=os.environ | OFFLINE, stdout=quiet, stderr=quiet, start_new_session=True
    )


def main() -> int:
    """0 when the rows are the same."""
    moments = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        undisturbed, disturbed = Path(folder) / "undisturbed", Path(folder) / "disturbed"
        if _night(undisturbed).wait() != 0:
            return 1
        killed = 0
        for _ in range(KILLS):
            process, seconds = _night(disturbed), moments.uniform(1, LONGEST_SECONDS)
            time.sleep(seconds)
            os.killpg(process.pid, signal.SIGKILL)
            killed += process.wait() == -signal.SIGKILL
            sys.stdout.write(f"killed after {seconds:.1f} s, exit {process.returncode}\n")
        ended = _night(disturbed).wait()
        first, second = (facts_of(data / "demo" / "warehouse.duckdb") for data in (undisturbed, disturbed))
        same = first == second
        sys.stdout.write(f"{killed} of {KILLS} killed; last run ended {ended}; rows the same: {same}\n")
    return 0 if same and ended == 0 else 1


if __name__ == "__main__":
    raise SystemExit(main())
