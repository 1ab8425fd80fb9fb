"""Everything that a module declares, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from greenroom.program.symbols import Class, Function, Module


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
