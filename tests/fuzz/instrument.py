"""Rewrites the functions of a program so that each line tells a watch what it did; line numbers stay as they are.

A synchronous expression becomes ``await watch.probe(line, lambda: expression)``, so that implicit IO can be seen and then be
carried out as if the object had been loaded in time: a failing line does not hide those after it. Lines that await tell the watch
whether they raised. The body of a ``try`` is guarded: there implicit IO raises as it does without a watch.
"""

from __future__ import annotations

import ast
from typing import TypeVar

from tests.fuzz.render import COLUMNS

Def = TypeVar("Def", ast.FunctionDef, ast.AsyncFunctionDef)
WATCH = "watch__"
PLAIN = frozenset({"id", "name", *COLUMNS})
"""Attributes whose reads do not look into the identity map."""


def instrumented(source: str, file: str) -> ast.Module:
    """The module's tree with every function rewritten."""
    tree = ast.parse(source, file)
    _Rewriter(file).visit(tree)
    return ast.fix_missing_locations(tree)


class _Rewriter(ast.NodeTransformer):
    def __init__(self, file: str) -> None:
        self._file = file

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        guard = ast.With([ast.withitem(self._call(node, "inside"))], _Sync(self._file).block(node.body))
        node.body = [ast.copy_location(guard, node)]
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        node.body = _Async(self._file).block(node.body)
        return node

    def _call(self, node: ast.AST, name: str) -> ast.Call:
        return _call(node, name, self._file)


def _call(node: ast.AST, name: str, file: str, *more: ast.expr) -> ast.Call:
    place = ast.Tuple([ast.Constant(file), ast.Constant(getattr(node, "lineno", 0))], ast.Load())
    return ast.Call(ast.Attribute(ast.Name(WATCH, ast.Load()), name, ast.Load()), [place, *more], [])


class _Sync:
    """Statements of a plain function: each says where it is."""

    def __init__(self, file: str) -> None:
        self.file = file

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        return [after for statement in body for after in self.statement(statement)]

    def statement(self, node: ast.stmt) -> list[ast.stmt]:
        match node:
            case ast.If() | ast.For():
                node.body = self.block(node.body)
                node.orelse = self.block(node.orelse)
                return [self._at(node), node]
            case _:
                return [self._at(node), self._told(node)]

    def _at(self, node: ast.stmt) -> ast.stmt:
        return ast.copy_location(ast.Expr(_call(node, "at", self.file)), node)

    def _told(self, node: ast.stmt) -> ast.stmt:
        """The statement in a ``with`` block that sees how it ends."""
        return ast.copy_location(ast.With([ast.withitem(_call(node, "line", self.file))], [node]), node)


class _Async(_Sync):
    """Statements of a coroutine function."""

    def statement(self, node: ast.stmt) -> list[ast.stmt]:
        match node:
            case ast.If():
                node.test = self._value(node.test, node)
                node.body, node.orelse = self.block(node.body), self.block(node.orelse)
                return [node]
            case ast.For():
                # A copy, since a body that puts something into the collection would never come to its end.
                node.iter = self._value(ast.Call(ast.Name("list", ast.Load()), [node.iter], []), node)
                node.body = self.block(node.body)
                return [node]
            case ast.Try():
                guard = ast.With([ast.withitem(_call(node, "guarded", self.file))], self.block(node.body))
                node.body = [ast.copy_location(guard, node)]
                for handler in node.handlers:
                    handler.body = self.block(handler.body)
                node.finalbody = self.block(node.finalbody)
                return [node]
            case ast.AsyncWith() | ast.With():
                node.body = self.block(node.body)
                return [self._told(node)]
            case ast.Assign(targets=[ast.Attribute(value=owner, attr=name)], value=value):
                put = ast.Attribute(ast.Name(WATCH, ast.Load()), "put", ast.Load())
                call = ast.Call(put, [value, owner, ast.Constant(name)], [])
                return [ast.copy_location(ast.Expr(self._value(call, node)), node)]
            case ast.Expr(value=value) if not _awaits(value, ours=True):
                node.value = self._value(value, node)
                assert isinstance(node.value, ast.Await)
                assert isinstance(node.value.value, ast.Call)
                node.value.value.keywords.append(ast.keyword("unused", ast.Constant(True)))  # noqa: FBT003 -- a constant of the tree
                return [node]
            case ast.Assign() | ast.Expr():
                node.value = self._value(node.value, node)
                return [self._told(node) if _awaits(node.value, ours=False) else node]
            case ast.Return(value=value) if value is not None:
                node.value = self._value(value, node)
                return [self._told(node) if _awaits(node.value, ours=False) else node]
            case _:
                return [self._told(node)]

    def _value(self, value: ast.expr, node: ast.stmt) -> ast.expr:
        if not _awaits(value, ours=True):
            nothing = ast.arguments([], [], None, [], [], None, [])
            probe = _call(node, "probe", self.file, ast.Lambda(nothing, value))
            if all(part.attr in PLAIN for part in ast.walk(value) if isinstance(part, ast.Attribute)) and not _calls(value):
                probe.keywords.append(ast.keyword("collect", ast.Constant(False)))  # noqa: FBT003 -- a constant of the tree
            return ast.copy_location(ast.Await(probe), value)
        for part in ast.walk(value):
            if isinstance(part, ast.Await) and isinstance(part.value, ast.Call):
                part.value.args = [self._value(arg, node) if _reads(arg) else arg for arg in part.value.args]
        return value


def _awaits(node: ast.AST, *, ours: bool) -> bool:
    """Whether anything is awaited in an expression; without ``ours``, anything but probes."""
    return any(isinstance(part, ast.Await) and (ours or not _is_probe(part.value)) for part in ast.walk(node))


def _calls(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Call) for part in ast.walk(node))


def _is_probe(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name))):
            return name == WATCH
        case _:
            return False


def _reads(node: ast.expr) -> bool:
    """Whether an argument reads an attribute of a variable; classes begin with a capital letter."""
    if _awaits(node, ours=True) or any(isinstance(part, ast.Lambda) for part in ast.walk(node)):
        return False
    return any(
        isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id.islower() and part.value.id != "session"
        for part in ast.walk(node)
    )
