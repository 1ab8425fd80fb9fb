"""Values that are bound late: a module variable, class attribute or attribute starts as None and some function sets it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from greenroom.domain.heap import Instance, SessionObject
from greenroom.domain.state import State
from greenroom.domain.values import NONE, Factory, Managed, Value, join_values
from greenroom.interpret.run import Run
from greenroom.program.symbols import Class, Function, Module

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def late_value(run: Run, state: State, home: Module | Class, name: str) -> Value:
    """What ``name`` may hold once the project is up: None, or a session, its factory or an object that a function put there."""
    module = home if isinstance(home, Module) else home.module
    key = (home, name)
    known = run.tracker.late.get(key)
    if known is None:
        known = run.tracker.late[key] = tuple(
            _bound_in_module(home, name) if isinstance(home, Module) else _bound_in_class(run, home, name)
        )
    value: Value = NONE
    for node in known:
        found = run.defined(state, module, node)
        if isinstance(found, Factory | Managed) or isinstance(state.record(found), SessionObject | Instance):
            value = join_values(found, value)
    return value


def _bound_in_module(module: Module, name: str) -> Iterator[ast.expr]:
    if b"global" not in module.source.data:
        return
    for function in ast.walk(module.tree):
        if isinstance(function, _FUNCTIONS) and any(isinstance(part, ast.Global) and name in part.names for part in ast.walk(function)):
            for target, value in _assignments(function):
                if isinstance(target, ast.Name) and target.id == name:
                    yield value


def _bound_in_class(run: Run, cls: Class, name: str) -> Iterator[ast.expr]:
    for owner in run.program.mro(cls):
        if not isinstance(owner, Class):
            continue
        for members in owner.members.values():
            for member in members:
                if not isinstance(member, Function) or member.name == "__init__" or not isinstance(member.node, _FUNCTIONS):
                    continue
                spec = member.node.args
                holders = {owner.name, *(parameter.arg for parameter in (*spec.posonlyargs, *spec.args)[:1])}
                for target, value in _assignments(member.node):
                    if isinstance(target, ast.Attribute) and target.attr == name and _is_one_of(target.value, holders):
                        yield value


def _is_one_of(node: ast.expr, names: set[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in names


def _assignments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=targets, value=ast.Call() as value):
                for target in targets:
                    yield target, value
            case ast.AnnAssign(target=target, value=ast.Call() as value):
                yield target, value
            case _:
                pass
