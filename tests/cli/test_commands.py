from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from greenroom import __version__
from greenroom.cli import main as entry
from greenroom.cli.markdown import rendered
from greenroom.cli.progress import Progress
from greenroom.report.style import Style
from greenroom.rules.registry import rules
from tests.cli.command import greenroom


def test_version() -> None:
    assert greenroom("--version").stdout == f"greenroom {__version__}\n"


def test_version_loads_next_to_nothing() -> None:
    code = """
import sys
from greenroom.cli.main import main
main(["--version"])
print(*sorted(name for name in sys.modules if name.startswith("greenroom")))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "greenroom greenroom.cli greenroom.cli.main"


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(command in out for command in entry.COMMANDS)


@pytest.mark.parametrize("command", entry.COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main([command, "--help"]) == 0
    assert f"usage: greenroom {command}" in capsys.readouterr().out


def test_no_command_prints_help_and_exits_2() -> None:
    run = greenroom()
    assert (run.returncode, run.stdout) == (2, "")
    assert "usage: greenroom" in run.stderr


def test_rules_as_text_and_json() -> None:
    rows = json.loads(greenroom("rules", "--format", "json").stdout)["rules"]
    assert list(rows[0]) == ["code", "name", "summary", "severity", "default"]
    assert all(row["summary"] and not row["summary"].startswith("**") for row in rows)
    assert {row["code"]: (row["severity"], row["default"]) for row in rows} == {
        rule.code: (rule.severity.value, rule.default) for rule in rules()
    }
    listed = [line.split()[:2] for line in greenroom("rules").stdout.splitlines()]
    assert listed == [[row["code"], row["name"]] for row in rows]


@pytest.mark.parametrize("word", ["GR101", "gr101", "expired-after-commit"])
def test_explain_by_code_and_name(word: str) -> None:
    assert greenroom("explain", word).stdout.startswith("# `expired-after-commit` (GR101)\n")


def test_explain_survives_an_ascii_terminal() -> None:
    run = greenroom("explain", "GR101", PYTHONIOENCODING="ascii")
    assert (run.returncode, run.stderr) == (0, "")


def test_a_report_survives_an_ascii_terminal(tmp_path: Path) -> None:
    (tmp_path / "grün.py").write_text("naïve = (\n", encoding="utf-8")
    run = greenroom("check", folder=tmp_path, PYTHONIOENCODING="ascii")
    assert run.returncode == 1
    assert run.stdout.startswith(r"gr\xfcn.py:1:")


def test_pages_on_a_terminal() -> None:
    lines = ["# `name` (GR1)", "See **this** and [that](x.md).", "```python", "f(x)  # error: [name]", "```", "end"]
    assert list(rendered(lines, Style())) == [
        "`name` (GR1)".replace("`", ""),
        "See this and that (x.md).",
        "    f(x)  # error: [name]",
        "end",
    ]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_appears_after_a_moment_and_is_erased() -> None:
    now = [0.0]
    stream = Terminal()
    progress = Progress(stream, lambda: now[0])
    progress(1, 10, "a.py")
    assert stream.getvalue() == ""
    now[0] = 2.0
    progress(5, 10, "b.py")
    progress(6, 10, "c.py")
    assert stream.getvalue() == "\r\x1b[K 50% 5/10 b.py"
    progress.erase()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_progress_is_silent_off_a_terminal() -> None:
    stream = io.StringIO()
    progress = Progress(stream, lambda: 1e9)
    progress(1, 1, "a.py")
    progress.erase()
    assert stream.getvalue() == ""
