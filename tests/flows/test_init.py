"""A machine without the checkout: the config.toml to begin with, and the shell that completes what is typed."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from flows.config.settings import load_settings
from tests.conftest import ROOT, run_here


def test_init_writes_the_file_of_the_repository_and_says_what_comes_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = run_here("init")
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("config.toml: written; ")
    assert "trends doctor" in said.stdout
    assert "trends nightly" in said.stdout
    assert Path("config.toml").read_bytes() == (ROOT / "config.toml").read_bytes()
    assert load_settings(Path("config.toml")).frameworks


@pytest.mark.parametrize("words", [("--config", "x.toml", "init"), ("init", "--config=x.toml")])
def test_a_file_that_is_there_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.toml").write_text("mine", "utf-8")
    said = run_here(*words)
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.startswith("trends: x.toml: is there already and stays as it is; ")
    assert Path("x.toml").read_text("utf-8") == "mine"


def test_where_nothing_can_be_written_is_one_line(tmp_path: Path) -> None:
    said = run_here("--config", str(tmp_path / "nowhere" / "config.toml"), "init")
    assert (said.returncode, said.stderr.count("\n")) == (3, 1)


def test_a_command_without_a_file_says_how_to_get_one(tmp_path: Path) -> None:
    said = run_here("--config", str(tmp_path / "config.toml"), "status")
    assert said.returncode == 2
    assert "trends init" in said.stderr


def test_a_wheel_carries_all_that_a_command_needs(tmp_path: Path) -> None:
    """Unpacked anywhere it writes the same file: nothing of the checkout is asked."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        carried = set(wheel.namelist())
        wheel.extractall(tmp_path / "unpacked")
    shipped = {str(path.relative_to(ROOT)) for path in ROOT.joinpath("warehouse").rglob("*.sql")}
    shipped |= {str(path.relative_to(ROOT)) for path in ROOT.joinpath("reports/templates").iterdir()}
    assert shipped <= carried
    code = "from flows.config.shipped import shipped_text; print(shipped_text(), end='')"
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "unpacked", check=True, capture_output=True, text=True
    )
    assert (tmp_path / "unpacked" / "flows" / "config" / "config.toml").is_file()
    assert told.stdout == (ROOT / "config.toml").read_text("utf-8")


# ---- completion


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_asks_this_command(shell: str) -> None:
    said = run_here("--show-completion", shell)
    assert said.returncode == 0
    assert "_TRENDS_COMPLETE" in said.stdout


def test_commands_and_options_are_completed() -> None:
    def completed(*words: str) -> list[str]:
        asked = {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1), "_TRENDS_COMPLETE": "complete_bash"}
        return run_here(**asked).stdout.split()

    assert completed("trends", "ni") == ["nightly"]
    assert completed("trends", "sql", "--for") == ["--format"]
    assert completed("trends", "sql", "--format", "pa") == ["parquet"]


def test_a_shell_that_is_not_known_is_one_line() -> None:
    said = run_here("--show-completion", "dash")
    assert (said.returncode, said.stderr.count("\n")) == (2, 1)
