"""Tables of these tests, with relationships, a deferred column, and each kind of constraint."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, MetaData, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    metadata = MetaData()


class Project(Base):
    __tablename__ = "project"
    __table_args__ = (UniqueConstraint("name", name="uq_project_name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    details: Mapped[dict[str, object]] = mapped_column(JSONB, default=dict)
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
