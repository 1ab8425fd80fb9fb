"""What the type variables of generic base classes stand for in a subclass."""

from __future__ import annotations

from greenroom.program.annotations import Annotations
from greenroom.program.hierarchy import Hierarchy
from greenroom.program.substitution import free_variables, substitute
from greenroom.program.symbols import Class, External
from greenroom.program.types import Named, TypeRef
from greenroom.source.typeparams import type_parameters

_DECLARING = frozenset({"typing.Generic", "typing.Protocol", "typing_extensions.Generic", "typing_extensions.Protocol"})


class Generics:
    """Type arguments along the inheritance of a class."""

    def __init__(self, hierarchy: Hierarchy, annotations: Annotations) -> None:
        self._hierarchy = hierarchy
        self._annotations = annotations
        self._parameters: dict[Class, tuple[str, ...]] = {}
        self._arguments: dict[Class, dict[Class, dict[str, TypeRef]]] = {}

    def forget(self) -> None:
        """Drop all answers."""
        self._parameters.clear()
        self._arguments.clear()

    def parameters(self, cls: Class) -> tuple[str, ...]:
        """Return the names of the type variables of a generic class, in the order of its subscript."""
        found = self._parameters.get(cls)
        if found is None:
            found = self._parameters[cls] = self._find_parameters(cls)
        return found

    def type_arguments(self, cls: Class, declared_in: Class | None = None) -> dict[str, TypeRef]:
        """Return what type variables stand for in ``cls``: those of ``declared_in``, or of all bases, the nearest winning."""
        by_base = self._by_base(cls)
        if declared_in is not None:
            return by_base.get(declared_in, {})
        merged: dict[str, TypeRef] = {}
        for base in self._hierarchy.mro(cls):
            if isinstance(base, Class):
                merged = {**by_base.get(base, {}), **merged}
        return merged

    def _find_parameters(self, cls: Class) -> tuple[str, ...]:
        declared = tuple(parameter.name for parameter in type_parameters(cls.node))
        if declared:
            return declared
        named = [base for base in self._generic_bases(cls) if isinstance(base, Named)]
        for base in named:
            if isinstance(base.symbol, External) and base.symbol.path in _DECLARING and base.args:
                return tuple(free_variables(base))
        return tuple(dict.fromkeys(name for base in named for name in free_variables(base)))

    def _by_base(self, cls: Class) -> dict[Class, dict[str, TypeRef]]:
        found = self._arguments.get(cls)
        if found is None:
            # A class that inherits from itself finds itself without arguments.
            found = self._arguments[cls] = {}
            for base in self._generic_bases(cls):
                if isinstance(base, Named) and isinstance(base.symbol, Class):
                    self._add(found, base.symbol, base.args)
        return found

    def _add(self, found: dict[Class, dict[str, TypeRef]], base: Class, args: tuple[TypeRef, ...]) -> None:
        own = dict(zip(self.parameters(base), args, strict=False))
        found.setdefault(base, {}).update(own)
        for ancestor, inherited in self._by_base(base).items():
            known = found.setdefault(ancestor, {})
            for name, value in inherited.items():
                known.setdefault(name, substitute(value, own))

    def _generic_bases(self, cls: Class) -> list[TypeRef]:
        return [self._annotations.base_type(cls, base) for base in cls.node.bases]
