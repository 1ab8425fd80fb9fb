"""Heap records: what abstract objects are made of. Records are replaced, never changed in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TypeAlias

from greenroom.domain.loading import LoadState, Origin, Site
from greenroom.domain.plans import NOTHING, Plan
from greenroom.domain.values import Value, join_values
from greenroom.facts.records import MappedClass, Schema
from greenroom.program.symbols import Class

TRANSIENT = 1
PENDING = 2
PERSISTENT = 4
DELETED = 8
DETACHED = 16


@dataclass(slots=True)
class OrmObject:
    """An object of a mapped class: lifecycle (a set of bits), session, and a load state for each attribute."""

    mapped: MappedClass
    life: int
    session: int | None
    attributes: dict[str, LoadState]
    values: dict[str, Value] = field(default_factory=dict)
    """What is known of attribute values: related objects, assigned constants, plain Python attributes."""
    plan: Plan = NOTHING
    """The loader options that first brought it into the session; refreshes apply them again."""
    many: bool = False
    """Stands for any number of objects."""
    dirty: frozenset[str] = frozenset()
    """Attributes assigned since the last flush."""
    new: bool | None = False
    """Inserted in the current transaction; None when that is not known."""
    touched: int = 0
    """Depth of the savepoint in which it was last modified."""
    born: int = 0
    """Depth of the savepoint in which it was added."""
    key: Value | None = None
    """The primary key, where it is known as a value."""
    loaded_at: Site | None = field(default=None, compare=False)
    name: str = field(default="", compare=False)
    """How the source calls it, for messages."""
    assumed: bool = False
    """A parameter of an entry point: the analysis has not seen it being loaded."""
    complete: bool = False
    """Stands for every row of its class: a query without restriction brought it in."""
    perhaps: frozenset[str] = frozenset()
    """Attributes in ``dirty`` that only some of the joined paths have assigned."""
    assigned_at: Mapping[str, Origin] = field(default_factory=dict, compare=False)
    """Where attributes in ``dirty`` were assigned."""
    held: list[Value] | None = field(default=None, init=False, repr=False, compare=False)
    """The values that it holds, once that was asked."""
    _conditions: tuple[tuple[str, ...], tuple[int, ...]] | None = field(default=None, init=False, repr=False, compare=False)

    def conditions(self) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """The load states of all attributes as two tuples that hash fast: the names, and for each its bits and what is sure of them."""
        known = self._conditions
        if known is None:
            states = self.attributes.values()
            known = self._conditions = (tuple(self.attributes), tuple([state.bits << 16 | state.sure for state in states]))
        return known

    def evolve(self, **changes: object) -> OrmObject:
        """A copy with ``changes``; written out, since no record is copied as often and ``replace`` takes twice as long."""
        made: OrmObject = object.__new__(OrmObject)
        for name in _COPIED:
            setattr(made, name, changes[name] if name in changes else getattr(self, name))
        made.held = None
        made._conditions = None if "attributes" in changes else self._conditions
        return made


_COPIED = tuple(part.name for part in fields(OrmObject) if part.init)
"""The fields that a copy takes over; the others hold answers about the record itself."""


@dataclass(slots=True)
class SessionObject:
    """A session: its options and where it stands."""

    expire_on_commit: bool | None = True
    autoflush: bool | None = True
    is_async: bool = True
    closed: bool = False
    depth: int = 0
    """Open savepoints."""
    failed: Origin | None = None
    """A flush failed and nothing has rolled back yet."""
    suppressed: int = 0
    """Open ``no_autoflush`` blocks."""
    assumed: bool = False
    cls: Class | None = None
    """The project's own subclass of the session class."""
    aborted: Origin | None = None
    """A statement failed, and the database refuses all others until the transaction, or the savepoint, is rolled back."""
    foreign: bool = False
    """Made by something that is not in sight, which may commit it at the end."""
    idle: bool = False
    """Committed or rolled back, and nothing was done since: there is no transaction that a rollback could undo."""
    over: Origin | None = field(default=None, compare=False)
    """The ``async with`` block that it was opened for is over."""
    guessed: bool = False
    """Taken for a session by its name: it may be a plain one."""

    def evolve(self, **changes: object) -> SessionObject:
        """A copy with ``changes``."""
        return replace(self, **changes)  # type: ignore[arg-type]  # the names are those of fields


@dataclass(slots=True)
class Instance:
    """An instance of any other class of the project (or of a library class, when ``cls`` is None)."""

    cls: Class | None
    attributes: dict[str, Value] = field(default_factory=dict)
    schema: Schema | None = None
    held: list[Value] | None = field(default=None, init=False, repr=False, compare=False)
    """The values that it holds, once that was asked."""
    leaves: bool | None = field(default=None, init=False, repr=False, compare=False)
    """Whether it holds nothing but plain values, once that was asked."""


