from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, strategies

from greenroom.cli.selection import codes_of
from greenroom.config import Config, ConfigError, PathRules, Selection
from greenroom.configfile import find, from_file
from greenroom.report.formats import FORMATS
from greenroom.rules.pages import pages
from greenroom.rules.wanted import Wanted
from greenroom.vocabulary import Confidence

PAGES = pages()


def codes(words: Sequence[str], place: str) -> tuple[str, ...]:
    return codes_of(words, place, PAGES)


def written(table: str, path: Path = Path("pyproject.toml")) -> Config:
    return from_file(tomllib.loads(table), path, codes, FORMATS)


def test_an_empty_table_is_the_default() -> None:
    assert written("", Path("/project/pyproject.toml")) == Config(folder=Path("/project"))


def test_every_key() -> None:
    config = written(
        """
select = ["GR1", "missing-await"]
extend-select = ["GR501"]
ignore = ["lazy-relationship"]
exclude = ["tests"]
dialect = "postgresql"
sqlalchemy = "2.0"
min-confidence = "definite"
format = "json"
boundaries = ["app.jobs.*"]
baseline = "known/greenroom.json"
per-path = {"tests/**" = ["GR105"], "app/api/**" = {ignore = ["GR1"], select = ["GR301"]}}
""",
        Path("/project/pyproject.toml"),
    )
    assert config == Config(
        selection=Selection(("GR1", "GR302"), ("GR501",), ("GR105",)),
        per_path=(PathRules("tests/**", ("GR105",)), PathRules("app/api/**", ("GR1",), ("GR301",))),
        min_confidence=Confidence.DEFINITE,
        dialect="postgresql",
        sqlalchemy="2.0",
        format="json",
        exclude=("tests",),
        boundaries=("app.jobs.*",),
        baseline=Path("/project/known/greenroom.json"),
        folder=Path("/project"),
    )


DOCUMENT = (Path(__file__).parents[2] / "docs" / "reference" / "configuration.md").read_text(encoding="utf-8")


def test_the_documented_example_is_one() -> None:
    example = tomllib.loads(DOCUMENT.partition("```toml\n")[2].partition("```")[0])["tool"]["greenroom"]
    config = from_file(example, Path("pyproject.toml"), codes, FORMATS)
    assert config.selection == Selection(extend_select=("GR301",), ignore=("GR105",))
    assert config.per_path == (PathRules("tests/**", ("GR105",)), PathRules("src/app/api/**", ("GR301",), ("GR111",)))


def test_the_documented_keys_are_the_known_ones() -> None:
    with pytest.raises(ConfigError) as caught:
        written("zzzzzz = 1")
    told = str(caught.value).partition("(known: ")[2].partition(")")[0].split(", ")
    assert sorted(re.findall(r"^\| `([a-z-]+)` \|", DOCUMENT, re.MULTILINE)) == sorted(told)


def test_what_is_selected() -> None:
    config = Config(Selection(select=("GR1",), ignore=("GR105",)), min_confidence=Confidence.DEFINITE)
    assert [config.enabled(code) for code in ("GR101", "GR105", "GR501")] == [True, False, False]
    assert [config.admits(confidence) for confidence in Confidence] == [True, False]


@pytest.mark.parametrize(
    ("override", "on"),
    [
        (Selection(), ["GR101", "GR301"]),
        (Selection(select=("GR105",)), ["GR105"]),
        (Selection(extend_select=("GR105",)), ["GR101", "GR105", "GR301"]),
        (Selection(ignore=("GR3",)), ["GR101"]),
    ],
)
def test_the_command_line_wins_over_the_file(override: Selection, on: list[str]) -> None:
    config = Config(Selection(select=("GR1", "GR3"), ignore=("GR105",)), override)
    assert [code for code in ("GR101", "GR105", "GR301", "GR501") if config.enabled(code)] == on


