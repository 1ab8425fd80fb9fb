"""A planner: members, projects and tasks, with foreign keys that may be empty or not, and dates with and without timezones."""

from __future__ import annotations

import enum
from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import DateTime, Enum, ForeignKey
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Status(enum.Enum):
    OPEN = "open"
    DONE = "done"
    ARCHIVED = "archived"


class Member(Base):
    __tablename__ = "members"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    is_admin: Mapped[bool] = mapped_column(default=False)
    password_hash: Mapped[str] = mapped_column(default="")


class Project(Base):
    __tablename__ = "projects"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    owner_id: Mapped[int] = mapped_column(ForeignKey("members.id"))


class Task(Base):
    __tablename__ = "tasks"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(default="a task")
    status: Mapped[Status] = mapped_column(Enum(Status), default=Status.OPEN)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), default=1)
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    starts_at: Mapped[datetime | None] = mapped_column(DateTime)
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class MemberRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str


class TaskRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    title: str
    project_id: int
    assignee_id: int | None


async def seed(session: AsyncSession) -> None:
    """Two members, a project of the first, and three tasks in it."""
    first = Member(name="m1", is_admin=True, password_hash="h1")  # noqa: S106 -- a word of the test data
    session.add_all([first, Member(name="m2")])
    await session.flush()
    project = Project(title="p1", owner_id=first.id)
    session.add(project)
    await session.flush()
    moment = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 -- the column has no timezone
    session.add_all([Task(title=f"t{number}", project_id=project.id, starts_at=moment) for number in (1, 2, 3)])
