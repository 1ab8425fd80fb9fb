"""Reads of keys that the database has not given yet."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from greenroom.domain.events import UnflushedKey
from greenroom.domain.heap import PENDING, TRANSIENT, Collection, OrmObject, SessionObject
from greenroom.domain.loading import BLANK, IS_BLANK, IS_UNKNOWN
from greenroom.domain.state import State
from greenroom.domain.values import Ref, Value, atoms
from greenroom.facts.records import Column, Default, MappedClass
from greenroom.interpret.run import Run
from greenroom.interpret.session.deeds import UNDONE
from greenroom.program.symbols import Function

_TESTS = (ast.Compare, ast.BoolOp, ast.If, ast.While, ast.IfExp, ast.Assert, ast.UnaryOp)
"""Where a key may well be None, since that is what is asked."""


def report(run: Run, record: OrmObject, name: str, node: ast.AST) -> None:
    """Report the read of a primary key that is None, unless the source asks whether it is."""
    column = record.mapped.columns.get(name)
    if column is None or not column.primary_key or column.foreign_keys or record.attributes[name].bits != BLANK:
        return
    if record.assumed or record.born == UNDONE or run.schema or _is_given(run, record.mapped, column):
        return
    if not record.life & (TRANSIENT | PENDING) or any(call.model_code for call in run.calls) or _is_asked(run, node):
        return
    event = UnflushedKey(run.site(node), run.call_sites(), record.mapped.name, name, record.loaded_at, added=not record.life & TRANSIENT)
    run.emit(event, record.mapped.name, name)


def _is_given(run: Run, mapped: MappedClass, column: Column) -> bool:
    """Whether the constructor gives the key: by a default of SQLModel or of a dataclass, or perhaps in the class's own ``__init__``."""
    generated = mapped.is_sqlmodel or mapped.is_dataclass
    return (generated and column.has_init_default and column.default is Default.PYTHON) or isinstance(
        run.program.member(mapped.symbol, "__init__"), Function
    )


def escaped(state: State, values: Iterable[Value]) -> None:
    """New objects that something unknown is given, or whose session it is given, may come back with a key."""
    for value in values:
        for atom in atoms(value):
            record = state.record(atom)
            if isinstance(record, Collection):
                escaped(state, (*(record.items or ()), *((record.element,) if record.element is not None else ())))
            elif isinstance(record, OrmObject) and isinstance(atom, Ref):
                _doubt(state, atom.id, record)
            elif isinstance(record, SessionObject) and isinstance(atom, Ref):
                perhaps_flushed(state, atom.id)


def perhaps_flushed(state: State, session: int) -> None:
    """What waits in a session that somebody out of sight may have flushed, or committed at its end."""
    for key, waiting in state.waiting(session):
        _doubt(state, key, waiting)


def _doubt(state: State, key: int, record: OrmObject) -> None:
    keys = [name for name in record.mapped.primary_key if name in record.attributes and record.attributes[name].bits == BLANK]
    if record.life & (TRANSIENT | PENDING) and keys:
        state.heap[key] = record.evolve(attributes={**record.attributes, **{name: IS_BLANK.join(IS_UNKNOWN) for name in keys}})


def _is_asked(run: Run, node: ast.AST) -> bool:
    return run.function is None or any(isinstance(outer, _TESTS) for outer in _around(run.function.node, node))


def _around(outer: ast.AST, node: ast.AST) -> Iterator[ast.AST]:
    """The syntax that ``node`` is an immediate part of."""
    for parent in ast.walk(outer):
        if any(child is node for child in ast.iter_child_nodes(parent)):
            yield parent
