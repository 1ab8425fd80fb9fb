"""Baselines, as the whole command sees them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies

from greenroom.cli import main as entry
from greenroom.config import ConfigError
from greenroom.triage.baseline import load
from tests.cli.command import UNPRIVILEGED, greenroom
from tests.cli.failing import SERVICE, write_project

Output = pytest.CaptureFixture[str]
KNOWN = "known.json"
WITH_A_THIRD = SERVICE + "\n\n" + SERVICE.rpartition("\n\n\n")[2].replace("greet", "part")
ROW = '{"path": "app/service.py", "rule": "GR101", "in": "rename", "about": "User.name", "code": "user.name", "count": 1}'
FILE = f"""\
{{"greenroom-baseline": 1, "findings": [
{ROW.replace("rename", "greet")},
{ROW}
]}}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(write_project(tmp_path))
    return tmp_path


def report(capsys: Output, *words: str) -> dict[str, Any]:
    entry.main(["check", "--format", "json", *words])
    out, err = capsys.readouterr()
    assert err == ""
    document: dict[str, Any] = json.loads(out)
    return document


def lines(document: dict[str, Any]) -> list[int]:
    return [row["line"] for row in document["findings"]]


def update(capsys: Output, *words: str) -> dict[str, Any]:
    return report(capsys, "--baseline", KNOWN, "--update-baseline", *words)


def entries(project: Path) -> list[tuple[str, str, str, int]]:
    rows = json.loads((project / KNOWN).read_text(encoding="utf-8"))["findings"]
    return [(row["path"], row["rule"], row["in"], row["count"]) for row in rows]


def test_what_is_written(project: Path, capsys: Output) -> None:
    document = update(capsys)
    assert (lines(document), document["stats"]["known"], document["stats"]["gone"]) == ([], 2, 0)
    assert (project / KNOWN).read_text(encoding="utf-8") == FILE
    assert sorted(path.name for path in project.iterdir()) == ["app", KNOWN]


def test_known_findings_are_left_out(project: Path, capsys: Output) -> None:
    (project / KNOWN).write_text(FILE, encoding="utf-8")
    assert entry.main(["check", "--baseline", KNOWN]) == 0
    assert capsys.readouterr().out.rstrip().endswith(", 2 in the baseline")


def test_lines_may_move(project: Path, capsys: Output) -> None:
    update(capsys)
    write_project(project, SERVICE.replace("async def", "\n\nasync def").replace("return user.name", "return user.name  # the name"))
    assert lines(report(capsys, "--baseline", KNOWN)) == []


def test_a_new_finding_is_told(project: Path, capsys: Output) -> None:
    update(capsys)
    write_project(project, WITH_A_THIRD)
    document = report(capsys, "--baseline", KNOWN)
    assert (len(lines(document)), document["stats"]["known"]) == (1, 2)


def test_of_more_equal_findings_than_known_the_last_is_new(project: Path, capsys: Output) -> None:
    update(capsys)
    write_project(project, SERVICE.replace("    return user.name", "    if user_id > 3:\n        return user.name\n    return user.name"))
    assert lines(report(capsys, "--baseline", KNOWN)) == [11]
    assert lines(update(capsys)) == []
    assert ("app/service.py", "GR101", "rename", 2) in entries(project)


def test_what_is_gone_is_told_and_taken_out(project: Path, capsys: Output) -> None:
    update(capsys)
    write_project(project, SERVICE.replace("return user.name", "return str(user_id)"))
    document = report(capsys, "--baseline", KNOWN)
    assert (lines(document), document["stats"]["known"], document["stats"]["gone"]) == ([], 1, 1)
    (note,) = [note for note in document["assumptions"] if note["kind"] == "warning"]
    assert note["path"] == KNOWN
    assert note["message"].startswith("what the baseline has is not found any more: GR101 at `user.name` in app/service.py; give --update")
    assert update(capsys)["stats"]["gone"] == 0
    assert entries(project) == [("app/service.py", "GR101", "greet", 1)]


def test_a_file_that_was_removed(project: Path, capsys: Output) -> None:
    update(capsys)
    (project / "app" / "service.py").unlink()
    assert report(capsys, "--baseline", KNOWN)["stats"]["gone"] == 2
    update(capsys)
    assert entries(project) == []


@pytest.mark.parametrize(
    "words",
    [
        ["other"],
        ["app/models.py"],
        ["--select", "GR105"],
        ["--ignore", "GR1"],
        ["--exclude", "service.py"],
        ["--min-confidence", "definite"],
    ],
)
def test_an_update_keeps_what_the_run_did_not_look_for(project: Path, capsys: Output, words: list[str]) -> None:
    update(capsys)
    (project / "other").mkdir()
    (project / "other" / "x.py").write_text("x = 1\n", encoding="utf-8")
    document = update(capsys, *words)
    assert document["stats"]["gone"] == 0
    assert (project / KNOWN).read_text(encoding="utf-8") == FILE


def test_an_update_keeps_the_entries_of_a_file_that_does_not_parse(project: Path, capsys: Output) -> None:
    update(capsys)
    write_project(project, "def (")
    update(capsys)
    assert [row[1] for row in entries(project)] == ["GR001", "GR101", "GR101"]


def test_an_update_of_what_is_shown_only(project: Path, capsys: Output) -> None:
    update(capsys, "--min-confidence", "definite")
    assert entries(project) == []


def test_paths_are_seen_from_the_baseline(project: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "pyproject.toml").write_text(f"[tool.greenroom]\nbaseline = 'ci/{KNOWN}'\n", encoding="utf-8")
    (project / "ci").mkdir()
    report(capsys, "--update-baseline")
    monkeypatch.chdir(project / "app")
    assert report(capsys)["stats"]["known"] == 2
    assert '"../app/service.py"' in (project / "ci" / KNOWN).read_text(encoding="utf-8")


