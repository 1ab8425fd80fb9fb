"""Which errors are implicit IO or a kin of it, however they are wrapped."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.exc import IllegalStateChangeError, InvalidRequestError, MissingGreenlet, SQLAlchemyError, StatementError
from sqlalchemy.orm.exc import DetachedInstanceError

from greenroom.trace import Incident, Kind

_INCIDENT = "greenroom_incident"
_LINKED = 200
"""How many errors that hang together are looked at."""
_SIGNS = (
    (InvalidRequestError, "is not available due to", Kind.RAISELOAD),
    (InvalidRequestError, "concurrent operations are not permitted", Kind.CONCURRENT_USE),
    (InvalidRequestError, "already flushing", Kind.CONCURRENT_USE),
    (StatementError, "another operation is in progress", Kind.CONCURRENT_USE),
    (StatementError, "another operation (", Kind.CONCURRENT_USE),
)
"""What is told by the words of a message alone."""


def kind_of(error: BaseException) -> Kind | None:
    """Return what an error of SQLAlchemy means by itself; ``None`` for those that are none of ours.

    From 2.1 on a driver's adapter may wrap ``MissingGreenlet`` in ``StatementError``.
    """
    match error:
        case MissingGreenlet() | StatementError(orig=MissingGreenlet()):
            return Kind.IMPLICIT_IO
        case DetachedInstanceError():
            return Kind.DETACHED
        case IllegalStateChangeError():
            return Kind.CONCURRENT_USE
        case InvalidRequestError() | StatementError():
            return _kind_of_words(error)
        case _:
            return None


def _kind_of_words(error: SQLAlchemyError) -> Kind | None:
    # The text of a StatementError holds the repr of its parameters, which may be anything: that of the driver's error is enough.
    text = str(error.orig) if isinstance(error, StatementError) else str(error.args[0] if error.args else "")
    for cls, words, kind in _SIGNS:
        if isinstance(error, cls) and words in text:
            return kind
    return None


def mark(error: BaseException, incident: Incident) -> None:
    """Write the incident on the error that it was."""
    setattr(error, _INCIDENT, incident)


def incident_of(error: BaseException) -> Incident | None:
    """Return the incident that this very error was."""
    found = getattr(error, _INCIDENT, None)
    return found if isinstance(found, Incident) else None


def incidents_of(error: BaseException) -> Iterator[Incident]:
    """Yield the incidents of an error and of all that it wraps, each once."""
    told: list[Incident] = []
    for one in linked(error):
        incident = incident_of(one)
        if incident is not None and not any(incident is other for other in told):
            told.append(incident)
            yield incident


def linked(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and all that it wraps: causes, contexts (suppressed ones too), members of groups, the driver's error; each once.

    A chain may be a circle, and as long as an application likes; it ends after a bound.
    """
    seen = {id(error)}
    waiting = [error]
    for one in waiting:
        yield one
        driver = one.orig if isinstance(one, StatementError) else None
        wrapped = (one.__cause__, one.__context__, driver, *_members(one))
        for other in wrapped:
            if isinstance(other, BaseException) and id(other) not in seen and len(seen) < _LINKED:
                seen.add(id(other))
                waiting.append(other)


def _members(error: BaseException) -> tuple[BaseException, ...]:
    return error.exceptions if isinstance(error, BaseExceptionGroup) else ()
