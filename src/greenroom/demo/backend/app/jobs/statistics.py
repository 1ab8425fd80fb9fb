"""Figures for the yearly report."""

from app.db import session_factory
from app.models import Organisation


async def active_customers() -> int:
    """Return the number of organisations that are not archived."""
    async with session_factory() as session:
        return session.query(Organisation).filter(Organisation.archived.is_(False)).count()
