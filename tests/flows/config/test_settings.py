"""config.toml: everything wrong is named at once; nothing hostile gets through or onto the terminal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.config.settings import ConfigError, MeasurementBreak, Settings, load_settings, with_data
from warehouse.open import open_warehouse

JAX = """
[frameworks.jax]
packages    = ["jax"]
repository  = "jax-ml/jax"
search_term = "jax"
"""

Load = Callable[[str], Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Settings of a file with this text."""

    def from_text(text: str) -> Settings:
        path = tmp_path / "config.toml"
        path.write_text(text, "utf-8")
        return load_settings(path)

    return from_text


def faults(load: Load, text: str) -> list[str]:
    """The lines of the error, without the file's name that starts each."""
    with pytest.raises(ConfigError) as caught:
        load(text)
    lines = str(caught.value).splitlines()
    assert all("config.toml: " in line for line in lines)
    return [line.split("config.toml: ", 1)[1] for line in lines]


def fault(load: Load, text: str) -> str:
    """The one fault of the text."""
    (line,) = faults(load, text)
    return line


def test_the_file_that_ships_is_right(project: Path) -> None:
    settings = load_settings(project / "config.toml")

    assert list(settings.frameworks) == ["tensorflow", "pytorch", "keras"]
    assert settings.frameworks["keras"].required_by_since == date(2021, 8, 11)
    assert settings.warehouse.data == project / "data"


def test_the_file_that_ships_says_what_the_defaults_are(load: Load, project: Path) -> None:
    """Whoever deletes a section gets what the section said."""
    shipped = load_settings(project / "config.toml")
    bare = load(JAX)

    assert shipped.sources == bare.sources
    assert (shipped.schedule, shipped.report, shipped.mail) == (bare.schedule, bare.report, bare.mail)


def test_four_lines_are_a_framework(load: Load) -> None:
    jax = load(JAX).frameworks["jax"]

    assert (jax.packages, jax.repository, jax.search_term, jax.label) == (("jax",), "jax-ml/jax", "jax", None)


