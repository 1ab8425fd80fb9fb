"""Names what an exception means for the one question that matters here: was it implicit IO, or a kin of it?"""

from __future__ import annotations

import enum

from fastapi.exceptions import ResponseValidationError
from pydantic import ValidationError
from sqlalchemy.exc import (
    IllegalStateChangeError,
    InvalidRequestError,
    MissingGreenlet,
    PendingRollbackError,
    SQLAlchemyError,
    StatementError,
)
from sqlalchemy.orm.exc import DetachedInstanceError


class Kind(enum.Enum):
    """The ways in which an example can go wrong."""

    IMPLICIT_IO = "implicit IO"
    DETACHED = "detached instance"
    RAISELOAD = "raiseload"
    FAILED_FLUSH = "pending rollback"
    ENUM_STRING = "string in an enum column"
    CONCURRENT_USE = "concurrent use of a session"
    MISSING_AWAIT = "coroutine never awaited"
    UNREADABLE = "source that does not parse"
    SILENT = "silent loss"
    OTHER = "other exception"


_LOADING = frozenset({Kind.IMPLICIT_IO, Kind.DETACHED, Kind.RAISELOAD})
_KINDS_OF_RULES = {
    "unreadable-source": frozenset({Kind.UNREADABLE}),
    "detached-read": frozenset({Kind.DETACHED}),
    "raiseload-read": frozenset({Kind.RAISELOAD}),
    "response-reads-unloaded": _LOADING,
    "model-code-reads-unloaded": _LOADING,
    "read-after-failed-flush": frozenset({Kind.FAILED_FLUSH}),
    "session-shared-between-tasks": frozenset({Kind.CONCURRENT_USE}),
    "session-outlives-scope": frozenset({Kind.CONCURRENT_USE}),
    "missing-await": frozenset({Kind.MISSING_AWAIT}),
    "string-in-enum-column": frozenset({Kind.ENUM_STRING}),
}


def kinds_of_rule(rule: str) -> frozenset[Kind]:
    """What the runtime shows when a rule is right."""
    return _KINDS_OF_RULES.get(rule, frozenset({Kind.IMPLICIT_IO}))


def kind_of(error: BaseException) -> Kind:
    """Classify one exception by itself, not by what led to it: a wrapper raised in a handler is another event."""
    match error:
        case BaseExceptionGroup():
            kinds = {kind_of(member) for member in error.exceptions}
            return Kind.CONCURRENT_USE if Kind.CONCURRENT_USE in kinds else next(iter(kinds))
        case ResponseValidationError() | ValidationError():
            return _kind_of_text(str(error))
        case DetachedInstanceError():
            return Kind.DETACHED
        case PendingRollbackError():
            return Kind.FAILED_FLUSH
        case MissingGreenlet() | StatementError(orig=MissingGreenlet()):
            return Kind.IMPLICIT_IO
        case _ if _is_concurrent_use(error):
            return Kind.CONCURRENT_USE
        case InvalidRequestError() if "is not available due to" in str(error):
            return Kind.RAISELOAD
        case AttributeError() | TypeError():
            return _kind_of_misuse(str(error))
        case _:
            return Kind.OTHER


def _kind_of_text(text: str) -> Kind:
    if "greenlet_spawn has not been called" in text:
        return Kind.IMPLICIT_IO
    if "DetachedInstanceError" in text or "is not bound to a Session" in text:
        return Kind.DETACHED
    if "is not available due to" in text:
        return Kind.RAISELOAD
    return Kind.OTHER


def _is_concurrent_use(error: BaseException) -> bool:
    # The text of a foreign exception may hold the repr of a mapped object, and computing it may be implicit IO itself.
    if not isinstance(error, SQLAlchemyError):
        return False
    text = str(error)
    return isinstance(error, IllegalStateChangeError) or any(
        sign in text
        for sign in (
            "already flushing",
            "another operation is in progress",
            "another operation (",
            "concurrent operations are not permitted",
        )
    )


def _kind_of_misuse(text: str) -> Kind:
    if "'coroutine'" in text:
        return Kind.MISSING_AWAIT
    return Kind.ENUM_STRING if text.startswith("'str' object has no attribute") else Kind.OTHER
