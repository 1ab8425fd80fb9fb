"""Who has to sign the new terms."""

from sqlalchemy import select

from app.db import session_factory
from app.models import Member, Role, User


async def signatures() -> list[str]:
    """Return the names of all owners, in the order of their membership."""
    async with session_factory() as session:
        statement = select(Member).where(Member.role == Role.OWNER).order_by(Member.id)
        members = (await session.scalars(statement)).all()
        names = []
        for member in members:
            user = await session.get_one(User, member.user_id)
            names.append(user.full_name)
        return names
