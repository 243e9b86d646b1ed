"""What is in the data folder is its owner's alone, and nothing else is touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flows.process.private import kept_private


@pytest.fixture(autouse=True)
def _as_most_people_have_it() -> None:
    os.umask(0o022)


def modes(folder: Path) -> dict[str, str]:
    return {path.name: oct(path.stat().st_mode & 0o777) for path in sorted(folder.iterdir())}


def open_to_others(folder: Path) -> list[Path]:
    every = [folder, *folder.rglob("*")]
    return [path for path in every if not path.is_symlink() and path.stat().st_mode & 0o077]


def test_what_was_written_within_is_private_and_the_rest_of_the_process_as_before(tmp_path: Path) -> None:
    with kept_private(tmp_path / "a" / "data"):
        (tmp_path / "a" / "data" / "warehouse.duckdb").touch()
    (tmp_path / "after").touch()
    assert open_to_others(tmp_path / "a") == []
    assert modes(tmp_path)["after"] == "0o644"


def test_a_folder_of_an_earlier_version_is_closed_to_its_last_file(tmp_path: Path) -> None:
    deep = tmp_path / "data" / "git" / "keras-team" / "keras.git" / "objects"
    deep.mkdir(parents=True)
    (deep / "pack").touch(mode=0o444)
    (tmp_path / "data" / "warehouse.duckdb").touch()
    (tmp_path / "data" / "published.duckdb").touch(mode=0o444)
    with kept_private(tmp_path / "data"):
        pass
    assert open_to_others(tmp_path / "data") == []
    assert modes(deep) == {"pack": "0o400"}


def test_a_folder_with_other_things_in_it_is_left_open_and_so_are_they(tmp_path: Path) -> None:
    """`--data .` in a project, or a folder that is everybody's: only what is ours is closed."""
    (tmp_path / "mine.txt").touch()
    (tmp_path / "src").mkdir()
    (tmp_path / "git" / "deep").mkdir(parents=True)
    (tmp_path / "warehouse.duckdb").touch()
    (tmp_path / "warehouse.duckdb.wal").touch()
    tmp_path.chmod(0o1777)
    with kept_private(tmp_path):
        pass
    assert modes(tmp_path) == {
        "git": "0o700", "mine.txt": "0o644", "src": "0o755",
        "warehouse.duckdb": "0o600", "warehouse.duckdb.wal": "0o600",
    }  # fmt: skip
    assert tmp_path.stat().st_mode & 0o7777 == 0o1777


def test_links_lead_to_what_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "reports").symlink_to(tmp_path / "elsewhere")
    with kept_private(tmp_path / "data"):
        pass
    assert modes(tmp_path) == {"data": "0o700", "elsewhere": "0o755"}
