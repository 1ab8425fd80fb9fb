"""Accounts whose changes are written into a trail."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Account(Base):
    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    limit: Mapped[int] = mapped_column(default=0)
    frozen: Mapped[bool] = mapped_column(default=False)


class AuditLog(Base):
    __tablename__ = "audit_log"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    action: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.now())


async def seed(session: AsyncSession) -> None:
    """Two accounts, the first with one row in the trail."""
    session.add_all([Account(name="a1"), Account(name="a2")])
    await session.flush()
    session.add(AuditLog(account_id=1, action="open"))
