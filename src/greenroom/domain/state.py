"""The abstract state at one point of the program, and the ways in which states leave a block."""

from __future__ import annotations

import ast
from collections.abc import Container, Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from greenroom.domain import journal as journals
from greenroom.domain.deeds import Deed, Deeds, after, agreed, is_settled
from greenroom.domain.heap import (
    PENDING,
    HeapObject,
    OrmObject,
    SessionObject,
    join_mappings,
    join_objects,
)
from greenroom.domain.holding import INERT, LEAVES, held_by, parts_of, record_renamed, renamed
from greenroom.domain.loading import LOADED, LoadState
from greenroom.domain.values import (
    Ref,
    Statement,
    Value,
    atoms,
)
from greenroom.program.symbols import Class, External, Function


@dataclass(frozen=True, slots=True)
class Fragment:
    """A value made outside every function, with the part of the heap that it holds."""

    value: Value
    heap: dict[int, HeapObject]


@dataclass(frozen=True, slots=True)
class Renames:
    """Which of the caller's objects (``watched``) have got another id since a function was entered."""

    watched: frozenset[int]
    done: dict[int, int]

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Renames) and self.done == other.done)

    def __hash__(self) -> int:
        return len(self.done)


NO_DEEDS: Mapping[int, Deeds] = {}


@dataclass(slots=True)
class Watch:
    """What a call has dealt with so far, beyond what its arguments lead to."""

    sessions: set[int] = field(default_factory=set)
    """The sessions whose condition it has looked at, and so at what waits to be written there."""
    objects: set[tuple[int, Class | None]] = field(default_factory=set)
    """The objects that it has looked for: of a session, those of a class, or (None) all."""
    events: bool = False
    """Something in it was reported."""
    asked: set[Hashable] = field(default_factory=set)
    """The values from outside that it has looked up or compared, by their tokens, and what else it took care of."""


@dataclass(slots=True, eq=False)
class Frame:
    """A suspended caller: its function and its variables."""

    function: Function | None
    variables: dict[str, Value]
    id: int


