"""The analyser oracle: what ``greenroom check`` says about the project of a block."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.executable.markers import Marker, Word
from tests.executable.page import Block
from tests.executable.project import Project

SWITCHED_ON = True
"""Whether the analyser half of the page tests runs."""

LOAD_STATES = ("GR0", "GR1", "GR301", "GR302", "GR5")
REPORTED = frozenset({Word.ERROR, Word.EXTRA, Word.FAILS, Word.SILENT})
"""The markers that claim a finding."""


def analyse(path: Path, *, sqlalchemy: str, dialect: str, rules: Iterable[str]) -> list[tuple[str, int, str, bool]]:
    """Return file name, line and rule name of every finding of ``rules`` (codes or prefixes), and whether it is definite."""
    # The runtime half runs in environments without greenroom.
    main = importlib.import_module("greenroom.cli.main").main
    output = io.StringIO()
    words = ["check", str(path), "--format", "json", "--exit-zero", "--sqlalchemy", sqlalchemy, "--dialect", dialect]
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(io.StringIO()):
        code = main([*words, "--select", ",".join(rules)])
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
    reported = analyse(project.folder, sqlalchemy=sqlalchemy, dialect=dialect, rules=rules_for(project.block))
    found = {(file, line, rule) for file, line, rule, definite in reported if definite or (file, line, rule) in expected}
    return [f"{file}:{line}: not reported: {rule}" for file, line, rule in sorted(expected - found)] + [
        f"{file}:{line}: reported, but not on the page: {rule}" for file, line, rule in sorted(found - expected)
    ]


def rules_for(block: Block) -> set[str]:
    """The rules that are asked about a page: those of load states, and all that it speaks of.

    Pages show one thing at a time: an example of a load state need not commit what it writes.
    """
    return {*LOAD_STATES, *(marker.text for marker in block.markers if marker.word in REPORTED), *_rule_of(block)}


def _rule_of(block: Block) -> Iterator[str]:
    if block.page.with_suffix(".py").is_file():
        yield block.page.stem.replace("_", "-")


def _expected(project: Project, marker: Marker) -> tuple[str, int, str]:
    return project.example.name, marker.line, marker.text
