"""The first nights of three and of six frameworks without a GitHub token, against upstreams as unkind as in life.

Prints what each night asked of each service and what was still to come after it.

python -m tests.bench.first_nights
"""

from __future__ import annotations

import logging
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

from flows.collecting.clients import open_clients
from flows.collecting.plan import configuration, plan
from flows.config.settings import Framework, Settings, load_settings
from flows.replay.clickhouse import ClickhouseReplay
from flows.replay.git_server import GitReplay
from flows.replay.github import GithubReplay
from flows.replay.google_trends import GoogleTrendsReplay
from flows.replay.package_index import PackageIndexReplay
from flows.replay.pypistats import PypistatsReplay
from flows.replay.server import ReplayServer, Reply, Request
from flows.replay.top_packages import TopPackagesReplay
from flows.replay.upstreams import moment_of, pointed_at
from flows.run import Night
from flows.sources.errors import SourceError
from tests.conftest import ROOT
from warehouse.ledger import begin_run
from warehouse.open import open_warehouse
from warehouse.read.state import known_before, star_days, star_history_begins
from warehouse.rows import Answer
from warehouse.save import save_answers

FIRST_NIGHT, MOST_NIGHTS = date(2026, 8, 20), 10
RECORDINGS = ROOT / "flows/replay/recordings/github"
SERVICES = ("trends", "github", "git", "clickhouse", "pypistats", "top-packages", "index")
# Three more frameworks: the repositories of the first three under other names, and packages that were recorded.
COPIES = {"copy/one": "tensorflow/tensorflow", "copy/two": "pytorch/pytorch", "copy/three": "keras-team/keras"}
PACKAGES = ("requests", "transformers", "tensorboard")


def main() -> int:
    logging.disable()
    settings = load_settings(ROOT / "config.toml")
    copies = {
        f"copy{n}": Framework(packages=(package,), repository=name, search_term=f"term {n}")
        for n, (name, package) in enumerate(zip(COPIES, PACKAGES, strict=True))
    }
    for frameworks in (settings.frameworks, {**settings.frameworks, **copies}):
        with tempfile.TemporaryDirectory() as folder:
            _first_nights(settings.model_copy(update={"frameworks": frameworks}), Path(folder))
    return 0


def _first_nights(settings: Settings, folder: Path) -> None:
    """Nights until the star history of every repository is whole, and one more."""
    repositories = [framework.repository for framework in settings.frameworks.values()]
    _line(f"\n{len(repositories)} frameworks")
    _line("night  " + "".join(f"{name:>13}" for name in SERVICES) + "  stars whole  stars since       failed steps")
    with open_warehouse(folder / "warehouse.duckdb") as con:
        more = 1
        for number in range(MOST_NIGHTS):
            day = FIRST_NIGHT + timedelta(days=number)
            asked, failed = _night(con, settings, folder, day)
            whole = [name for name in repositories if star_history_begins(con, name)]
            since = max(min(first for first, _ in star_days(con, name)) for name in repositories)
            _line(
                f"{number + 1:>5}  " + "".join(f"{asked[name]:>13}" for name in SERVICES)
                + f"{len(whole):>8} of {len(repositories)}   {since}  {len(failed):>4}  {' | '.join(failed)[:120]}"
            )  # fmt: skip
            more -= len(whole) == len(repositories)
            if more < 0:
                return


def _night(
    con: duckdb.DuckDBPyConnection, settings: Settings, folder: Path, day: date
) -> tuple[Counter[str], list[str]]:
    """One night: the requests that each service got, and the errors of steps."""
    now = moment_of(day)
    with _upstreams(day, now, folder / "upstreams") as server:
        night = Night(pointed_at(server, settings), folder, now, day)
        begin_run(con, run_id=f"{day}", flow="nightly", as_of=day, started_at=now, program_version="bench")
        save_answers(con, f"{day}", configuration(night))
        failed = []
        with open_clients(night.settings.sources, {}, lambda seconds: None) as clients:
            with known_before(con, now):
                steps = plan(night, con, clients)
            for step in steps:
                answers: list[Answer] = []
                try:
                    answers.extend(step.fetch())
                except SourceError as error:
                    failed.append(f"{step.name}: {error}")
                save_answers(con, f"{day}", answers)
        return Counter(name for name, _ in server.requests), failed


def _upstreams(day: date, now: datetime, cache: Path) -> ReplayServer:
    git = GitReplay(RECORDINGS, cache, day, branches={"pytorch/pytorch": "main"})

    def git_with_copies(request: Request) -> Reply:
        path = request.path
        for copy, name in COPIES.items():
            path = path.replace(f"/{copy}.git", f"/{name}.git")
        return git(replace(request, path=path))

    return ReplayServer(
        {
            "trends": GoogleTrendsReplay(now),
            "github": GithubReplay(RECORDINGS, day, same_as=COPIES),
            "git": git_with_copies,
            "clickhouse": ClickhouseReplay(day),
            "pypistats": PypistatsReplay(day),
            "top-packages": TopPackagesReplay(day),
            "index": PackageIndexReplay(now),
        }
    )


def _line(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
