"""A plain engine beside the asynchronous one, a query that takes its time, and a pulse that shows whether the event loop runs."""

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends
from sqlalchemy import NullPool, create_engine, event, make_url
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session as PlainSession
from sqlalchemy.orm import sessionmaker

engine = create_async_engine(os.environ["DATABASE_URL"])
Session = async_sessionmaker(engine)
plain_engine = create_engine(make_url(os.environ["DATABASE_URL"]).set(drivername="sqlite"), poolclass=NullPool)
LocalSession = sessionmaker(plain_engine)


@event.listens_for(plain_engine, "connect")
@event.listens_for(engine.sync_engine, "connect")
def add_pause(connection: sqlite3.Connection, _: object) -> None:
    connection.create_function("pause", 1, time.sleep)


async def get_session() -> AsyncIterator[AsyncSession]:
    async with Session() as session:
        yield session


def get_plain_session() -> Iterator[PlainSession]:
    with LocalSession() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session)]
PlainSessionDep = Annotated[PlainSession, Depends(get_plain_session)]


@asynccontextmanager
async def pulse() -> AsyncIterator[list[float]]:
    """The times at which the event loop came round, a hundred a second."""
    beats: list[float] = []

    async def beat() -> None:
        while True:
            await asyncio.sleep(0.01)
            beats.append(time.monotonic())

    task = asyncio.create_task(beat())
    try:
        yield beats
    finally:
        task.cancel()
