"""Welcome letters."""

from app.db import session_factory
from app.models import User


async def welcome(email: str, full_name: str) -> str:
    """Make an account and return the link for its letter."""
    async with session_factory() as session:
        user = User(email=email, full_name=full_name)
        session.add(user)
        await session.flush()
        link = f"/people/{user.id}"
        await session.commit()
    return link
