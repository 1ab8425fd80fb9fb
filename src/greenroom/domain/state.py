"""The abstract state at one point of the program, and the ways in which states leave a block."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from greenroom.domain.heap import (
    Collection,
    HeapObject,
    Instance,
    OrmObject,
    SessionObject,
    join_mappings,
    join_objects,
)
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
    atoms,
    join_values,
)
from greenroom.program.symbols import Class, External, Function


@dataclass(slots=True, eq=False)
class Frame:
    """A suspended caller: its function and its variables."""

    function: Function | None
    variables: dict[str, Value]
    id: int


class State:
    """Variables, heap and path facts. Mutable while one statement is interpreted; forked at every branch."""

    __slots__ = ("facts", "frame_id", "frames", "heap", "leaving", "returning", "variables")

    def __init__(  # noqa: PLR0917 - only fork and join give them all, in the order of the slots
        self,
        variables: dict[str, Value] | None = None,
        heap: dict[int, HeapObject] | None = None,
        frames: tuple[Frame, ...] = (),
        facts: dict[object, bool] | None = None,
        frame_id: int = 0,
        leaving: tuple[Leaving, ...] = (),
        returning: ast.expr | None = None,
    ) -> None:
        self.variables = variables if variables is not None else {}
        self.heap = heap if heap is not None else {}
        self.frames = frames
        self.facts = facts if facts is not None else {}
        self.frame_id = frame_id
        self.leaving = leaving
        """Exits of ``with`` bodies that wait until their generator has finished."""
        self.returning = returning
        """The expression that an endpoint returned."""

    def fork(self) -> State:
        """An independent copy."""
        return State(dict(self.variables), dict(self.heap), self.frames, dict(self.facts), self.frame_id, self.leaving, self.returning)

    def become(self, other: State) -> None:
        """Take over everything from ``other``."""
        self.variables = dict(other.variables)
        self.heap = dict(other.heap)
        self.frames = other.frames
        self.facts = dict(other.facts)
        self.frame_id = other.frame_id
        self.leaving = other.leaving
        self.returning = other.returning

    def same(self, other: State) -> bool:
        """Equality of what matters: path facts are not compared."""
        return (
            self.variables == other.variables
            and self.heap == other.heap
            and self.frame_id == other.frame_id
            and self.leaving == other.leaving
            and self.returning is other.returning
            and len(self.frames) == len(other.frames)
            and all(a is b or a.variables == b.variables for a, b in zip(self.frames, other.frames, strict=True))
        )

    def join(self, other: State) -> State:
        """The least state above both."""
        heap = dict(self.heap)
        for key, record in other.heap.items():
            known = heap.get(key)
            heap[key] = record if known is None else join_objects(known, record)
        facts = {key: value for key, value in self.facts.items() if other.facts.get(key) is value}
        frames = self.frames
        if frames is not other.frames:
            frames = tuple(
                a if a is b else Frame(a.function, join_mappings(a.variables, b.variables), a.id)
                for a, b in zip(self.frames, other.frames, strict=True)
            )
        return State(join_mappings(self.variables, other.variables), heap, frames, facts, self.frame_id, self.leaving, self.returning)

    # Heap access

    def orm(self, key: int) -> OrmObject | None:
        """The ORM object with this id."""
        record = self.heap.get(key)
        return record if isinstance(record, OrmObject) else None

    def session(self, key: int | None) -> SessionObject | None:
        """The session with this id."""
        record = self.heap.get(key) if key is not None else None
        return record if isinstance(record, SessionObject) else None

    def record(self, value: Value) -> HeapObject | None:
        """The heap record behind a reference."""
        return self.heap.get(value.id) if isinstance(value, Ref) else None

    def objects_of(self, session: int) -> list[tuple[int, OrmObject]]:
        """All objects attached to a session."""
        return [(key, record) for key, record in self.heap.items() if isinstance(record, OrmObject) and record.session == session]

    def reachable(self, extra: Iterable[Value] = ()) -> set[int]:
        """Ids of everything that variables of live frames (or ``extra``) hold, directly or not."""
        seen: set[int] = set()
        stack: list[Value] = [*self.variables.values(), *extra]
        for frame in self.frames:
            stack.extend(frame.variables.values())
        stack.extend(leaving.value for leaving in self.leaving if leaving.value is not None)
        heap = self.heap
        while stack:
            value = stack.pop()
            kind = type(value)
            if kind is Ref:
                key = value.id  # type: ignore[union-attr] # its type was compared above
                if key not in seen:
                    seen.add(key)
                    record = heap.get(key)
                    if record is not None:
                        stack.extend(held_by(record))
            elif kind not in _LEAVES:
                stack.extend(_parts(value))
        return seen

    def rename(self, old: int, new: int) -> None:
        """Make every reference to ``old`` one to ``new``; ``old`` leaves the heap."""
        before, after = Ref(old), Ref(new)
        self.variables = {name: _renamed(value, before, after) for name, value in self.variables.items()}
        self.frames = tuple(
            Frame(frame.function, {name: _renamed(value, before, after) for name, value in frame.variables.items()}, frame.id)
            for frame in self.frames
        )
        self.heap.pop(old, None)
        for key, record in list(self.heap.items()):
            if before in held_by(record) or any(before in atoms(value) for value in held_by(record)):
                self.heap[key] = _record_renamed(record, before, after)

    def collect(self, extra: Iterable[Value], keep: Iterable[int]) -> None:
        """Drop what nothing holds any more; the objects in ``keep`` may be held by expressions under evaluation."""
        kept = keep if isinstance(keep, dict) else set(keep)
        if all(key in kept for key in self.heap):
            return
        live = self.reachable(extra)
        live.update(kept)
        if len(live) < len(self.heap):
            sessions = {record.session for key in live if isinstance(record := self.heap.get(key), OrmObject)}
            self.heap = {key: record for key, record in self.heap.items() if key in live or key in sessions}


_LEAVES = frozenset({Const, Anything, ClassValue, Library, ModuleValue, Attribute, SqlExpression, Statement, LoaderOption, Factory})
"""Values that hold no reference."""
HINT = "~"
"""Prefix of remembered values that the object itself does not hold: whom the identity map would answer with."""


def held_by(record: HeapObject) -> list[Value]:
    """The values that a heap record holds."""
    if isinstance(record, OrmObject):
        held = [value for name, value in record.values.items() if not name.startswith(HINT)]
        if record.session is not None:
            held.append(Ref(record.session))
        return held
    if isinstance(record, Instance):
        return list(record.attributes.values())
    if isinstance(record, Collection):
        held = [*(record.items or ()), *record.by_key.values()]
        held.extend(value for value in (record.element, record.keys) if value is not None)
        if record.owner is not None:
            held.append(Ref(record.owner[0]))
        return held
    return []


def _renamed(value: Value, before: Ref, after: Ref) -> Value:
    if value == before:
        return after
    if isinstance(value, Choice) and before in value.atoms:
        kept = (*(atom for atom in value.atoms if atom not in {before, after}), after)
        return kept[0] if len(kept) == 1 else Choice(kept)
    return value


def _record_renamed(record: HeapObject, before: Ref, after: Ref) -> HeapObject:
    if isinstance(record, OrmObject):
        return record.evolve(values={name: _renamed(value, before, after) for name, value in record.values.items()})
    if isinstance(record, Instance):
        return Instance(record.cls, {n: _renamed(v, before, after) for n, v in record.attributes.items()}, record.schema)
    if isinstance(record, Collection):
        items = tuple(_renamed(item, before, after) for item in record.items) if record.items is not None else None
        element = _renamed(record.element, before, after) if record.element is not None else None
        by_key = {key: _renamed(value, before, after) for key, value in record.by_key.items()}
        owner = (after.id, record.owner[1]) if record.owner is not None and record.owner[0] == before.id else record.owner
        return Collection(record.kind, items, element, record.keys, by_key, owner, record.partial)
    return record


def _parts(value: Value) -> list[Value]:
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


@dataclass(frozen=True, slots=True)
class Leaving:
    """How a suspended ``with`` body was left: ``returned``, ``broke``, ``continued`` or ``raised``."""

    kind: str
    value: Value | None = None
    error: External | Class | None = None


@dataclass(frozen=True, slots=True)
class Raised:
    """A state in which an exception is on its way; ``error`` is None when its class is not known."""

    error: External | Class | None
    state: State


@dataclass(slots=True)
class Flow:
    """The ways out of a block, each with the states that take it."""

    fall: list[State] = field(default_factory=list)
    returned: list[tuple[State, Value]] = field(default_factory=list)
    broke: list[State] = field(default_factory=list)
    continued: list[State] = field(default_factory=list)

    def absorb(self, other: Flow) -> None:
        """Add the abrupt exits of an inner block."""
        self.returned.extend(other.returned)
        self.broke.extend(other.broke)
        self.continued.extend(other.continued)


def merge(states: list[State], limit: int) -> list[State]:
    """Drop repeated states; join the last ones when more than ``limit`` remain."""
    if len(states) < 2:
        return states
    kept: list[State] = []
    for state in states:
        for index, known in enumerate(kept):
            if known.same(state):
                facts = {key: value for key, value in known.facts.items() if state.facts.get(key) is value}
                if len(facts) < len(known.facts):
                    kept[index] = State(known.variables, known.heap, known.frames, facts, known.frame_id, known.leaving, known.returning)
                break
        else:
            kept.append(state)
    while len(kept) > limit:
        last = kept.pop()
        kept[-1] = kept[-1].join(last)
    return kept


def merge_returns(pairs: list[tuple[State, Value]], limit: int) -> list[tuple[State, Value]]:
    """The same for returned states with their values."""
    kept: list[tuple[State, Value]] = []
    for state, value in pairs:
        if not any(known_value == value and known.same(state) for known, known_value in kept):
            kept.append((state, value))
    while len(kept) > limit:
        state, value = kept.pop()
        known, known_value = kept[-1]
        joined = join_values(known_value, value)
        kept[-1] = (known.join(state), joined)
    return kept
