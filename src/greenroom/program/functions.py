"""Everything that a module declares, in order."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from greenroom.program.symbols import Class, Function, Module


def defaults(function: Function) -> dict[str, ast.expr]:
    """The expressions that parameters have for defaults, by name."""
    spec = function.node.args
    positional = [*spec.posonlyargs, *spec.args]
    late = positional[len(positional) - len(spec.defaults) :]
    found = {parameter.arg: default for parameter, default in zip(late, spec.defaults, strict=True)}
    found.update({p.arg: default for p, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True) if default is not None})
    return found


def functions(module: Module) -> Iterator[Function]:
    """All functions and methods of a module, outermost first; functions inside functions are reached through those."""
    return _among(module.bindings.values())


def _among(declared: Iterable[Iterable[object]]) -> Iterator[Function]:
    for members in declared:
        for member in members:
            if isinstance(member, Function):
                yield member
            elif isinstance(member, Class):
                yield from _among(member.members.values())
