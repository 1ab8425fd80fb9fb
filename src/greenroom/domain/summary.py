"""What a function did from one situation: data for the next call that finds it in the same."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from greenroom.domain.deeds import Deeds
from greenroom.domain.events import Event
from greenroom.domain.heap import HeapObject
from greenroom.domain.journal import Journal
from greenroom.domain.state import State
from greenroom.domain.values import Value
from greenroom.program.symbols import Class, External

Outcomes = list[tuple[State, Value]]
Footprint: TypeAlias = "frozenset[tuple[int, Class | None]] | None"
"""The objects that a call looked for: of the session with a number, those of a class or (None) all; None: all of all sessions."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One way out: the records that are not as they were, and the value or the exception."""

    changes: dict[int, HeapObject]
    renames: dict[int, int]
    deeds: Mapping[int, Deeds]
    """What was done to everything that is attached to a session."""
    value: Value | None = None
    error: External | Class | None = None
    journal: Journal = ()
    """What was written, committed and undone."""


@dataclass(frozen=True, slots=True)
class Summary:
    """All ways out of a function from one situation."""

    ids: tuple[int, ...]
    tokens: tuple[object, ...]
    heap: dict[int, HeapObject]
    """The records that the call found."""
    calls: tuple[int, ...]
    returned: tuple[Effect, ...]
    raised: tuple[Effect, ...]
    events: tuple[tuple[Event, tuple[object, ...]], ...]
    """What a model's own code did wrong, which is reported at the caller's expression."""
    work: int | None
    """The work that it was cut short at; None when it is complete."""
    quiet: bool
    """Whether nothing in it was reported."""
    sessions: frozenset[int]
    """The sessions that it looked at, those that it opened included."""
    objects: frozenset[tuple[int, Class | None]]
    """The objects that it looked for: of a session, those of a class, or (None) all."""
    asked: frozenset[Hashable]
    """The values from outside that it looked up or compared."""
