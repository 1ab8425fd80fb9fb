"""Replacing type variables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from greenroom.program.types import AnnotatedRef, Named, TypeRef, TypeVarRef, Union


def substitute(type_ref: TypeRef, mapping: Mapping[str, TypeRef]) -> TypeRef:
    """Return ``type_ref`` with each type variable replaced by what ``mapping`` says of its name."""
    if not mapping:
        return type_ref
    match type_ref:
        case TypeVarRef(name=name):
            return mapping.get(name, type_ref)
        case Named(symbol=symbol, args=args) if args:
            return Named(symbol, tuple(substitute(item, mapping) for item in args))
        case Union(members=members):
            return Union(tuple(dict.fromkeys(_flat(substitute(item, mapping) for item in members))))
        case AnnotatedRef(type=inner, metadata=metadata, module=module):
            return AnnotatedRef(substitute(inner, mapping), metadata, module)
        case _:
            return type_ref


def free_variables(type_ref: TypeRef) -> list[str]:
    """Return the names of the type variables in order of first appearance."""
    match type_ref:
        case TypeVarRef(name=name):
            return [name]
        case Named(args=parts) | Union(members=parts):
            return list(dict.fromkeys(name for part in parts for name in free_variables(part)))
        case AnnotatedRef(type=inner):
            return free_variables(inner)
        case _:
            return []


def _flat(members: Iterable[TypeRef]) -> Iterable[TypeRef]:
    for member in members:
        if isinstance(member, Union):
            yield from member.members
        else:
            yield member
