"""What can drift: documents, dependencies, the rules of the house, and that the clock is read in one place."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from flows import cli
from flows.config.settings import load_settings
from warehouse import PUBLISHED, WAREHOUSE

PACKAGES = ("flows", "warehouse", "reports")
INDEX_HOST = re.compile(
    r"(?:^|[^a-z.])(?:pypi\.org|files\.pythonhosted\.org|npmjs\.org|deb\.debian\.org)", re.MULTILINE
)
# Declared for what they do inside other packages.
NEVER_IMPORTED = {"fastapi", "pandas", "pytz", "sqlalchemy", "tzdata"}
IMPORTED_AS = {"pypi-simple": "pypi_simple", "css-inline": "css_inline"}


@pytest.fixture
def pyproject(project: Path) -> dict[str, Any]:
    return tomllib.loads((project / "pyproject.toml").read_text("utf-8"))


def _modules(project: Path) -> Iterator[tuple[Path, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((project / package).rglob("*.py")):
            yield path.relative_to(project), ast.parse(path.read_text("utf-8"))


def _tracked(project: Path) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=project, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [name for name in listed.stdout.split("\0") if name and (project / name).is_file()]


def test_only_the_command_line_reads_the_clock(project: Path) -> None:
    clocks = {
        ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"),
        ("time", "time"), ("time", "time_ns"), ("time", "localtime"), ("time", "gmtime"),
    }  # fmt: skip
    readers = {
        str(path)
        for path, tree in _modules(project)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and (node.value.id, node.attr) in clocks
    }
    assert readers == {"flows/cli.py"}


def test_the_files_of_the_data_folder_have_their_names_in_one_place(project: Path) -> None:
    told = [
        str(path)
        for path, tree in _modules(project)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in (WAREHOUSE, PUBLISHED)
    ]
    assert told == ["warehouse/__init__.py"] * 2


def test_every_dependency_is_used_and_every_import_is_declared(project: Path, pyproject: dict[str, Any]) -> None:
    declared = {canonicalize_name(Requirement(line).name) for line in pyproject["project"]["dependencies"]}
    names = {IMPORTED_AS.get(name, name) for name in declared - NEVER_IMPORTED}
    imported = {
        name.split(".")[0]
        for _, tree in _modules(project)
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
    }
    brought = {"pydantic_core", "_duckdb"}  # by pydantic and duckdb, of which they are the cores
    assert imported - set(sys.stdlib_module_names) - set(PACKAGES) - brought == names


def test_every_dependency_says_why(project: Path) -> None:
    text = (project / "pyproject.toml").read_text("utf-8")
    block = text.split("\ndependencies = [\n")[1].split("\n]")[0]
    assert all(re.search(r'",\s+# \S', line) for line in block.splitlines())


def test_every_exception_from_the_linter_says_why(project: Path) -> None:
    text = (project / "pyproject.toml").read_text("utf-8").split("\nignore = [\n")[1].split("\n]")[0]
    assert all(re.search(r'",\s+# \S', line) for line in text.splitlines())
    silent = [
        f"{path}: {line.strip()}"
        for path, _ in _modules(project)
        for line in (project / path).read_text("utf-8").splitlines()
        if re.search(r"# noqa(?!: [A-Z0-9, ]+\S*\s*[-(#]+ ?\w)|# type: ignore(?!\[)", line)
    ]
    assert silent == []


def test_the_lock_holds_every_requirement_with_hashes(project: Path, pyproject: dict[str, Any]) -> None:
    lines = (project / "constraints.txt").read_text("utf-8")
    locked = dict(re.findall(r"^([a-z0-9][a-z0-9.-]*)==(\S+)", lines, re.MULTILINE))
    groups = pyproject["dependency-groups"]
    for line in (*pyproject["project"]["dependencies"], *groups["dev"], *groups["build"]):
        wanted = Requirement(line)
        assert canonicalize_name(wanted.name) in locked, f"{line} is not in constraints.txt; run make constraints"
        version = locked[canonicalize_name(wanted.name)]
        assert wanted.specifier.contains(version, prereleases=True), f"{line}, but locked is {version}"
    entries = re.split(r"\n(?=\S)", lines.strip())
    assert all("--hash=sha256:" in entry for entry in entries)


def test_no_package_index_is_named(project: Path) -> None:
    named = [
        name for name in _tracked(project) if INDEX_HOST.search((project / name).read_bytes().decode("utf-8", "ignore"))
    ]
    assert named == []


def test_what_ships_stays_small(project: Path) -> None:
    shipped = [project / name for name in _tracked(project) if name.startswith(PACKAGES)]
    assert sum(path.stat().st_size for path in shipped) < 12 * 2**20


def test_the_house_has_four_rooms(project: Path) -> None:
    folders = {name.split("/")[0] for name in _tracked(project) if "/" in name}
    assert folders <= {"flows", "warehouse", "reports", "tests", ".ci"}


MADE_ELSEWHERE = re.compile(r"flows/replay/recordings/|tests/fixtures/|reports/screenshots/|\.gz$|\.png$")


def _written_here(project: Path) -> list[Path]:
    """What a person reads in the four rooms: no recording, no picture."""
    rooms = (*PACKAGES, "tests")
    return [Path(name) for name in _tracked(project) if name.startswith(rooms) and not MADE_ELSEWHERE.search(name)]


def test_no_file_is_longer_than_four_hundred_lines(project: Path) -> None:
    kinds = {".py", ".sql", ".j2", ".css", ".js"}
    lines = {
        str(path): len((project / path).read_text("utf-8").splitlines())
        for path in _written_here(project)
        if path.suffix in kinds
    }
    assert {path: count for path, count in lines.items() if count > 400} == {}
    assert len(lines) > 100


def test_no_folder_holds_more_than_twelve_files(project: Path) -> None:
    folders = Counter(str(path.parent) for path in _written_here(project))
    assert {folder: count for folder, count in folders.items() if count > 12} == {}
    assert len(folders) > 30


def test_the_import_rules_hold(project: Path) -> None:
    lint = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([lint, "--no-cache"], cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_hooks_run_from_here_and_fetch_nothing(project: Path) -> None:
    hooks = yaml.safe_load((project / ".pre-commit-config.yaml").read_text("utf-8"))
    assert {repo["repo"] for repo in hooks["repos"]} == {"local"}
    for hook in hooks["repos"][0]["hooks"]:
        assert hook["language"] == "system"
        assert hook["entry"].startswith(".venv/bin/")
        assert (Path(sys.executable).parent / hook["entry"].split()[0].rpartition("/")[2]).exists()


def test_the_flow_that_prefect_deploys_takes_what_it_is_given(project: Path) -> None:
    (deployment,) = yaml.safe_load((project / "prefect.yaml").read_text("utf-8"))["deployments"]
    path, _, name = deployment["entrypoint"].partition(":")
    scheduled = getattr(import_module(path.removesuffix(".py").replace("/", ".")), name)
    scheduled.validate_parameters(deployment["parameters"])


def test_the_version_is_said_once(project: Path, pyproject: dict[str, Any]) -> None:
    """The newest heading of the change log is the version that is built."""
    heading = re.search(r"^## (\d+\.\d+\.\d+)", (project / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert heading
    assert heading[1] == pyproject["project"]["version"]


# ---- README ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def readme(project: Path) -> str:
    return (project / "README.md").read_text("utf-8")


def _typed(readme: str) -> list[list[str]]:
    """The words of every command in the README's shell blocks."""
    blocks = re.findall(r"```(?:sh|console)\n(.*?)```", readme, re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    typed = [line.removeprefix("$ ") for line in lines if line.startswith(("$ ", ".venv/", "make"))]
    return [shlex.split(line, comments=True) for line in typed]


def test_readme_names_every_command_and_only_those(readme: str) -> None:
    group = typer.main.get_command(cli.app)
    documented = set(re.findall(r"\| `trends ([a-z-]+)", readme))
    assert documented == set(group.commands)


def test_readme_commands_parse(readme: str) -> None:
    group = typer.main.get_command(cli.app)
    asked = [words[1:] for words in _typed(readme) if words and words[0] == ".venv/bin/trends"]
    assert len(asked) >= 8
    for words in asked:
        cut = words[: words.index(">")] if ">" in words else words
        with group.make_context("trends", cut) as context:
            name, command, rest = group.resolve_command(context, [*context._protected_args, *context.args])
            command.make_context(name, rest, parent=context).close()


def test_readme_make_targets_exist(project: Path, readme: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (project / "Makefile").read_text("utf-8"), re.MULTILINE))
    asked = {words[1] for words in _typed(readme) if len(words) > 1 and words[0] == "make"}
    assert {"demo", "test"} <= asked <= targets


