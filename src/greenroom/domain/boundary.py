"""What was seen at the edge of an API: events about values that the client sends, and about what is answered."""

from __future__ import annotations

from dataclasses import dataclass

from greenroom.domain.events import Event


@dataclass(frozen=True, slots=True)
class MixedMoment(Event):
    """A date with a time goes into a column of the other kind: with a timezone into one without, or the other way round."""

    model: str
    attribute: str
    aware: bool
    """Whether the value has a timezone."""
    value: str
    """How the value is described."""
    client: bool
    """Whether it is the client that sends it so."""
    refused: bool
    """Whether the column's type refuses it itself, whatever the database."""
    stored: bool
    """Whether it is stored, not compared with the column in a query."""


@dataclass(frozen=True, slots=True)
class MomentsCompared(Event):
    """A date with a time from a column meets one of the other kind in Python."""

    model: str
    attribute: str
    value: str
    aware: bool
    """Whether the value that is not the column's has a timezone."""
    action: str
    """``compared`` or ``subtracted``."""


@dataclass(frozen=True, slots=True)
class MassAssigned(Event):
    """All that a client sends goes into an object at once, and it may send what is not for clients to say."""

    model: str
    source: str
    """How what is sent is described."""
    columns: tuple[str, ...]
    """The columns that the client may set, and should not; empty where it may set every one."""


@dataclass(frozen=True, slots=True)
class EveryRow(Event):
    """An endpoint answers with every row of a table."""

    model: str


@dataclass(frozen=True, slots=True)
class UncheckedTransition(Event):
    """A client says what the status of an object is, and nothing on the way looks at what it was."""

    model: str
    attribute: str
    value: str


@dataclass(frozen=True, slots=True)
class RawResponse(Event):
    """An endpoint answers with an object as it is: no response model and no return type says what of it is sent."""

    model: str
    columns: tuple[str, ...]
    """What is sent, as far as it is loaded."""


@dataclass(frozen=True, slots=True)
class UncheckedKey(Event):
    """A key that the client sends goes into a foreign key, and nothing on the way asks whether there is such a row."""

    model: str
    attribute: str
    value: str
    target: str
    """What the foreign key points to: ``users.id``."""
    zero: bool
    """Whether it may be left out, so that clients send 0 for nothing."""
