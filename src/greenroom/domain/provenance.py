"""Provenance: where plain values come from. It is told by the tokens that identify them, so it costs no state of its own.

What the client sends, what a clock said, and what a schema was turned into keep that as long as they are handed on as they are;
whatever is made of them is something else.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from greenroom.domain.values import Anything, Value, atoms
from greenroom.program.symbols import Class


@dataclass(frozen=True, slots=True)
class Sent:
    """Identity of a value that the client sends: a parameter of an endpoint, or a field of one."""

    name: str
    holder: Hashable
    """The token of the value whose field it is; of a parameter, its place in the source."""
    schema: Class | None = None
    """The class of the holder, where it is a schema."""

    @property
    def told(self) -> Hashable:
        """What calls may depend on beside which value it is."""
        return "sent"


@dataclass(frozen=True, slots=True)
class Dump:
    """Identity of a dictionary that was made of the fields of a schema: ``body.model_dump()``."""

    schema: Class
    holder: Hashable
    """The token of the schema object."""
    without: frozenset[str] = frozenset()
    """Fields that are not in it any more, or hold something else by now."""
    partial: bool = False
    """Whether fields may be missing, or be there that the schema does not have."""
    part: str = ""
    """``items``, ``keys``, or ``pair``, ``key`` and ``value`` for each of them; empty for the dictionary itself."""

    @property
    def told(self) -> Hashable:
        """What calls may depend on beside which value it is."""
        return (self.schema, self.without, self.partial, self.part)

    def field(self, name: str) -> Sent:
        """The identity of what it holds under a name."""
        return Sent(name, self.holder, self.schema)


@dataclass(frozen=True, slots=True)
class Clock:
    """Identity of a moment that was made here: with a timezone, or without."""

    aware: bool
    call: str
    """How the source asks for it: ``datetime.now(...)``."""
    node: int

    @property
    def told(self) -> Hashable:
        """What calls may depend on beside which value it is."""
        return (self.aware, self.call)


@dataclass(frozen=True, slots=True)
class Tested:
    """A mark: the truth of a value was asked for, so that 0 goes another way than other numbers."""

    holder: Hashable


@dataclass(frozen=True, slots=True)
class Seen:
    """A mark: what an attribute of a class was is looked at."""

    model: Class
    attribute: str


Source: TypeAlias = Sent | Dump | Clock
SOURCES = (Sent, Dump, Clock)
HANDLED = "an integrity error is handled"
"""A mark among the tokens that were looked at."""


def sources(value: Value) -> Iterator[tuple[Anything, Source]]:
    """The parts of a value whose provenance is known."""
    for atom in atoms(value):
        if type(atom) is Anything and isinstance(atom.token, SOURCES):
            yield atom, atom.token


def sent(value: Value) -> Iterator[Sent]:
    """The parts of a value that the client sends."""
    for _, token in sources(value):
        if isinstance(token, Sent):
            yield token


def tokens(values: Iterable[Value]) -> Iterator[Hashable]:
    """The identities of everything among ``values`` that the client sends, alone or as a whole."""
    for value in values:
        for _, token in sources(value):
            if isinstance(token, Sent):
                yield token
            elif isinstance(token, Dump):
                yield token.holder


def around(token: Hashable) -> Iterator[Hashable]:
    """A value, and the values of which it is a part."""
    while isinstance(token, Sent):
        yield token
        token = token.holder
    yield token


def moved(token: Sent | Dump | Tested, holder: Hashable) -> Hashable:
    """The same part of another value."""
    return replace(token, holder=holder)
