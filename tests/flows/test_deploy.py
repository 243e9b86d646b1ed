"""The deployment for those who run a Prefect server of their own: its schedule, its settings, its log."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests
import yaml

from flows.deploy import NightFailedError, schedule, scheduled_night
from flows.replay.server import ReplayServer, Reply
from tests.conftest import ROOT
from tests.flows.diagnosis.test_clock import LIVE

WITHOUT = {name: value for name, value in os.environ.items() if name not in ("DO_NOT_TRACK",) and "PREFECT" not in name}


def test_importing_the_flow_turns_analytics_off_before_prefect_reads_its_settings() -> None:
    code = """if True:
        import flows.deploy, os
        from prefect.settings import get_current_settings
        print(get_current_settings().server.analytics_enabled, os.environ["DO_NOT_TRACK"])"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=WITHOUT)
    assert done.stdout == "False 1\n"


def test_a_worker_gives_the_flow_an_environment_without_analytics() -> None:
    (deployment,) = yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))["deployments"]
    given = deployment["work_pool"]["job_variables"]["env"]
    assert given == {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}


def test_the_schedule_has_one_home(tmp_path: Path) -> None:
    config = (ROOT / "config.toml").read_text("utf-8")
    (tmp_path / "config.toml").write_text(config.replace('cron     = "30 2 * * *"', 'cron = "15 3 * * 1"'), "utf-8")
    assert schedule(str(tmp_path / "config.toml")) == {"cron": "15 3 * * 1", "timezone": "UTC"}
    assert "30 2" not in (ROOT / "prefect.yaml").read_text("utf-8")


@pytest.mark.slow
def test_prefect_deploys_the_schedule_of_the_config(tmp_path: Path, prefect_api: str) -> None:
    """`prefect deploy --all` in a folder with the files of this one and another [schedule]."""
    (tmp_path / "flows").symlink_to(ROOT / "flows")
    shutil.copy(ROOT / "prefect.yaml", tmp_path)
    config = (ROOT / "config.toml").read_text("utf-8").replace('cron     = "30 2 * * *"', 'cron = "15 3 * * 1"')
    config = config.replace('timezone = "UTC"', 'timezone = "Europe/Berlin"')
    (tmp_path / "config.toml").write_text(config, "utf-8")
    requests.post(f"{prefect_api}/work_pools/", json={"name": "trends", "type": "process"}, timeout=60)
    subprocess.run(
        [str(Path(sys.executable).parent / "prefect"), "--no-prompt", "deploy", "--all"],
        cwd=tmp_path, capture_output=True, check=False, timeout=100,
        env=os.environ | {"PREFECT_API_URL": prefect_api, "PREFECT_HOME": str(tmp_path / "home")},
    )  # fmt: skip
    (deployment,) = requests.post(f"{prefect_api}/deployments/filter", json={}, timeout=60).json()
    (planned,) = deployment["schedules"]
    assert (planned["schedule"]["cron"], planned["schedule"]["timezone"]) == ("15 3 * * 1", "Europe/Berlin")
    assert deployment["parameters"] == {"config": "config.toml", "if_due": True}


def test_a_scheduled_night_that_does_nothing_fails(tmp_path: Path) -> None:
    with pytest.raises(NightFailedError, match="exit code 2"):
        scheduled_night.fn(config=str(tmp_path / "none.toml"))


@pytest.mark.slow
def test_a_scheduled_night_reports_to_the_server_that_scheduled_it(
    tmp_path: Path, prefect_api: str, empty_folder: Path
) -> None:
    """Its lines are in the log of its run, its own settings of Prefect are in the data folder."""
    shutil.copytree(empty_folder, tmp_path / "data")
    code = f"from flows.deploy import scheduled_night; scheduled_night(config={str(tmp_path / 'config.toml')!r})"
    with ReplayServer({"github": lambda _: Reply(404)}) as server:
        (tmp_path / "config.toml").write_text(LIVE.format(url=server.url("github")), "utf-8")
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=100, cwd=ROOT,
            env=WITHOUT | {"PREFECT_API_URL": prefect_api, "PREFECT_HOME": str(tmp_path / "home")},
        )  # fmt: skip
    assert "NightFailedError: trends nightly ended with exit code 3" in done.stderr
    assert "failed   github_repository keras-team/keras" in done.stderr
    assert (tmp_path / "data" / "prefect").is_dir()
    scheduled = _runs(prefect_api, {"flows": {"name": {"any_": ["scheduled-night"]}}})
    assert "Failed" in [run["state_name"] for run in scheduled]


def _runs(api: str, wanted: dict[str, object]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = requests.post(f"{api}/flow_runs/filter", json=wanted, timeout=60).json()
    return found
