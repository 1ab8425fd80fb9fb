"""Figures for the yearly report."""

from sqlalchemy import func, select

from app.db import session_factory
from app.models import Organisation


async def active_customers() -> int:
    """Return the number of organisations that are not archived."""
    async with session_factory() as session:
        return await session.scalar(select(func.count(Organisation.id)).where(Organisation.archived.is_(False))) or 0
