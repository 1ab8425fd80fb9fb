"""Organisations and their checklists."""

import logging

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import NotFoundError
from app.models import AuditEntry, Member, Organisation, Role, Step, User
from app.schemas import OrganisationCreate, StepCreate
from app.services.audit import record

logger = logging.getLogger(__name__)


class OrganisationService:
    """Everything about organisations that needs the database."""

    def __init__(self, db: AsyncSession) -> None:
        self.db = db

    async def get(self, organisation_id: int) -> Organisation:
        """Return one organisation."""
        organisation = await self.db.get(Organisation, organisation_id)
        if organisation is None:
            raise NotFoundError("organisation", organisation_id)
        return organisation

    async def list_for(self, user: User) -> list[Organisation]:
        """Return the organisations of a user, by name."""
        statement = (
            select(Organisation)
            .join(Organisation.members)
            .where(Member.user_id == user.id, Organisation.archived.is_(False))
            .order_by(Organisation.name)
        )
        return list((await self.db.scalars(statement)).all())

    async def create(self, payload: OrganisationCreate, owner: User) -> Organisation:
        """Create an organisation with its first member."""
        organisation = Organisation(name=payload.name, slug=payload.slug, plan=payload.plan)
        organisation.members.append(Member(user=owner, role=Role.OWNER))
        self.db.add(organisation)
        await self.db.commit()
        logger.info("organisation %s created", payload.slug)
        await self.db.refresh(organisation)
        return organisation

    async def rename(self, organisation_id: int, name: str, actor: User) -> dict[str, str]:
        """Give an organisation a new name and say when it took effect."""
        organisation = await self.get(organisation_id)
        organisation.name = name
        await self.db.flush()
        await self.db.refresh(organisation, ["updated_at"])
        answer = {"name": organisation.name, "since": organisation.updated_at.isoformat()}
        await record(self.db, organisation_id, actor.id, "rename", name=name)
        return answer

    async def open_steps(self, organisation_id: int) -> list[str]:
        """Return the titles of what is still to do."""
        steps = await self.db.scalars(select(Step).where(Step.organisation_id == organisation_id).order_by(Step.position))
        return [step.title for step in steps if not step.done]

    async def notes(self, organisation_id: int) -> str:
        """Return what the customer team noted during onboarding."""
        organisation = await self.get(organisation_id)
        await self.db.refresh(organisation, ["onboarding_notes"])
        return organisation.onboarding_notes or ""

    async def add_step(self, organisation_id: int, payload: StepCreate) -> Step:
        """Add an item to the checklist."""
        organisation = await self.get(organisation_id)
        step = Step(title=payload.title, hint=payload.hint, organisation=organisation)
        self.db.add(step)
        await self.db.commit()
        await self.db.refresh(step)
        return step

    async def headline(self, organisation_id: int) -> str:
        """Return one line for the dashboard."""
        organisation = await self.get(organisation_id)
        await self.db.refresh(organisation, ["steps"])
        return f"{organisation.name}: {organisation.progress} done"

    async def activity(self, organisation_id: int) -> int:
        """Return how many audit entries there are."""
        statement = select(func.count()).select_from(AuditEntry).where(AuditEntry.organisation_id == organisation_id)
        return await self.db.scalar(statement) or 0
