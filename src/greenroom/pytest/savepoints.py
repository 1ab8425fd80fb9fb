"""One transaction around everything that an engine does, so that whatever a test or its application commits can be rolled back.

Every transaction of the engine becomes a savepoint of the outer one: begin is ``SAVEPOINT``, commit ``RELEASE SAVEPOINT``, rollback
``ROLLBACK TO SAVEPOINT``. SQLAlchemy's recipe for test suites (``join_transaction_mode="create_savepoint"``) does this for sessions that
are bound to one connection; here it holds for each connection of the engine, so sessions, factories and ``engine.begin()`` of an
application work on it as they are. The engine has to have one connection to the database, as with ``StaticPool``.

Savepoints are nested, and transactions that overlap are not. So a savepoint stays until those that began after it have ended, one that has
changed nothing is not rolled back, and one that takes changes of others with it is told in a warning.
"""

from __future__ import annotations

import itertools
import re
import warnings
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext

_CHANGES = re.compile(
    r"\s*(?!(SELECT|VALUES|WITH|SHOW|EXPLAIN|SET|PRAGMA|SAVEPOINT|RELEASE|ROLLBACK)\b)\w|\s*WITH\b.*\b(INSERT|UPDATE|DELETE|MERGE)\b",
    re.IGNORECASE | re.DOTALL,
)


class OverlapWarning(UserWarning):
    """A rollback has undone what another transaction of the same test had done: the connection that they share cannot tell them apart."""


@dataclass(slots=True, eq=False)
class Part:
    """One transaction of the engine, which is a part of the outer one."""

    name: str
    changed: bool = False
    """Whether there is something to roll back."""
    covers: bool = False
    """Whether another part has changed something since this one began."""
    ended: bool = False


class Savepoints:
    """What the transactions of an engine are, once it is attached."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._parts: list[Part] = []
        """Those whose savepoints the database has, innermost last."""
        self._of: dict[int, Part] = {}
        """By the connection, as the pool has given it out, that has begun it."""
        self._over = False

    def end(self) -> None:
        """Leave the rest to the end of the connection, which undoes everything."""
        self._over = True

    def attach(self, engine: Engine) -> None:
        """Begin the outer transaction, and make all that follow parts of it. Nothing ends it but its own connection."""
        dialect: Any = engine.dialect
        with engine.connect() as connection:
            if engine.name == "sqlite":
                _send(connection.connection, "BEGIN")  # the drivers of others begin one by themselves
            # Nothing that could be listened to stands in for these: an event comes before them, and cannot replace them.
            dialect.do_begin, dialect.do_commit, dialect.do_rollback = self._begin, self._commit, self._roll_back
        event.listen(engine, "before_cursor_execute", self._sent)
        event.listen(engine, "handle_error", self._failed)

    def _begin(self, connection: Any) -> None:  # noqa: ANN401 -- a connection of any driver
        part = Part(f"greenroom_{next(self._numbers)}")
        _send(connection, f"SAVEPOINT {part.name}")
        self._parts.append(part)
        self._of[id(connection)] = part

    def _commit(self, connection: Any) -> None:  # noqa: ANN401 -- as above
        part = self._of.pop(id(connection), None)
        if part is not None:
            part.ended = True
            self._release(connection)

    def _roll_back(self, connection: Any) -> None:  # noqa: ANN401 -- as above
        part = self._of.pop(id(connection), None)
        if part is None or self._over:
            return  # the pool resets what is given back
        part.ended = True
        if part.changed:
            if part.covers:
                warnings.warn(
                    "a transaction was rolled back that had begun before another one changed something, and so was that change:"
                    " all connections of greenroom_engine are one; end the first before the other begins",
                    OverlapWarning,
                    stacklevel=2,
                )
            at = self._parts.index(part)
            others = [other for other in self._parts[at + 1 :] if not other.ended]
            _send(connection, f"ROLLBACK TO SAVEPOINT {part.name}")
            del self._parts[at + 1 :]
            self._release(connection)
            for other in others:
                _send(connection, f"SAVEPOINT {other.name}")
            self._parts += others
        self._release(connection)

    def _release(self, connection: Any) -> None:  # noqa: ANN401 -- as above
        """Release the savepoints that nothing which goes on lies in."""
        first = len(self._parts)
        while first and self._parts[first - 1].ended:
            first -= 1
        if first < len(self._parts):
            _send(connection, f"RELEASE SAVEPOINT {self._parts[first].name}")
            del self._parts[first:]

    def _sent(self, connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        part = self._of.get(id(connection.connection))
        if part is not None and _CHANGES.match(statement):
            part.changed = True
            for other in self._parts:
                other.covers |= other is not part

    def _failed(self, context: ExceptionContext) -> None:
        # PostgreSQL goes on only after a rollback, whatever has failed.
        part = self._of.get(id(context.connection.connection)) if context.connection is not None and not context.is_disconnect else None
        if part is not None:
            part.changed = True


def _send(connection: Any, statement: str) -> None:  # noqa: ANN401 -- as above
    cursor = connection.cursor()
    try:
        cursor.execute(statement)
    finally:
        cursor.close()
