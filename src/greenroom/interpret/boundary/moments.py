"""Dates with times, with a timezone and without: where they are made, stored, compared and subtracted."""

from __future__ import annotations

import ast

from greenroom.domain.boundary import MixedMoment, MomentsCompared
from greenroom.domain.provenance import Clock, Sent, sources
from greenroom.domain.state import State
from greenroom.domain.values import ANYTHING, NONE, Anything, Arguments, Attribute, Library, Value
from greenroom.facts.clocks import AWARE_NOW, NOW, UTCNOW, asked_by_function
from greenroom.facts.records import Column, MappedClass
from greenroom.facts.times import Moment, moment_of
from greenroom.interpret.boundary.fields import described, is_checked
from greenroom.interpret.run import Handler, Run
from greenroom.program.symbols import External, Function
from greenroom.program.types import Named

MOMENT = Named(External("datetime.datetime"))
AWARE = Named(External("pydantic.AwareDatetime"))
SPAN = Named(External("datetime.timedelta"))


# Where they are made


def _now(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    """``datetime.now()``, ``datetime.now(UTC)``; of a timezone that may be None nothing is known."""
    zone = args.get(0, "tz")
    if args.open or (zone is not None and zone != NONE and not isinstance(zone, Library) and zone == ANYTHING):
        return Anything(MOMENT)
    aware = zone is not None and zone != NONE
    return Anything(MOMENT, Clock(aware, AWARE_NOW if aware else NOW, id(node)))


def _utcnow(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    return Anything(MOMENT, Clock(aware=False, call=UTCNOW, node=id(node)))


def _span(run: Run, state: State, args: Arguments, node: ast.AST) -> Value:
    return Anything(SPAN, ("made", id(node)))


CLOCKS: dict[str, Handler] = {
    "datetime.datetime.now": _now,
    "datetime.datetime.utcnow": _utcnow,
    "datetime.timedelta": _span,
}
"""Calls of the standard library that give moments, and what may be added to them."""


def clock_in(run: Run, function: Function) -> Value | None:
    """What a helper gives that does nothing but ask the clock."""
    asked = asked_by_function(run.program, function)
    return None if asked is None else Anything(MOMENT, Clock(asked.aware, asked.call, id(function.node)))


def shifted(left: Value, right: Value, operator: ast.operator) -> Value | None:
    """A moment that something was added to, or a span taken from, is a moment of its kind."""
    for one, other in ((left, right), (right, left)):
        keeps = isinstance(operator, ast.Add) or (isinstance(operator, ast.Sub) and isinstance(other, Anything) and other.type == SPAN)
        if keeps and isinstance(one, Anything) and isinstance(one.token, Clock):
            return one
    return None


# Where they go


def stored(run: Run, mapped: MappedClass, column: Column, value: Value, node: ast.AST) -> None:
    """A value goes into a column."""
    _mixed(run, mapped, column, value, node, stored=True)


def compared(run: Run, attribute: Attribute, value: Value, node: ast.AST) -> None:
    """A query compares a column with a value."""
    column = attribute.mapped.columns.get(attribute.name)
    if column is not None:
        _mixed(run, attribute.mapped, column, value, node, stored=False)


def _mixed(run: Run, mapped: MappedClass, column: Column, value: Value, node: ast.AST, *, stored: bool) -> None:
    for atom, token in sources(value):
        if atom.type not in (MOMENT, AWARE):
            continue
        holds = moment_of(run.backend, mapped, column)
        if holds is None:
            continue
        if isinstance(token, Clock):
            text, aware, client = f"`{token.call}`", token.aware, False
            shifted_here = token.call == UTCNOW and stored
        elif isinstance(token, Sent) and not is_checked(run, token):
            text, aware, client = described(token), True, True
            shifted_here = False
        else:
            continue
        refused = holds is Moment.STRICT and not aware
        if refused or (_is_asyncpg(run) and (aware if holds is Moment.NAIVE else not aware and shifted_here)):
            event = MixedMoment(run.site(node), run.call_sites(), mapped.name, column.name, aware, text, client, refused, stored)
            run.emit(event, mapped.name, column.name, aware)


def _is_asyncpg(run: Run) -> bool:
    """Whether the database is PostgreSQL by asyncpg, which takes a moment of its column's kind alone; other drivers convert."""
    root = run.root
    return run.backend.dialect == "postgresql" and run.backend.has_asyncpg and (root is None or root.is_async)


def met(run: Run, state: State, left: Value, right: Value, node: ast.AST, action: str) -> None:
    """Two moments meet in Python: one from a column, one from the clock."""
    for one, other in ((left, right), (right, left)):
        if not isinstance(one, Anything) or not isinstance(one.token, Clock) or not isinstance(other, Anything):
            continue
        match other.token:
            case ("attribute", int(key), str(name)):
                record = state.orm(key)
            case _:
                continue
        column = record.mapped.columns.get(name) if record is not None else None
        if record is None or column is None or name in record.values or record.assumed:
            continue
        holds = moment_of(run.backend, record.mapped, column)
        if holds is Moment.NAIVE and run.backend.migrated_with_timezone(column.column_name or name):
            continue  # what comes from the database is as the database has it
        strict = holds is Moment.STRICT or (holds is Moment.AWARE and run.backend.dialect == "postgresql")
        if (holds is Moment.NAIVE and one.token.aware) or (strict and not one.token.aware):
            event = MomentsCompared(
                run.site(node), run.call_sites(), record.mapped.name, name, f"`{one.token.call}`", one.token.aware, action
            )
            run.emit(event, record.mapped.name, name)
