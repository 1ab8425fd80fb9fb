"""Organisations that invite members, as an onboarding service stores them: mixins, UUID keys, enums and time stamps."""

from __future__ import annotations

import enum
import uuid
from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Enum, ForeignKey, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Role(enum.Enum):
    OWNER = "owner"
    MEMBER = "member"


class Stage(enum.Enum):
    DRAFT = "draft"
    APPROVED = "approved"


class KeyMixin:
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)


class TimestampMixin:
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class Organisation(KeyMixin, TimestampMixin, Base):
    __tablename__ = "organisations"

    name: Mapped[str]
    slug: Mapped[str] = mapped_column(unique=True)
    stage: Mapped[Stage] = mapped_column(Enum(Stage, native_enum=False), default=Stage.DRAFT)
    members: Mapped[list[Member]] = relationship(back_populates="organisation", lazy="selectin")
    invitations: Mapped[list[Invitation]] = relationship(back_populates="organisation")

    @property
    def owners(self) -> list[Member]:
        return [member for member in self.members if member.role is Role.OWNER]

    @property
    def is_approved(self) -> bool:
        return self.stage is Stage.APPROVED


class Member(KeyMixin, TimestampMixin, Base):
    __tablename__ = "members"

    email: Mapped[str] = mapped_column(unique=True)
    role: Mapped[Role] = mapped_column(Enum(Role, native_enum=False), default=Role.MEMBER)
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisations.id"))
    organisation: Mapped[Organisation] = relationship(back_populates="members")


class Invitation(KeyMixin, TimestampMixin, Base):
    __tablename__ = "invitations"

    email: Mapped[str]
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisations.id"))
    organisation: Mapped[Organisation] = relationship(back_populates="invitations", lazy="raise")


class MemberRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    email: str
    role: Role


class OrganisationRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    name: str
    stage: Stage


class OrganisationDetail(OrganisationRead):
    members: list[MemberRead]
    updated_at: datetime


async def seed(session: AsyncSession) -> None:
    """One organisation with an owner, a member and an invitation."""
    organisation = Organisation(name="Acme", slug="acme")
    organisation.members = [Member(email="ada@acme.org", role=Role.OWNER), Member(email="bob@acme.org")]
    organisation.invitations = [Invitation(email="eve@acme.org")]
    session.add(organisation)
