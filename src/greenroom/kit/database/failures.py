"""What the database's errors mean to a client: problems without a word of the driver.

The classes are PostgreSQL's: https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import StaleDataError

from greenroom.kit.problems import Conflict, FieldError, Invalid, Problem, Unavailable

RETRY_AFTER: Final = {"Retry-After": "1"}


class Contended(Conflict):
    """Others changed the same rows at the same time; the whole unit of work may be run again."""

    status = HTTPStatus.CONFLICT
    slug = "contended"
    title = "Others were changing the same at the same time"


class AwayError(ConnectionError):
    """No connection could be had, or it was lost.

    It stands for what the operating system raises on the way to the server: another ``OSError`` of the application is not taken for it.
    """


@dataclass(frozen=True, slots=True)
class Broken:
    """What to tell when a constraint is broken: ``field`` is the JSON pointer of the member to blame, if any."""

    detail: str
    field: str | None = None
    problem: type[Problem] = Conflict
    code: str = "invalid"

    def raised(self) -> Problem:
        """Return the problem."""
        errors = [FieldError("body", self.field, self.detail, self.code)] if self.field is not None else []
        return self.problem(self.detail, errors=errors)


Constraints = Mapping[str, Broken]
"""By the name of the constraint, as the database knows it."""

BY_KIND: Final = MappingProxyType(
    {
        "23505": Broken("There is one like this already", code="not_unique"),
        "23503": Broken("It refers to what is not there, or is referred to", code="reference"),
        "23001": Broken("It is referred to", code="reference"),
        "23P01": Broken("It overlaps with another", code="overlap"),
        "23514": Broken("The values do not go together", problem=Invalid, code="check"),
        "23502": Broken("A value that is needed is missing", problem=Invalid, code="missing"),
        "22001": Broken("A text is longer than its column", problem=Invalid, code="too_long"),
        "22003": Broken("A value is out of range", problem=Invalid, code="out_of_range"),
        "22007": Broken("A date or time cannot be read", problem=Invalid),
        "22008": Broken("A date or time is out of range", problem=Invalid, code="out_of_range"),
        "22021": Broken("A text holds a character that cannot be stored", problem=Invalid, code="control_character"),
        "22P05": Broken("A text holds a character that cannot be stored", problem=Invalid, code="control_character"),
        "2201W": Broken("A limit is negative", problem=Invalid, code="out_of_range"),
        "2201X": Broken("An offset is negative", problem=Invalid, code="out_of_range"),
    }
)
"""By SQLSTATE: what is told about a constraint that the project has not declared, and about values that no column holds."""

CONTENDED: Final = frozenset({"40001", "40P01"})
"""serialization_failure and deadlock_detected: PostgreSQL has rolled back, and says itself that the transaction may be retried.

https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html
"""

AWAY: Final = frozenset({"57P01", "57P02", "57P03", "57P05", "53300", "08000", "08001", "08003", "08004", "08006", "08007"})
"""The server stops, starts, has no connection left, or the connection is lost. 08P01 is a fault of the settings, and not here."""

TOO_LONG: Final = frozenset({"57014", "55P03", "25P03", "25P04"})
"""A time limit of the server has ended the statement, the wait for a lock, or the transaction."""


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, and what SQLAlchemy and its adapter of the driver have wrapped."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = getattr(current, "orig", None) or current.__cause__


def sqlstate(error: BaseException) -> str | None:
    """Return PostgreSQL's code of an error, wherever in the chain it is."""
    return next((str(code) for one in causes(error) if (code := getattr(one, "sqlstate", None))), None)


def is_away(error: BaseException) -> bool:
    """Tell whether an error means that no connection can be had, or that it was lost."""
    code = sqlstate(error)
    if code is not None:
        return code in AWAY
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return any(_of_transport(one) for one in causes(error))


def _of_transport(error: BaseException) -> bool:
    if isinstance(error, asyncpg.InterfaceError):
        # The misuse of its interface, and values that do not fit, are errors of this class too.
        return "connection is closed" in str(error) or "connection was closed" in str(error)
    return isinstance(error, (AwayError, PoolTimeoutError))


def of_system(error: BaseException) -> AwayError | None:
    """Return what an error of the operating system, met while talking to the server, is from here on; None where it is another."""
    if isinstance(error, asyncpg.TargetServerAttributeNotMatched):
        return AwayError("no host of the URL is the one that target_session_attrs asks for")  # a failover
    if isinstance(error, OSError) and not isinstance(error, (AwayError, ssl.SSLCertVerificationError)):
        return AwayError(f"the database is away ({type(error).__name__})")
    return None


def translated(error: Exception, constraints: Constraints = MappingProxyType({})) -> Problem | None:
    """Return the problem that an error of the database is to its client, or None: then it is a fault of the program, and stays one."""
    if isinstance(error, Problem):
        return None
    if isinstance(error, StaleDataError):
        return Conflict("It has been changed or deleted by somebody else meanwhile")
    if not isinstance(error, (DBAPIError, AwayError, PoolTimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)):
        return None
    code = sqlstate(error)
    if code is None:
        return Unavailable(headers=RETRY_AFTER) if is_away(error) else None
    if code in CONTENDED:
        return Contended(headers=RETRY_AFTER)
    if code in TOO_LONG:
        return Unavailable("It took too long", headers=RETRY_AFTER)
    if code in AWAY:
        return Unavailable(headers=RETRY_AFTER)
    named = next((str(name) for one in causes(error) if (name := getattr(one, "constraint_name", None))), None)
    broken = constraints.get(named or "") or BY_KIND.get(_of_encoding(error) if code == _NOT_SENT else code)
    return broken.raised() if broken else None


_NOT_SENT: Final = "22000"
"""data_exception: asyncpg raises it itself when it cannot encode a value. Such a value never reaches the server."""


def _of_encoding(error: BaseException) -> str:
    """Return the code that the server would have given; a value of a wrong type is a fault of the program and has none."""
    if any(isinstance(one, OverflowError) for one in causes(error)):
        return "22003"
    return "22021" if any(isinstance(one, UnicodeEncodeError) for one in causes(error)) else ""
