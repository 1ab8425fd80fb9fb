"""Relocation: a result that was found in one calling context, put into another.

Heap ids name an allocation: the node, what distinguishes it there, and the calls that led to it. A relocated id is the one
that following the function again would have given, so a relocated result is the result.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from greenroom.domain.heap import Collection, HeapObject, Instance, OrmObject, SessionObject
from greenroom.domain.provenance import Dump, Sent, Tested, moved
from greenroom.domain.values import Anything, Choice, Const, DynamicQuery, FunctionValue, Ref, Value, join_all
from greenroom.interpret.tracker import Tracker

_FIXED = (Const, str, int, bool, type(None))


class Relocation:
    """From the ids, tokens and calls of one context to those of another."""

    def __init__(
        self, tracker: Tracker, ids: dict[int, int], tokens: Mapping[object, object], old: tuple[int, ...], new: tuple[int, ...]
    ) -> None:
        self._tracker = tracker
        self._ids = ids
        self._given = frozenset(ids)
        self.places = frozenset(ids.values())
        """The ids in the new context of all that the call was given, or looked at."""
        self._tokens = tokens
        self._old = old
        self._new = new

    def knows(self, key: int, given: Container[int]) -> bool:
        """Whether what stands at an id has a place in the new context: it does not where it was ``given`` as plain data."""
        return key not in given or key in self._given

    def id(self, key: int) -> int:
        """The id in the new context."""
        known = self._ids.get(key)
        if known is None:
            node, extra, calls = self._tracker.allocations[key - 1]
            if calls[: len(self._old)] == self._old:
                known = self._tracker.identity(node, self._extra(extra), self._new + calls[len(self._old) :])
            else:
                known = key  # made outside every function
            self._ids[key] = known
        return known

    def _extra(self, extra: object) -> object:
        """What distinguishes an allocation may itself be a heap id; ids of nodes are addresses, far above those."""
        if isinstance(extra, tuple):
            return tuple(self._extra(part) for part in extra)
        if type(extra) is int and 0 < extra <= len(self._tracker.allocations):
            return self.id(extra)
        return extra

    def token(self, token: Any) -> Any:  # noqa: ANN401 - any token, to the same of its kind
        """The same for what tells an unknown value from others: it may be the column of an object, or a part of a value from outside."""
        known = self._tokens.get(token)
        if known is None and isinstance(token, Sent | Dump | Tested):
            return moved(token, self.token(token.holder))
        if known is None and isinstance(token, tuple) and token[:1] == ("attribute",):
            return ("attribute", self.id(token[1]), *token[2:])
        return token if known is None else known

    def value(self, value: Any) -> Any:  # noqa: ANN401 - any value, or any part of one, to the same of its kind
        """A value, or any part of one, in the new context."""
        kind = type(value)
        if kind is Ref:
            return Ref(self.id(value.id))
        if kind in _FIXED:
            return value
        if kind is Anything:
            return value if value.token is None else Anything(value.type, self.token(value.token))
        if kind is Choice:
            return join_all(self.value(atom) for atom in value.atoms)
        if kind is tuple:
            return tuple(self.value(part) for part in value)
        if kind is dict:
            return {name: self.value(part) for name, part in value.items()}
        if kind is FunctionValue:
            frame = self.id(value.frame) if value.frame else 0
            return FunctionValue(value.function, self.value(value.receiver), self.value(value.captured), frame)
        if kind is DynamicQuery:
            return DynamicQuery(self.id(value.owner), value.name)
        if is_dataclass(value) and kind.__module__.endswith("domain.values"):
            return _rebuilt(value, self)
        return value

    def names(self, after: Mapping[Any, Value], before: Mapping[Any, Value], now: Mapping[Any, Value]) -> dict[Any, Value]:
        """A mapping ``after`` the call; what it shares with ``before`` is as it is ``now``."""
        return {
            name: now[name] if name in now and before.get(name) is value else self.value(value) for name, value in after.items()
        }  # fmt: skip

    def record(self, after: HeapObject, before: HeapObject | None, now: HeapObject | None) -> HeapObject:
        """A record as the call left it; ``before`` is what the call found, ``now`` the record that stands in its place."""
        match after, before, now:
            case OrmObject(), OrmObject(), OrmObject():
                return self._changed(after, before, now)
            case OrmObject(), _, _:
                return self._orm(after)
            case SessionObject(), SessionObject(), SessionObject():
                return after.evolve(
                    failed=now.failed if after.failed is before.failed else after.failed,
                    aborted=now.aborted if after.aborted is before.aborted else after.aborted,
                )
            case Instance(), Instance(), Instance():
                return Instance(after.cls, self.names(after.attributes, before.attributes, now.attributes), after.schema)
            case Instance(), _, _:
                return Instance(after.cls, self.value(after.attributes), after.schema)
            case Collection(), _, _:
                return self._collection(after)
            case _:
                return after

    def _orm(self, record: OrmObject) -> OrmObject:
        session = None if record.session is None else self.id(record.session)
        return record.evolve(session=session, values=self.value(record.values), key=self.value(record.key))

    def _changed(self, after: OrmObject, before: OrmObject, now: OrmObject) -> OrmObject:
        old, new = before.attributes, now.attributes
        return after.evolve(
            session=None if after.session is None else self.id(after.session),
            attributes={name: new[name] if old.get(name) is s and name in new else s for name, s in after.attributes.items()},
            values=self.names(after.values, before.values, now.values),
            key=now.key if after.key is before.key else self.value(after.key),
            loaded_at=now.loaded_at if after.loaded_at is before.loaded_at else after.loaded_at,
            name=now.name if after.name == before.name else after.name,
            assigned_at=now.assigned_at if after.assigned_at is before.assigned_at else after.assigned_at,
        )

    def _collection(self, record: Collection) -> Collection:
        return replace(
            record,
            items=self.value(record.items),
            element=self.value(record.element),
            keys=self.value(record.keys),
            by_key=self.value(record.by_key),
            owner=None if record.owner is None else (self.id(record.owner[0]), record.owner[1]),
            source=None if record.source is None else self.id(record.source),
        )


def _rebuilt(value: Any, relocation: Relocation) -> Any:  # noqa: ANN401 - a value to one of the same class
    changes = {}
    for part in fields(value):
        old = getattr(value, part.name)
        new = relocation.value(old)
        if new is not old and new != old:
            changes[part.name] = new
    return replace(value, **changes) if changes else value
