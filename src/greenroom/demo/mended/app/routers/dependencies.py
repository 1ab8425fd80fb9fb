"""Who asks, and with which services."""

from typing import Annotated

from fastapi import Depends, Header, HTTPException
from sqlalchemy import select

from app.db import SessionDep
from app.models import User
from app.services.invitations import InvitationService
from app.services.meetings import MeetingService
from app.services.members import MemberService
from app.services.organisations import OrganisationService


async def get_current_user(db: SessionDep, x_user: Annotated[str, Header()]) -> User:
    """Return the user whom the gateway has authenticated."""
    user = await db.scalar(select(User).where(User.email == x_user))
    if user is None:
        raise HTTPException(status_code=401, detail="unknown user")
    return user


def get_organisations(db: SessionDep) -> OrganisationService:
    """Return the service on this request's session."""
    return OrganisationService(db)


def get_invitations(db: SessionDep) -> InvitationService:
    """Return the service on this request's session."""
    return InvitationService(db)


def get_members(db: SessionDep) -> MemberService:
    """Return the service on this request's session."""
    return MemberService(db)


def get_meetings(db: SessionDep) -> MeetingService:
    """Return the service on this request's session."""
    return MeetingService(db)


CurrentUser = Annotated[User, Depends(get_current_user)]
Organisations = Annotated[OrganisationService, Depends(get_organisations)]
Invitations = Annotated[InvitationService, Depends(get_invitations)]
Members = Annotated[MemberService, Depends(get_members)]
Meetings = Annotated[MeetingService, Depends(get_meetings)]
