"""No key of config.toml is dead: a test shows what each changes, and each that is documented exists."""

from __future__ import annotations

import tomllib

from flows.config.settings import Settings
from tests.conftest import ROOT
from tests.flows.config import test_claims, test_tracked_keys, test_upstream_keys
from tests.flows.config.keys import keys_of
from tests.flows.mailing import test_alarms, test_mail_keys


def test_what_every_key_changes_is_shown() -> None:
    """A new key needs a case that shows what it changes, and its name in SHOWN of that file."""
    shown = [test_tracked_keys.SHOWN, test_upstream_keys.SHOWN, test_mail_keys.SHOWN, test_alarms.SHOWN]
    shown.append(test_claims.SHOWN)
    assert sorted(key for keys in shown for key in keys) == sorted(keys_of(Settings))


def test_every_key_of_the_shipped_file_is_one_of_the_settings() -> None:
    text = (ROOT / "config.toml").read_text("utf-8")
    known = {key.rpartition(".")[2] for key in keys_of(Settings)} | {"identities"}
    shown = {key for table in tomllib.loads(text)["sources"].values() for key in table}
    assert shown
    assert shown <= known
