"""Tasks and the notes that workers leave on them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from greenroom.kit.models import Record, choices
from taskflow.vocabulary import Priority, Recurrence, Status, Trigger


class Task(Record, table=True):
    """A piece of work.

    The tenant is the project's. ``progress_percent`` of a task with parts is the mean of theirs (``tasks.parts``), else what its assignee
    reports. ``submitted_by_id`` is whoever last asked for a review: nobody approves that themselves where the project's gate holds.
    """

    __tablename__ = "task"
    __table_args__ = (
        CheckConstraint("progress_percent BETWEEN 0 AND 100", name="progress"),
        CheckConstraint("parent_task_id <> id", name="parent"),
        CheckConstraint("is_recurring = (recurrence IS NOT NULL)", name="recurs"),
        # The order in which a project's tasks are listed, newest first; the identity breaks ties.
        Index("ix_task_project_created", "project_id", text("created_at DESC"), text("id DESC")),
        Index("ix_task_due", "due_date", postgresql_where=text("is_recurring AND NOT has_spawned_next")),
    )

    title: str = Field(max_length=500)
    description: str | None = Field(default=None, max_length=10_000)
    status: Status = Field(default=Status.PENDING, sa_type=choices(Status))
    priority: Priority = Field(default=Priority.MEDIUM, sa_type=choices(Priority))
    progress_percent: int = 0
    tags: list[str] = Field(default_factory=list, sa_type=JSONB)
    due_date: datetime | None = None
    needs_approval: bool = False

    project_id: int = Field(foreign_key="project.id", ondelete="CASCADE")
    parent_task_id: int | None = Field(default=None, foreign_key="task.id", index=True)
    created_by_id: int = Field(foreign_key="worker.id", index=True)
    assignee_id: int | None = Field(default=None, foreign_key="worker.id", index=True)
    delegated_by_id: int | None = Field(default=None, foreign_key="worker.id")
    submitted_by_id: int | None = Field(default=None, foreign_key="worker.id")

    started_at: datetime | None = None
    completed_at: datetime | None = None

    is_recurring: bool = False
    recurrence: Recurrence | None = Field(default=None, sa_type=choices(Recurrence))
    recurrence_trigger: Trigger = Field(default=Trigger.ON_COMPLETE, sa_type=choices(Trigger))
    max_occurrences: int | None = None
    occurrence: int = 1
    recurring_root_id: int | None = Field(default=None, foreign_key="task.id", ondelete="SET NULL", index=True)
    has_spawned_next: bool = False


class TaskNote(Record, table=True):
    """What a worker said about a task, with the progress that it reported then."""

    __tablename__ = "task_note"

    project_id: int = Field(foreign_key="project.id", ondelete="CASCADE", index=True)
    task_id: int = Field(foreign_key="task.id", ondelete="CASCADE", index=True)
    author_id: int = Field(foreign_key="worker.id")
    percent: int | None = None
    note: str = Field(max_length=2_000)
