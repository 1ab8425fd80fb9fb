"""Who has to sign the new terms."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.db import session_factory
from app.models import Member, Role


async def signatures() -> list[str]:
    """Return the names of all owners, in the order of their membership."""
    async with session_factory() as session:
        statement = select(Member).where(Member.role == Role.OWNER).order_by(Member.id).options(joinedload(Member.user))
        members = (await session.scalars(statement)).all()
        return [member.user.full_name for member in members]
