"""The configuration file as the whole command sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from greenroom.cli import main as entry
from tests.cli.command import UNPRIVILEGED, greenroom
from tests.cli.failing import write_project

Output = pytest.CaptureFixture[str]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(write_project(tmp_path))
    return tmp_path


def configure(project: Path, table: str) -> None:
    (project / "pyproject.toml").write_text(f"[tool.greenroom]\n{table}\n", encoding="utf-8")


def lines(capsys: Output, *words: str) -> list[int]:
    entry.main(["check", "--format", "json", *words])
    return [row["line"] for row in json.loads(capsys.readouterr().out)["findings"]]


def test_nothing_configured(project: Path, capsys: Output) -> None:
    assert lines(capsys) == [9, 15]


@pytest.mark.parametrize(
    ("table", "words", "found"),
    [
        ("ignore = ['GR101']", [], []),
        ("ignore = ['GR101']", ["--isolated"], [9, 15]),
        ("ignore = ['GR101']", ["--select", "GR101"], [9, 15]),
        ("select = ['GR1']", ["--ignore", "GR101"], []),
        ("exclude = ['service.py']", [], []),
        ("exclude = ['service.py']", ["--exclude", "nothing"], []),
        ("per-path = {'app/**' = ['GR101']}", [], []),
        ("per-path = {'service.py' = ['expired-after-commit']}", [], []),
        ("per-path = {'app/models.py' = ['GR101']}", [], [9, 15]),
        ("select = ['GR5']\nper-path = {app = {select = ['GR101']}}", [], [9, 15]),
        ("select = ['GR5']\nper-path = {other = {select = ['GR101']}}", [], []),
    ],
)
def test_what_is_found(project: Path, capsys: Output, table: str, words: list[str], found: list[int]) -> None:
    configure(project, table)
    assert lines(capsys, *words) == found


def test_globs_are_seen_from_the_folder_of_the_file(project: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(project, "per-path = {'app/service.py' = ['GR101']}")
    monkeypatch.chdir(project / "app")
    assert lines(capsys) == []


def test_another_file(project: Path, capsys: Output) -> None:
    configure(project, "ignore = ['GR101']")
    (project / "strict.toml").write_text("[tool.greenroom]\nignore = []\n", encoding="utf-8")
    assert lines(capsys, "--config", "strict.toml") == [9, 15]


def test_the_format_of_the_file(project: Path, capsys: Output) -> None:
    configure(project, "format = 'concise'")
    assert entry.main(["check"]) == 1
    assert capsys.readouterr().out.startswith("app/service.py:9:12: GR101 [possible] ")


@pytest.mark.parametrize(
    ("text", "words", "told"),
    [
        (b"[tool.greenroom]\nselect = [", [], "greenroom check: pyproject.toml: no valid TOML: "),
        (b"[tool.greenroom]\n# \xff", [], "pyproject.toml: line 2 is not UTF-8; save the file as UTF-8"),
        (b"[tool]\ngreenroom = 3", [], "pyproject.toml: tool.greenroom = 3 is no table; write [tool.greenroom] above its keys"),
        (b"[tool.greenroom]\nselect = ['GR1']\n[tool.greenroom.per-paths]", [], "unknown key 'per-paths'"),
        (b"[project]", ["--config", "pyproject.toml"], "there is no [tool.greenroom] in it; add it, or give another file"),
        (b"", ["--config", "nowhere.toml"], "cannot read nowhere.toml: No such file or directory; give a readable file"),
        (b"", ["--config", "app"], "cannot read app: Is a directory; give a readable file"),
        (b"", ["--config", "a\0b"], "cannot read a"),
    ],
)
def test_a_broken_file_is_one_line_and_exit_2(project: Path, capsys: Output, text: bytes, words: list[str], told: str) -> None:
    (project / "pyproject.toml").write_bytes(text)
    assert entry.main(["check", *words]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert told in err


def test_a_broken_file_of_others_is_a_warning(project: Path, capsys: Output) -> None:
    (project / "pyproject.toml").write_text("[project", encoding="utf-8")
    assert entry.main(["check"]) == 1
    assert "pyproject.toml:1: ignored, because it cannot be read" in capsys.readouterr().out


@pytest.mark.skipif(UNPRIVILEGED is None, reason="skipped: the superuser may read everything; install setpriv (util-linux)")
def test_a_file_that_may_not_be_read(project: Path) -> None:
    configure(project, "ignore = ['GR101']")
    (project / "pyproject.toml").chmod(0)
    run = greenroom("check", folder=project, through=UNPRIVILEGED or ())
    assert (run.returncode, run.stdout) == (2, "")
    told = "cannot read pyproject.toml: Permission denied; make it readable, or give --isolated to do without it"
    assert run.stderr == f"greenroom check: {told}\n"
    assert greenroom("check", "--isolated", folder=project, through=UNPRIVILEGED or ()).returncode == 1
