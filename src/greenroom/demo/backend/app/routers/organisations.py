"""Organisations over HTTP."""

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.db import SessionDep
from app.errors import NotFoundError
from app.models import Member, Organisation
from app.routers.dependencies import CurrentUser, Organisations
from app.schemas import OrganisationCreate, OrganisationDetail, OrganisationRead, OrganisationRename, StepCreate, StepRead

router = APIRouter(prefix="/organisations", tags=["organisations"])


@router.get("", response_model=list[OrganisationRead])
async def list_organisations(service: Organisations, user: CurrentUser):
    """List the caller's organisations."""
    return await service.list_for(user)


@router.post("", response_model=OrganisationRead, status_code=201)
async def create_organisation(payload: OrganisationCreate, service: Organisations, user: CurrentUser):
    """Create an organisation that the caller owns."""
    return await service.create(payload, user)


@router.get("/{organisation_id}", response_model=OrganisationDetail)
async def read_organisation(organisation_id: int, db: SessionDep, user: CurrentUser):
    """Return an organisation with its people and its checklist."""
    organisation = await db.scalar(
        select(Organisation)
        .options(selectinload(Organisation.members).selectinload(Member.user))
        .where(Organisation.id == organisation_id)
    )
    if organisation is None:
        raise NotFoundError("organisation", organisation_id)
    return organisation


@router.patch("/{organisation_id}")
async def rename_organisation(
    organisation_id: int, payload: OrganisationRename, service: Organisations, user: CurrentUser
) -> dict[str, str]:
    """Give an organisation another name."""
    return await service.rename(organisation_id, payload.name, user)


@router.post("/{organisation_id}/archive")
async def archive_organisation(organisation_id: int, service: Organisations, db: SessionDep, user: CurrentUser):
    """Take an organisation out of the lists."""
    organisation = await service.get(organisation_id)
    organisation.archived = True
    await db.commit()  # greenroom: ignore[GR112] -- the answer is read again below
    return organisation


@router.get("/{organisation_id}/open-steps")
async def open_steps(organisation_id: int, service: Organisations, user: CurrentUser) -> list[str]:
    """List what is still to do."""
    return await service.open_steps(organisation_id)


@router.post("/{organisation_id}/steps", response_model=StepRead, status_code=201)
async def add_step(organisation_id: int, payload: StepCreate, service: Organisations, user: CurrentUser):
    """Add an item to the checklist."""
    return await service.add_step(organisation_id, payload)


@router.get("/{organisation_id}/headline")
async def headline(organisation_id: int, service: Organisations, user: CurrentUser) -> str:
    """Return one line for the dashboard."""
    return await service.headline(organisation_id)


@router.get("/{organisation_id}/notes")
async def notes(organisation_id: int, service: Organisations, user: CurrentUser) -> str:
    """Return the notes of the customer team."""
    return await service.notes(organisation_id)


@router.get("/{organisation_id}/activity")
async def activity(organisation_id: int, service: Organisations, user: CurrentUser) -> int:
    """Return how much has happened."""
    return await service.activity(organisation_id)