def test_readme_links_and_pictures_exist(project: Path, readme: str) -> None:
    pictures = re.findall(r'(?:src|srcset)="([^"]+)"', readme)
    targets = [*pictures, *re.findall(r"\]\((?!https?://)([^)#]+)[^)]*\)", readme)]
    assert len(pictures) >= 2
    assert {str(path.relative_to(project)) for path in project.glob("reports/screenshots/*")} == set(pictures)
    assert [target for target in targets if not (project / target).exists()] == []


def test_readme_shows_what_the_command_says(demo: Any, readme: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Each query of the README with its answer, asked again on the demo's warehouse."""
    shown = re.findall(r"```console\n\$ \.venv/bin/trends --data data/demo (sql .*?)\n(.*?)```", readme, re.DOTALL)
    assert shown
    for command, answer in shown:
        assert cli.main(["--data", str(demo.data), *shlex.split(command)]) == 0
        assert capfdbinary.readouterr().out.decode().rstrip() == answer.rstrip()


def test_the_example_in_readme_is_a_framework(project: Path, readme: str, tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(\[frameworks\.jax\].*?)```", readme, re.DOTALL)
    config = tmp_path / "config.toml"
    config.write_text((project / "config.toml").read_text("utf-8") + example, "utf-8")
    assert list(load_settings(config).frameworks)[-1] == "jax"
