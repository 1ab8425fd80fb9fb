"""Invitations: sent, accepted, revoked."""

import logging
import secrets

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import ConflictError, NotFoundError
from app.models import Invitation, InvitationStatus, Member, Organisation, User
from app.schemas import InvitationCreate
from app.services.audit import record

logger = logging.getLogger(__name__)


class InvitationService:
    """Everything about invitations that needs the database."""

    def __init__(self, db: AsyncSession) -> None:
        self.db = db

    async def by_token(self, token: str) -> Invitation:
        """Return the invitation that a letter speaks of."""
        invitation = await self.db.scalar(select(Invitation).where(Invitation.token == token))
        if invitation is None:
            raise NotFoundError("invitation", token)
        return invitation

    async def pending(self, organisation_id: int) -> list[Invitation]:
        """Return the invitations that nobody has answered."""
        statement = select(Invitation).where(
            Invitation.organisation_id == organisation_id,
            Invitation.status == InvitationStatus.PENDING,
        )
        return list((await self.db.scalars(statement)).all())

    async def invite(self, organisation_id: int, payload: InvitationCreate, inviter: User) -> Invitation:
        """Invite somebody and write it into the trail."""
        if await self.db.get(Organisation, organisation_id) is None:
            raise NotFoundError("organisation", organisation_id)
        invitation = Invitation(
            organisation_id=organisation_id,
            email=payload.email,
            role=payload.role,
            token=secrets.token_urlsafe(32),
        )
        self.db.add(invitation)
        await record(self.db, organisation_id, inviter.id, "invite", email=payload.email)
        logger.info("%s invited %s", inviter.email, payload.email)
        await self.db.refresh(invitation)
        return invitation

    async def accept(self, token: str, user: User) -> Member:
        """Make the user a member; an invitation can be used once."""
        invitation = await self.by_token(token)
        invitation.status = InvitationStatus.ACCEPTED
        member = Member(organisation_id=invitation.organisation_id, user_id=user.id, role=invitation.role)
        self.db.add(member)
        try:
            await self.db.commit()
        except IntegrityError as error:
            await self.db.rollback()
            logger.warning("invitation %s was accepted twice", invitation.id)
            raise ConflictError("already a member") from error
        await self.db.refresh(member, ["id", "role", "user"])
        return member
