"""Meetings: planned, handed over, reminded of."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import NotFoundError
from app.models import Meeting
from app.schemas import MeetingCreate, MeetingHost


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
        meeting = Meeting(title=payload.title)
        meeting.organisation_id = organisation_id
        meeting.starts_at = payload.starts_at
        self.db.add(meeting)
        await self.db.commit()
        await self.db.refresh(meeting)
        return meeting

    async def hand_over(self, meeting_id: int, payload: MeetingHost) -> Meeting:
        """Give a meeting another host, or none."""
        meeting = await self.get(meeting_id)
        meeting.host_id = payload.host_id
        await self.db.commit()
        await self.db.refresh(meeting)
        return meeting

    async def change(self, meeting_id: int, payload: dict[str, Any]) -> Meeting:
        """Change what a meeting is about."""
        meeting = await self.get(meeting_id)
        for name, value in payload.items():
            setattr(meeting, name, value)
        await self.db.commit()
        await self.db.refresh(meeting)
        return meeting

    async def remind(self, meeting_id: int) -> datetime | None:
        """Note when the host was reminded."""
        meeting = await self.get(meeting_id)
        meeting.reminded_at = datetime.utcnow()
        await self.db.commit()
        await self.db.refresh(meeting)
        return meeting.reminded_at

    async def minutes_left(self, meeting_id: int) -> int:
        """Return how soon a meeting begins."""
        meeting = await self.get(meeting_id)
        left = meeting.starts_at - datetime.now(UTC)
        return int(left.total_seconds() // 60)
