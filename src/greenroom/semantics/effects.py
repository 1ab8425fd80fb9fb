"""The closed set of things that a session operation can do, as data.

A row names effects; :mod:`greenroom.interpret.session.sessions` is the only code that carries them out.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attach:
    """``add``, ``add_all``: transient becomes pending, detached becomes persistent; cascades along relationships."""

    each: bool = False


@dataclass(frozen=True, slots=True)
class Delete:
    """Mark for deletion at the next flush; after it the object keeps what it has in memory."""


@dataclass(frozen=True, slots=True)
class Flush:
    """Write pending and dirty objects; what the database generates is fetched or not, by dialect and mapper."""


@dataclass(frozen=True, slots=True)
class Autoflush:
    """A flush that happens only where the session's ``autoflush`` allows it and something waits to be written."""


@dataclass(frozen=True, slots=True)
class Commit:
    """End the transaction: everything is expired where ``expire_on_commit`` says so."""


@dataclass(frozen=True, slots=True)
class Rollback:
    """Undo: persistent objects are expired whatever the options say, new ones become transient and keep their values."""


@dataclass(frozen=True, slots=True)
class Close:
    """Detach every object."""


@dataclass(frozen=True, slots=True)
class Expire:
    """``expire(obj[, names])``; without an object every object."""

    everything: bool = False


@dataclass(frozen=True, slots=True)
class Detach:
    """``expunge``; ``everything`` for ``expunge_all``."""

    everything: bool = False


@dataclass(frozen=True, slots=True)
class Refresh:
    """Reload one object with the loader options that first brought it in; other relationships are unloaded."""


@dataclass(frozen=True, slots=True)
class Merge:
    """Copy the given object's state onto the persistent one, which is returned."""


@dataclass(frozen=True, slots=True)
class Get:
    """Load by primary key, from the identity map when it is there."""

    required: bool = False


@dataclass(frozen=True, slots=True)
class Execute:
    """Run a statement. ``shape`` says what comes back: ``rows``, ``scalars``, ``scalar``; ``stream`` results are awaited."""

    shape: str
    stream: bool = False


@dataclass(frozen=True, slots=True)
class RunSync:
    """Call the first argument where implicit IO is legal."""


@dataclass(frozen=True, slots=True)
class OpenBlock:
    """Return a context manager: ``begin``, ``begin_nested``."""

    kind: str


@dataclass(frozen=True, slots=True)
class Inert:
    """Changes nothing that the analysis follows."""


Effect = (
    Attach
    | Delete
    | Flush
    | Autoflush
    | Commit
    | Rollback
    | Close
    | Expire
    | Detach
    | Refresh
    | Merge
    | Get
    | Execute
    | RunSync
    | OpenBlock
    | Inert
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of a session: its effects in order, and whether the asynchronous session's version is awaited."""

    name: str
    effects: tuple[Effect, ...]
    awaits: bool = False
