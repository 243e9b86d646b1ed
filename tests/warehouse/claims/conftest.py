"""A warehouse that knows TensorFlow's lists of downloads and the first commits of its authors, as of 1 January 2022."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.collecting.plan import configuration
from flows.config.settings import Settings, load_settings
from flows.run import Night
from tests.conftest import ROOT
from tests.warehouse.claims.recorded import lists_of
from warehouse.ledger import begin_run
from warehouse.open import open_warehouse
from warehouse.rows import Answer, Commit
from warehouse.save import save_answers

AT = datetime(2022, 1, 1, 3, tzinfo=UTC)
LOG = ROOT / "flows/replay/recordings/github/commits/tensorflow_tensorflow.csv.gz"
Rows = list[dict[str, Any]]
Checked = Callable[..., Rows]


def first_commits() -> Iterator[Commit]:
    """Of each author the first merge and the first other commit of the recorded history: they date everybody."""
    known = set()
    with gzip.open(LOG, "rt") as file:
        for row in csv.DictReader(file):  # sorted by the time of the committer
            author, is_merge = row["author_hash"], row["is_merge"] == "1"
            if (author, is_merge) not in known:
                known.add((author, is_merge))
                day = datetime.fromisoformat(row["committer_time_utc"]).date()
                yield Commit("tensorflow/tensorflow", row["commit_sha"], author, "person", day, is_merge)


@pytest.fixture(scope="module")
def recorded_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_warehouse(tmp_path_factory.mktemp("claims") / "w.duckdb") as con:
        history = Answer("git", "tensorflow/tensorflow", "{}", AT, tuple(first_commits()), replaces_all=True)
        begin_run(con, run_id="r0", flow="nightly", as_of=AT.date(), started_at=AT, program_version="test")
        save_answers(con, "r0", [lists_of("tensorflow", at=AT), history])
        yield con


@pytest.fixture(scope="module")
def check(recorded_warehouse: duckdb.DuckDBPyConnection) -> Checked:
    """The rows of view claims for `claims` as config.toml would have them; by default those that ship."""

    def checked(*claims: dict[str, Any]) -> Rows:
        con, settings = recorded_warehouse, load_settings(ROOT / "config.toml")
        if claims:
            told = settings.model_dump(by_alias=True, exclude={"claims"}) | {"claims": claims}
            settings = Settings.model_validate(told)
        runs = con.execute("SELECT count(*) FROM raw.runs").fetchall()[0][0]
        at = AT.replace(minute=runs)
        begin_run(con, run_id=f"r{runs}", flow="nightly", as_of=at.date(), started_at=at, program_version="test")
        save_answers(con, f"r{runs}", configuration(Night(settings, Path("data"), at, at.date())))
        found = con.execute("FROM claims ORDER BY position, reading")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    return checked
