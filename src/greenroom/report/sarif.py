"""SARIF 2.1.0, which code scanning services and editors read.

The chain of causes is a code flow; the rules carry their pages; results carry fingerprints that survive moved lines.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from greenroom import __version__
from greenroom.confirm.records import Mark
from greenroom.report.observed import written
from greenroom.report.paths import repository, shown
from greenroom.report.report import Note, Report
from greenroom.report.style import Style
from greenroom.rules.finding import Finding, Step
from greenroom.rules.pages import Page, pages
from greenroom.rules.registry import rules
from greenroom.rules.rule import Rule
from greenroom.triage.fingerprints import identified
from greenroom.vocabulary import Severity

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "greenroom/1"
"""What the fingerprints are called; the number changes when they are made otherwise."""
OBSERVED = 100.0
"""The rank (SARIF 2.1.0, 3.27.25) of what was met at run time; other results have none."""
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}

Json = dict[str, object]


def render(report: Report, base: Path, _: Style) -> Iterator[str]:
    """Yield one SARIF log, in ASCII: the only form in which the undecodable bytes of a file name survive every stream."""
    root = repository(base)
    known = {page.code: page for page in pages()}
    numbers = {rule.code: number for number, rule in enumerate(rules())}
    found = identified(report.findings, lambda path: shown(path, root))
    notes = [*(("warning", note) for note in report.warnings), *(("note", note) for note in report.not_analysed)]
    run: Json = {
        "tool": {
            "driver": {
                "name": "greenroom",
                "semanticVersion": __version__,
                "rules": [_rule(rule, known[rule.code]) for rule in rules()],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {"executionSuccessful": True, "toolExecutionNotifications": [_notification(level, note, root) for level, note in notes]}
        ],
        "results": [_result(finding, report.mark(finding), numbers, identity.fingerprint(nth), root) for finding, identity, nth in found],
    }
    yield json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=True, indent=2)


def _rule(rule: Rule, page: Page) -> Json:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": page.summary},
        "help": {"text": page.text, "markdown": page.text},
        "defaultConfiguration": {"enabled": rule.default, "level": _LEVELS[rule.severity]},
    }


def _result(finding: Finding, mark: Mark | None, numbers: dict[str, int], fingerprint: str, root: Path) -> Json:
    span = finding.span
    region = {"startLine": span.line, "startColumn": span.column, "endLine": span.end_line, "endColumn": span.end_column}
    message = f"{finding.message}\n\nMend: {finding.mend}" if finding.mend else finding.message
    properties: Json = {"confidence": finding.confidence.value, "model": finding.model, "attribute": finding.attribute}
    result: Json = {
        "ruleId": finding.rule,
        "ruleIndex": numbers[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": message},
        "locations": [{"physicalLocation": {"artifactLocation": _artifact(finding.path, root), "region": region}}],
        "partialFingerprints": {FINGERPRINT: fingerprint},
        "properties": properties,
    }
    if mark is not None:
        result["properties"] = {**properties, "observed": written(mark)}
        result["rank"] = OBSERVED
    if finding.trace:
        steps = [{"location": _location(step, root)} for step in finding.trace]
        result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    return result


def _location(step: Step, root: Path) -> Json:
    place = {"artifactLocation": _artifact(step.path, root), "region": {"startLine": step.line}}
    return {"physicalLocation": place, "message": {"text": step.message}}


def _notification(level: str, note: Note, root: Path) -> Json:
    notification: Json = {"level": level, "message": {"text": note.message}}
    if note.path is not None:
        place: Json = {"artifactLocation": _artifact(note.path, root)}
        if note.line is not None:
            place["region"] = {"startLine": note.line}
        notification["locations"] = [{"physicalLocation": place}]
    return notification


def _artifact(path: Path, root: Path) -> Json:
    """A URI reference from the root, or a whole URI for what lies elsewhere."""
    name = shown(path, root)
    if Path(name).is_absolute():
        return {"uri": Path(name).as_uri()}
    return {"uri": quote(os.fsencode(name)), "uriBaseId": "%SRCROOT%"}
