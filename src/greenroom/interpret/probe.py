"""A probe: what is known of every object where one line of the source is about to run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from greenroom.domain.heap import DELETED, DETACHED, PENDING, PERSISTENT, TRANSIENT, Collection, Instance, OrmObject, SessionObject
from greenroom.domain.loading import LoadState, Site
from greenroom.domain.state import State
from greenroom.domain.values import Ref, Value, atoms
from greenroom.program.symbols import Function, Module

LIVES = {TRANSIENT: "transient", PENDING: "pending", PERSISTENT: "persistent", DELETED: "deleted", DETACHED: "detached"}
"""The words of SQLAlchemy's documentation, "Quickie Intro to Object States"."""
DEPTH = 3
"""Attributes of attributes that are followed to an object."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """What is known of one attribute."""

    name: str
    state: LoadState


@dataclass(frozen=True, slots=True)
class Sighting:
    """One mapped object, by the expression that leads to it."""

    expression: str
    model: str
    life: str
    many: bool
    loaded_at: Site | None
    attributes: tuple[Attribute, ...]


@dataclass(frozen=True, slots=True)
class SessionSighting:
    """One session, by the expression that leads to it."""

    expression: str
    expire_on_commit: bool | None
    condition: str


@dataclass(frozen=True, slots=True)
class Situation:
    """One way in which the line is reached."""

    function: Function
    calls: tuple[Site, ...]
    objects: tuple[Sighting, ...]
    sessions: tuple[SessionSighting, ...]


@dataclass(slots=True)
class Probe:
    """Looks at one line; the interpreter shows it each statement that it is about to follow there."""

    path: Path
    line: int
    seen: list[Situation] = field(default_factory=list)

    def covers(self, module: Module | None, statement: ast.stmt) -> bool:
        """Whether the line belongs to a statement, or to the head of one that has a body."""
        if module is None or module.source.path != self.path:
            return False
        body = getattr(statement, "body", None)
        end = body[0].lineno - 1 if isinstance(body, list) and body else statement.end_lineno or statement.lineno
        return statement.lineno <= self.line <= max(end, statement.lineno)

    def look(self, function: Function | None, calls: tuple[Site, ...], state: State) -> None:
        """Write down what the state knows."""
        if function is None:
            return
        objects: list[Sighting] = []
        sessions: list[SessionSighting] = []
        met: set[int] = set()
        for expression, key in _reached(state, state.variables, "", DEPTH):
            record = state.heap.get(key)
            if key in met or record is None:
                continue
            met.add(key)
            if isinstance(record, OrmObject):
                objects.append(_sighting(expression, record))
            elif isinstance(record, SessionObject):
                sessions.append(SessionSighting(expression, record.expire_on_commit, _condition(record)))
        situation = Situation(function, calls, tuple(objects), tuple(sessions))
        if situation not in self.seen:
            self.seen.append(situation)


def _reached(state: State, names: Mapping[str, Value], prefix: str, depth: int) -> Iterator[tuple[str, int]]:
    """The objects that variables lead to, each with the expression for it."""
    for name, value in names.items():
        if name.startswith("~"):
            continue
        for atom in atoms(value):
            if not isinstance(atom, Ref):
                continue
            expression = f"{prefix}{name}"
            yield expression, atom.id
            record = state.heap.get(atom.id)
            if depth and isinstance(record, Instance):
                yield from _reached(state, record.attributes, f"{expression}.", depth - 1)
            elif depth and isinstance(record, OrmObject):
                related = {key: item for key, item in record.values.items() if key in record.mapped.relationships}
                yield from _reached(state, related, f"{expression}.", depth - 1)
            elif depth and isinstance(record, Collection):
                held = {f"[{place}]": item for place, item in enumerate(record.items or ())}
                if record.element is not None:
                    held["[...]"] = record.element
                yield from _reached(state, held, expression, depth - 1)


def _sighting(expression: str, record: OrmObject) -> Sighting:
    life = " or ".join(word for bit, word in LIVES.items() if record.life & bit)
    found = tuple(Attribute(name, known) for name, known in record.attributes.items())
    return Sighting(expression, record.mapped.name, life, record.many, record.loaded_at, found)


def _condition(record: SessionObject) -> str:
    if record.failed is not None:
        return "waits for a rollback"
    if record.aborted is not None:
        return "its transaction is aborted"
    if record.closed:
        return "closed"
    return "no transaction" if record.idle else "in a transaction"
