"""The names that live inside one function."""

from __future__ import annotations

import ast

from greenroom.program.scan import bindings_of
from greenroom.program.symbols import Binding, Function, Variable


def local_bindings(function: Function) -> dict[str, list[Binding]]:
    """Return what the function's parameters and own statements bind; names declared global or nonlocal are left out."""
    if function.scope is None:
        function.scope = _collect(function)
    return function.scope


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> list[ast.arg]:
    """Return all parameters in order, the starred ones included."""
    given = node.args
    starred = [arg for arg in (given.vararg, given.kwarg) if arg is not None]
    return [*given.posonlyargs, *given.args, *given.kwonlyargs, *starred]


def _collect(function: Function) -> dict[str, list[Binding]]:
    node = function.node
    if isinstance(node, ast.Lambda):
        statement: ast.stmt = ast.Expr(node)
        body: list[ast.stmt] = []
    else:
        statement, body = node, node.body
    found: dict[str, list[Binding]] = {
        arg.arg: [Variable(arg.arg, function.module, arg.annotation, None, statement, function=function)] for arg in parameters(node)
    }
    for name, binding in bindings_of(body, function.module, owner=None, function=function):
        found.setdefault(name, []).append(binding)
    for name in _declared_elsewhere(body):
        found.pop(name, None)
    return found


def _declared_elsewhere(body: list[ast.stmt]) -> set[str]:
    names: set[str] = set()
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            names.update(node.names)
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.expr)):
            waiting.extend(ast.iter_child_nodes(node))
    return names
