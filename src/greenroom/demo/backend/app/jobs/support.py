"""What support looks up."""

from sqlalchemy import select

from app.db import session_factory
from app.models import Invitation, InvitationStatus


async def is_open(token: str) -> bool:
    """Tell whether an invitation still waits for its answer, also when that comes in this moment."""
    async with session_factory() as session:
        invitation = (await session.scalars(select(Invitation).where(Invitation.token == token))).one()
        waiting = invitation.status == InvitationStatus.PENDING
    await session.refresh(invitation)
    return waiting
