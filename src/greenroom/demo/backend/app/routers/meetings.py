"""Meetings over HTTP."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter

from app.routers.dependencies import CurrentUser, Meetings
from app.schemas import MeetingCreate, MeetingHost, MeetingRead

router = APIRouter(tags=["meetings"])


@router.post("/organisations/{organisation_id}/meetings", response_model=MeetingRead, status_code=201)
async def plan_meeting(organisation_id: int, payload: MeetingCreate, service: Meetings, user: CurrentUser):
    """Plan a meeting with a customer."""
    return await service.plan(organisation_id, payload)


@router.put("/meetings/{meeting_id}/host", response_model=MeetingRead)
async def hand_over(meeting_id: int, payload: MeetingHost, service: Meetings, user: CurrentUser):
    """Give a meeting another host, or none."""
    return await service.hand_over(meeting_id, payload)


@router.patch("/meetings/{meeting_id}", response_model=MeetingRead)
async def change(meeting_id: int, payload: dict[str, Any], service: Meetings, user: CurrentUser):
    """Change what a meeting is about."""
    return await service.change(meeting_id, payload)


@router.post("/meetings/{meeting_id}/reminder")
async def remind(meeting_id: int, service: Meetings, user: CurrentUser) -> datetime | None:
    """Remind the host."""
    return await service.remind(meeting_id)


@router.get("/meetings/{meeting_id}/countdown")
async def countdown(meeting_id: int, service: Meetings, user: CurrentUser) -> int:
    """Return the minutes until a meeting begins."""
    return await service.minutes_left(meeting_id)
