"""The data folder is known before config.toml is checked, and is the one that the checks give."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flows.config.early import likely_data_folder
from flows.config.settings import load_settings
from tests.conftest import ROOT

SHIPPED = (ROOT / "config.toml").read_text("utf-8")
MARK = "\ufeff"


@pytest.mark.parametrize("data", ["data", "elsewhere/data", " spaced ", "/absolute/data", "~/of-the-user", "../up"])
@pytest.mark.parametrize("mark", ["", MARK])
def test_it_is_the_folder_that_the_checks_give(tmp_path: Path, data: str, mark: str) -> None:
    path = tmp_path / "config.toml"
    text = SHIPPED.replace('[warehouse]\ndata = "data"', f'[warehouse]\ndata = "{data}"')
    path.write_text(mark + text, "utf-8")
    assert likely_data_folder(path) == load_settings(path).warehouse.data
    assert (data == "data") == (text == SHIPPED)


@pytest.mark.parametrize(
    "text", ["[", "warehouse = 1", "[warehouse]\ndata = 1", "[warehouse]\ndata = '~nobody-xyz/a'", "\xff"]
)
def test_what_only_the_checks_can_tell_is_left_to_them(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.toml").write_text(text, "latin-1")
    assert likely_data_folder(tmp_path / "config.toml") is None
    assert likely_data_folder(tmp_path / "missing.toml") is None


def test_a_pipe_is_left_to_the_checks_which_read_it_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    assert likely_data_folder(tmp_path / "pipe.toml") is None