@dataclass(slots=True)
class Collection:
    """A list, tuple, set, dict or any other iterable held in memory.

    ``items`` are the exact elements in order when they are known; ``element`` covers any further ones. For a dict the
    elements are the values and ``keys`` covers the keys; ``items_by_key`` holds the values of constant keys.
    """

    kind: str
    items: tuple[Value, ...] | None = None
    element: Value | None = None
    keys: Value | None = None
    by_key: Mapping[object, Value] = field(default_factory=dict)
    owner: tuple[int, str] | None = None
    """The ORM object and relationship whose loaded collection this is."""
    partial: bool = False
    """Holds only some of the objects that its element stands for."""
    held: list[Value] | None = field(default=None, init=False, repr=False, compare=False)
    """The values that it holds, once that was asked."""
    leaves: bool | None = field(default=None, init=False, repr=False, compare=False)
    """Whether it holds nothing but plain values, once that was asked."""
    source: int | None = field(default=None, compare=False)
    """The collection that it was made of, element by element: both are empty, or neither is."""
    filled: bool = False
    """Known not to be empty, though not what is in it."""

    def any(self) -> Value | None:
        """A value that covers every element."""
        result = self.element
        for item in (*(self.items or ()), *self.by_key.values()):
            result = item if result is None else join_values(result, item)
        return result


HeapObject: TypeAlias = OrmObject | SessionObject | Instance | Collection


def join_objects(one: HeapObject, other: HeapObject) -> HeapObject:
    """The least record above both."""
    if one is other or one == other:
        return one
    if isinstance(one, OrmObject) and isinstance(other, OrmObject):
        return _join_orm(one, other)
    if isinstance(one, SessionObject) and isinstance(other, SessionObject):
        return one.evolve(
            closed=one.closed and other.closed,
            failed=one.failed and other.failed,
            aborted=one.aborted and other.aborted,
            depth=min(one.depth, other.depth),
            idle=one.idle and other.idle,
            over=one.over and other.over,
        )
    if isinstance(one, Instance) and isinstance(other, Instance):
        return Instance(one.cls, join_mappings(one.attributes, other.attributes), one.schema)
    if isinstance(one, Collection) and isinstance(other, Collection):
        return _join_collections(one, other)
    return one


def join_mappings(one: Mapping[str, Value], other: Mapping[str, Value]) -> dict[str, Value]:
    """Join by name; a name that one side lacks keeps the other's value."""
    merged = dict(one)
    for name, value in other.items():
        known = merged.get(name)
        merged[name] = value if known is None else join_values(known, value)
    return merged


def _join_orm(one: OrmObject, other: OrmObject) -> OrmObject:
    attributes = dict(one.attributes)
    for name, state in other.attributes.items():
        known = attributes.get(name)
        attributes[name] = state if known is None else known.join(state)
    return one.evolve(
        life=one.life | other.life,
        session=one.session if one.session is not None else other.session,
        attributes=attributes,
        values=join_mappings(one.values, other.values),
        many=one.many or other.many,
        dirty=one.dirty | other.dirty,
        perhaps=one.perhaps | other.perhaps | (one.dirty ^ other.dirty),
        new=_join_new(one, other),
        touched=max(one.touched, other.touched),
        born=min(one.born, other.born),
        key=one.key if one.key == other.key else None,
    )


def _join_new(one: OrmObject, other: OrmObject) -> bool | None:
    """Only what is in the database is new or not; None when it may be either."""
    if not one.life & PERSISTENT:
        return other.new
    if not other.life & PERSISTENT or one.new == other.new:
        return one.new
    return None


def _join_collections(one: Collection, other: Collection) -> Collection:
    if one.items is not None and other.items is not None and len(one.items) == len(other.items) and one.element == other.element:
        items = tuple(join_values(a, b) for a, b in zip(one.items, other.items, strict=True))
        return Collection(one.kind, items, one.element, one.keys, join_mappings_any(one.by_key, other.by_key), one.owner, one.partial)
    filled = all(record.filled or record.items or record.by_key for record in (one, other))
    left, right = one.any(), other.any()
    element = left if right is None else right if left is None else join_values(left, right)
    keys = one.keys if other.keys is None else other.keys if one.keys is None else join_values(one.keys, other.keys)
    by_key = join_mappings_any(one.by_key, other.by_key)
    return Collection(one.kind, None, element, keys, by_key, one.owner, one.partial or other.partial, filled)


def join_mappings_any(one: Mapping[object, Value], other: Mapping[object, Value]) -> dict[object, Value]:
    """Join of two mappings whose keys may be any constant."""
    merged = dict(one)
    for key, value in other.items():
        merged[key] = join_values(merged[key], value) if key in merged else value
    return merged
