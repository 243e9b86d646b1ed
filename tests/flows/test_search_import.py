"""`trends import-search`: exports become draws like any other, once, whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from flows import cli
from tests.conftest import ROOT
from warehouse.ledger import begin_run
from warehouse.open import open_warehouse
from warehouse.publish.snapshot import open_published
from warehouse.rows import Answer, SearchPoint
from warehouse.save import save_answers

NOW = datetime(2025, 11, 5, 12, tzinfo=UTC)
EXPORTS = ROOT / "tests/fixtures/exports"
GERMANY, WORLD = EXPORTS / "de_weekly_3terms_germany.csv", EXPORTS / "ru_weekly_3terms_world.csv"
AS = ("--as", "tensorflow", "--as", "pytorch", "--as", "keras")
Rows = list[tuple[object, ...]]


@pytest.fixture
def folder(tmp_path: Path, empty_folder: Path) -> Path:
    """A data folder with a warehouse in which nothing is yet."""
    return Path(shutil.copytree(empty_folder, tmp_path, dirs_exist_ok=True))


@pytest.fixture
def load(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Run the command with the config.toml of the project; its exit code and all that it says."""

    def run(*words: str | Path, now: datetime = NOW) -> tuple[int, str]:
        arguments = ["--config", str(ROOT / "config.toml"), "--data", str(folder), "import-search", *map(str, words)]
        code = cli.main(arguments, now)
        out, err = capsys.readouterr()
        return code, out + err

    return run


def ask(folder: Path, query: str) -> Rows:
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as con:
        return con.execute(query).fetchall()


def export(path: Path, names: Sequence[str], weeks: int = 261, region: str = "Worldwide", figure: int = 50) -> Path:
    """An export as Google makes them, to 2025-11-02."""
    starts = [date.fromordinal(date(2025, 11, 2).toordinal() - 7 * (weeks - 1 - n)) for n in range(weeks)]
    head = "Week," + ",".join(f"{name}: ({region})" for name in names)
    rows = [f"{start}," + ",".join(str(figure + n) for n, _ in enumerate(names)) for start in starts]
    path.write_text("\n".join(["Category: All categories", "", head, *rows, ""]), "utf-8")
    return path


def test_a_file_is_a_draw_with_its_hash_and_its_weeks_are_shown(
    folder: Path, load: Callable[..., tuple[int, str]]
) -> None:
    code, said = load(WORLD, *AS)
    assert code == 0
    assert "ChatGPT for studying as /g/11bwp1s2k3" in said
    assert "262 from 2020-10-25 to 2025-10-26" in said
    assert ask(
        folder,
        "SELECT collected_at, row_count, json_extract_string(request, '$.import.sha256'),"
        " json_extract_string(state, '$.question.geo'), json_extract_string(state, '$.question.timeframe'),"
        " body IS NOT NULL"
        " FROM raw.answers LEFT JOIN raw.bodies USING (body_id) WHERE service = 'google_trends'",
    ) == [
        (
            datetime(2025, 11, 2), 3 * 262,
            "aeeeaf8d2ef94080536b6e36e09792b9106e87894b12241da9a59599abcbfa1d",
            "", "today 5-y", True,
        )
    ]  # fmt: skip
    assert ask(
        folder,
        "SELECT framework, count(*), max(week_start), arg_max(interest, week_start), bool_or(is_synthetic)"
        " FROM search_interest_weekly GROUP BY framework ORDER BY framework",
    ) == [
        ("keras", 261, date(2025, 10, 19), 22, False),
        ("pytorch", 261, date(2025, 10, 19), 13, False),
        ("tensorflow", 261, date(2025, 10, 19), 5, False),
    ], "the last week of the file may not have been over"
    with open_published(folder / "published.duckdb") as con:
        assert con.execute("SELECT count(*) FROM search_interest_weekly").fetchall() == [(3 * 261,)]


