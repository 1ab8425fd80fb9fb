"""Who asks the clock, and whether for a moment with a timezone: read off the syntax of calls, helpers and defaults."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from greenroom.program.program import Program
from greenroom.program.symbols import Class, External, Function, Module

UTCNOW = "datetime.utcnow()"
NOW = "datetime.now()"
AWARE_NOW = "datetime.now(...)"
_NOW = "datetime.datetime.now"
_UTCNOW = "datetime.datetime.utcnow"


@dataclass(frozen=True, slots=True)
class Asked:
    """A moment that the clock gives."""

    aware: bool
    call: str
    """How messages call it."""


def asked_by_call(program: Program, module: Module, call: ast.expr, *, function: Function | None, owner: Class | None) -> Asked | None:
    """Return what ``datetime.now(...)`` or ``datetime.utcnow()`` gives; None for other expressions and for timezones that may be None."""
    if not isinstance(call, ast.Call):
        return None
    symbol = program.resolve(module, call.func, function=function, owner=owner)
    zones = [*call.args, *(keyword.value for keyword in call.keywords)]
    known = all(isinstance(program.resolve(module, zone, function=function, owner=owner), External) for zone in zones)
    return _given(symbol, aware=bool(zones)) if known else None


def asked_by_function(program: Program, function: Function) -> Asked | None:
    """Return what a function gives that does nothing but ask the clock: ``def utc_now(): return datetime.now(UTC)``."""
    if isinstance(function.node, ast.Lambda):
        return asked_by_call(program, function.module, function.node.body, function=function, owner=function.owner)
    *before, last = function.node.body
    if not isinstance(last, ast.Return) or last.value is None or not all(map(_is_text, before)):
        return None
    return asked_by_call(program, function.module, last.value, function=function, owner=function.owner)


def asked_by_default(program: Program, module: Module, default: ast.expr, *, owner: Class | None) -> Asked | None:
    """Return what a ``default=`` of a column or field gives when it is called."""
    if isinstance(default, ast.Lambda):
        return asked_by_call(program, module, default.body, function=None, owner=owner)
    symbol = program.resolve(module, default, owner=owner) if isinstance(default, (ast.Name, ast.Attribute)) else None
    return asked_by_function(program, symbol) if isinstance(symbol, Function) else _given(symbol, aware=False)


def _given(symbol: object, *, aware: bool) -> Asked | None:
    path = symbol.path if isinstance(symbol, External) else ""
    if path == _UTCNOW:
        return Asked(aware=False, call=UTCNOW)
    return Asked(aware, AWARE_NOW if aware else NOW) if path == _NOW else None


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
