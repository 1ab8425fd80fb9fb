"""Visits: a SQLModel table with a date, and one without timezone on purpose."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import NaiveDatetime
from sqlmodel import Field, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession


class Visit(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    page: str = "home"
    began_at: datetime | None = None
    local_at: NaiveDatetime | None = None


async def seed(session: AsyncSession) -> None:
    """Two visits."""
    session.add_all([Visit(page="first", began_at=datetime(2026, 1, 2, tzinfo=UTC)), Visit(page="second")])
