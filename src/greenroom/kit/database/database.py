"""The database as the application sees it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import MappingProxyType
from typing import Any, Final, TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from greenroom.kit.database.connecting import refused
from greenroom.kit.database.engines import reading_engine, writing_engine
from greenroom.kit.database.failures import Constraints, is_away, translated
from greenroom.kit.database.reads import ConnectionForReads
from greenroom.kit.database.retry import Tries, retried
from greenroom.kit.database.sessions import Listener, Session, session_factory
from greenroom.kit.database.settings import DatabaseSettings
from greenroom.kit.database.unit import Isolation, UnitOfWork
from greenroom.kit.problems import Unavailable

Result = TypeVar("Result")

_BETWEEN_TRIES: Final = 0.2
_log = logging.getLogger(__name__)


class Database:
    """Two engines and the sessions on them; make one for each process, and ``dispose`` of it at the end.

    ``listeners`` register events of SQLAlchemy on the sessions (the trail is one). ``constraints`` says, by name, what a broken
    constraint is to the client. Nothing connects before it is used.
    """

    def __init__(
        self, settings: DatabaseSettings, *, listeners: Sequence[Listener] = (), constraints: Constraints = MappingProxyType({})
    ) -> None:
        self.settings = settings
        for note in dict.fromkeys((*settings.target.notes, *settings.read_target.notes)):
            _log.warning("DATABASE_URL: %s", note)
        self.constraints = constraints
        self.engine = writing_engine(settings)
        self.reader = reading_engine(settings)
        self.sessions = session_factory(self.engine, listeners)
        self._reads_are_autocommit = not settings.read_target.pooled
        self._reading_sessions = session_factory(self.reader)

    def begin(self, *, info: Mapping[str, Any] | None = None, isolation: Isolation | None = None) -> AbstractAsyncContextManager[Session]:
        """Give a session for one unit of work: commits exactly once, at the end of the block; rolls back on any error.

        ``info`` becomes ``session.info``, for the listeners. Raises a ``Problem`` where an error of the database is one to the client:
        ``Conflict`` or ``Invalid`` for a broken constraint, ``Contended``, ``Unavailable``; the error is its ``__cause__``.
        """
        return UnitOfWork(self.sessions, self.constraints, info, isolation)

    async def run(
        self,
        work: Callable[[Session], Awaitable[Result]],
        *,
        info: Mapping[str, Any] | None = None,
        isolation: Isolation | None = None,
        tries: Tries | None = None,
    ) -> Result:
        """Do a whole unit of work, and again, in a new session, where others were in its way.

        Only ``Contended`` is retried (PostgreSQL has rolled back then): ``work`` may run several times, so all that it does besides
        the database must bear that. Raises what ``begin`` raises.
        """

        async def once() -> Result:
            async with self.begin(info=info, isolation=isolation) as session:
                return await work(session)

        return await retried(once, tries or Tries())

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Give a connection for reads by Core; PostgreSQL refuses every write on it. Each statement sees what is committed then."""
        return ConnectionForReads(self.reader, is_autocommit=self._reads_are_autocommit)

    @asynccontextmanager
    async def read_session(self) -> AsyncIterator[Session]:
        """Give a session for reads where objects of the ORM are wanted; PostgreSQL refuses every write in it."""
        try:
            async with self._reading_sessions() as session:
                yield session
        except Exception as error:
            problem = translated(error)
            if problem is None:
                raise
            raise problem from error

    async def wait(self, seconds: float = 30) -> None:
        """Wait until the database answers, at start-up; raise ``Unavailable`` after that many seconds.

        Raises ``SettingsError`` at once for what waiting cannot mend: a wrong password, no such database, a pooler that the settings
        do not know of; and any other error as it is.
        """
        end = asyncio.get_running_loop().time() + seconds
        is_told = False
        while True:
            try:
                async with asyncio.timeout_at(end), self.engine.connect() as connection:
                    await connection.execute(text("SELECT 1"))
            except Exception as error:
                # Ours, or the end of the waiting.
                refusal = refused(error, "DATABASE_URL")
                if refusal is not None:
                    raise refusal from None
                if not is_away(error) and not isinstance(error, TimeoutError):
                    raise
                if asyncio.get_running_loop().time() >= end:
                    raise Unavailable(f"The database has not answered for {seconds:g} seconds") from error
                if not is_told:
                    _log.warning("the database does not answer yet; waiting up to %g seconds for it", seconds)
                    is_told = True
                await asyncio.sleep(_BETWEEN_TRIES)
            else:
                return

    async def dispose(self) -> None:
        """Close all connections."""
        await self.engine.dispose()
        await self.reader.dispose()
