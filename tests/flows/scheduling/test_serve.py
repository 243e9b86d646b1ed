"""`trends schedule` as a process: the missed night begins, a signal ends all of it; and the files that start it."""

from __future__ import annotations

import re
import shutil
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from flows.scheduling.serve import ScheduleError, _alone
from tests.conftest import ROOT, TRENDS
from tests.flows.process.conftest import CONFIG, processes, told_of, until

FILES = ROOT / "flows" / "scheduling"


@pytest.mark.slow
def test_a_missed_night_is_made_up_for_and_a_signal_leaves_nothing(
    tmp_path: Path, prefect_database: Path, nobody_listens: str
) -> None:
    """On a server of its own: on the shared one other tests deploy under the same name."""
    database = tmp_path / "data" / "schedule" / "prefect" / "prefect.db"
    database.parent.mkdir(parents=True)
    shutil.copy(prefect_database, database)
    off = "[sources.github_repository]\nenabled = false"
    config = tmp_path / "config.toml"
    config.write_text(f'{CONFIG}{off}\n[sources.pypi_releases]\nindex_url = "http://{nobody_listens}"\nattempts = 1\n')
    command = [*TRENDS, "--config", str(config), "schedule"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path
    ) as serving:
        assert serving.stdout is not None
        said = []
        for line in serving.stdout:
            said.append(line)
            if line.startswith("trends: nothing could be collected"):
                break
        serving.send_signal(signal.SIGTERM)
        rest = serving.communicate(timeout=60)[0].splitlines()
    assert said[0].startswith("schedule: serves the nights of '30 2 * * *' in UTC; the next one is due at ")
    assert any(line.startswith("failed   pypi_releases keras") for line in said)
    assert (rest[-1][:15], serving.returncode) == ("trends: stopped", 130)
    assert until(lambda: not [one for one in processes() if str(tmp_path) in told_of(one, "environ")])
    assert sorted(path.name for path in (tmp_path / "data" / "schedule").iterdir()) == ["lock", "prefect"]
    with closing(sqlite3.connect(database)) as known:
        deployments = known.execute("SELECT name, json_extract(parameters, '$.config') FROM deployment").fetchall()
        schedules = known.execute("SELECT json_extract(schedule, '$.cron') FROM deployment_schedule").fetchall()
    assert ("nightly", str(config)) in deployments
    assert ("30 2 * * *",) in schedules


def test_a_data_folder_has_one_schedule(tmp_path: Path) -> None:
    with (
        _alone(tmp_path / "schedule"),
        pytest.raises(ScheduleError, match="another trends schedule"),
        _alone(tmp_path / "schedule"),
    ):
        pass
    with _alone(tmp_path / "schedule"):
        pass


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="this machine has no systemd")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    units = [*FILES.glob("*.service"), *FILES.glob("*.timer")]
    assert len(units) == 3
    for unit in units:
        text = unit.read_text("utf-8").replace("/srv/framework-trends/.venv/bin/trends", "/bin/true")
        (tmp_path / unit.name).write_text(text, "utf-8")
    named = [str(tmp_path / unit.name) for unit in units]
    done = subprocess.run(["systemd-analyze", "verify", *named], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_starts_the_nights_catches_up_and_starts_commands_that_exist() -> None:
    timer = (FILES / "trends-nightly.timer").read_text("utf-8")
    assert "Persistent=true" in timer
    commands = [
        re.findall(r"^ExecStart=\S+/trends (.*)$", unit.read_text("utf-8"), re.MULTILINE)
        for unit in sorted(FILES.glob("*.service"))
    ]
    assert commands == [["nightly --if-due"], ["schedule"]]


def test_the_container_is_made_of_files_that_are_here() -> None:
    text = (FILES / "Containerfile").read_text("utf-8")
    copied = [name for line in re.findall(r"^COPY (.*)$", text, re.MULTILINE) for name in line.split()[:-1]]
    assert {"flows", "warehouse", "reports", "constraints.txt", "config.toml"} <= set(copied)
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert 'CMD ["schedule"]' in text