def test_every_fault_is_named_at_once(load: Load) -> None:
    lines = faults(
        load,
        """
        [frameworks.jax]
        packages = "jax"
        repository = "jax"
        [frameworks.Keras]
        packages = []
        repository = "a/b"
        search_term = "  "
        [sources.google_trends]
        rate_per_minutes = 3
        attempts = "3"
        [sources.pypi_download]
        [schedule]
        timezone = "Europe/Berln"
        cron = "61 2 * * *"
        [warehouse]
        data = 3
        [report]
        self_contained = "no"
        [reports]
        """,
    )

    expected = [
        "frameworks.jax.packages = 'jax': must be a list",
        "frameworks.jax.repository = 'jax': must be owner/name",
        "frameworks.jax.search_term: missing",
        "frameworks.Keras = 'Keras': must be 1 to 63 small letters",
        "frameworks.Keras.packages: must have at least 1",
        "frameworks.Keras.search_term = '  ': must be one line of 1 to 300 characters",
        "sources.google_trends.rate_per_minutes: unknown key; did you mean rate_per_minute?",
        "sources.google_trends.attempts = '3': must be a whole number, without quotes",
        "sources.pypi_download: unknown key; did you mean pypi_downloads?",
        "schedule.timezone = 'Europe/Berln': must be a name of the IANA time zone list",
        "schedule.cron = '61 2 * * *': bad minute",
        "warehouse.data = 3: must be a path in quotes",
        "report.self_contained = 'no': must be true or false",
        "reports: unknown key; did you mean report?",
    ]
    for want in expected:
        assert sum(line.startswith(want) for line in lines) == 1, f"{want!r} is not said once in {lines}"
    assert len(lines) == len(expected)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('[schedule]\ncron = "30 2 * *"', "must be five fields"),
        ('[schedule]\ncron = "@daily"', "must be five fields"),
        ('[schedule]\ncron = "30 2 * * * *"', "must be five fields"),
        ('[schedule]\ncron = "30 24 * * *"', "bad hour"),
        ('[schedule]\ncron = "30 2 0 * *"', "bad day-of-month"),
        ('[schedule]\ncron = "30 2 * 13 *"', "bad month"),
        ('[schedule]\ncron = "30 2 * * 9"', "bad day-of-week"),
        ('[schedule]\ncron = "30 2 30 2 *"', "bad day-of-month"),
        ('[schedule]\ntimezone = "europe/berlin"', "did you mean Europe/Berlin?"),
        ('[schedule]\ntimezone = "CEST"', "must be a name of the IANA time zone list"),
        ("[sources.google_trends]\nattempts = 0", "must be from 1 to 10"),
        ("[sources.google_trends]\nattempts = 2.5", "must be a whole number"),
        ("[sources.google_trends]\nattempts = true", "must be a whole number"),
        ("[sources.google_trends]\nenabled = 1", "must be true or false"),
        ('[sources.google_trends]\nmatch = "topics"', "must be one of topic, term; did you mean topic?"),
        ('[sources.google_trends]\ngeo = "us"', 'empty for worldwide, "US" for a country'),
        (
            '[sources.google_trends]\ntimeframe = "now 7-d"',
            '"today 5-y", "today 12-m" or two days: Google answers this',
        ),
        ('[sources.google_trends]\ntimeframe = "today 3-m"', "daily or hourly figures, and reports show weeks"),
        ('[sources.google_trends]\ntimeframe = "2021-01-01 2021-09-27"', "daily or hourly figures"),
        ('[sources.google_trends]\ntimeframe = "all"', "monthly figures, and reports show weeks"),
        ('[sources.google_trends]\ntimeframe = "2016-01-01 2021-01-02"', "monthly figures"),
        ('[sources.google_trends]\ntimeframe = "2021-02-30 2022-01-01"', 'two days such as "2020-01-01 2024-12-31"'),
        ('[sources.google_trends]\ntimeframe = "2022-01-01 2021-01-01"', 'two days such as "2020-01-01 2024-12-31"'),
        ('[sources.google_trends]\ntimeframe = "next year"', 'two days such as "2020-01-01 2024-12-31"'),
        ('[sources.google_trends]\nreference = "kera"', "must be a framework's key: jax"),
        ("[sources.pypi_downloads]\nfirst_run_months = 241", "must be from 1 to 240"),
        ("[sources.pypi_downloads]\ntimeout_seconds = nan", "must be from 0.01 to 600"),
        ("[sources.pypi_downloads]\ntimeout_seconds = inf", "must be from 0.01 to 600"),
        ('[sources.pypi_releases]\nindex_url = "ftp://x"', "must be an address that starts with http"),
        ('[sources.pypi_releases]\nindex_url = "http://"', "must be an address that starts with http"),
        ('[sources.pypi_releases]\nindex_url = "http://a:b/"', "must be an address that starts with http"),
        ('[sources.pypi_releases]\nindex_url = "http://a b/"', "must be an address that starts with http"),
        ('[sources.pypi_releases]\nindex_url = "http://a/?q=1"', "must be an address that starts with http"),
        ('[sources.pypi_releases]\nindex_url = "http://\\u0430.example"', "must be an address that starts with http"),
        ('[sources.github_repository]\ntoken_env = "GITHUB TOKEN"', "must be the name of an environment variable"),
        ('[[sources.git_history.identities]]\nemail = "a@b.c"\nkind = "robot"', "must be one of bot, masked"),
        ("sources = 3", "must be a table with keys of its own"),
        ("breaks = 3", "must be a list"),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(load: Load, entry: str, said: str) -> None:
    text = f"{entry}\n{JAX}" if "= 3" in entry and not entry.startswith("[") else f"{JAX}\n{entry}"

    assert said in fault(load, text)


