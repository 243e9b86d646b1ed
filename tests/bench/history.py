"""What contributor metrics of a whole history take, as a process of its own, beside `git log` of the same commits.

    python tests/bench/history.py [--rounds 5] [--commits 1000000]

Without --commits it is tensorflow's recorded history, else one that is made here (20,000 authors, twelve years, one
commit in eight a merge). The clone is there already. Ours: read the commits, know the people, save them in a new
warehouse, and evaluate months and years of every contributor metric. Floor: git log with the same fields. Each round
runs both, one after the other; the ratios are medians.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from flows.config.settings import GitHistory
from flows.sources.git.history import fetch_commits
from flows.sources.git.log import COMMIT
from tests.bench.meter import ROOT, Spent, against, beside, ratio, say, spent_by
from warehouse.ledger import begin_run
from warehouse.open import open_warehouse
from warehouse.publish.evaluate import evaluated_for
from warehouse.rows import Answer, FrameworkEntry
from warehouse.save import save_answers

LAST_DAY = date(2021, 6, 24)
NOW = datetime(2021, 6, 25, tzinfo=UTC)
RECORDED, MADE = "tensorflow/tensorflow", "made/history"
AUTHORS, MADE_YEARS, SEED = 20_000, 12, 20210624
TARGETS = {RECORDED: 2.5, MADE: 1.5}
METRICS = "SELECT count(*) FROM {} WHERE framework = 'tracked'"


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--commits", type=int, help="make a history of so many commits")
    arguments.add_argument("--job", nargs=3, help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    if asked.job:
        _job(*asked.job)
        return
    with TemporaryDirectory() as folder, _upstream(Path(folder), asked.commits) as (url, repository):
        clone = Path(folder) / "clone"
        told = list(_answers(url, repository, clone))
        commits = sum(len(answer.rows) for answer in told)
        rounds = [_one_round(Path(folder), url, repository, clone) for _ in range(asked.rounds)]
    target = against(ratio(rounds).clock, TARGETS[repository], "by the clock")
    say(f"{commits:,} commits: {beside(rounds, 'git log')}{target}")


def _one_round(folder: Path, url: str, repository: str, clone: Path) -> tuple[Spent, Spent]:
    ours = spent_by([sys.executable, __file__, "--job", url, repository, str(clone)])
    form = "--format=" + "%x00".join(COMMIT)
    return ours, spent_by(["git", f"--git-dir={clone}", "log", form, "HEAD"])


def _job(url: str, repository: str, clone: str) -> None:
    """What is measured: from the clone to the figures."""
    with TemporaryDirectory() as folder, open_warehouse(Path(folder) / "warehouse.duckdb") as con:
        begin_run(con, run_id="0", flow="nightly", as_of=NOW.date(), started_at=NOW, program_version="bench")
        tracked = FrameworkEntry("tracked", "Tracked", 0, repository, "tracked", "term")
        save_answers(con, "0", [Answer("config", "frameworks", "{}", NOW, (tracked,), replaces_all=True)])
        save_answers(con, "0", _answers(url, repository, Path(clone)))
        questions = [METRICS.format(view) for view in ("core.git_months", "core.git_years")]
        with evaluated_for(con, *questions):
            for question in questions:
                con.execute(question).fetchall()


def _answers(url: str, repository: str, clone: Path) -> Iterator[Answer]:
    return fetch_commits(
        GitHistory(base_url=url), repository=repository, clone_dir=clone, since_tip=None, known_identities=None,
        identity_key=b"k" * 32, collected_at=NOW,
    )  # fmt: skip


@contextmanager
def _upstream(folder: Path, commits: int | None) -> Iterator[tuple[str, str]]:
    """A git server on loopback with the history; its address and the name of the repository."""
    from flows.replay.git_server import GitFolder, GitReplay  # not for what is measured
    from flows.replay.server import ReplayServer, Upstream

    upstream: Upstream
    if commits:
        _make_history(folder / f"{MADE}.git", commits)
        upstream = GitFolder(folder)
    else:
        upstream = GitReplay(ROOT / "flows/replay/recordings/github", folder / "upstreams", LAST_DAY)
    with ReplayServer({"git": upstream}) as server:
        yield server.url("git"), MADE if commits else RECORDED


def _make_history(target: Path, commits: int) -> None:
    """Commits come ever more often, authors one after the other, and few of them make most."""
    chance = random.Random(SEED)
    end = int((NOW - timedelta(hours=1)).timestamp())
    start = end - MADE_YEARS * 365 * 86400
    subprocess.run(["git", "init", "-q", "--bare", "--template=", "--initial-branch=master", target], check=True)
    command = ["git", f"--git-dir={target}", "fast-import", "--quiet", "--done"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as importing:
        assert importing.stdin
        for number in range(1, commits + 1):
            moment = start + int((end - start) * (number / commits) ** 0.8)
            known = max(5, AUTHORS * number // commits)
            person = f"person{int(known * chance.random() ** 3):05d}"
            author = f"{person} <{person}@example.invalid>"
            message = f"Change {number}: " + "x" * chance.randrange(20, 120)
            parents = (f"from :{number - 1}\n" if number > 1 else "") + (
                f"merge :{number - 2}\n" if number > 2 and chance.random() < 0.12 else ""
            )
            importing.stdin.write(
                f"commit refs/heads/master\nmark :{number}\n"
                f"author {author} {moment - chance.randrange(259_200)} +0000\n"
                f"committer {author} {moment} +0000\ndata {len(message)}\n{message}\n{parents}\n".encode()
            )
        importing.stdin.write(b"done\n")
    assert importing.returncode == 0


if __name__ == "__main__":
    main()
