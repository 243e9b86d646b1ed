"""A night with a Prefect of its own from end to end, in an environment and a folder that are as odd as they can be."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from flows.process.private import is_open_to_others, kept_private
from tests.conftest import run_here
from tests.flows.process.conftest import SmallNight, small_night

pytestmark = pytest.mark.slow


ODD = 'it\'s #1 "100 %" Zürich'


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The user's own home of Prefect, with a broken database and a profile that names a dead server."""
    home = tmp_path_factory.mktemp("users")
    (home / "prefect.db").write_bytes(b"no database" * 1000)
    (home / "profiles.toml").write_text('active = "x"\n[profiles.x]\nPREFECT_API_URL = "http://127.0.0.1:1/api"\n')
    return home


@pytest.fixture(scope="module")
def whole_night(
    tmp_path_factory: pytest.TempPathFactory, prefect_database: Path, users: Path
) -> tuple[SmallNight, subprocess.CompletedProcess[str]]:
    """A night with files of every kind that comes to its end, among dead servers and homes that cannot be used."""
    place = small_night(tmp_path_factory.mktemp("whole") / ODD, prefect_database)
    place.config = place.config.replace("[sources.git_history]\nenabled = false", "")
    run = place.run(
        umask=0o022,  # as most people have it
        environment={
            "HOME": "/proc/nowhere",
            "PREFECT_HOME": str(users),
            "PREFECT_PROFILE": "x",
            "PREFECT_API_URL": "http://127.0.0.1:1/api",
            "PREFECT_API_DATABASE_CONNECTION_URL": "postgresql+asyncpg://nobody@127.0.0.1:1/none",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "true",
            "PREFECT_LOGGING_LEVEL": "nonsense",
        },
    )
    return place, run


def test_nothing_of_the_users_prefect_steers_or_stops_a_night(
    whole_night: tuple[SmallNight, subprocess.CompletedProcess[str]], users: Path
) -> None:
    place, run = whole_night
    assert run.stdout.endswith("report.html\n"), run.stderr
    assert "prefect" not in run.stderr
    assert states_of(place) == ["Completed"]
    assert sorted(path.name for path in users.iterdir()) == ["prefect.db", "profiles.toml"]


def test_nothing_runs_on_after_a_night_that_came_to_its_end(
    whole_night: tuple[SmallNight, subprocess.CompletedProcess[str]],
) -> None:
    place, run = whole_night
    assert run.stdout.endswith("report.html\n"), run.stderr
    assert place.children() == []


def test_a_folder_of_any_name_will_do(whole_night: tuple[SmallNight, subprocess.CompletedProcess[str]]) -> None:
    place, run = whole_night
    assert ODD in str(place.data)
    assert run.returncode == 0, run.stderr
    assert sorted(path.name for path in place.data.iterdir()) == [
        "git", "log", "prefect", "published.duckdb", "reports", "upstreams", "warehouse.duckdb",
    ]  # fmt: skip


def test_all_that_a_night_leaves_is_known_as_ours_and_closed_again(
    whole_night: tuple[SmallNight, subprocess.CompletedProcess[str]],
) -> None:
    place, _ = whole_night
    place.data.chmod(0o755)
    with kept_private(place.data):
        assert not is_open_to_others(place.data)


def test_a_night_leaves_nothing_that_others_can_read(
    whole_night: tuple[SmallNight, subprocess.CompletedProcess[str]],
) -> None:
    place, run = whole_night
    assert run.stdout.endswith("report.html\n"), run.stderr
    every = [place.data, *place.data.rglob("*")]
    assert [path for path in every if not path.is_symlink() and path.stat().st_mode & 0o077] == []
    assert (place.data / "published.duckdb").stat().st_mode & 0o777 == 0o400


def test_what_the_readme_backs_up_is_what_it_restores(
    whole_night: tuple[SmallNight, subprocess.CompletedProcess[str]], project: Path, tmp_path: Path
) -> None:
    place, _ = whole_night
    section = (project / "README.md").read_text("utf-8").split("## Back up and restore")[1].split("```")[1]
    back_up, restore = section.strip().splitlines()[1:]
    data, backup = tmp_path / "data", tmp_path / "backup"
    shutil.copytree(place.folder / "data", data, symlinks=True)
    backup.mkdir()
    _told_in_a_shell(back_up, backup)
    (kept,) = backup.iterdir()
    (data / "demo" / "warehouse.duckdb").write_bytes(b"broken")
    (data / "demo" / "warehouse.duckdb.wal").write_bytes(b"of a night that came after")
    _told_in_a_shell(restore.replace("2026-11-24T0400", kept.name), backup)
    assert _files(data) == _files(place.folder / "data")
    answers = [
        run_here("--data", str(folder / "demo"), "sql", "FROM collection_runs").stdout
        for folder in (data, place.folder / "data")
    ]
    assert answers[0] == answers[1] != ""


def _told_in_a_shell(command: str, backup: Path) -> None:
    subprocess.run(["bash", "-ec", command], cwd=backup.parent, env=os.environ | {"BACKUP": str(backup)}, check=True)


def _files(folder: Path) -> dict[str, tuple[int, bytes]]:
    """The rights and the bytes of each file."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mode, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def states_of(place: SmallNight) -> list[str]:
    with closing(sqlite3.connect(place.data / "prefect" / "prefect.db")) as con:
        return [state for (state,) in con.execute("SELECT state_name FROM flow_run")]
