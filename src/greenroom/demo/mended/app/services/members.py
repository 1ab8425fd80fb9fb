"""Members and their roles, and people's own profiles."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import NotFoundError
from app.models import Member, Role, User
from app.schemas import ProfileUpdate, RoleChange


class MemberService:
    """Everything about members that needs the database."""

    def __init__(self, db: AsyncSession) -> None:
        self.db = db

    async def change_role(self, member_id: int, change: RoleChange) -> dict[str, str]:
        """Give a member another role."""
        member = await self.db.get(Member, member_id)
        if member is None:
            raise NotFoundError("member", member_id)
        member.role = Role(change.role)
        answer = {"role": member.role.value}
        await self.db.commit()
        return answer

    async def update_profile(self, user: User, payload: ProfileUpdate) -> User:
        """Change what a user says about themselves."""
        await self.db.refresh(user)
        user.full_name = payload.full_name
        await self.db.commit()
        await self.db.refresh(user)
        return user

    async def remove(self, member_id: int) -> None:
        """Take a member out of the organisation."""
        member = await self.db.get(Member, member_id)
        if member is None:
            raise NotFoundError("member", member_id)
        await self.db.delete(member)
        await self.db.commit()
