"""Workers: those who can be given a task, people and agents alike."""

from __future__ import annotations

from sqlalchemy import UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from greenroom.kit.models import Record, choices
from taskflow.tenancy import tenant_field
from taskflow.vocabulary import AgentType, WorkerType


class Worker(Record, table=True):
    """Somebody who works on tasks.

    ``user_id`` is the subject of the tokens of ``issuer`` that this worker acts with; an agent that somebody registers in advance has none
    until it is told. One identity is one worker in a tenant, whatever races at its first login.
    """

    __tablename__ = "worker"
    __table_args__ = (
        UniqueConstraint("tenant_id", "handle"),
        UniqueConstraint("tenant_id", "user_id", "issuer", postgresql_nulls_not_distinct=False),
    )

    tenant_id: str = tenant_field()
    handle: str = Field(max_length=50)
    name: str = Field(max_length=200)
    type: WorkerType = Field(sa_type=choices(WorkerType))
    user_id: str | None = Field(default=None, max_length=255)
    issuer: str | None = Field(default=None, max_length=255)
    agent_type: AgentType | None = Field(default=None, sa_type=choices(AgentType))
    capabilities: list[str] = Field(default_factory=list, sa_type=JSONB)
    registered_by_id: int | None = Field(default=None, foreign_key="worker.id", ondelete="SET NULL", index=True)
