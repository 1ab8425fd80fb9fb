"""Customers of the old system, brought over in one go."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncSession

from app.db import session_factory
from app.models import Organisation


async def bring_over(session: AsyncSession, name: str, slug: str) -> None:
    """Bring one customer over; a slug that is taken stops the job here."""
    session.add(Organisation(name=name, slug=slug))
    await session.flush()


async def takeover(customers: list[tuple[str, str]]) -> int:
    """Bring all customers over, or none of them, and return their number."""
    async with session_factory() as session:
        await asyncio.gather(*(bring_over(session, name, slug) for name, slug in customers))
        await session.commit()
    return len(customers)
