"""No key of config.toml is dead: each is read outside of the settings, and each that is documented exists."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from pydantic import BaseModel

from flows.config.messages import _models_in
from flows.config.settings import Settings
from tests.conftest import ROOT


def _leaves(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Name in the settings and name in the file of every key that holds a value."""
    for name, field in model.model_fields.items():
        tables = list(_models_in(field.annotation))
        if not tables:
            yield name, field.alias or name
        for table in tables:
            yield from _leaves(table)


def test_every_key_is_read_by_something_that_is_not_the_settings() -> None:
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "flows").rglob("*.py") if path.parent.name != "config")
    names = {name for name, _ in _leaves(Settings)}
    assert len(names) > 40
    assert {name for name in names if not re.search(rf"\.{name}\b", code)} == set()


def test_every_key_of_the_shipped_file_is_one_of_the_settings() -> None:
    text = (ROOT / "config.toml").read_text("utf-8")
    known = {key for _, key in _leaves(Settings)}
    shown = {key for table in tomllib.loads(text)["sources"].values() for key in table}
    assert shown
    assert shown <= known
