"""The analyser oracle: what ``greenroom check`` says about the project of a block."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
from pathlib import Path

from tests.executable.markers import Marker, Word
from tests.executable.project import Project

SWITCHED_ON = True
"""Whether the analyser half of the page tests runs."""

REPORTED = frozenset({Word.ERROR, Word.EXTRA, Word.FAILS, Word.SILENT})
"""The markers that claim a finding."""


def analyse(path: Path, *, sqlalchemy: str, dialect: str, also: str = "") -> list[tuple[str, int, str, bool]]:
    """Return file name, line and rule name of every finding, and whether it is definite; the rule ``also`` is switched on."""
    # The runtime half runs in environments without greenroom.
    main = importlib.import_module("greenroom.cli.main").main
    output = io.StringIO()
    words = ["check", str(path), "--format", "json", "--exit-zero", "--sqlalchemy", sqlalchemy, "--dialect", dialect]
    if also:
        words += ["--extend-select", also]
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(io.StringIO()):
        code = main(words)
    if code != 0:
        raise AssertionError(f"greenroom {' '.join(words)} exited with {code}: {output.getvalue()}")
    report = json.loads(output.getvalue())
    broken = [note["message"] for note in report["assumptions"] if "internal error" in note["message"]]
    if broken:
        raise AssertionError(f"the interpreter broke: {broken}")
    findings = report["findings"]
    return sorted(
        (Path(finding["path"]).name, finding["line"], finding["name"], finding["confidence"] == "definite") for finding in findings
    )


def disagreements(project: Project, *, sqlalchemy: str, dialect: str) -> list[str]:
    """Say, line by line, where the findings are not the ones that the page claims.

    A *possible* finding on a line without a marker is no disagreement: it says that the outcome depends on data.
    """
    environment = frozenset({sqlalchemy, dialect})
    expected = {_expected(project, marker) for marker in project.block.markers if marker.word in REPORTED and marker.holds_in(environment)}
    reported = analyse(project.folder, sqlalchemy=sqlalchemy, dialect=dialect, also=_rule_of(project))
    found = {(file, line, rule) for file, line, rule, definite in reported if definite or (file, line, rule) in expected}
    return [f"{file}:{line}: not reported: {rule}" for file, line, rule in sorted(expected - found)] + [
        f"{file}:{line}: reported, but not on the page: {rule}" for file, line, rule in sorted(found - expected)
    ]


def _rule_of(project: Project) -> str:
    """The rule that the block's page is about."""
    page = project.block.page
    return page.stem.replace("_", "-") if page.with_suffix(".py").is_file() else ""


def _expected(project: Project, marker: Marker) -> tuple[str, int, str]:
    return project.example.name, marker.line, marker.text
