from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from greenroom.report import github
from greenroom.report.report import Report
from greenroom.report.style import Style
from greenroom.rules.finding import Span, Step
from greenroom.vocabulary import Severity
from tests.report.example import finding, report, write_source


def lines(found: Report, base: Path) -> list[str]:
    return list(github.render(found, base, Style()))


def read(line: str) -> tuple[str, dict[str, str], str]:
    """Read a workflow command as the runner does."""
    matched = re.fullmatch(r"::(\w+) (.*?)::(.*)", line)
    assert matched is not None, line
    properties = dict(pair.split("=", 1) for pair in matched[2].split(","))
    escapes = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}

    def plain(text: str) -> str:
        return re.sub("|".join(escapes), lambda found: escapes[found[0]], text)

    return matched[1], {key: plain(value) for key, value in properties.items()}, plain(matched[3])


def test_a_finding_is_a_command(tmp_path: Path) -> None:
    only = Report(findings=(finding(write_source(tmp_path)),))
    assert lines(only, tmp_path)[0] == (
        "::error file=app/donors.py,line=4,endLine=4,col=26,endColumn=36,title=GR101 expired-after-commit (definite)"
        "::`donor.name` was expired by the commit on line 3; reading it here emits SQL"
        "%0A1. app/donors.py:2 loaded here%0A2. app/donors.py:3 expired by this commit%0A3. app/donors.py:4 read here"
        "%0Amend: read `donor.name` into a local before the commit"
    )


def test_notes_and_summary(tmp_path: Path) -> None:
    found = lines(report(write_source(tmp_path)), tmp_path)
    assert found[2:4] == [
        "::warning file=app/requirements.txt,title=greenroom::requirements.txt is not UTF-8",
        "::notice file=app/donors.py,line=1,title=greenroom::the bound on the work per function was reached",
    ]
    assert found[4].startswith("2 findings (1 definite, 1 possible) in 1 file")


@pytest.mark.parametrize(("severity", "command"), [(Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.INFO, "notice")])
def test_severities(tmp_path: Path, severity: Severity, command: str) -> None:
    found = replace(finding(tmp_path / "x.py"), severity=severity)
    assert lines(Report(findings=(found,)), tmp_path)[0].startswith(f"::{command} ")


def test_nothing_breaks_out_of_a_command(tmp_path: Path) -> None:
    path = tmp_path / "a,b::c%2C.py"
    step = Step(path, 1, "x\r\n::error::y")
    found = replace(finding(path), message="100%0A\n::set-output name=x::1", trace=(step,), mend="")
    (line, _) = lines(Report(findings=(found,)), tmp_path)
    assert "\n" not in line
    assert "\r" not in line
    command, properties, message = read(line)
    assert (command, properties["file"]) == ("error", "a,b::c%2C.py")
    assert message == "100%0A\n::set-output name=x::1\n1. a,b::c%2C.py:1 x\r\n::error::y"


def test_columns_are_left_out_where_the_lines_differ(tmp_path: Path) -> None:
    found = replace(finding(tmp_path / "x.py"), span=Span(1, 5, 3, 2))
    _, properties, _ = read(lines(Report(findings=(found,)), tmp_path)[0])
    assert (properties["line"], properties["endLine"]) == ("1", "3")
    assert not {"col", "endColumn"} & set(properties)


def test_paths_are_seen_from_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Report(findings=(finding(write_source(tmp_path)),))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    assert read(lines(found, tmp_path / "app")[0])[1]["file"] == "app/donors.py"
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path / "elsewhere"))
    assert read(lines(found, tmp_path / "app")[0])[1]["file"] == "donors.py"
