"""The ledger for other programs, and for ``--compare``: the schema in ``docs/reference/ledger.schema.json``.

Each record stands on a line of its own, keys always come in the same order, and nothing in it tells when or how fast it was made: of
the same sources every audit writes the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from greenroom import __version__
from greenroom.ledger.compare import Comparison, Difference, Item, fingerprints
from greenroom.ledger.model import Check, Endpoint, EnumColumn, Ledger, Performed, Place, Proof, SessionSource
from greenroom.ledger.outline import others
from greenroom.report.observed import written
from greenroom.report.paths import shown
from greenroom.report.report import Note
from greenroom.rules.finding import Finding

SCHEMA = 1
KEY = "greenroom-ledger"

Json = dict[str, object]


def render(ledger: Ledger, base: Path, compared: Comparison | None = None) -> str:
    """Return the ledger as one JSON document; ``base`` is the working directory."""
    besides = others(ledger)
    known = fingerprints(ledger.findings, base)
    also = fingerprints(besides, base)
    record = _Record(base, ledger, dict(zip([*besides, *ledger.findings], [*also, *known], strict=True)))
    members: list[tuple[str, str]] = [
        (KEY, _text(SCHEMA)),
        ("version", _text(__version__)),
        ("roots", _text([shown(root, base) for root in ledger.roots])),
        ("sqlalchemy", _text(ledger.sqlalchemy)),
        ("dialect", _text(ledger.dialect)),
        ("stats", _text(_stats(ledger))),
        ("findings", _list({"id": name, **record.finding(finding)} for finding, name in zip(ledger.findings, known, strict=True))),
        ("besides", _list({"id": name, **record.finding(finding)} for finding, name in zip(besides, also, strict=True))),
        ("operations", _list(map(record.operation, ledger.performed))),
        ("routes", _list(map(record.route, ledger.endpoints))),
        ("enums", _list(map(record.enum, ledger.enums))),
        ("sessions", _list(map(record.session, ledger.sessions))),
        ("checks", _list(map(record.check, ledger.checks))),
        ("assumptions", _list(map(record.note, ledger.assumptions))),
        ("not_analysed", _list(map(record.note, ledger.not_analysed))),
    ]
    if compared is not None:
        members.append(("compared", _compared(compared, record)))
    return "{\n" + ",\n".join(f'  "{key}": {value}' for key, value in members) + "\n}"


def _stats(ledger: Ledger) -> Json:
    return {"files": ledger.stats.files, "functions": ledger.stats.functions, "suppressed": ledger.stats.suppressed}


def _compared(compared: Comparison, record: _Record) -> str:
    gone = _Record(record.base, None, {})  # what is only in the other ledger has no id in this one
    rows: list[tuple[str, str]] = [
        ("file", _text(shown(compared.other, record.base))),
        ("version", _text(compared.version)),
        ("findings", _difference(compared.findings, record.finding)),
        ("operations", _difference(compared.operations, gone.operation)),
        ("routes", _difference(compared.endpoints, gone.route)),
        ("sessions", _difference(compared.sessions, gone.session)),
        ("checks", _difference(compared.checks, gone.check)),
    ]
    return "{\n" + ",\n".join(f'    "{key}": {value}' for key, value in rows) + "\n  }"


def _difference(difference: Difference[Item], write: Callable[[Item], Json]) -> str:
    changed: Iterable[Json] = ({"before": write(before), "after": write(after)} for before, after in difference.changed)
    rows: Mapping[str, str] = {
        "came": _list(map(write, difference.came), 8),
        "gone": _list(map(write, difference.gone), 8),
        "changed": _list(changed, 8),
        "kept": _text(difference.kept),
    }
    return "{\n" + ",\n".join(f'      "{key}": {value}' for key, value in rows.items()) + "\n    }"


def _list(items: Iterable[Json], indent: int = 4) -> str:
    blank = " " * indent
    lines = f",\n{blank}".join(map(_text, items))
    return f"[\n{blank}{lines}\n{blank[2:]}]" if lines else "[]"


def _text(value: object) -> str:
    """Encode in ASCII: the only form in which the undecodable bytes of a file name survive every stream."""
    return json.dumps(value, ensure_ascii=True)


class _Record:
    """Writes the records of one ledger; they refer to its findings by id."""

    def __init__(self, base: Path, ledger: Ledger | None, ids: Mapping[Finding, str]) -> None:
        self.base = base
        self._ledger = ledger
        self._ids = ids

    def finding(self, finding: Finding) -> Json:
        span = finding.span
        mark = self._ledger.mark(finding) if self._ledger is not None else None
        observed: Json = (
            {} if self._ledger is None or self._ledger.marks is None else {"observed": written(mark) if mark is not None else None}
        )
        return {
            "rule": finding.rule,
            "name": finding.name,
            "severity": finding.severity.value,
            "confidence": finding.confidence.value,
            "path": shown(finding.path, self.base),
            "line": span.line,
            "column": span.column,
            "end_line": span.end_line,
            "end_column": span.end_column,
            "message": finding.message,
            "model": finding.model,
            "attribute": finding.attribute,
            "trace": [{"path": shown(step.path, self.base), "line": step.line, "message": step.message} for step in finding.trace],
            "mend": finding.mend,
            **observed,
        }

    def operation(self, one: Performed) -> Json:
        return {
            "operation": one.operation.value,
            **self._place(one.place),
            "treatment": one.treatment.value,
            "because": one.because,
            "models": list(one.models),
            "reads": list(one.reads),
            "implicit": one.implicit,
            "findings": self._references(one.findings),
        }

    def route(self, one: Endpoint) -> Json:
        return {
            "methods": list(one.methods),
            "route": one.path,
            **self._place(one.place),
            "response": one.response,
            "proofs": [_proof(proof) for proof in one.proofs],
            "commits": [self._place(place) for place in one.commits],
            "findings": self._references(one.findings),
            "complete": one.complete,
        }

    def enum(self, one: EnumColumn) -> Json:
        reads = [self._place(place) for place in one.reads]
        return {"model": one.model, "attribute": one.attribute, "enumeration": one.enumeration, "reads": reads}

    def session(self, one: SessionSource) -> Json:
        return {
            **self._place(one.place),
            "what": one.what,
            "expire_on_commit": one.expire_on_commit,
            "autoflush": one.autoflush,
            "test": one.test,
        }

    def check(self, one: Check) -> Json:
        return {
            "question": one.question,
            "rules": list(one.rules),
            "answer": one.answer.value,
            "evidence": one.evidence,
            "findings": self._references(one.findings),
        }

    def note(self, note: Note) -> Json:
        return {"path": None if note.path is None else shown(note.path, self.base), "line": note.line, "message": note.message}

    def _place(self, place: Place) -> Json:
        return {"path": shown(place.path, self.base), "line": place.line, "function": place.function}

    def _references(self, findings: Iterable[Finding]) -> list[str]:
        return [self._ids[finding] for finding in findings if finding in self._ids]


def _proof(proof: Proof) -> Json:
    return {"field": proof.field, "attribute": proof.attribute, "there": proof.there, "because": proof.because}