def test_the_same_file_again_changes_nothing(folder: Path, load: Callable[..., tuple[int, str]]) -> None:
    file = export(folder / "a.csv", ["TensorFlow", "Keras"])
    kept = "SELECT count(*), (SELECT count(*) FROM raw.search_points), (SELECT count(*) FROM raw.runs) FROM raw.answers"
    load(file, file)
    before = ask(folder, kept)
    assert ask(folder, "SELECT count(*) FROM raw.answers WHERE service = 'google_trends'") == [(1,)]
    code, said = load(shutil.copy(file, folder / "renamed.csv"), now=NOW.replace(day=9))
    assert (code, ask(folder, kept)) == (0, before)
    assert "loaded before, nothing changes" in said


def test_two_files_of_one_week_are_two_draws(folder: Path, load: Callable[..., tuple[int, str]]) -> None:
    now = NOW.replace(month=12)
    files = [export(folder / f"{n}.csv", ["TensorFlow"], figure=figure) for n, figure in enumerate((40, 50))]
    load(*files, now=now)
    assert ask(folder, "SELECT DISTINCT draws FROM search_interest_weekly") == [(2,)]


@pytest.mark.parametrize("names", [["tensorflow", "KERAS"], ["TensorFlow", "Keras"], [" TensorFlow ", "keras"]])
def test_columns_are_found_by_their_terms(folder: Path, load: Callable[..., tuple[int, str]], names: list[str]) -> None:
    assert load(export(folder / "a.csv", [*names, "scikit-learn"]))[0] == 0
    assert ask(folder, "SELECT DISTINCT framework FROM search_interest_weekly ORDER BY 1") == [
        ("keras",),
        ("tensorflow",),
    ]
    assert ask(folder, "SELECT DISTINCT term FROM raw.search_points ORDER BY 1")[-1] == ("scikit-learn",)


def test_a_column_is_found_by_what_the_command_says_of_its_term(
    folder: Path, load: Callable[..., tuple[int, str]]
) -> None:
    assert load(export(folder / "a.csv", ["a=b", "x"]), "--as", "A=B=pytorch")[0] == 0
    assert ask(folder, "SELECT DISTINCT framework, interest FROM search_interest_weekly") == [("pytorch", 50)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((GERMANY,), "line 3: 'Python', 'Java', 'JavaScript': none is a search term of config.toml"),
        ((GERMANY, "--as", "keras"), "line 3: 'Python', 'Java', 'JavaScript', but --as names 1"),
        ((GERMANY, "--as", "Ruby=keras"), "line 3: --as: no column 'ruby'; there are 'Python', 'Java'"),
        ((GERMANY, "--as", "Python=jax"), "--as: 'jax' is no framework of config.toml"),
        ((GERMANY, "--as", "Python=keras", "--as", "Java=keras"), "line 3: two columns stand for keras"),
        ((GERMANY, "--as", "Python=keras", "--as", "keras"), "--as: give KEY for each column, or TERM=KEY, not both"),
        ((GERMANY, *AS, "--geo", "Germany"), '--geo Germany: write "" for worldwide, DE for a country'),
        (("nowhere.csv",), "nowhere.csv: cannot be read: No such file or directory"),
        ((EXPORTS,), "exports: cannot be read: Is a directory"),
        ((EXPORTS / "README.md",), "line 1: no line begins with a day"),
    ],
)
def test_what_cannot_be_meant_is_one_line_and_loads_nothing(
    folder: Path, load: Callable[..., tuple[int, str]], words: tuple[str | Path, ...], said: str
) -> None:
    good = GERMANY if "--as" in words else export(folder / "good.csv", ["TensorFlow", "Keras"])
    code, told = load(good, *words)
    assert code == 2
    assert said in told
    assert told.startswith("trends: ")
    assert told.count("\n") == 1
    assert ask(folder, "SELECT count(*) FROM raw.answers") == [(0,)], "not even the good file before it"


def test_figures_of_days_to_come_and_nothing_but_zeros_are_refused(
    folder: Path, load: Callable[..., tuple[int, str]]
) -> None:
    code, said = load(export(folder / "a.csv", ["Keras"]), now=datetime(2025, 10, 1, tzinfo=UTC))
    assert (code, "a.csv: line 264: 2025-11-02 is still to come; nothing was loaded" in said) == (2, True)
    code, said = load(export(folder / "b.csv", ["Keras"], figure=0))
    assert (code, "b.csv: line 4: no figure is above 0" in said) == (2, True)


