"""How a new organisation gets its checklist."""

import logging

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import make_transient

from app.errors import ConflictError, NotFoundError
from app.models import Organisation, Step

logger = logging.getLogger(__name__)

FIRST_STEPS = ("Invite your team", "Connect your calendar", "Choose a plan")


class OnboardingService:
    """Provisioning, which runs once per organisation."""

    def __init__(self, db: AsyncSession) -> None:
        self.db = db

    async def provision(self, name: str, slug: str) -> int:
        """Create an organisation with the standard checklist and return the number of its items."""
        steps = [Step(title=title, position=position) for position, title in enumerate(FIRST_STEPS)]
        organisation = Organisation(name=name, slug=slug, steps=steps)
        self.db.add(organisation)
        await self.db.flush()
        await self.db.refresh(organisation)
        count = len(organisation.steps)
        await self.db.commit()
        return count

    async def copy_step(self, step_id: int, organisation_id: int) -> Step:
        """Copy an item of one checklist into another and mark the original as done."""
        step = await self.db.get(Step, step_id)
        if step is None:
            raise NotFoundError("step", step_id)
        title = step.title
        step.done = True
        await self.db.commit()
        make_transient(step)
        step.id = None
        step.title = f"{title} (copy)"
        step.organisation_id = organisation_id
        self.db.add(step)
        await self.db.commit()
        await self.db.refresh(step)
        return step

    async def claim_slug(self, organisation_id: int, slug: str) -> None:
        """Move an organisation to another address, when nobody else lives there."""
        organisation = await self.db.get(Organisation, organisation_id)
        if organisation is None:
            raise NotFoundError("organisation", organisation_id)
        organisation.slug = slug
        try:
            await self.db.flush()
        except IntegrityError as error:
            logger.warning("%s cannot move to %s", organisation.name, slug)
            raise ConflictError(f"{slug} is taken") from error
        await self.db.commit()
