"""A task with the workflow that these tests are about."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field

from greenroom.kit.models import Record, choices, own_registry
from greenroom.kit.problems import Forbidden
from greenroom.kit.workflow import Clear, Firing, Set, SetNow, Transition, Workflow


class Status(StrEnum):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    REVIEW = "review"
    COMPLETED = "completed"
    BLOCKED = "blocked"


class Base(Record, registry=own_registry()):
    """The tables of these tests."""


class Task(Base, table=True):
    title: str = "task"
    status: Status = Field(default=Status.PENDING, sa_type=choices(Status))
    progress_percent: int = 0
    started_at: datetime | None = None
    completed_at: datetime | None = None
    reason: str | None = None
    open_parts: int = 0


async def parts_are_done(firing: Firing) -> str | None:
    """Answer after a turn of the event loop, as a guard that reads the database would."""
    _ = await firing.session.connection()
    return f"{firing.record.open_parts} parts are open" if firing.record.open_parts else None


def another_approves(firing: Firing) -> str | None:
    if firing.by == "author":
        raise Forbidden("Nobody approves their own work")
    return None


ROWS = (
    Transition("start", {Status.PENDING, Status.BLOCKED}, Status.IN_PROGRESS, effects=(SetNow("started_at", once=True),)),
    Transition("block", {Status.PENDING, Status.IN_PROGRESS}, Status.BLOCKED),
    Transition("submit", {Status.IN_PROGRESS}, Status.REVIEW),
    Transition(
        "complete",
        {Status.IN_PROGRESS},
        Status.COMPLETED,
        guard=parts_are_done,
        effects=(SetNow("completed_at"), Set("progress_percent", 100)),
    ),
    Transition(
        "approve",
        {Status.REVIEW},
        Status.COMPLETED,
        guard=another_approves,
        effects=(SetNow("completed_at"), Set("progress_percent", 100)),
    ),
    Transition("reject", {Status.REVIEW}, Status.IN_PROGRESS),
    Transition("reopen", {Status.COMPLETED}, Status.REVIEW, effects=(Clear("completed_at"),)),
)

FLOW = Workflow(Task, Status, ROWS, initial={Status.PENDING})
