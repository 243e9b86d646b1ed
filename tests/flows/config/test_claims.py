"""[[claims]]: what each key changes in the warehouse, every fault at once, and which numbers a number stands for."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.collecting.plan import configuration
from flows.config.claims import Claim, period
from flows.config.settings import ConfigError, load_settings
from tests.flows.config.keys import night_of

TEXT = """
[frameworks.jax]
packages    = ["jax"]
repository  = "jax-ml/jax"
search_term = "jax"

[[claims]]
name       = "many"
quote      = "2 million downloads"
source     = "a page"
source_url = "https://example.com/a"
made_on    = 2026-03-01
framework  = "jax"
value      = 2_000_000
at_least   = false

[[claims.readings]]
name     = "of 2025"
metric   = "pypi_downloads"
packages = ["Jax"]
from     = 2025-01-01
to       = 2025-12-31
basis    = "all"
"""
# A line of TEXT, what takes its place, and what a row of the warehouse then says.
CHANGES: list[tuple[str, str, str, Any]] = [
    ('name       = "many"', 'name = "few"', "claim", "few"),
    ('quote      = "2 million downloads"', 'quote = "lots"', "quote", "lots"),
    ('source     = "a page"', 'source = "a talk"', "source_name", "a talk"),
    ('source_url = "https://example.com/a"', "", "source_url", ""),
    ("made_on    = 2026-03-01", "", "made_on", None),
    ('framework  = "jax"', 'framework = "flax"', "framework", "flax"),
    ("value      = 2_000_000", "value = 3", "value_high", 3),
    ("at_least   = false", "at_least = true", "value_high", None),
    ("value      = 2_000_000", 'began = "2019-09"', "begins_until", date(2019, 9, 30)),
    ('name     = "of 2025"', 'name = "of a year"', "reading", "of a year"),
    (
        'metric   = "pypi_downloads"',
        'metric = "pypi_downloads_without_mirrors"',
        "metric",
        "pypi_downloads_without_mirrors",
    ),
    ('packages = ["Jax"]', "", "packages", ""),
    ("from     = 2025-01-01", "", "first_day", None),
    ("to       = 2025-12-31", "", "last_day", None),
    ('basis    = "all"', 'basis = "pip"', "basis", "pip"),
]
SHOWN = {
    *(
        f"claims.{key}"
        for key in ("name", "quote", "source", "source_url", "made_on", "framework", "value", "at_least")
    ),
    "claims.began",
    *(f"claims.readings.{key}" for key in ("name", "metric", "packages", "from", "to", "basis")),
}


def row_of(text: str, tmp_path: Path) -> Any:
    path = tmp_path / "config.toml"
    path.write_text(text, "utf-8")
    answers = configuration(night_of(load_settings(path), tmp_path))
    (row,) = next(answer.rows for answer in answers if answer.entity == "claims")
    return row


def test_a_claim_reaches_the_warehouse(tmp_path: Path) -> None:
    row = row_of(TEXT, tmp_path)
    assert (row.claim, row.made_on, row.value, row.packages) == ("many", date(2026, 3, 1), 2_000_000, "jax")
    assert (row.value_low, row.value_high) == (1_900_000, 2_099_999)
    assert (row.first_day, row.last_day, row.basis) == (date(2025, 1, 1), date(2025, 12, 31), "all")


@pytest.mark.parametrize(("line", "other", "name", "told"), CHANGES)
def test_every_key_changes_the_row(tmp_path: Path, line: str, other: str, name: str, told: Any) -> None:
    text = TEXT.replace(line, other)
    assert text != TEXT
    if "began" in other:
        text = text.replace("at_least   = false", "")
    if "without_mirrors" in other:
        text = text.replace('basis    = "all"', "")
    if "flax" in other:
        text = text.replace(
            "[frameworks.jax]",
            '[frameworks.flax]\npackages = ["flax"]\nrepository = "g/flax"\nsearch_term = "flax"\n\n[frameworks.jax]',
        )
    assert getattr(row_of(text, tmp_path), name) == told != getattr(row_of(TEXT, tmp_path), name)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"jax"\nvalue', '"jaxx"\nvalue', "claims[1].framework = 'jaxx': must be a framework's key: jax; did you"),
        ('["Jax"]', '["jaxlib"]', "claims[1].readings[1].packages: 'jaxlib': no framework has it"),
        ("2_000_000", "0", "claims[1].value = 0: must be from 1 to 1e+15"),
        ("2_000_000", "2.5", "claims[1].value = 2.5: must be a whole number, without quotes"),
        ("2_000_000", '2\nbegan = "2019"', "claims[1].began = '2019': a claim has a value or a beginning"),
        ("value      = 2_000_000\nat_least   = false", "at_least = true", "claims[1].at_least = true: says that"),
        ("value      = 2_000_000", 'began = "Sept 2019"', "claims[1].began = 'Sept 2019': must be a year"),
        ("value      = 2_000_000", 'began = "2019-13"', "claims[1].began = '2019-13': must be a year"),
        ("2025-12-31", "2024-12-31", "claims[1].readings[1].to = 2024-12-31: must not be before from, 2025-01-01"),
        ('"all"', '"al"', "claims[1].readings[1].basis = 'al': must be one of all, pip, without_mirrors"),
        ('"all"', '"without_mirrors"', "basis = 'without_mirrors': must be one of all, pip for pypi_downloads"),
        ('"pypi_downloads"', '"downloads"', "readings[1].metric = 'downloads': must be one of"),
        ('"pypi_downloads"', '"stars"', "packages are downloaded; leave them out"),
        ('"https://example.com/a"', '"javascript:alert(1)"', "claims[1].source_url = 'javascript:alert(1)': must"),
        ("[[claims.readings]]", "[[claims.reading]]", "claims[1].readings: missing; it has to be set"),
        (TEXT[TEXT.index("[[claims.readings]]") :], "readings = []", "claims[1].readings: must have at least one"),
        ("2026-03-01", '"2026-03-01"', "claims[1].made_on = '2026-03-01': must be a day without quotes"),
        ('"many"', '"Many claims"', "claims[1].name = 'Many claims': must be 1 to 63 small letters"),
        ('quote      = "2 million downloads"', 'quote = "a\\nb"', "claims[1].quote = 'a\\nb': must be one line"),
        (TEXT, TEXT + TEXT[TEXT.index("[[claims]]") :], "claims[2].name = 'many': claims[1] has it too"),
    ],
)  # fmt: skip
def test_what_cannot_be_checked_is_refused_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in TEXT
    with pytest.raises(ConfigError) as caught:
        row_of(TEXT.replace(old, new), tmp_path)
    assert any(said in line for line in str(caught.value).splitlines()), str(caught.value)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = TEXT.replace("2_000_000", "0").replace('"jax"\nvalue', '"x"\nvalue').replace("2025-12-31", "2024-12-31")
    with pytest.raises(ConfigError) as caught:
        row_of(text, tmp_path)
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        (1, 1, 1),
        (10, 10, 10),
        (2400, 2350, 2449),
        (3525, 3525, 3525),
        (76_000_000, 75_500_000, 76_499_999),
        (2_000_000, 1_900_000, 2_099_999),  # 5 % at most
        (115_300_000, 115_250_000, 115_349_999),
    ],
)
def test_a_number_stands_for_what_is_rounded_to_it(value: int, low: int, high: int) -> None:
    told = tomllib.loads(TEXT)["claims"][0] | {"value": value}
    assert Claim.model_validate(told).stands_for == (low, high)


def test_a_time_is_a_year_a_month_or_a_day() -> None:
    assert period("2020") == (date(2020, 1, 1), date(2020, 12, 31))
    assert period("2020-02") == (date(2020, 2, 1), date(2020, 2, 29))
    assert period("2020-02-03") == (date(2020, 2, 3), date(2020, 2, 3))
