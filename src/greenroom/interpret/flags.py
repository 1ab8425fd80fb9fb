"""What the calls in a project give for a function's flags: a switch that nobody turns is none where a function is entered by itself."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from greenroom.domain.values import Const
from greenroom.program.functions import defaults
from greenroom.program.symbols import Function
from greenroom.source.file import SourceFile

UNKNOWN = object()
"""Stands for what is no literal."""


@dataclass(frozen=True, slots=True)
class Mentions:
    """The calls in one file by the name that is called, and the names that stand elsewhere than in front of a call."""

    calls: dict[str, list[ast.Call]]
    others: set[str]


def mentions(file: SourceFile) -> Mentions:
    """Read a file's tree once for all names."""
    found = Mentions({}, set())
    called: set[int] = set()
    for node in ast.walk(file.parse() or ast.Module([], [])):
        if isinstance(node, ast.Call) and (name := _name(node.func)) is not None:
            called.add(id(node.func))  # met before the callee itself
            found.calls.setdefault(name, []).append(node)
        elif (name := _name(node)) is not None and id(node) not in called:
            found.others.add(name)
    return found


def agreed(function: Function, files: Iterable[SourceFile], known: dict[SourceFile, Mentions]) -> dict[str, Const]:
    """The flags for which every call in ``files`` gives one value, be it by leaving them out; none when the function is handed over.

    ``known`` keeps what was read of the files.
    """
    defaults = _defaults(function)
    given: dict[str, set[object]] = {name: set() for name in defaults}
    sought = function.name.encode()
    for file in files if defaults else ():
        if sought not in file.data:
            continue
        found = known.get(file)
        if found is None:
            found = known[file] = mentions(file)
        if function.name in found.others:
            return {}
        for call in found.calls.get(function.name, ()):
            for flag, default in defaults.items():
                given[flag].add(_given(function, call, flag, default))
    values = {flag: next(iter(ways)) for flag, ways in given.items() if len(ways) == 1}
    return {flag: Const(value) for flag, value in values.items() if isinstance(value, bool)}


def _defaults(function: Function) -> dict[str, bool]:
    """The parameters that are declared as ``name: bool = ...``."""
    if isinstance(function.node, ast.Lambda):
        return {}
    spec = function.node.args
    found = defaults(function)
    return {
        parameter.arg: default.value
        for parameter in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)
        if isinstance(default := found.get(parameter.arg), ast.Constant)
        and isinstance(default.value, bool)
        and _name(parameter.annotation) == "bool"
    }


def _name(node: ast.AST | None) -> str | None:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return None


def _given(function: Function, call: ast.Call, flag: str, default: bool) -> object:  # noqa: FBT001 - the default is the data
    """What one call gives for a flag."""
    if any(keyword.arg is None for keyword in call.keywords) or any(isinstance(arg, ast.Starred) for arg in call.args):
        return UNKNOWN
    keyword = next((keyword.value for keyword in call.keywords if keyword.arg == flag), None)
    names = [parameter.arg for parameter in (*function.node.args.posonlyargs, *function.node.args.args)]
    if function.owner is not None and function.kind != "staticmethod":
        names = names[1:]
    if keyword is None and flag in names and names.index(flag) < len(call.args):
        keyword = call.args[names.index(flag)]
    if keyword is None:
        return default
    return keyword.value if isinstance(keyword, ast.Constant) and isinstance(keyword.value, bool) else UNKNOWN
