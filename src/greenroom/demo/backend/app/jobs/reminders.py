"""Letters to people who have not answered an invitation."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from app.db import session_factory
from app.models import Invitation, InvitationStatus
from app.settings import settings


async def reminders(now: datetime | None = None) -> list[str]:
    """Return the letters that are due."""
    before = (now or datetime.now(UTC)) - timedelta(days=settings.reminder_after_days)
    async with session_factory() as session:
        statement = select(Invitation).where(Invitation.status == InvitationStatus.PENDING, Invitation.created_at < before)
        invitations = (await session.scalars(statement)).all()
    letters = []
    for invitation in invitations:
        letters.append(f"{invitation.email}: {invitation.organisation.name} is waiting for you")
    return letters
