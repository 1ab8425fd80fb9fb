"""The next occurrence of a recurring task: once, whoever brings it forth."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_
from sqlmodel import col, select

from greenroom.kit import clock
from greenroom.kit.actors import SYSTEM
from greenroom.kit.database import Database, Session
from greenroom.kit.trail import Context
from taskflow.tasks.recurrence import next_due
from taskflow.tasks.tables import Task
from taskflow.vocabulary import Trigger


async def spawn_next(session: Session, task: Task) -> Task | None:
    """Add the next occurrence of a task that is loaded in the session; None where there is none to come.

    Of several that try at once one succeeds: ``has_spawned_next`` is written with the version that was read.
    """
    is_last = task.max_occurrences is not None and task.occurrence >= task.max_occurrences
    if task.recurrence is None or task.due_date is None or task.has_spawned_next or is_last:
        return None
    due_date = next_due(task.recurrence, task.due_date)
    if due_date is None:
        return None
    task.has_spawned_next = True
    following = Task(
        **task.model_dump(
            include={
                "title",
                "description",
                "priority",
                "tags",
                "needs_approval",
                "project_id",
                "parent_task_id",
                "created_by_id",
                "assignee_id",
                "is_recurring",
                "recurrence",
                "recurrence_trigger",
                "max_occurrences",
            }
        ),
        due_date=due_date,
        occurrence=task.occurrence + 1,
        recurring_root_id=task.recurring_root_id or task.id,
    )
    session.add(following)
    await session.flush()
    return following


async def spawn_due(database: Database, *, until: datetime | None = None, most: int = 100) -> int:
    """Add the occurrences that a due date brings forth, and return how many; for a worker that runs every few minutes.

    Several may run at once: each takes tasks that no other has locked.
    """
    async with database.begin(info={"trail": Context(SYSTEM, operation="spawn_due")}) as session:
        due = (
            select(Task)
            .where(
                col(Task.is_recurring),
                ~col(Task.has_spawned_next),
                col(Task.recurrence_trigger).in_([Trigger.ON_DUE_DATE, Trigger.BOTH]),
                col(Task.due_date) <= (until or clock.now()),
                or_(col(Task.max_occurrences).is_(None), col(Task.occurrence) < col(Task.max_occurrences)),
            )
            .order_by(col(Task.due_date))
            .limit(most)
            .with_for_update(skip_locked=True)
        )
        spawned = [await spawn_next(session, task) for task in (await session.exec(due)).all()]
        return sum(following is not None for following in spawned)