class State:
    """Variables, heap and path facts. Mutable while one statement is interpreted; forked at every branch."""

    __slots__ = (
        "deeds", "facts", "frame_id", "frames", "heap", "held", "journal", "leaving", "renames", "returning", "variables", "watch",
    )  # fmt: skip

    def __init__(  # noqa: PLR0913, PLR0917 - only fork and join give them all, in the order of the slots
        self,
        variables: dict[str, Value] | None = None,
        heap: dict[int, HeapObject] | None = None,
        frames: tuple[Frame, ...] = (),
        facts: dict[object, bool] | None = None,
        frame_id: int = 0,
        leaving: tuple[Leaving, ...] = (),
        returning: ast.expr | None = None,
        renames: Renames | None = None,
        held: frozenset[int] = frozenset(),
        watch: Watch | None = None,
        deeds: Mapping[int, Deeds] = NO_DEEDS,
        journal: journals.Journal = (),
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
        self.renames = renames
        """New ids of objects that the caller knows by another; None in a state that has no caller outside it."""
        self.held = held
        """Mapped objects that callers outside this state hold, so that the session's identity map does."""
        self.watch = watch if watch is not None else Watch()
        """Shared by all states of one call."""
        self.deeds = deeds
        """What the call has done to everything that is attached to a session, by session."""
        self.journal = journal
        """What the call has written, committed and undone so far."""

    def isolated(self, keys: Iterable[int], held: frozenset[int], general: Mapping[int, HeapObject]) -> State:
        """A state without variables that holds the part of the heap at ``keys`` only, in ``general`` forms: what a callee can reach."""
        heap = {key: general.get(key) or self.heap[key] for key in keys if key in self.heap}
        return State(heap=heap, renames=Renames(frozenset(heap), {}), held=held)

    def fork(self) -> State:
        """An independent copy."""
        other: State = object.__new__(State)
        other.become(self)
        return other

    def become(self, other: State) -> None:
        """Take over everything from ``other``."""
        self.variables = dict(other.variables)
        self.heap = dict(other.heap)
        self.frames = other.frames
        self.facts = dict(other.facts)
        self.frame_id = other.frame_id
        self.leaving = other.leaving
        self.returning = other.returning
        self.renames = other.renames
        self.held = other.held
        self.watch = other.watch
        self.deeds = other.deeds
        self.journal = other.journal

    def same(self, other: State) -> bool:
        """Equality of what matters: path facts are not compared."""
        return (
            self.variables == other.variables
            and self.heap == other.heap
            and self.frame_id == other.frame_id
            and self.leaving == other.leaving
            and self.returning is other.returning
            and self.renames == other.renames
            and len(self.frames) == len(other.frames)
            and all(a is b or a.variables == b.variables for a, b in zip(self.frames, other.frames, strict=True))
        )

    def signature(self) -> object:
        """A key that only states which are alike share; states with different keys may be alike too."""
        held = tuple(
            [id(value.plans if type(value) is Statement else value) for value in self.variables.values() if type(value) not in INERT]
        )
        heap = self.heap
        renamed = tuple(self.renames.done.items()) if self.renames is not None else ()
        frames = tuple(map(id, self.frames))
        return (self.frame_id, tuple(heap), tuple(map(id, heap.values())), held, frames, renamed, id(self.returning), self.leaving)

    def join(self, other: State, *, apart: bool = False) -> State:
        """The least state above both; from states ``apart``, only what both say of an absence is certain."""
        if self.renames is not None and other.renames is not None and self.renames != other.renames:
            one, two = self._renamed_like(other.renames), other._renamed_like(self.renames)
            if one is not self or two is not other:
                return one.join(two, apart=apart)
        heap = dict(self.heap)
        get = self.heap.get
        for key, record in [(key, record) for key, record in other.heap.items() if get(key) is not record]:
            known = get(key)
            joined = record if known is None else join_objects(known, record)
            heap[key] = _doubted(known, record, joined) if apart and known is not None else joined
        facts = self.facts and {key: value for key, value in self.facts.items() if other.facts.get(key) is value}
        frames = self.frames
        if frames is not other.frames:
            frames = tuple(
                a if a is b else Frame(a.function, join_mappings(a.variables, b.variables), a.id)
                for a, b in zip(self.frames, other.frames, strict=True)
            )
        variables = join_mappings(self.variables, other.variables)
        held = self.held & other.held
        deeds = agreed(self.deeds, other.deeds)
        journal = journals.agreed(self.journal, other.journal)
        return State(
            variables, heap, frames, facts, self.frame_id, self.leaving, self.returning, self.renames, held, self.watch, deeds, journal
        )

    def widen(self, other: State) -> None:
        """Join in place with a state of the same signature: one that differs in plain variables at most."""
        if self.variables != other.variables:
            self.variables = join_mappings(self.variables, other.variables)
        self.facts = {key: value for key, value in self.facts.items() if other.facts.get(key) is value}
        self.deeds = agreed(self.deeds, other.deeds)
        self.journal = journals.agreed(self.journal, other.journal)

    def _renamed_like(self, renames: Renames) -> State:
        """The state with the renames of another one done as well."""
        missing = {old: new for old, new in renames.done.items() if self.renames is None or old not in self.renames.done}
        if not missing:
            return self
        state = self.fork()
        for old, new in missing.items():
            state.move(old, new)
        return state

    def move(self, old: int, new: int) -> None:
        """Give the object at ``old`` the id ``new``, where others like it may be already."""
        record, known = self.heap.get(old), self.heap.get(new)
        if record is not None:
            self.heap[new] = record if known is None else join_objects(known, record)
        self.rename(old, new)

    def leave(self, depth: int) -> None:
        """Return to the frame at ``depth``; nothing to do for a state that is there already."""
        if len(self.frames) > depth:
            frame = self.frames[depth]
            self.variables = dict(frame.variables)
            self.frame_id = frame.id
            self.frames = self.frames[:depth]

    # Heap access

    def orm(self, key: int) -> OrmObject | None:
        """The ORM object with this id."""
        record = self.heap.get(key)
        return record if isinstance(record, OrmObject) else None

    def session(self, key: int | None) -> SessionObject | None:
        """The session with this id."""
        if key is not None:
            self.watch.sessions.add(key)
        record = self.heap.get(key) if key is not None else None
        return record if isinstance(record, SessionObject) else None

    def record(self, value: Value) -> HeapObject | None:
        """The heap record behind a reference."""
        return self.heap.get(value.id) if isinstance(value, Ref) else None

    def objects_of(self, session: int) -> list[tuple[int, OrmObject]]:
        """All objects attached to a session."""
        self.watch.objects.add((session, None))
        return self.attached(session)

    def kin_of(self, session: int, cls: Class) -> list[tuple[int, OrmObject]]:
        """The objects attached to a session that are instances of a mapped class."""
        self.watch.objects.add((session, cls))
        return [(key, record) for key, record in self.attached(session) if record.mapped.is_kind_of(cls)]

    def waiting(self, session: int) -> list[tuple[int, OrmObject]]:
        """The objects attached to a session in which a flush or the end of the transaction has a say."""
        return [(key, record) for key, record in self.attached(session) if not is_settled(record)]

    def attached(self, session: int) -> list[tuple[int, OrmObject]]:
        """All objects attached to a session, for what is done to each of them alike: that is told as a deed."""
        self.watch.sessions.add(session)
        return [(key, record) for key, record in self.heap.items() if isinstance(record, OrmObject) and record.session == session]

    def did(self, session: int, deed: Deed) -> None:
        """Tell what is being done to everything that is attached to a session."""
        done = self.deeds.get(session, ())
        told = after(done, deed)
        if told is not done:
            self.deeds = {**self.deeds, session: told}

    def live(self, session: int) -> set[int]:
        """Ids of everything that is held, by callers outside this state too: what the session's identity map has not let go."""
        self.watch.sessions.add(session)
        return self.reachable([Ref(key) for key in self.held])

    def fragment(self, value: Value) -> Fragment:
        """``value`` with what it holds, to be grafted onto other states."""
        live = self.reachable((value,))
        return Fragment(value, {key: record for key, record in self.heap.items() if key in live})

    def graft(self, fragment: Fragment) -> Value:
        """Take a fragment in; what the state already holds of it stays as it has become."""
        for key, record in fragment.heap.items():
            self.heap.setdefault(key, record)
        return fragment.value

    def reachable(self, extra: Iterable[Value] = (), sealed: Container[int] = ()) -> set[int]:
        """Ids of everything that variables of live frames (or ``extra``) hold, directly or not.

        What mapped objects among ``sealed`` hold is left out, unless something else holds it as well.
        """
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
                    if record is not None and not (key in sealed and isinstance(record, OrmObject)):
                        stack.extend(held_by(record))
            elif kind not in LEAVES:
                stack.extend(parts_of(value))
        return seen

    def rename(self, old: int, new: int) -> None:
        """Make every reference to ``old`` one to ``new``; ``old`` leaves the heap."""
        before, after = Ref(old), Ref(new)
        if self.renames is not None and old in self.renames.watched and old not in self.renames.done:
            self.renames = Renames(self.renames.watched, {**self.renames.done, old: new})
        if old in self.held:
            self.held = self.held - {old} | {new}
        self.variables = {name: renamed(value, before, after) for name, value in self.variables.items()}
        self.frames = tuple(
            Frame(frame.function, {name: renamed(value, before, after) for name, value in frame.variables.items()}, frame.id)
            for frame in self.frames
        )
        self.heap.pop(old, None)
        for key, record in list(self.heap.items()):
            if before in held_by(record) or any(before in atoms(value) for value in held_by(record)):
                self.heap[key] = record_renamed(record, before, after)

    def replace(self, old: Value, new: Value) -> None:
        """Make every variable that holds ``old`` hold ``new``, those of suspended callers and generators too."""
        self.variables.update({name: new for name, value in self.variables.items() if value == old})
        if any(value == old for frame in self.frames for value in frame.variables.values()):
            self.frames = tuple(
                Frame(frame.function, {name: new if value == old else value for name, value in frame.variables.items()}, frame.id)
                for frame in self.frames
            )

    def collect(self, extra: Iterable[Value], keep: Iterable[int]) -> None:
        """Drop what nothing holds any more; the objects in ``keep`` may be held by expressions under evaluation.

        A session holds new objects that wait for their flush.
        """
        kept = keep.keys() if isinstance(keep, dict) else set(keep)
        if self.heap.keys() <= kept:
            return
        records = ((key, record) for key, record in self.heap.items() if isinstance(record, OrmObject))
        waiting = [Ref(key) for key, record in records if record.life & PENDING and record.session is not None]
        live = self.reachable((*extra, *waiting))
        live.update(kept)
        if len(live) < len(self.heap):
            sessions = {record.session for key in live if isinstance(record := self.heap.get(key), OrmObject)}
            self.heap = {key: record for key, record in self.heap.items() if key in live or key in sessions}


def _doubted(one: HeapObject, other: HeapObject, joined: HeapObject) -> HeapObject:
    """Absences on which two records do not agree are certain no more: which of the two a value means can no longer be told."""
    if not isinstance(one, OrmObject) or not isinstance(other, OrmObject) or not isinstance(joined, OrmObject):
        return joined
    attributes = dict(joined.attributes)
    for name, state in joined.attributes.items():
        left, right = one.attributes.get(name), other.attributes.get(name)
        if left is not None and right is not None and left.sure != right.sure:
            attributes[name] = LoadState(state.bits, left.sure & right.sure | state.sure & LOADED, state.origins)
    return joined.evolve(attributes=attributes)


@dataclass(frozen=True, slots=True)
class Leaving:
    """How a suspended ``with`` body was left: ``returned``, ``broke``, ``continued`` or ``raised``."""

    kind: str
    value: Value | None = None
    error: External | Class | None = None
