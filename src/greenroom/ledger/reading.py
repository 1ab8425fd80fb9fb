"""Ledgers that were written as JSON, read again: paths in them are relative to wherever they were made."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from greenroom.config import ConfigError, seen
from greenroom.ledger.compare import Written
from greenroom.ledger.json import KEY, SCHEMA
from greenroom.ledger.model import (
    Answer,
    Check,
    Endpoint,
    EnumColumn,
    Ledger,
    Operation,
    Performed,
    Place,
    Proof,
    SessionSource,
    Treatment,
)
from greenroom.report.report import Note, Stats
from greenroom.rules.finding import Finding, Span, Step
from greenroom.vocabulary import Confidence, Severity

Value = TypeVar("Value")
Member = TypeVar("Member", bound=enum.Enum)


class _ForeignError(Exception):
    """Something in a document is not what a ledger has there."""


def read(path: Path) -> Written:
    """Read the ledger that ``greenroom audit --format json`` wrote to ``path``.

    Raises:
        ConfigError: The file cannot be read, or it is something else than a ledger of this version.
    """
    document = _document(path)
    schema = document.get(KEY)
    if schema is None:
        raise ConfigError(f"{seen(path)} is no ledger: it has no {KEY!r}; give what `greenroom audit --format json` wrote")
    if schema != SCHEMA:
        mend = "write it anew with this one"
        raise ConfigError(f"{seen(path)} is a ledger of schema {schema!r}, and this greenroom knows {SCHEMA}; {mend}")
    try:
        return _written(_Row(document, ""))
    except _ForeignError as error:
        raise ConfigError(f"{seen(path)} is no ledger: {error}; restore it, or write it anew") from None


def _document(path: Path) -> Mapping[str, object]:
    try:
        document = json.loads(path.read_bytes().decode())
    except UnicodeDecodeError:
        raise ConfigError(f"{seen(path)} is no ledger: it is not UTF-8; give what `greenroom audit --format json` wrote") from None
    except OSError as error:
        raise ConfigError(f"cannot read {seen(path)}: {error.strerror or error}; give a ledger that may be read") from None
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"{seen(path)} is no ledger: {reason}; give what `greenroom audit --format json` wrote") from None
    if not isinstance(document, dict):
        raise ConfigError(f"{seen(path)} is no ledger: it holds no object; give what `greenroom audit --format json` wrote")
    return document


class _Row:
    """One object of the document, and where it stands."""

    def __init__(self, values: object, where: str) -> None:
        if not isinstance(values, dict):
            raise _ForeignError(f"{where or 'the document'} is no object")
        self._values: Mapping[str, object] = values
        self._where = where

    def text(self, key: str) -> str:
        return self._of(key, str, "text")

    def number(self, key: str) -> int:
        return self._of(key, int, "number")

    def flag(self, key: str) -> bool:
        return self._of(key, bool, "boolean")

    def path(self, key: str) -> Path:
        return Path(self._clean(self.text(key), key))

    def one_of(self, key: str, members: type[Member]) -> Member:
        try:
            return members(self.text(key))
        except ValueError:
            raise self._foreign(key, f"none of {', '.join(str(member.value) for member in members)}") from None

    def maybe(self, key: str, of: Callable[[str], Value]) -> Value | None:
        return None if key in self._values and self._values[key] is None else of(key)

    def paths(self, key: str) -> tuple[Path, ...]:
        return tuple(Path(self._clean(text, key)) for text in self.texts(key))

    def texts(self, key: str) -> tuple[str, ...]:
        found = self._of(key, list, "list")
        if not all(isinstance(item, str) for item in found):
            raise self._foreign(key, "no list of texts")
        return tuple(found)

    def rows(self, key: str, of: Callable[[_Row], Value]) -> tuple[Value, ...]:
        place = f"{self._where}.{key}" if self._where else key
        return tuple(of(_Row(item, f"{place}[{number}]")) for number, item in enumerate(self._of(key, list, "list")))

    def inner(self, key: str) -> _Row:
        return _Row(self._values.get(key), f"{self._where}.{key}" if self._where else key)

    def _of(self, key: str, kind: type[Value], name: str) -> Value:
        value = self._values.get(key)
        if type(value) is not kind:
            raise self._foreign(key, f"no {name}")
        return value

    def _clean(self, text: str, key: str) -> str:
        if "\0" in text:
            raise self._foreign(key, "no path")
        return text

    def _foreign(self, key: str, what: str) -> _ForeignError:
        return _ForeignError(f"{self._where}.{key} is {what}" if self._where else f"{key} is {what}")


def _written(row: _Row) -> Written:
    identified = row.rows("findings", lambda one: (one.text("id"), _finding(one)))
    known = dict((*row.rows("besides", lambda one: (one.text("id"), _finding(one))), *identified))

    def findings(one: _Row) -> tuple[Finding, ...]:
        return tuple(known[name] for name in one.texts("findings") if name in known)

    ledger = Ledger(
        roots=row.paths("roots"),
        sqlalchemy=row.text("sqlalchemy"),
        dialect=row.text("dialect"),
        performed=row.rows("operations", lambda one: _operation(one, findings(one))),
        endpoints=row.rows("routes", lambda one: _route(one, findings(one))),
        enums=row.rows("enums", _enum),
        sessions=row.rows("sessions", _session),
        findings=tuple(finding for _, finding in identified),
        checks=row.rows("checks", lambda one: _check(one, findings(one))),
        assumptions=row.rows("assumptions", _note),
        not_analysed=row.rows("not_analysed", _note),
        stats=_stats(row),
    )
    return Written(ledger, tuple(name for name, _ in identified), row.text("version"))


def _stats(row: _Row) -> Stats:
    stats = row.inner("stats")
    return Stats(files=stats.number("files"), functions=stats.number("functions"), suppressed=stats.number("suppressed"))


def _finding(row: _Row) -> Finding:
    return Finding(
        rule=row.text("rule"),
        name=row.text("name"),
        severity=row.one_of("severity", Severity),
        confidence=row.one_of("confidence", Confidence),
        path=row.path("path"),
        span=Span(row.number("line"), row.number("column"), row.number("end_line"), row.number("end_column")),
        message=row.text("message"),
        model=row.maybe("model", row.text),
        attribute=row.maybe("attribute", row.text),
        trace=row.rows("trace", lambda step: Step(step.path("path"), step.number("line"), step.text("message"))),
        mend=row.text("mend"),
    )


def _place(row: _Row) -> Place:
    return Place(row.path("path"), row.number("line"), row.text("function"))


def _operation(row: _Row, findings: tuple[Finding, ...]) -> Performed:
    return Performed(
        operation=row.one_of("operation", Operation),
        place=_place(row),
        treatment=row.one_of("treatment", Treatment),
        because=row.text("because"),
        models=row.texts("models"),
        reads=row.texts("reads"),
        implicit=row.flag("implicit"),
        findings=findings,
    )


def _route(row: _Row, findings: tuple[Finding, ...]) -> Endpoint:
    return Endpoint(
        methods=row.texts("methods"),
        path=row.text("route"),
        place=_place(row),
        response=row.text("response"),
        proofs=row.rows("proofs", lambda one: Proof(one.text("field"), one.text("attribute"), one.flag("there"), one.text("because"))),
        commits=row.rows("commits", _place),
        findings=findings,
        complete=row.flag("complete"),
    )


def _enum(row: _Row) -> EnumColumn:
    return EnumColumn(row.text("model"), row.text("attribute"), row.text("enumeration"), row.rows("reads", _place))


def _session(row: _Row) -> SessionSource:
    options = (row.maybe("expire_on_commit", row.flag), row.maybe("autoflush", row.flag))
    return SessionSource(_place(row), row.text("what"), *options, test=row.flag("test"))


def _check(row: _Row, findings: tuple[Finding, ...]) -> Check:
    return Check(row.text("question"), row.texts("rules"), row.one_of("answer", Answer), row.text("evidence"), findings)


def _note(row: _Row) -> Note:
    return Note(row.text("message"), row.maybe("path", row.path), row.maybe("line", row.number))
