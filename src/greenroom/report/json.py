"""The report for other programs: the schema in ``docs/reference/report.schema.json``, keys always in the same order.

Each finding and each assumption stands on a line of its own, so that reports can be compared line by line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from greenroom import __version__
from greenroom.confirm.records import Observations
from greenroom.report import observed
from greenroom.report.paths import shown
from greenroom.report.report import Note, Report
from greenroom.rules.finding import Finding, Step

SCHEMA = 1


def render(report: Report, base: Path) -> str:
    """Return the report as one JSON document; ``base`` is the working directory."""
    notes = (("assumed", report.assumptions), ("warning", report.warnings), ("not-analysed", report.not_analysed))
    stats = {
        "files": report.stats.files,
        "functions": report.stats.functions,
        "seconds": round(report.stats.seconds, 3),
        "suppressed": report.stats.suppressed,
        "known": report.stats.known,
        "gone": report.stats.gone,
    }
    members = [
        ("schema", _text(SCHEMA)),
        ("version", _text(__version__)),
        ("findings", _list(_finding(finding, report, base) for finding in report.findings)),
        ("assumptions", _list(_note(kind, note, base) for kind, entries in notes for note in entries)),
        ("stats", _text(stats)),
    ]
    if report.observed is not None:
        members.append(("observed", _observed(report.observed, base)))
    return "{\n" + ",\n".join(f'  "{key}": {value}' for key, value in members) + "\n}"


def _list(items: Iterable[dict[str, object]], indent: int = 4) -> str:
    blank = " " * indent
    lines = f",\n{blank}".join(map(_text, items))
    return f"[\n{blank}{lines}\n{blank[2:]}]" if lines else "[]"


def _text(value: object) -> str:
    """Encode in ASCII: the only form in which the undecodable bytes of a file name survive every stream."""
    return json.dumps(value, ensure_ascii=True)


def _finding(finding: Finding, report: Report, base: Path) -> dict[str, object]:
    span = finding.span
    mark = report.mark(finding)
    seen = {} if report.observed is None else {"observed": observed.written(mark) if mark is not None else None}
    return {
        "rule": finding.rule,
        "name": finding.name,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "path": shown(finding.path, base),
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "message": finding.message,
        "model": finding.model,
        "attribute": finding.attribute,
        "trace": [_step(step, base) for step in finding.trace],
        **seen,
    }


def _observed(observations: Observations, base: Path) -> str:
    rows = {
        "traces": _text([shown(path, base) for path in observations.traces]),
        "missed": _list((observed.unconfirmed(one, observations, base) for one in observations.missed), 6),
        "newer": _text(observations.newer),
        "answered": _list((observed.unconfirmed(one, observations, base) for one in observations.answered), 6),
        "latent": _list((observed.latent(one) for one in observations.latent), 6),
        "routes": _text(observations.routes),
        "never_exercised": "null" if observations.never is None else _list((observed.route(one, base) for one in observations.never), 6),
    }
    return "{\n" + ",\n".join(f'    "{key}": {value}' for key, value in rows.items()) + "\n  }"


def _step(step: Step, base: Path) -> dict[str, object]:
    return {"path": shown(step.path, base), "line": step.line, "message": step.message}


def _note(kind: str, note: Note, base: Path) -> dict[str, object]:
    return {
        "kind": kind,
        "path": None if note.path is None else shown(note.path, base),
        "line": note.line,
        "message": note.message,
    }
