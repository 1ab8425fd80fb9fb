"""Meetings: planned, handed over, reminded of."""

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import NotFoundError
from app.models import Meeting, Organisation, User
from app.schemas import MeetingChange, MeetingCreate, MeetingHost


class MeetingService:
    """Everything about meetings that needs the database."""

    def __init__(self, db: AsyncSession) -> None:
        self.db = db

    async def get(self, meeting_id: int) -> Meeting:
        """Return one meeting."""
        meeting = await self.db.get(Meeting, meeting_id)
        if meeting is None:
            raise NotFoundError("meeting", meeting_id)
        return meeting

    async def plan(self, organisation_id: int, payload: MeetingCreate) -> Meeting:
        """Plan a meeting with a customer."""
        if await self.db.get(Organisation, organisation_id) is None:
            raise NotFoundError("organisation", organisation_id)
        meeting = Meeting(title=payload.title)
        meeting.organisation_id = organisation_id
        meeting.starts_at = payload.starts_at.astimezone(UTC).replace(tzinfo=None)
        self.db.add(meeting)
        await self.db.commit()
        await self.db.refresh(meeting)
        return meeting

    async def hand_over(self, meeting_id: int, payload: MeetingHost) -> Meeting:
        """Give a meeting another host, or none."""
        meeting = await self.get(meeting_id)
        host_id = payload.host_id or None
        if host_id is not None and await self.db.get(User, host_id) is None:
            raise NotFoundError("user", host_id)
        meeting.host_id = host_id
        await self.db.commit()
        await self.db.refresh(meeting)
        return meeting

    async def change(self, meeting_id: int, payload: MeetingChange) -> Meeting:
        """Change what a meeting is about."""
        meeting = await self.get(meeting_id)
        for name, value in payload.model_dump(exclude_unset=True).items():
            setattr(meeting, name, value)
        await self.db.commit()
        await self.db.refresh(meeting)
        return meeting

    async def remind(self, meeting_id: int) -> datetime | None:
        """Note when the host was reminded."""
        meeting = await self.get(meeting_id)
        meeting.reminded_at = datetime.now(UTC)
        await self.db.commit()
        await self.db.refresh(meeting)
        return meeting.reminded_at

    async def minutes_left(self, meeting_id: int) -> int:
        """Return how soon a meeting begins."""
        meeting = await self.get(meeting_id)
        left = meeting.starts_at.replace(tzinfo=UTC) - datetime.now(UTC)
        return int(left.total_seconds() // 60)
