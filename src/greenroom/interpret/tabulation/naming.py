"""Canonical names: a key for the situation in which a function is called, equal for calls that differ in names alone.

Heap ids and the tokens of unknown values are numbered in the order in which the call meets them. What cannot change what
the function does (origins, places, names for messages) is left out.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from greenroom.domain.heap import HeapObject, OrmObject, SessionObject
from greenroom.domain.loading import LoadState, Origin
from greenroom.domain.plans import NOTHING, Plan
from greenroom.domain.provenance import SOURCES
from greenroom.domain.values import MADE, Anything, Choice, Const, DynamicQuery, FunctionValue, Pending, Ref, Value
from greenroom.facts.records import MappedClass, Schema
from greenroom.interpret.tabulation.generality import general
from greenroom.program.symbols import Class, Function, Module


class Unnameable(Exception):  # noqa: N818 - says that there is no key, which is no error
    """The situation depends on something that a key cannot hold."""


class Naming:
    """Numbers for the heap ids and tokens that a call can reach."""

    def __init__(self, heap: Mapping[int, HeapObject], live: frozenset[int], numbers: dict[Hashable, int]) -> None:
        self._heap = heap
        self._numbers = numbers
        """What has ever been part of a key, numbered: keys are made of those numbers, so that they are small and hash fast."""
        self.live = live
        """Frames that are still running: what a closure over them sees can change."""
        self.ids: dict[int, int] = {}
        self.tokens: dict[object, int] = {}
        self.general: dict[int, HeapObject] = {}
        """The general forms of records met so far that are not general themselves."""
        self._waiting: list[int] = []
        self._sessions: list[int] = []
        self.sessions_met: set[int] = set()
        """The sessions among ``ids``."""

    def reference(self, key: int) -> int:
        """The number of a heap id; its record becomes part of the key."""
        number = self.ids.get(key)
        if number is None:
            number = self.ids[key] = len(self.ids)
            self._waiting.append(key)
        return number

    def branch(self) -> Naming:
        """The same numbers so far, to go on from in another way."""
        other = Naming(self._heap, self.live, self._numbers)
        other.ids, other.tokens, other.general = dict(self.ids), dict(self.tokens), dict(self.general)
        other._sessions, other.sessions_met = list(self._sessions), set(self.sessions_met)
        return other

    def number(self, part: Hashable) -> int:
        """The number of a part of a key: equal parts have equal numbers."""
        return self._numbers.setdefault(part, len(self._numbers))

    def sessions(self) -> Hashable:
        """In what condition the sessions are that have been met so far."""
        records = tuple(_record(self, self._heap[key]) for key in self._sessions)
        self._sessions.clear()
        return records

    def reached(self) -> Hashable:
        """What is in the heap at every id met so far and at every id that is met on the way; of a session only what kind it is."""
        records: list[Hashable] = []
        for key in self._waiting:  # grows while it is walked
            record = self._heap.get(key)
            if record is None:
                records.append(None)
            elif isinstance(record, SessionObject):
                self._sessions.append(key)
                self.sessions_met.add(key)
                records.append((record.is_async, record.cls))
            else:
                form = general(record, self._heap)
                if form is not record:
                    self.general[key] = form
                records.append(self.number(_record(self, form)))
        self._waiting.clear()
        return (tuple(records), self._columns())

    def _columns(self) -> Hashable:
        """Which of the unknown values are columns of objects met so far."""
        columns: list[Hashable] = []
        for token, number in self.tokens.items():
            if isinstance(token, tuple) and token[:1] == ("attribute",) and (place := self.ids.get(token[1])) is not None:
                columns.append((number, place, token[2]))
        return tuple(columns)

    def value(self, value: object) -> Hashable:
        """A hashable stand-in for a value, or for any part of one."""
        name = _VALUES.get(type(value))
        if name is not None:
            return name(self, value)
        if is_dataclass(value):
            return (type(value), *(self.value(getattr(value, part)) for part in _parts(type(value))))
        if isinstance(value, ast.AST):
            return id(value)
        return value if _hashable(value) else id(value)

    def names(self, values: Mapping[Any, Value]) -> Hashable:
        """The same for a mapping from names to values, whatever its order."""
        if not values:
            return None
        return frozenset((_constant(key), self.value(value)) for key, value in values.items())


def _constant(value: object) -> Hashable:
    """Constants by type too: True and 1 are different arguments."""
    return (type(value), value if _hashable(value) else repr(value))


def _hashable(value: object) -> bool:
    return type(value).__hash__ is not None


_TELLING = frozenset({"member", "enum-string", "range"})
"""First parts of the tokens that say more of a value than which one it is."""
_PARTS: dict[type, tuple[str, ...]] = {}


def _parts(cls: type) -> tuple[str, ...]:
    known = _PARTS.get(cls)
    if known is None:
        known = _PARTS[cls] = tuple(part.name for part in fields(cls) if part.compare)
    return known


def _const(_: Naming, value: Const) -> Hashable:
    return _constant(value.value)


def _anything(naming: Naming, value: Anything) -> Hashable:
    token = value.token
    if token is None:
        return (Anything, value.type)
    if type(token) is not tuple and isinstance(token, SOURCES):
        return (Anything, value.type, naming.tokens.setdefault(token, len(naming.tokens)), token.told)
    kind = token[0] if isinstance(token, tuple) and token else None
    if kind in _TELLING:
        return (Anything, value.type, token)
    return (Anything, value.type, naming.tokens.setdefault(token, len(naming.tokens)), kind in MADE)


def _function(naming: Naming, value: FunctionValue) -> Hashable:
    if value.captured is not None and value.frame and value.frame in naming.live:
        raise Unnameable
    captured = naming.names(value.captured) if value.captured is not None else None
    return (FunctionValue, id(value.function.node), naming.value(value.receiver), captured)


def _pending(naming: Naming, value: Pending) -> Hashable:
    return (Pending, id(value.node), naming.value(value.callee), naming.value(value.args))


def _plan(naming: Naming, plan: Plan) -> Hashable:
    children = frozenset((name, strategy, _plan(naming, child)) for name, (strategy, child) in plan.relationships.items())
    return (children, plan.only, plan.deferred, plan.undeferred, plan.raising, plan.wildcard, plan.everywhere, plan.polymorphic,
            plan.expressions)  # fmt: skip


def _record(naming: Naming, record: HeapObject) -> Hashable:
    """Every field that takes part in equality; what is left out of that says where something came from."""
    if type(record) is OrmObject:
        return _orm(naming, record)
    return (type(record), *(_field(naming, name, getattr(record, name)) for name in _parts(type(record))))


def _orm(naming: Naming, record: OrmObject) -> Hashable:
    """The same for the most frequent kind of record, with its load states as one tuple of numbers."""
    return (
        id(record.mapped), record.life, None if record.session is None else naming.reference(record.session), record.conditions(),
        naming.names(record.values), None if record.plan is NOTHING else _plan(naming, record.plan), record.many, record.dirty, record.new,
        record.touched, record.born, None if record.key is None else naming.value(record.key), record.assumed, record.complete,
        record.perhaps,
    )  # fmt: skip


def _field(naming: Naming, name: str, value: object) -> Hashable:
    match name, value:
        case "session", int(key):
            return naming.reference(key)
        case "owner", (int(key), attribute):
            return (naming.reference(key), attribute)
        case _:
            return naming.value(value)


_VALUES: dict[type, Callable[[Naming, Any], Hashable]] = {
    Ref: lambda naming, value: (Ref, naming.reference(value.id)),
    Const: _const,
    Anything: _anything,
    Choice: lambda naming, value: (Choice, tuple(naming.value(atom) for atom in value.atoms)),
    FunctionValue: _function,
    Pending: _pending,
    DynamicQuery: lambda naming, value: (DynamicQuery, naming.reference(value.owner), value.name),
    tuple: lambda naming, value: tuple(naming.value(part) for part in value),
    dict: Naming.names,
    Plan: _plan,
    LoadState: lambda _, value: value,
    MappedClass: lambda _, value: id(value),
    Schema: lambda _, value: id(value),
    Origin: lambda *_: Origin,
    Class: lambda _, value: id(value.node),
    Function: lambda _, value: id(value.node),
    Module: lambda _, value: id(value),
    type(None): lambda _, value: value,
    str: lambda _, value: value,
    bool: lambda _, value: (bool, value),
    int: lambda _, value: value,
}
