"""The functions of a module, those inside factories included."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from greenroom.program.scope import local_bindings
from greenroom.program.symbols import Class, Function, FunctionNode, Module

Wanted = Callable[[FunctionNode], bool]


def functions_of(module: Module, wanted: Wanted) -> Iterator[Function]:
    """Yield the functions, methods and functions inside functions whose definitions are ``wanted``."""
    waiting: list[Class | Function] = [
        binding for bindings in module.bindings.values() for binding in bindings if isinstance(binding, (Class, Function))
    ]
    while waiting:
        symbol = waiting.pop(0)
        if isinstance(symbol, Class):
            waiting[:0] = [member for members in symbol.members.values() for member in members if isinstance(member, (Class, Function))]
        elif not isinstance(symbol.node, ast.Lambda):
            if wanted(symbol.node):
                yield symbol
            # Names are bound function by function, which costs a visit of the body: only where something is decorated.
            if any(wanted(inner) for inner in _inner(symbol.node)):
                waiting[:0] = [item for items in local_bindings(symbol).values() for item in items if isinstance(item, Function)]


def _inner(node: FunctionNode) -> Iterator[FunctionNode]:
    waiting: list[ast.stmt] = list(node.body)
    while waiting:
        statement = waiting.pop()
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield statement
            waiting.extend(statement.body)
        elif isinstance(statement, (ast.If, ast.With, ast.Try)):
            waiting.extend(statement.body)
