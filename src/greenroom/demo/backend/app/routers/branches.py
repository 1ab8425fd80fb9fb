"""Branches: organisations that an organisation opens, in one transaction each."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import session_factory
from app.models import Organisation
from app.routers.dependencies import CurrentUser
from app.schemas import OrganisationCreate

router = APIRouter(tags=["branches"])


async def get_transaction() -> AsyncIterator[AsyncSession]:
    """Give a request a session, and keep what it has done when it went well."""
    async with session_factory() as session:
        yield session
        await session.commit()


@router.post("/branches", status_code=201)
async def open_branch(
    payload: OrganisationCreate, session: Annotated[AsyncSession, Depends(get_transaction)], user: CurrentUser
) -> dict[str, str]:
    """Open a branch."""
    session.add(Organisation(name=payload.name, slug=payload.slug))
    return {"slug": payload.slug}
