"""The ways in which states leave a block, and how those that are alike become one."""

from __future__ import annotations

from dataclasses import dataclass, field

from greenroom.domain.heap import (
    OrmObject,
    SessionObject,
)
from greenroom.domain.likeness import alike, both_alike
from greenroom.domain.loading import EMITS
from greenroom.domain.state import State
from greenroom.domain.values import (
    ANYTHING,
    Const,
    Ref,
    Value,
    join_values,
)
from greenroom.program.symbols import Class, External

RAISED = 4
"""States kept apart in which one class of exception is on its way."""


COMPARED = 4
"""Of so many times the states that are kept, the most similar are joined."""


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
    """Join states that are alike; join the last ones when more than ``limit`` remain."""
    if len(states) < 2:
        return states
    kept: dict[object, State] = {}
    for state in states:
        signature = state.signature()
        if signature not in kept:
            signature = next((other for other, known in kept.items() if alike(known, state)), signature)
        known = kept.get(signature)
        apart = known is None and len(kept) == COMPARED * limit
        if apart:
            signature, known = kept.popitem()
        kept[signature] = state if known is None else known.join(state, apart=apart)
    if len(kept) > limit:
        return [state for state, _ in _narrowed([(state, ANYTHING) for state in kept.values()], limit)]
    return list(kept.values())


def _narrowed(pairs: list[tuple[State, Value]], limit: int) -> list[tuple[State, Value]]:
    """Join states until ``limit`` are left: first those that miss the same and that tests would not tell apart."""
    for measure in (_outline, _missing):
        groups: dict[object, list[tuple[State, Value]]] = {}
        for state, value in pairs:
            groups.setdefault((measure(state), value if isinstance(value, Const) else None), []).append((state, value))
        pairs = []
        left = sum(len(group) for group in groups.values())
        for group in groups.values():
            while len(group) > 1 and left > limit:
                state, value = group.pop()
                known, known_value = group[-1]
                group[-1] = (known.join(state), join_values(known_value, value))
                left -= 1
            pairs.extend(group)
    while len(pairs) > limit:
        state, value = pairs.pop()
        known, known_value = pairs[-1]
        pairs[-1] = (known.join(state, apart=True), join_values(known_value, value))
    return pairs


def _missing(state: State) -> object:
    """What reading would fail: the condition of sessions and of mapped objects, whatever was assigned to them."""
    return frozenset(
        (
            key,
            record.life,
            frozenset((name, known.bits) for name, known in record.attributes.items() if known.bits & EMITS),
        )
        if isinstance(record, OrmObject)
        else (key, record.depth, record.failed is None)
        for key, record in state.heap.items()
        if isinstance(record, OrmObject | SessionObject)
    )


def _outline(state: State) -> object:
    """The same, with what variables hold as far as tests can tell."""
    return (_missing(state), frozenset((name, _shape(value)) for name, value in state.variables.items()))


def _shape(value: Value) -> object:
    if isinstance(value, Const):
        return (type(value.value), value.value)
    return value if isinstance(value, Ref) else type(value)


def compact(raised: list[Raised]) -> list[Raised]:
    """The same for exceptions of one class; states of different depths cannot be joined."""
    if len(raised) < 2:
        return raised
    groups: dict[tuple[Class | External | None, int], list[State]] = {}
    for item in raised:
        groups.setdefault((item.error, len(item.state.frames)), []).append(item.state)
    return [Raised(error, state) for (error, _), states in groups.items() for state in merge(states, RAISED)]


def merge_returns(pairs: list[tuple[State, Value]], limit: int) -> list[tuple[State, Value]]:
    """The same for returned states with their values."""
    if len(pairs) < 2:
        return pairs
    kept: list[tuple[State, Value]] = []
    for state, value in pairs:
        place = next((i for i, (known, result) in enumerate(kept) if _alike_ways(known, result, state, value)), None)
        apart = place is None and len(kept) == COMPARED * limit
        if apart:
            place = len(kept) - 1
        if place is None:
            kept.append((state, value))
        else:
            known, result = kept[place]
            kept[place] = (known.join(state, apart=apart), join_values(result, value))
    return _narrowed(kept, limit) if len(kept) > limit else kept


def _alike_ways(known: State, result: Value, state: State, value: Value) -> bool:
    """Results that a caller tells apart by a test (None, True, False) stay apart."""
    if result != value and (isinstance(result, Const) or isinstance(value, Const)):
        return False
    return both_alike(result, value, known.heap, state.heap) and alike(known, state)
