"""When two states are alike: they know the same of sessions and mapped objects, whatever else they differ in.

Such states are joined rather than kept apart (property simulation: Das, Lerner and Seigle, "ESP", 2002): what a condition
said of plain data is lost, what it did to the database side never is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from greenroom.domain.heap import Collection, HeapObject, Instance, OrmObject, SessionObject
from greenroom.domain.holding import INERT, TRANSPARENT, held_by, parts_of
from greenroom.domain.state import Frame, State
from greenroom.domain.values import Ref, Statement, Value

Heap: TypeAlias = Mapping[int, HeapObject]
_DATA = INERT | {Statement}
"""Values that are data wherever they are met."""


def alike(one: State, other: State) -> bool:
    """Whether two states at one point of the program are alike."""
    return (
        one.frame_id == other.frame_id
        and one.leaving == other.leaving
        and one.returning is other.returning
        and one.renames == other.renames
        and len(one.frames) == len(other.frames)
        and _alike_heaps(one.heap, other.heap)
        and _alike_names(one.variables, other.variables, one.heap, other.heap)
        and (one.frames is other.frames or _alike_frames(one.frames, other.frames, one.heap, other.heap))
    )


def both_alike(one: Value, other: Value, here: Heap, there: Heap) -> bool:
    """Whether two values lead to the same tracked objects: equal, or both plain data.

    Different loader options, and queries that have them, are not alike: what they load differs.
    """
    if type(one) is Statement and type(other) is Statement:
        return one.plans == other.plans
    if type(one) in INERT and type(other) in INERT:
        return True
    if one is other:
        return True
    return one == other or (is_plain(one, here) and is_plain(other, there))


def is_plain(value: Value, heap: Heap, seen: set[int] | None = None) -> bool:
    """Whether a value is data that leads to no session, to no mapped object and to no code."""
    kind = type(value)
    if kind in _DATA:
        return True
    if kind is Ref:
        key = value.id  # type: ignore[union-attr] # its type was compared above
        record = heap.get(key)
        if record is None:
            return True
        kind_there = type(record)
        if kind_there is OrmObject or kind_there is SessionObject:
            return False
        if record.leaves:  # type: ignore[union-attr] # neither of the two kinds that cannot say
            return True
        seen = set() if seen is None else seen
        if key in seen:
            return True
        seen.add(key)
        return _untracked(record, heap, seen)
    return kind in TRANSPARENT and all(is_plain(part, heap, seen) for part in parts_of(value))


def _untracked(record: HeapObject, heap: Heap, seen: set[int] | None = None) -> bool:
    if isinstance(record, OrmObject | SessionObject):
        return False
    held = held_by(record)
    if record.leaves is None:
        record.leaves = all(type(value) in INERT for value in held)
    if record.leaves:
        return True
    for value in held:  # noqa: SIM110 - a loop, for speed: most of what is compared ends here
        if type(value) not in _DATA and not is_plain(value, heap, seen):
            return False
    return True


def _alike_names(one: Mapping[str, Value], other: Mapping[str, Value], here: Heap, there: Heap) -> bool:
    if one is other:
        return True
    get = other.get
    for name in [name for name, value in one.items() if get(name) is not value]:
        known = get(name)
        if not (is_plain(one[name], here) if known is None else both_alike(one[name], known, here, there)):
            return False
    return one.keys() == other.keys() or all(is_plain(value, there) for name, value in other.items() if name not in one)


def _alike_frames(one: tuple[Frame, ...], other: tuple[Frame, ...], here: Heap, there: Heap) -> bool:
    return all(a is b or _alike_names(a.variables, b.variables, here, there) for a, b in zip(one, other, strict=True))


def _alike_heaps(one: Heap, other: Heap) -> bool:
    get = other.get
    # Nearly all records are the very same ones: they are passed over at full speed.
    for key in [key for key, record in one.items() if get(key) is not record]:
        known = get(key)
        if not (_untracked(one[key], one) if known is None else _alike_records(one[key], known, one, other)):
            return False
    return one.keys() == other.keys() or all(_untracked(record, other) for key, record in other.items() if key not in one)


def _alike_records(one: HeapObject, other: HeapObject, here: Heap, there: Heap) -> bool:
    if isinstance(one, Instance) and isinstance(other, Instance):
        return one.cls is other.cls and _alike_names(one.attributes, other.attributes, here, there)
    if isinstance(one, Collection) and isinstance(other, Collection) and one.kind == other.kind:
        return (_untracked(one, here) and _untracked(other, there)) or one == other
    if isinstance(one, OrmObject) and isinstance(other, OrmObject):
        return _alike_objects(one, other, here, there)
    return one == other


def _alike_objects(one: OrmObject, other: OrmObject, here: Heap, there: Heap) -> bool:
    """Whether two objects are in the same condition but for what was assigned to ordinary columns.

    A flush must have something to write for both of them, or for neither.
    """
    return (
        one.conditions() == other.conditions()
        and (one.mapped is other.mapped and one.life == other.life and one.session == other.session and one.new == other.new)
        and (one.born == other.born and (one.touched == other.touched or max(one.touched, other.touched) <= 0))
        and (one.many == other.many and one.assumed == other.assumed and one.complete == other.complete)
        and (one.plan is other.plan or one.plan == other.plan)
        and one.key == other.key
        and bool(one.dirty) is bool(other.dirty)
        and bool(one.dirty - one.perhaps) is bool(other.dirty - other.perhaps)
        and all(name in one.mapped.columns and one.mapped.columns[name].ordinary for name in one.dirty ^ other.dirty)
        and _alike_names(one.values, other.values, here, there)
    )
