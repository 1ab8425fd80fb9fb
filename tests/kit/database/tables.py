"""Tables of these tests, with relationships, a deferred column, and each kind of constraint."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, MetaData, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.ext.asyncio import AsyncAttrs
from sqlalchemy.orm import DeclarativeBase, DynamicMapped, Mapped, mapped_column, relationship


class Base(AsyncAttrs, DeclarativeBase):
    metadata = MetaData()


class Project(Base):
    __tablename__ = "project"
    __table_args__ = (UniqueConstraint("name", name="uq_project_name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    details: Mapped[dict[str, object]] = mapped_column(JSONB, default=dict)
    titles: AssociationProxy[list[str]] = association_proxy("tasks", "title")
    stream: DynamicMapped[Task] = relationship(viewonly=True, lazy="dynamic")
    tasks: Mapped[list[Task]] = relationship(back_populates="project", cascade="all, delete-orphan")


class Task(Base):
    __tablename__ = "task"
    __table_args__ = (
        CheckConstraint("points >= 0", name="ck_task_points"),
        UniqueConstraint("position", name="uq_task_position", deferrable=True, initially="DEFERRED"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    points: Mapped[int] = mapped_column(default=0)
    position: Mapped[int | None]
    body: Mapped[str] = mapped_column(default="body", deferred=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", name="fk_task_project_id"))
    project: Mapped[Project] = relationship(back_populates="tasks")


class Worker(Base):
    """Joined inheritance: a query of workers knows nothing of what agents have beside."""

    __tablename__ = "worker"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "human"}

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]


class Agent(Worker):
    __tablename__ = "agent"
    __mapper_args__ = {"polymorphic_identity": "agent"}

    id: Mapped[int] = mapped_column(ForeignKey("worker.id"), primary_key=True)
    model: Mapped[str] = mapped_column(default="m1")