def _night(folder: Path, interest: int) -> None:
    """A draw that a night brought: worldwide, five years."""
    question = {"geo": "", "timeframe": "today 5-y", "match": "topic", "category": 0, "property": ""}
    points = [
        SearchPoint("/g/11c1r2rvnp", date(2025, 10, day), "WEEK", interest, False, True, False) for day in (5, 12, 19)
    ]
    with open_warehouse(folder / "warehouse.duckdb") as con:
        begin_run(con, run_id="n", flow="nightly", as_of=NOW.date(), started_at=NOW, program_version="test")
        answer = Answer("google_trends", "k", "{}", NOW.replace(day=1), tuple(points), state={"question": question})
        save_answers(con, "n", [answer])


def test_a_file_of_another_place_or_span_never_mixes_with_the_nights(
    folder: Path, load: Callable[..., tuple[int, str]]
) -> None:
    _night(folder, 80)
    for file, other in (
        (export(folder / "a.csv", ["Keras"], region="Deutschland"), "another geo than in config.toml"),
        (export(folder / "b.csv", ["Keras"], weeks=53), "another timeframe than in config.toml"),
        (export(folder / "c.csv", ["Keras"], weeks=53, region="日本"), "another geo and timeframe than"),
    ):
        code, said = load(file)
        assert (code, other in said) == (0, True)
    shown = "SELECT count(*), max(interest), max(draws) FROM search_interest_weekly"
    assert ask(folder, shown) == [(3, 80, 1)]
    assert ask(folder, "SELECT place FROM core.search_place") == [("worldwide",)]
    assert ask(folder, "SELECT count(*) FROM core.search_question_changes") == [(0,)]
    same = export(folder / "d.csv", ["Keras"], region="Maailmanlaajuinen")
    assert load(same)[0] == 0, "not known to mean everywhere, so another place"
    assert ask(folder, shown) == [(3, 80, 1)]
    same.write_text(same.read_text("utf-8").replace("Maailmanlaajuinen", "kaikkialla"), "utf-8")
    assert load(same, "--geo", "")[0] == 0
    assert ask(folder, shown) == [(260, 50, 2)]


def test_regions_of_one_file_are_draws_of_their_own(folder: Path, load: Callable[..., tuple[int, str]]) -> None:
    file = export(folder / "a.csv", ["Keras"])
    both = file.read_text("utf-8").replace("Keras: (Worldwide)", "Keras: (Worldwide),Keras: (France)")
    file.write_text("\n".join(line + ",7" if line[:2] == "20" else line for line in both.splitlines()), "utf-8")
    assert load(file, "--geo", "FR") == (
        2,
        f"trends: {file}: line 3: regions 'Worldwide', 'France'; --geo is for a file of one; nothing was loaded\n",
    )
    code, said = load(file)
    assert code == 0
    assert "worldwide, France" in said
    assert ask(folder, "SELECT DISTINCT geo FROM core.search_questions ORDER BY 1") == [("",), ("France",)]
    assert ask(folder, "SELECT DISTINCT interest FROM search_interest_weekly") == [(50,)], "as config.toml asks"


def test_hours_are_kept_as_they_are(folder: Path, load: Callable[..., tuple[int, str]]) -> None:
    code, _ = load(EXPORTS / "en_hourly_2terms_us.csv", "--as", "keras", "--as", "pytorch")
    assert code == 0
    assert ask(folder, "SELECT count(*), count(DISTINCT (term, bucket_start, resolution)) FROM raw.search_points") == [
        (336, 336)
    ]
    assert ask(folder, "SELECT count(*) FROM raw.quarantine") == [(0,)]


def test_what_a_check_holds_back_is_told(folder: Path, load: Callable[..., tuple[int, str]]) -> None:
    """A term that was known under the same question and has only zeros now."""
    load(export(folder / "a.csv", ["Keras", "PyTorch"]))
    file = export(folder / "b.csv", ["Keras", "PyTorch"])
    lines = [f"{line[:10]},0,9" if line[:2] == "20" else line for line in file.read_text("utf-8").splitlines()]
    file.write_text("\n".join(lines), "utf-8")
    code, said = load(file)
    assert code == 1
    assert "trends: withheld, vanished: no figure for /g/11c1r2rvnp, which had some before" in said
