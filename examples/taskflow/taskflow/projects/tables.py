"""Projects, and who belongs to them as what."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from greenroom.kit.clock import now
from greenroom.kit.models import Record, choices
from taskflow.tenancy import tenant_field
from taskflow.vocabulary import Gate, Role


class Project(Record, table=True):
    """Tasks that belong together, and the rule by which they are approved."""

    __tablename__ = "project"
    __table_args__ = (UniqueConstraint("tenant_id", "slug"),)

    tenant_id: str = tenant_field()
    slug: str = Field(max_length=100)
    name: str = Field(max_length=200)
    description: str | None = Field(default=None, max_length=10_000)
    approval_gate: Gate = Field(default=Gate.NONE, sa_type=choices(Gate))
    owner_id: int = Field(foreign_key="worker.id", index=True)
    is_default: bool = False


class ProjectMember(Record, table=True):
    """A worker in a project."""

    __tablename__ = "project_member"
    __table_args__ = (UniqueConstraint("project_id", "worker_id"),)

    project_id: int = Field(foreign_key="project.id", ondelete="CASCADE")
    worker_id: int = Field(foreign_key="worker.id", index=True)
    role: Role = Field(default=Role.MEMBER, sa_type=choices(Role))
    joined_at: datetime = Field(default_factory=now)