@pytest.mark.parametrize("cron", ["30 2 * * *", "*/15 0-6 1,15 jan-mar MON-FRI", "0 2 * * 7", "5 4 29 2 *"])
def test_prefect_takes_every_cron_line_that_is_taken_here(load: Load, cron: str) -> None:
    from prefect.client.schemas.schedules import CronSchedule

    assert CronSchedule(cron=load(f'{JAX}[schedule]\ncron = "{cron}"').schedule.cron, timezone="Europe/Berlin")


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (
            'packages = ["x"]\nrepository = "JAX-ML/jax"\nsearch_term = "x"',
            "jax has it too; the same commits",
        ),
        ('packages = ["x"]\nrepository = "x/x"\nsearch_term = "JAX"', "jax has it too; the same searches"),
        ('packages = ["Jax"]\nrepository = "x/x"\nsearch_term = "x"', "'jax' belongs to jax too; the same downloads"),
        ('packages = ["x", "X"]\nrepository = "x/x"\nsearch_term = "x"', "'x' is named twice"),
        (
            'packages = ["x"]\nrepository = "x/x"\nsearch_term = "x"\nrequired_by = ["X"]',
            "'X' is one of the framework's own packages",
        ),
        (
            'packages = ["x"]\nrepository = "x/x"\nsearch_term = "x"\nrequired_by_since = 2021-01-01',
            "required_by_since: says since when, but required_by names no package",
        ),
    ],
)
def test_nothing_is_counted_twice(load: Load, second: str, said: str) -> None:
    assert said in fault(load, f"{JAX}\n[frameworks.other]\n{second}")


def test_faults_between_keys_are_named_beside_faults_of_one_key(load: Load) -> None:
    lines = faults(load, f'{JAX}{JAX.replace("jax]", "again]")}[schedule]\ncron = "x"')

    assert [line.split(":")[0].split(" =")[0] for line in lines] == [
        "schedule.cron",
        "frameworks.again.repository",
        "frameworks.again.search_term",
        "frameworks.again.packages",
    ]


@pytest.mark.parametrize(
    "entry",
    [
        '[sources.github_repository]\ntoken = "ghp_hunter2"',
        '[sources.github_repository]\ntoken_env = "ghp_hunter2"',
        '[mail]\npassword = "hunter2"',
        '[mail]\npassword_env = "hunter2"\nusername_env = "SMTP_USERNAME"',
        '[mail]\nsmtp_secret = ["hunter2"]',
        '[sources.pypi_releases]\nindex_url = "https://me:hunter2@index.example/simple"',
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(load: Load, entry: str) -> None:
    line = fault(load, f"{JAX}\n{entry}")

    assert "hunter2" not in line
    assert "environment variable" in line or "user name or password" in line


def test_a_name_may_be_anything_that_is_one_line(load: Load) -> None:
    label = "<script>alert(1)</script> =cmd 'שלום' 👩‍🚀 " + "x" * 200
    framework = load(JAX + f'label = "{label}"').frameworks["jax"]

    assert framework.label == label


@pytest.mark.parametrize("sign", ["\\n", "\\u001b", "\\u0000", "\\u2028", "\\u009b"])
def test_control_characters_are_refused_and_not_sent_to_the_terminal(load: Load, sign: str) -> None:
    line = fault(load, JAX + f'label = "a{sign}b"')

    assert "without control characters" in line
    assert line.isprintable()


def test_a_hostile_key_is_shown_escaped_and_cut(load: Load) -> None:
    (line,) = faults(load, JAX + '[mail]\n"\\u001b[31m' + "x" * 500 + '" = 1')

    assert line.isprintable()
    assert len(line) < 400


def test_a_long_value_is_cut(load: Load) -> None:
    assert len(fault(load, JAX + f'label = "{"x" * 5000}"')) < 250


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a = = 1", "not TOML: Invalid value (at line 1, column 5)"),
        (b"a = 1\na = 2", "not TOML: Cannot overwrite a value"),
        (b"\xff\xfe", "not TOML: 'utf-8' codec can't decode"),
        (b"a = " + b"9" * 5000, "not TOML"),
        (b"a = " + b"[" * 100_000, "not TOML: nested too deeply"),
        (b"#" * 2**20 + b"#", "over 1,048,576 bytes"),
        (b"", "frameworks: missing; it has to be set"),
    ],
)
def test_a_file_that_is_no_config_is_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)

    with pytest.raises(ConfigError) as caught:
        load_settings(path)

    assert str(caught.value).startswith(f"{path}: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such file; name it with --config FILE, or write one with trends init$"):
        load_settings(tmp_path / "config.toml")
    with pytest.raises(ConfigError, match=r"cannot be read: Is a directory$"):
        load_settings(tmp_path)


