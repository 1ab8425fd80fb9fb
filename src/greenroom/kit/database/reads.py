"""A connection for reads, for as long as a block runs."""

from __future__ import annotations

import asyncio
from types import TracebackType

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from greenroom.kit.database.failures import translated


class ConnectionForReads:
    """Gives a connection of the reading engine, and raises what an error is to a client.

    A class and no generator: this is on the way of each request that reads.
    """

    __slots__ = ("_connection", "_engine", "_is_autocommit")

    _connection: AsyncConnection

    def __init__(self, engine: AsyncEngine, *, is_autocommit: bool) -> None:
        self._engine = engine
        self._is_autocommit = is_autocommit

    async def __aenter__(self) -> AsyncConnection:
        try:
            self._connection = await self._engine.connect()
        except Exception as error:
            _tell(error)
            raise
        return self._connection

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None and self._is_autocommit:
            await self._connection.close()
            return
        # To roll back takes a round trip: a cancellation must not cut it short.
        await asyncio.shield(asyncio.ensure_future(self._connection.close()))
        if isinstance(error, Exception):
            _tell(error)


def _tell(error: Exception) -> None:
    problem = translated(error)
    if problem is not None:
        raise problem from error
