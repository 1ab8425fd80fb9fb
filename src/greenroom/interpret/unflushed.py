"""Reads of keys that the database has not given yet."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from greenroom.domain.events import UnflushedKey
from greenroom.domain.heap import PENDING, TRANSIENT, OrmObject
from greenroom.interpret.run import Run
from greenroom.interpret.session.deeds import UNDONE

_TESTS = (ast.Compare, ast.BoolOp, ast.If, ast.While, ast.IfExp, ast.Assert, ast.UnaryOp)
"""Where a key may well be None, since that is what is asked."""


def report(run: Run, record: OrmObject, name: str, node: ast.AST) -> None:
    """Report the read of a primary key that is None, unless the source asks whether it is."""
    column = record.mapped.columns.get(name)
    if column is None or not column.primary_key or column.foreign_keys or record.assumed or record.born == UNDONE or run.schema:
        return
    if not record.life & (TRANSIENT | PENDING) or any(call.model_code for call in run.calls) or _is_asked(run, node):
        return
    event = UnflushedKey(run.site(node), run.call_sites(), record.mapped.name, name, record.loaded_at, added=not record.life & TRANSIENT)
    run.emit(event, record.mapped.name, name)


def _is_asked(run: Run, node: ast.AST) -> bool:
    return run.function is None or any(isinstance(outer, _TESTS) for outer in _around(run.function.node, node))


def _around(outer: ast.AST, node: ast.AST) -> Iterator[ast.AST]:
    """The syntax that ``node`` is an immediate part of."""
    for parent in ast.walk(outer):
        if any(child is node for child in ast.iter_child_nodes(parent)):
            yield parent
