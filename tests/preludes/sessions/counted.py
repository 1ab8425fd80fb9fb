"""Sessions whose statements are counted."""

import os
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session as PlainSession

engine = create_async_engine(os.environ["DATABASE_URL"])
Session = async_sessionmaker(engine, expire_on_commit=False)

statements: list[str] = []
"""What the database has been asked since the last call of ``counted``."""


@event.listens_for(engine.sync_engine, "before_cursor_execute")
def note(connection: Connection, cursor: object, statement: str, *_: object) -> None:
    statements.append(statement)


def counted() -> int:
    """The number of statements since the last call."""
    number = len(statements)
    statements.clear()
    return number


async def get_session() -> AsyncIterator[AsyncSession]:
    async with Session() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session)]
__all__ = ["PlainSession", "Session", "SessionDep", "counted", "engine", "get_session"]
