from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from greenroom.cli import main as entry
from tests.cli.command import greenroom

BROKEN = "def f(:\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "fine.py").write_text("x = 1\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def broken(project: Path) -> Path:
    (project / "broken.py").write_text(BROKEN, encoding="utf-8")
    return project


def test_nothing_found(project: Path) -> None:
    run = greenroom("check", folder=project)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("No findings in 1 file")


def test_an_unparsable_file_is_a_finding(broken: Path) -> None:
    run = greenroom("check", ".", "--format", "json", folder=broken)
    document = json.loads(run.stdout)
    assert (run.returncode, run.stderr) == (1, "")
    assert [(row["rule"], row["path"], row["line"]) for row in document["findings"]] == [("GR001", "broken.py", 1)]
    assert document["stats"]["files"] == 2


@pytest.mark.parametrize("option", ["--exit-zero", "--ignore=GR0"])
def test_options_that_make_it_pass(broken: Path, option: str) -> None:
    run = greenroom("check", option, folder=broken)
    assert run.returncode == 0, run.stderr


def test_statistics_beside_json_go_to_stderr(broken: Path) -> None:
    run = greenroom("check", "--format=json", "--statistics", folder=broken)
    json.loads(run.stdout)
    assert run.stderr.split()[:5] == ["rule", "name", "definite", "possible", "all"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["check", "nowhere"], "no such file or directory: nowhere"),
        (["check", "empty"], "nothing to check: no Python files under empty"),
        (["check", "--select", "GR1O1"], "no rule is called 'GR1O1'"),
        (["check", "--select", "expired-after-comit"], "did you mean 'expired-after-commit'?"),
        (["check", "--fromat", "json"], "unknown argument '--fromat' (did you mean '--format'?)"),
        (["check", "--format", "xml"], "invalid choice: 'xml'"),
        (["check", "a\0b"], "cannot read"),
        (["check", "--isolated", "--config", "x.toml"], "argument --config: not allowed with argument --isolated"),
        (["check", "--no-baseline", "--baseline", "x.json"], "argument --baseline: not allowed with argument --no-baseline"),
        (["chekc"], "unknown command 'chekc' (did you mean 'check'?)"),
        (["--verison"], "unknown option '--verison'"),
        (["explain", "GR1000"], "no rule is called 'GR1000'"),
        (["explain"], "required: CODE|name"),
        (["demo", "--dialect", "dbase"], "invalid choice: 'dbase'"),
    ],
)
def test_mistakes_are_one_line_and_exit_2(
    project: Path, words: list[str], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "empty").mkdir()
    monkeypatch.chdir(project)
    assert entry.main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err
    assert err.count("\n") == 1


def test_an_unreadable_directory(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    assert entry.main(["check", str(project)]) == 2
    assert "permission denied" in capsys.readouterr().err


def test_an_internal_error_is_one_line(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr("greenroom.cli.check.check", crash)
    assert entry.main(["check", str(project)]) == 2
    err = capsys.readouterr().err
    assert "internal error at test_exit_codes.py" in err
    assert "RuntimeError: two lines" in err
    assert err.count("\n") == 1
    monkeypatch.setenv(entry.TRACEBACK_SWITCH, "1")
    assert entry.main(["check", str(project)]) == 2
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_interrupted(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("greenroom.cli.check.check", interrupt)
    assert entry.main(["check", str(project)]) == 130


def test_the_reader_of_the_output_goes_away(tmp_path: Path) -> None:
    for number in range(3000):
        (tmp_path / f"broken_{number}.py").write_text(BROKEN, encoding="utf-8")
    command = [sys.executable, "-m", "greenroom", "check", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_ctrl_c_prints_nothing(tmp_path: Path) -> None:
    code = "import time\nfrom greenroom.cli import main, check\ncheck.check = lambda *a: time.sleep(60)\nprint('ready', flush=True)\n"
    command = [sys.executable, "-c", f"{code}raise SystemExit(main.main(['check', '.']))"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert (process.returncode, err) == (130, b"")
