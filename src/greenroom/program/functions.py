"""Everything that a module declares, in order."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.program.symbols import Class, Function, Module


def functions(module: Module) -> Iterator[Function]:
    """All functions and methods of a module, outermost first; functions inside functions are reached through those."""
    for members in module.bindings.values():
        for member in members:
            if isinstance(member, Function):
                yield member
            elif isinstance(member, Class):
                yield from _methods(member)


def _methods(cls: Class) -> Iterator[Function]:
    for members in cls.members.values():
        for member in members:
            if isinstance(member, Function):
                yield member
            elif isinstance(member, Class):
                yield from _methods(member)
