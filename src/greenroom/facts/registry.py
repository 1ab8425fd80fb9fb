"""The classes that were mapped, found by symbol, by name or by what a relationship says."""

from __future__ import annotations

import ast

from greenroom.facts.annotation import read_annotation
from greenroom.facts.expression import Expression, Scope, returned
from greenroom.facts.records import MappedClass
from greenroom.program.symbols import Class, Function

_MIGRATIONS = {"alembic", "migrations", "versions", "tests"}
"""Packages whose classes are copies of others."""


class Registry:
    """What SQLAlchemy's class registry would hold after every module is imported."""

    def __init__(self) -> None:
        self.by_class: dict[Class, MappedClass] = {}
        self._by_name: dict[str, list[MappedClass]] = {}
        self._bases: dict[Class, Class | None] = {}

    def add(self, mapped: MappedClass, base: Class | None) -> None:
        """Make a class known, with the declarative base whose registry holds it."""
        if mapped.symbol not in self.by_class:
            self.by_class[mapped.symbol] = mapped
            self._bases[mapped.symbol] = base
            self._by_name.setdefault(mapped.name, []).append(mapped)

    def named(self, name: str) -> list[MappedClass]:
        """Return the classes called ``name``; several where a name is used more than once."""
        return self._by_name.get(name, [])

    def nearest(self, name: str, near: Class, path: str = "") -> MappedClass | None:
        """Return the class called ``name`` that a class near ``near`` would mean, ``path`` being the module it is qualified with."""
        candidates = self.named(name)
        if path:
            candidates = [item for item in candidates if _qualifies(item, path)] or candidates
        if len(candidates) < 2:
            return candidates[0] if candidates else None
        base = self._bases.get(near)
        here = near.module.name
        return max(candidates, key=lambda item: (self._bases[item.symbol] is base, *_closeness(item.symbol.module.name, here)))

    def find(self, target: Expression, near: Class, *, annotation: bool) -> Class | MappedClass | None:
        """Return the class that a relationship's argument or annotation names.

        A string argument is looked up in the registry first, as SQLAlchemy does; a name in the module first.
        """
        text_given = isinstance(target.node, ast.Constant) and not annotation
        expression = _opened(target)
        if text_given:
            expression = expression.unquoted()
            found = self._by_text(expression, near)
            if found is not None and len(self.named(found.name)) == 1:
                return found
            inner = expression.at(expression.node)
        else:
            inner = read_annotation(expression).element or expression
        symbol = _class_of(inner)
        return symbol if symbol is not None else self._by_text(inner, near)

    def _by_text(self, expression: Expression, near: Class) -> MappedClass | None:
        name = expression.spelled()
        path = ast.unparse(expression.node.value) if isinstance(expression.node, ast.Attribute) else ""
        return self.nearest(name, near, path) if name else None


def _opened(target: Expression) -> Expression:
    target = target if not isinstance(target.node, ast.Lambda) else target.at(target.node.body)
    if isinstance(target.node, ast.Name):
        symbol = target.resolve()
        if isinstance(symbol, Function):
            return returned(symbol, target.scope.program) or target
        if not isinstance(symbol, Class):
            return target.follow()
    return target


def _class_of(expression: Expression) -> Class | None:
    if not isinstance(expression.node, (ast.Name, ast.Attribute)):
        return None
    # The attribute itself may have the name of its class; the module knows the class.
    for scope in (Scope(expression.scope.program, expression.scope.module), expression.scope):
        symbol = scope.resolve(expression.node)
        if isinstance(symbol, Class):
            return symbol
    return None


def _qualifies(mapped: MappedClass, path: str) -> bool:
    module = mapped.symbol.module.name
    return module == path or module.endswith(f".{path}") or path in module.split(".")


def _closeness(name: str, here: str) -> tuple[bool, bool, int, int]:
    """Rank a module: the same one, no migration, the longest common package, the shortest path below it."""
    parts = name.split(".")
    common = 0
    for one, other in zip(parts, here.split("."), strict=False):
        if one != other:
            break
        common += 1
    return name == here, not _MIGRATIONS & set(parts), common, -len(parts)
