"""What is thrown away at night."""

from sqlalchemy import delete

from app.db import session_factory
from app.models import Invitation, InvitationStatus


async def forget_answered_invitations() -> None:
    """Delete the invitations that nobody needs any more."""
    async with session_factory.begin() as session:
        await session.execute(delete(Invitation).where(Invitation.status != InvitationStatus.PENDING))
