"""One transaction around everything that an engine does, so that whatever a test or its application commits can be rolled back.

Every transaction of the engine becomes a savepoint of the outer one: begin is ``SAVEPOINT``, commit ``RELEASE SAVEPOINT``, rollback
``ROLLBACK TO SAVEPOINT``. SQLAlchemy's recipe for test suites (``join_transaction_mode="create_savepoint"``) does this for sessions that
are bound to one connection; here it holds for each connection of the engine, so sessions, factories and ``engine.begin()`` of an
application work on it as they are. The engine has to have one connection to the database, as with ``StaticPool``.
"""

from __future__ import annotations

import itertools
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.engine.interfaces import DBAPIConnection


class OverlapError(RuntimeError):
    """Two transactions of one test overlapped so that the connection which they share cannot do what is asked."""


class Savepoints:
    """What the transactions of an engine are, once it is attached."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._open: list[str] = []
        """Savepoints that the database has, innermost last."""
        self._of: dict[int, str] = {}
        """By the connection, as the pool has given it out, that has begun it."""

    def attach(self, engine: Engine) -> None:
        """Begin the outer transaction, and make all that follow parts of it. Nothing ends it but its own connection."""
        dialect: Any = engine.dialect
        with engine.connect() as connection:
            raw = connection.connection
            if engine.name == "sqlite":
                _send(raw, "BEGIN")  # the drivers of others begin one by themselves
            # Nothing that could be listened to stands in for these: an event comes before them, and cannot replace them.
            dialect.do_begin, dialect.do_commit, dialect.do_rollback = self._begin, self._commit, self._roll_back

    def _begin(self, connection: Any) -> None:  # noqa: ANN401 -- a connection of any driver
        name = f"greenroom_{next(self._numbers)}"
        _send(connection, f"SAVEPOINT {name}")
        self._open.append(name)
        self._of[id(connection)] = name

    def _commit(self, connection: Any) -> None:  # noqa: ANN401 -- as above
        name = self._of.pop(id(connection), None)
        if name in self._open:  # else one that began before it is committed, and it with that
            _send(connection, f"RELEASE SAVEPOINT {name}")
            del self._open[self._open.index(name) :]

    def _roll_back(self, connection: Any) -> None:  # noqa: ANN401 -- as above
        name = self._of.pop(id(connection), None)
        if name is None:
            return  # the pool resets what is given back
        if name not in self._open:
            raise OverlapError(
                "a transaction is to be rolled back that began while another one was open, which has ended since: the connections of"
                " greenroom_engine are one, and cannot do that; let such transactions follow each other in this test"
            )
        _send(connection, f"ROLLBACK TO SAVEPOINT {name}")
        _send(connection, f"RELEASE SAVEPOINT {name}")
        del self._open[self._open.index(name) :]


def _send(connection: DBAPIConnection | Any, statement: str) -> None:  # noqa: ANN401 -- as above
    cursor = connection.cursor()
    try:
        cursor.execute(statement)
    finally:
        cursor.close()
