"""Results: what their methods give back."""

from __future__ import annotations

import ast
from dataclasses import replace

from greenroom.domain.heap import Collection, OrmObject
from greenroom.domain.state import State
from greenroom.domain.values import ANYTHING, NONE, Arguments, Method, Pending, Ref, Rows, Value, atoms
from greenroom.interpret.run import Run
from greenroom.program.symbols import External
from greenroom.semantics.results import AWAITED, EXACTLY_ONE, MANY, ONE_SCALAR, OPTIONAL, OPTIONAL_SCALAR, SAME

NO_RESULT = External("sqlalchemy.exc.NoResultFound")


def method(run: Run, state: State, rows: Rows, name: str, args: Arguments, node: ast.AST) -> Value:
    """``result.name(...)``."""
    if rows.stream and name in AWAITED and run.module is not None:
        return Pending(Method(replace(rows, stream=False), name), args, node, run.module)
    first = rows.row[0] if rows.row else (rows.element if rows.scalars else ANYTHING)
    if name == "scalars":
        return Rows(first, scalars=True, row=rows.row, stream=rows.stream)
    if name in SAME:
        return rows
    if name in MANY:
        return listed(run, state, rows.element, node)
    if name == "partitions":
        return listed(run, state, listed(run, state, rows.element, node), node.func if isinstance(node, ast.Call) else node)
    if name in OPTIONAL:
        return nothing(state, (rows.element, *rows.row)) if run.pick(2) else single(run, state, rows.element, node)
    if name in OPTIONAL_SCALAR:
        return nothing(state, (rows.element, *rows.row)) if run.pick(2) else single(run, state, first, node)
    if name in EXACTLY_ONE:
        run.may_raise(NO_RESULT, state)
        return single(run, state, rows.element, node)
    if name in ONE_SCALAR:
        run.may_raise(NO_RESULT, state)
        return single(run, state, first, node)
    return ANYTHING


def nothing(state: State, rows: tuple[Value, ...]) -> Value:
    """No row was found: there are no objects but those that something else holds."""
    held = state.fork()
    held.variables = {name: value for name, value in state.variables.items() if not isinstance(value, Rows)}
    live = held.reachable()
    for value in rows:
        for atom in atoms(value):
            if isinstance(atom, Ref) and atom.id not in live:
                state.heap.pop(atom.id, None)
    return NONE


def listed(run: Run, state: State, element: Value, node: ast.AST) -> Value:
    """A list of everything that the rows hold."""
    key = run.identity(node, "all")
    state.heap[key] = Collection("list", None, element)
    return Ref(key)


def single(run: Run, state: State, element: Value, node: ast.AST) -> Value:
    """One row: an object that stood for many becomes a single one, and so does what is loaded along to-one relationships."""
    for atom in atoms(element):
        record = state.record(atom)
        if isinstance(record, OrmObject) and record.many and isinstance(atom, Ref):
            state.heap[atom.id] = replace(record, many=False)
            for name, relationship in record.mapped.relationships.items():
                if not relationship.uselist and name in record.values:
                    single(run, state, record.values[name], node)
        elif isinstance(record, Collection) and record.kind == "row":
            for item in record.items or ():
                single(run, state, item, node)
    return element
