"""Annotations for GitHub: one workflow command a finding, which Actions shows at the line in a pull request.

The form and its escapes are those of the runner: `command.ts` of the actions toolkit.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from greenroom.report.observed import sentence, standing
from greenroom.report.paths import repository, shown
from greenroom.report.report import Note, Report
from greenroom.report.style import Style
from greenroom.report.text import summary
from greenroom.rules.finding import Finding
from greenroom.vocabulary import Severity

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report, base: Path, style: Style) -> Iterator[str]:
    """Yield one command for each finding and note, then the summary as plain text."""
    root = repository(base)
    for finding in report.findings:
        yield _finding(finding, report, root)
    for note in report.warnings:
        yield _note("warning", note, root)
    for note in report.not_analysed:
        yield _note("notice", note, root)
    yield summary(report, style)


def _finding(finding: Finding, report: Report, root: Path) -> str:
    span = finding.span
    place = {"file": shown(finding.path, root), "line": span.line, "endLine": span.end_line}
    if span.line == span.end_line:  # columns of several lines are refused
        place |= {"col": span.column, "endColumn": span.end_column}
    title = f"{finding.rule} {finding.name} ({standing(finding, report)})"
    why = [f"{number}. {shown(step.path, root)}:{step.line} {step.message}" for number, step in enumerate(finding.trace, 1)]
    mark = report.mark(finding)
    seen = [sentence(mark)] if mark is not None else []
    mend = [f"mend: {finding.mend}"] if finding.mend else []
    return _command(_COMMANDS[finding.severity], {**place, "title": title}, "\n".join([finding.message, *seen, *why, *mend]))


def _note(command: str, note: Note, root: Path) -> str:
    place: dict[str, object] = {} if note.path is None else {"file": shown(note.path, root)}
    if note.line is not None:
        place["line"] = note.line
    return _command(command, {**place, "title": "greenroom"}, note.message)


def _command(name: str, properties: dict[str, object], message: str) -> str:
    given = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{name} {given}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
