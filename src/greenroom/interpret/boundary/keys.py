"""Keys that the client sends: what looks them up on the way, and the foreign keys that they go into.

Whether an endpoint looks a value up is asked of all its paths at once, when it has been followed to its end: what is looked up,
compared with something or handed to code that is not in sight on one of them counts as looked at.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import replace

from greenroom.domain.boundary import UncheckedKey
from greenroom.domain.heap import Collection
from greenroom.domain.provenance import HANDLED, Sent, Tested, around, sent, tokens
from greenroom.domain.state import State
from greenroom.domain.values import Const, Value, atoms
from greenroom.facts.records import Column, MappedClass
from greenroom.interpret.boundary.fields import declared, described, is_checked, may_be_left_out, plain
from greenroom.interpret.run import Run
from greenroom.program.symbols import External, Function
from greenroom.program.types import Named

NESTED = 2
"""How deep lists are looked into."""
INTEGER = Named(External("builtins.int"))
CAUGHT = re.compile(r"except\b[^:]*(?:IntegrityError|ForeignKeyViolation|SQLAlchemyError|DBAPIError|DatabaseError)")
_TELLING = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical", "log", "bind", "print"})
"""Methods that only write down what they are given."""


def stored(run: Run, mapped: MappedClass, column: Column, value: Value, node: ast.AST) -> None:
    """A value goes into a column."""
    if not column.foreign_keys or run.silent or not _is_enforced(run) or run.backend.handles_integrity_errors:
        return
    if any(_is_guarded(run, call.function) for call in run.calls):
        return
    for token in sent(value):
        zero = column.nullable and _sends_zero(run, token)
        event = UncheckedKey(run.site(node), run.call_sites(), mapped.name, column.name, described(token), column.foreign_keys[0], zero)
        run.doubts.append((event, (mapped.name, column.name), (token,)))


def _is_guarded(run: Run, function: Function) -> bool:
    """Whether a decorator of the project handles errors of the database for a function."""
    for decorator in function.decorators:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        symbol = run.program.resolve(function.module, target, function=function.parent, owner=function.owner)
        if isinstance(symbol, Function):
            lines = symbol.module.source.lines[symbol.node.lineno - 1 : symbol.node.end_lineno or symbol.node.lineno]
            if CAUGHT.search("\n".join(lines)) is not None:
                return True
    return False


def _is_enforced(run: Run) -> bool:
    """Whether the database refuses a foreign key that leads nowhere."""
    return run.backend.dialect != "sqlite" or run.backend.turns_foreign_keys_on


def _sends_zero(run: Run, token: Sent) -> bool:
    """Whether a field is an integer that may be left out, and nothing keeps 0 out."""
    found = declared(run, token)
    if found is None or is_checked(run, token):
        return False
    field = found[1]
    return may_be_left_out(field.type) and plain(field.type) == INTEGER and not field.bounded


def compared(state: State, left: Value, right: Value) -> None:
    """A value is compared with another: what it may be is looked at, unless the other is a constant."""
    for one, other in ((left, right), (right, left)):
        if not isinstance(other, Const):
            state.watch.asked.update(tokens((one,)))


def tested(state: State, value: Value) -> None:
    """The truth of a value is asked for."""
    state.watch.asked.update(Tested(token) for token in sent(value))


def given(state: State, values: Iterable[Value], node: ast.AST | None = None) -> None:
    """Values are looked up in the database, or handed to code that is not in sight."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _TELLING:
        return
    every = list(values)
    state.watch.asked.update(tokens(every))
    listed(state, every)


def listed(state: State, values: Iterable[Value], depth: int = NESTED) -> None:
    """Lists go to a call or a query: what each of their elements is does not show there, so that all of them count as looked at."""
    for atom in (atom for value in values for atom in atoms(value)):
        record = state.record(atom)
        if isinstance(record, Collection) and record.owner is None and depth:
            held = [part for part in (*(record.items or ()), *record.by_key.values(), record.element) if part is not None]
            state.watch.asked.update(tokens(held))
            listed(state, held, depth - 1)


def handled(state: State) -> None:
    """An integrity error is answered with something else."""
    state.watch.asked.add(HANDLED)


def settle(run: Run, state: State) -> None:
    """Report the doubts that nothing in the endpoint has taken away."""
    asked = state.watch.asked
    doubts, run.doubts = run.doubts, []
    for event, key, cleared_by in doubts:
        if not asked.isdisjoint(part for token in cleared_by for part in around(token)):
            continue
        if isinstance(event, UncheckedKey):
            if HANDLED in asked:
                continue
            tried = any(Tested(token) in asked for token in cleared_by)
            run.emit(replace(event, zero=event.zero and not tried), *key)
        else:
            run.emit(event, *key)
