"""Checklists that arrive as files."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from app.db import session_factory
from app.models import Step


@asynccontextmanager
async def transaction() -> AsyncIterator[AsyncSession]:
    """Keep everything that is done in the block."""
    session = session_factory()
    try:
        yield session
    finally:
        await session.commit()
        await session.close()


async def take_in(organisation_id: int, titles: list[str]) -> None:
    """Add the items of a file to a checklist; a file with an empty line is refused."""
    async with transaction() as session:
        for position, title in enumerate(titles, 10):
            if not title.strip():
                raise ValueError(f"line {position - 9} is empty")
            session.add(Step(organisation_id=organisation_id, title=title, position=position))
