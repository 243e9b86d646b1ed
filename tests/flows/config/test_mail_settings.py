"""[mail] in config.toml: what is refused, in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.config.settings import ConfigError, Mail, load_settings

FRAMEWORK = '[frameworks.keras]\npackages = ["keras"]\nrepository = "keras-team/keras"\nsearch_term = "Keras"\n'
SERVER = 'host = "smtp.example.com"\nfrom = "trends@example.com"\n'
TEAM = '[[mail.lists]]\nname = "team"\nrecipients = ["ada@example.com"]\n'


def mail_of(folder: Path, text: str) -> Mail:
    path = folder / "config.toml"
    path.write_text(f"{FRAMEWORK}[mail]\n{text}")
    return load_settings(path).mail


def test_no_lists_need_no_server(tmp_path: Path) -> None:
    assert mail_of(tmp_path, "").lists == ()


def test_a_list_is_weekly_and_shows_every_framework_by_default(tmp_path: Path) -> None:
    mail = mail_of(tmp_path, SERVER + TEAM)
    assert (mail.security, mail.port, mail.sender) == ("starttls", 587, "trends@example.com")
    (team,) = mail.lists
    assert (team.cadence, team.frameworks) == ("weekly", ())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_mail_without_encryption_goes_to_this_machine_only(tmp_path: Path, host: str) -> None:
    assert mail_of(tmp_path, f'security = "none"\nhost = "{host}"\n').host == host
    with pytest.raises(ConfigError, match=r"mail\.host.*must be this machine"):
        mail_of(tmp_path, 'security = "none"\nhost = "smtp.example.com"\n')


@pytest.mark.parametrize(
    "address",
    [
        "no-at.example.com",
        "a@@example.com",
        "Ada <ada@example.com>",
        "a@example.com,b@example.com",
        "a b@example.com",
        "a@exa_mple.com",
        "é@example.com",
        r"a@example.com\r\nBcc: b@example.com",
        r"a@example.com\u0000",
        "a@-example.com",
        f"{'x' * 65}@example.com",
        "",
    ],
)
def test_an_address_that_is_none_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(ConfigError, match="bare address"):
        mail_of(tmp_path, f'{SERVER}[[mail.lists]]\nname = "team"\nrecipients = ["{address}"]\n')
    with pytest.raises(ConfigError, match=r"mail\.from.*bare address"):
        mail_of(tmp_path, f'from = "{address}"\n')


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TEAM, "mail.lists.*need mail.host and mail.from"),
        (SERVER + TEAM + TEAM, "mail.lists.*different names"),
        (SERVER + TEAM.replace("team", "../team"), r"mail\.lists.*name"),
        (SERVER + TEAM.replace('"ada@example.com"', '"ada@example.com", "Ada@example.com"'), "names an address twice"),
        (SERVER + TEAM.replace('"ada@example.com"', ""), "recipients"),
        (SERVER + TEAM + 'frameworks = ["jax"]\n', "not tracked: jax"),
        (SERVER + TEAM + 'cadence = "hourly"\n', "cadence"),
        (SERVER + TEAM + 'attach = "pdf"\n', "attach.*none, page, csv"),
        ('unsubscribe = "http://example.com"\n', "mail.unsubscribe.*https://"),
        ('username_env = "SMTP_USER"\n', "set together"),
        ('password_env = "SMTP_PASSWORD"\n', "set together"),
        ('password = "secret"\n', "mail.password: secrets never go into this file"),
        ('from_name = "two\\nlines"\n', "one line"),
        ('ca_file = "authority.pem"\n', "mail.ca_file.*absolute"),
        ('host = "smtp.example.com:587"\nsecurity = "ssl"\n', r"mail\.security"),
    ],
)
def test_other_faults_of_the_mail_settings_are_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        mail_of(tmp_path, text)
