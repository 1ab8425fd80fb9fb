"""FastAPI's side: a session that commits before the response is sent, and a connection for reads.

The exit of a dependency runs after the response is sent, unless its scope is "function": a failing commit would be answered 200.
https://fastapi.tiangolo.com/tutorial/dependencies/dependencies-with-yield/#early-exit-and-scope
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import HTTPConnection

from greenroom.kit.database.database import Database
from greenroom.kit.database.sessions import Session


def database_of(connection: HTTPConnection) -> Database:
    """Return the database of the application: ``app.state.database``."""
    database = getattr(connection.app.state, "database", None)
    if not isinstance(database, Database):
        raise TypeError("app.state.database is not set: `app.state.database = Database(DatabaseSettings())` before the first request")
    return database


# Not `Depends(database_of)`: a plain function would be called in a thread, for every request.
async def writing(request: HTTPConnection) -> AsyncIterator[Session]:
    """Give the session of the request's unit of work; it commits when the route has returned, before anything is sent."""
    async with database_of(request).begin() as session:
        yield session


async def reading(request: HTTPConnection) -> AsyncIterator[AsyncConnection]:
    """Give a connection for reads, handed back before anything is sent."""
    async with database_of(request).read() as connection:
        yield connection


Writing = Annotated[Session, Depends(writing, scope="function")]
"""``async def create(session: Writing)``: the one unit of work of the request."""

Reading = Annotated[AsyncConnection, Depends(reading, scope="function")]
"""``async def read(connection: Reading)``: reads by Core that cannot write."""