def test_a_mark_that_windows_editors_write_first_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(JAX, "utf-8-sig")

    assert "jax" in load_settings(path).frameworks


def test_paths_count_from_the_folder_of_the_file(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.chdir("/")
    settings = load(JAX + '[warehouse]\ndata = "kept/here"\n[sources.git_history]\nmailmap = "mailmap"')

    assert settings.warehouse.data == tmp_path / "kept/here"
    assert settings.sources.git_history.mailmap == tmp_path / "mailmap"
    assert load(JAX).warehouse.data == tmp_path / "data"
    assert load(JAX + '[warehouse]\ndata = "/elsewhere"').warehouse.data == Path("/elsewhere")
    assert load(JAX + '[warehouse]\ndata = "~/trends"').warehouse.data == Path("/home/someone/trends")


def test_a_path_of_the_command_line_counts_from_where_it_is_typed(load: Load) -> None:
    assert with_data(load(JAX), Path("there")).warehouse.data == Path("there")


def test_settings_do_not_change_after_loading(load: Load) -> None:
    settings = load(JAX)

    with pytest.raises(ValueError, match="frozen"):
        settings.schedule.cron = "0 0 * * *"  # type: ignore[misc]


BREAK = """
[[breaks]]
source       = "clickpy"
entity       = "jax"
effective_on = 2026-03-01
what_changed = "Our mirror stopped asking PyPI"
evidence     = "change 1234 of our mirror"
"""


def test_users_add_measurement_breaks(load: Load) -> None:
    (found,) = load(JAX + BREAK).breaks

    assert (found.source, found.metric, found.entity) == ("clickpy", "*", "jax")
    assert (found.effective_on, found.ends_on) == (date(2026, 3, 1), None)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2026-03-01", '"2026-03-01"', "breaks[1].effective_on = '2026-03-01': must be a day without quotes"),
        ("2026-03-01", "2026-03-01T00:00:00", "must be a day without quotes"),
        ("2026-03-01", "2026-03-01\nends_on = 2026-02-28", "breaks[1].ends_on = 2026-02-28: must not be before"),
        ('"clickpy"', '"clickpi"', "breaks[1].source = 'clickpi': must be one of"),
        ('"jax"', '"jaxx"', "breaks[1].entity = 'jaxx': must be a framework's key, a repository or a package"),
        ('"jax"', '"jax"\nmetric = "download"', "did you mean pypi_downloads?"),
        ("evidence ", "proof ", "breaks[1].evidence: missing"),
    ],
)
def test_a_break_that_would_do_nothing_is_refused(load: Load, old: str, new: str, said: str) -> None:
    assert any(said in line for line in faults(load, JAX + BREAK.replace(old, new)))


def test_breaks_may_name_what_the_warehouse_knows(tmp_path: Path) -> None:
    fields = MeasurementBreak.model_fields
    with open_warehouse(tmp_path / "warehouse.duckdb") as con:
        metrics = {name for (name,) in con.execute("SELECT metric FROM core.metrics").fetchall()}
        sources = {
            name for row in con.execute("SELECT source, family, service FROM core.services").fetchall() for name in row
        }

    assert set(get_args(fields["metric"].annotation)) == metrics | {"*"}
    assert set(get_args(fields["source"].annotation)) == sources - {
        "pypi_releases",
        "pypi_index",
        "config",
        "break_detection",
    } | {"*"}


toml_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
known_keys = st.sampled_from(
    ["frameworks", "sources", "schedule", "mail", "breaks", "jax", "packages", "google_trends"]
)


@given(st.dictionaries(known_keys, st.dictionaries(known_keys | st.text(), toml_values, max_size=3) | toml_values))
def test_whatever_is_in_the_file_the_answer_is_settings_or_printable_lines(table: dict[str, object]) -> None:
    from pydantic import ValidationError

    from flows.config.messages import across_keys, in_one_key

    lines = across_keys(table)
    try:
        Settings.model_validate(table)
    except ValidationError as error:
        lines += [in_one_key(Settings, item) for item in error.errors()]
    assert all(line.isprintable() for line in lines)
