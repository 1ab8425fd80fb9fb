"""What values and heap records hold on to: the edges along which an object can be reached."""

from __future__ import annotations

from greenroom.domain.heap import Collection, HeapObject, Instance, OrmObject, SessionObject
from greenroom.domain.values import (
    Anything,
    Arguments,
    Attribute,
    Awaitables,
    Block,
    Choice,
    ClassValue,
    Const,
    Factory,
    FunctionValue,
    Inspection,
    Library,
    LoaderOption,
    Method,
    ModuleValue,
    Partial,
    Pending,
    Ref,
    Rows,
    SqlExpression,
    Statement,
    Value,
)

LEAVES = frozenset({Const, Anything, ClassValue, Library, ModuleValue, Attribute, SqlExpression, Statement, LoaderOption, Factory})
"""Values that hold no reference."""
TRANSPARENT = frozenset({Choice, Method, Rows})
"""Values that are plain data where what they hold is."""
INERT = LEAVES - {LoaderOption, Statement}
"""Those that are all alike."""
HINT = "~"
"""Prefix of remembered values that the object itself does not hold: whom the identity map would answer with."""

GIVEN = HINT + "given "
"""Prefix of the names of relationships that code has assigned, or that the identity map has answered: they hold something."""


def held_by(record: HeapObject) -> list[Value]:
    """The values that a heap record holds. Asked once for each record: records are never changed in place."""
    if isinstance(record, SessionObject):
        return []
    if record.held is None:
        record.held = _held_by(record)
    return record.held


def _held_by(record: OrmObject | Instance | Collection) -> list[Value]:
    if isinstance(record, OrmObject):
        held = [value for name, value in record.values.items() if not name.startswith(HINT)]
        if record.session is not None:
            held.append(Ref(record.session))
        return held
    if isinstance(record, Instance):
        return list(record.attributes.values())
    held = [*(record.items or ()), *record.by_key.values()]
    held.extend(value for value in (record.element, record.keys) if value is not None)
    if record.owner is not None:
        held.append(Ref(record.owner[0]))
    return held


def renamed(value: Value, before: Ref, after: Ref) -> Value:
    """A value in which every reference to ``before`` is one to ``after``."""
    if value == before:
        return after
    if isinstance(value, Choice) and before in value.atoms:
        kept = (*(atom for atom in value.atoms if atom not in (before, after)), after)
        return kept[0] if len(kept) == 1 else Choice(kept)
    return value


def record_renamed(record: HeapObject, before: Ref, after: Ref) -> HeapObject:
    """The same for everything that a record holds."""
    if isinstance(record, OrmObject):
        return record.evolve(values={name: renamed(value, before, after) for name, value in record.values.items()})
    if isinstance(record, Instance):
        return Instance(record.cls, {n: renamed(v, before, after) for n, v in record.attributes.items()}, record.schema)
    if isinstance(record, Collection):
        items = tuple(renamed(item, before, after) for item in record.items) if record.items is not None else None
        element = renamed(record.element, before, after) if record.element is not None else None
        by_key = {key: renamed(value, before, after) for key, value in record.by_key.items()}
        owner = (after.id, record.owner[1]) if record.owner is not None and record.owner[0] == before.id else record.owner
        return Collection(record.kind, items, element, record.keys, by_key, owner, record.partial, record.filled)
    return record


def parts_of(value: Value) -> list[Value]:
    """The values that a value is made of, or holds on to."""
    match value:
        case Choice(alternatives):
            return list(alternatives)
        case FunctionValue():
            parts = [value.receiver] if value.receiver is not None else []
            return [*parts, *(value.captured or {}).values()]
        case Method(receiver, _) | Block(receiver, _) | Awaitables(receiver) | Inspection(receiver):
            return [receiver]
        case Partial(callee, args, kwargs):
            return [callee, *args, *(item for _, item in kwargs)]
        case Pending():
            return [value.callee, *spread(value.args)]
        case Rows():
            return [value.element, *value.row]
        case _:
            return []


def spread(args: Arguments) -> list[Value]:
    """All argument values."""
    return [*args.positional, *(value for _, value in args.named)]
