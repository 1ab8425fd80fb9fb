"""The plan of an organisation, and the trail of what was done to it."""

from fastapi import APIRouter
from sqlalchemy import update

from app.db import SessionDep
from app.errors import NotFoundError
from app.models import Organisation, Plan
from app.routers.dependencies import CurrentUser
from app.services.audit import record

router = APIRouter(tags=["trail"])


@router.put("/organisations/{organisation_id}/plan", status_code=204)
async def choose_plan(organisation_id: int, plan: Plan, db: SessionDep, user: CurrentUser) -> None:
    """Change what an organisation pays for."""
    actor_id = user.id
    await db.execute(update(Organisation).where(Organisation.id == organisation_id).values(plan=plan))
    await record(db, organisation_id, actor_id, "plan", plan=plan.value)


@router.post("/organisations/{organisation_id}/trail/redact", status_code=204)
async def redact(organisation_id: int, db: SessionDep, user: CurrentUser) -> None:
    """Take what was written about people out of the trail."""
    if await db.get(Organisation, organisation_id) is None:
        raise NotFoundError("organisation", organisation_id)
    await record(db, organisation_id, user.id, "redact")