def test_the_baseline_of_the_file_can_be_left_aside(project: Path, capsys: Output) -> None:
    (project / "pyproject.toml").write_text(f"[tool.greenroom]\nbaseline = '{KNOWN}'\n", encoding="utf-8")
    (project / KNOWN).write_text(FILE, encoding="utf-8")
    assert lines(report(capsys)) == []
    assert lines(report(capsys, "--no-baseline")) == [9, 15]


def test_the_mode_and_a_link_are_kept(project: Path, capsys: Output) -> None:
    real = project / "real.json"
    real.write_text(FILE.replace(ROW + "\n", "").replace("},\n", "}\n"), encoding="utf-8")
    real.chmod(0o640)
    (project / KNOWN).symlink_to(real)
    update(capsys)
    assert (project / KNOWN).is_symlink()
    assert (real.read_text(encoding="utf-8"), real.stat().st_mode & 0o777) == (FILE, 0o640)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{", "known.json is no baseline: "),
        (b"\xff", "known.json is no baseline: it is not UTF-8; restore it, or delete it and give --update-baseline"),
        (b"[]", "known.json is no baseline: it has no 'greenroom-baseline'; give another file"),
        (b'{"version": "2.1.0"}', "known.json is no baseline: it has no 'greenroom-baseline'"),
        (b'{"greenroom-baseline": 2, "findings": []}', "known.json is a baseline of version 2, and this greenroom knows 1; use the one"),
        (b'{"greenroom-baseline": 1}', "entry 1 of its findings is not one"),
        (f'{{"greenroom-baseline": 1, "findings": [{ROW}, 3]}}'.encode(), "entry 2 of its findings is not one"),
        (f'{{"greenroom-baseline": 1, "findings": [{ROW.replace("1}", "true}")}]}}'.encode(), "entry 1 of its findings is not one"),
        (f'{{"greenroom-baseline": 1, "findings": [{ROW.replace("GR101", chr(92) + "u0000")}]}}'.encode(), "entry 1 of its findings"),
        (b"[" * 100_000, "known.json is no baseline: "),
    ],
)
@pytest.mark.parametrize("words", [[], ["--update-baseline"]])
def test_a_broken_baseline_is_one_line_and_stays(project: Path, capsys: Output, content: bytes, told: str, words: list[str]) -> None:
    (project / KNOWN).write_bytes(content)
    assert entry.main(["check", "--baseline", KNOWN, *words]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("greenroom check: ")
    assert told in err
    assert (project / KNOWN).read_bytes() == content


VALUES = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers(-2, 2) | strategies.sampled_from(["app/service.py", "GR101", ""]),
    lambda inner: (
        strategies.lists(inner, max_size=3)
        | strategies.dictionaries(strategies.sampled_from(["path", "rule", "in", "about", "code", "count"]), inner)
    ),
)


@given(strategies.dictionaries(strategies.sampled_from(["greenroom-baseline", "findings"]), VALUES))
def test_whatever_is_in_the_file_is_a_baseline_or_one_line(tmp_path_factory: pytest.TempPathFactory, document: dict[str, object]) -> None:
    path = tmp_path_factory.getbasetemp() / KNOWN
    path.write_text(json.dumps(document), encoding="utf-8")
    try:
        baseline = load(path)
    except ConfigError as error:
        told = str(error)
    else:
        baseline.save()
        told = KNOWN if load(path) == baseline else "what was read is not what was written"
    assert KNOWN in told
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--baseline", KNOWN], "there is no baseline known.json; give --update-baseline to write it"),
        (["--baseline", "app"], "cannot read the baseline app: Is a directory; give a file that may be read"),
        (["--update-baseline"], "--update-baseline needs a file: give --baseline FILE, or `baseline` in [tool.greenroom]"),
        (
            ["--update-baseline", "--baseline", "nowhere/known.json"],
            "cannot write the baseline nowhere/known.json: No such file or directory; make its folder writable, or give another place",
        ),
        (["--update-baseline", "--baseline", "a\0b"], "cannot write the baseline a"),
    ],
)
def test_mistakes_are_one_line(project: Path, capsys: Output, words: list[str], told: str) -> None:
    assert entry.main(["check", *words]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert told in err


@pytest.mark.skipif(UNPRIVILEGED is None, reason="skipped: the superuser may write everywhere; install setpriv (util-linux)")
def test_a_folder_that_may_not_be_written_to(project: Path) -> None:
    project.chmod(0o555)
    run = greenroom("check", "--baseline", KNOWN, "--update-baseline", folder=project, through=UNPRIVILEGED or ())
    project.chmod(0o755)
    assert (run.returncode, run.stdout) == (2, "")
    told = "cannot write the baseline known.json: Permission denied; make its folder writable, or give another place with --baseline"
    assert run.stderr == f"greenroom check: {told}\n"


@pytest.mark.skipif(shutil.which("prlimit") is None, reason="skipped: files cannot be limited; install prlimit (util-linux)")
def test_a_write_that_fails_loses_nothing(project: Path, capsys: Output) -> None:
    """The system refuses to let any file grow beyond a few bytes."""
    update(capsys)
    write_project(project, WITH_A_THIRD)
    limited = ("prlimit", "--fsize=100")
    run = greenroom("check", "--baseline", KNOWN, "--update-baseline", folder=project, through=limited, PYTHONDONTWRITEBYTECODE="1")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("greenroom check: cannot write the baseline known.json: File too large; ")
    assert (project / KNOWN).read_text(encoding="utf-8") == FILE
    assert sorted(path.name for path in project.iterdir()) == ["app", KNOWN]