@pytest.mark.parametrize(
    ("there", "override", "on"),
    [
        (PathRules("x", ignore=("GR101",)), Selection(), ["GR105"]),
        (PathRules("x", ignore=("GR101",)), Selection(select=("GR101", "GR105")), ["GR105"]),
        (PathRules("x", select=("GR501",)), Selection(), ["GR101", "GR105", "GR501"]),
        (PathRules("x", select=("GR501",)), Selection(ignore=("GR501",)), ["GR101", "GR105"]),
        (PathRules("x", select=("GR501",)), Selection(select=("GR105",)), ["GR105"]),
    ],
)
def test_what_a_file_has_of_its_own(there: PathRules, override: Selection, on: list[str]) -> None:
    config = Config(Selection(select=("GR1",)), override)
    assert [code for code in ("GR101", "GR105", "GR501") if config.enabled(code, there=[there])] == on


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("selct = []", "pyproject.toml: unknown key 'selct' in [tool.greenroom] (did you mean 'select'?); correct or remove it"),
        ("min_confidence = 'definite'", "unknown key 'min_confidence' in [tool.greenroom] (did you mean 'min-confidence'?)"),
        ("dialect = 'postgres'", 'pyproject.toml: tool.greenroom.dialect = "postgres" is not one of "postgresql", "mysql"'),
        ("dialect = 'postgres'", "(did you mean 'postgresql'?)"),
        ("sqlalchemy = 2.1", 'tool.greenroom.sqlalchemy = 2.1 is not one of "2.0", "2.1"'),
        ("format = ['json']", "tool.greenroom.format = ['json'] is not one of"),
        ("select = 'GR1'", 'tool.greenroom.select = "GR1" must be a list of strings; write ["GR1"]'),
        ("exclude = [1]", "tool.greenroom.exclude = [1] must be a list of strings"),
        ("boundaries = true", "tool.greenroom.boundaries = true must be a list of strings"),
        ("baseline = ''", 'tool.greenroom.baseline = "" must be the path of a file'),
        (
            "ignore = ['expired-after-comit']",
            "pyproject.toml: tool.greenroom.ignore: no rule is called 'expired-after-comit' (did you mean",
        ),
        ("per-path = ['GR1']", "tool.greenroom.per-path = ['GR1'] must be a table of globs"),
        ("per-path = {'a/**' = 'GR105'}", 'tool.greenroom.per-path."a/**" = "GR105" must be a list of rules or a table'),
        ("per-path = {'a/**' = ['GR1O5']}", "pyproject.toml: tool.greenroom.per-path.\"a/**\": no rule is called 'GR1O5'"),
        ("per-path = {tests = {ignored = []}}", "unknown key 'ignored' in [tool.greenroom.per-path.tests] (did you mean 'ignore'?)"),
        ("per-path = {tests = {select = ['GR9']}}", "tool.greenroom.per-path.tests.select: no rule is called 'GR9'"),
    ],
)
def test_mistakes_are_named(table: str, told: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(told)) as caught:
        written(table)
    assert "\n" not in str(caught.value)


KEYS = re.findall(r"^\| `([a-z-]+)` \|", DOCUMENT, re.MULTILINE)
SCALARS = strategies.one_of(
    strategies.booleans(),
    strategies.integers(),
    strategies.floats(),
    strategies.datetimes(),
    strategies.text(),
    strategies.sampled_from(["GR105", "GR1", "ALL", "missing-await", "json", "sqlite", "2.1", "possible", "*", "a\nb"]),
)
VALUES = strategies.recursive(
    SCALARS, lambda inner: strategies.lists(inner, max_size=3) | strategies.dictionaries(strategies.text(max_size=5), inner, max_size=3)
)


@given(strategies.dictionaries(strategies.sampled_from(KEYS) | strategies.text(max_size=8), VALUES, max_size=3))
def test_whatever_is_written_is_a_configuration_or_one_line(table: dict[str, object]) -> None:
    try:
        config = from_file(table, Path("pyproject.toml"), codes, FORMATS)
    except ConfigError as error:
        told = str(error)
    else:
        told = "pyproject.toml: " + ", ".join(sorted(Wanted(config).at(Path("app/main.py"))))
    assert told.startswith("pyproject.toml: ")
    assert len(told.splitlines()) == 1


def project(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_toml", ".toml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_the_nearest_file_with_a_table_is_found(tmp_path: Path) -> None:
    table = "[tool.greenroom]\n"
    project(tmp_path, pyproject_toml=table, a__pyproject_toml="[project]\n", a__b__x="", a__c__pyproject_toml=table, a__c__d__x="")
    assert find([tmp_path / "a" / "b"]) == tmp_path / "pyproject.toml"
    assert find([tmp_path / "a" / "c" / "d" / "x"]) == tmp_path / "a" / "c" / "pyproject.toml"
    assert find([tmp_path / "a" / "c" / "d", tmp_path / "a" / "b"]) == tmp_path / "pyproject.toml"


def test_no_file_beyond_the_repository_is_found(tmp_path: Path) -> None:
    project(tmp_path, pyproject_toml="[tool.greenroom]\n", repository__src__x="")
    (tmp_path / "repository" / ".git").mkdir()
    assert find([tmp_path / "repository" / "src"]) is None


def test_a_broken_file_counts_when_it_speaks_of_greenroom(tmp_path: Path) -> None:
    project(tmp_path, pyproject_toml="[tool.greenroom]\nselect = [", other__pyproject_toml="[project")
    assert find([tmp_path]) == tmp_path / "pyproject.toml"
    assert find([tmp_path / "other"]) == tmp_path / "pyproject.toml"
