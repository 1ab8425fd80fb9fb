"""Tasks that are parts of tasks: their depth, their order without cycles, and the progress that rolls up."""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from greenroom.kit.database import Session
from greenroom.kit.problems import Conflict, FieldError
from taskflow.tasks.tables import Task
from taskflow.vocabulary import Status

DEEPEST: Final = 8
"""How many levels a task and its parts may have."""

# From a task upwards, itself first; the bound ends the walk even over rows that somebody has changed by hand into a ring.
_LINE = text(
    """
    WITH RECURSIVE line(id, parent_task_id, project_id, level) AS (
        SELECT id, parent_task_id, project_id, 1 FROM task WHERE id = :id
        UNION ALL
        SELECT task.id, task.parent_task_id, task.project_id, line.level + 1
        FROM task JOIN line ON task.id = line.parent_task_id WHERE line.level <= :deepest
    )
    SELECT id, project_id FROM line ORDER BY level
    """
)
_HEIGHT = text(
    """
    WITH RECURSIVE part(id, level) AS (
        SELECT CAST(:id AS integer), 1
        UNION ALL
        SELECT task.id, part.level + 1 FROM task JOIN part ON task.parent_task_id = part.id WHERE part.level <= :deepest
    )
    SELECT max(level) FROM part
    """
)


def _refuse(field: str, detail: str, code: str) -> Conflict:
    return Conflict(errors=[FieldError("body", f"/{field}", detail, code)])


async def check_parent(session: Session, project_id: int, parent_id: int, *, child_id: int | None = None) -> None:
    """Raise ``Conflict`` unless the task may be (or hold) a part of another: same project, no ring, not too deep.

    Moves within one project are made one after the other, so that no two of them together close a ring.
    """
    height = 1
    if child_id is not None:
        await session.execute(select(func.pg_advisory_xact_lock(func.hashtext("taskflow.parts"), project_id)))
        height = (await session.execute(_HEIGHT, {"id": child_id, "deepest": DEEPEST})).scalar_one()
    line = (await session.execute(_LINE, {"id": parent_id, "deepest": DEEPEST})).all()
    if not line or line[0].project_id != project_id:
        raise _refuse("parent_task_id", "There is no such task in this project", "not_found")
    if child_id in {row.id for row in line}:
        raise _refuse("parent_task_id", "A task cannot be a part of itself or of one of its parts", "cycle")
    if len(line) + height > DEEPEST:
        raise _refuse("parent_task_id", f"Tasks have at most {DEEPEST} levels", "too_deep")


async def roll_up(session: Session, parent_id: int | None) -> None:
    """Set the progress of the tasks above from their parts, nearest first, as far as it changes anything.

    Each is locked before its parts are read: a second transaction that has finished a part waits, and then reads what the first has
    written (in READ COMMITTED each statement has a snapshot of its own). All lock upwards, so they do not wait for each other in a ring.
    """
    await session.flush()
    while parent_id is not None:
        await session.execute(select(col(Task.id)).where(col(Task.id) == parent_id).with_for_update())
        parts = select(func.round(func.avg(col(Task.progress_percent)))).where(col(Task.parent_task_id) == parent_id).scalar_subquery()
        progress = func.coalesce(parts, col(Task.progress_percent))
        changed = (
            update(Task)
            .where(col(Task.id) == parent_id, col(Task.status) != Status.COMPLETED, col(Task.progress_percent) != progress)
            .values(progress_percent=progress)
            .returning(col(Task.parent_task_id))
            .execution_options(synchronize_session=False)
        )
        parent_id = (await session.execute(changed)).scalar_one_or_none()


async def has_parts(session: Session, task_id: int) -> bool:
    """Tell whether a task has parts."""
    return (await session.execute(select(select(Task).where(col(Task.parent_task_id) == task_id).exists()))).scalar_one()


async def demand_parts_done(session: AsyncSession, task_id: int) -> None:
    """Raise ``Conflict`` while a part of the task is not completed."""
    open_parts = select(func.count()).where(col(Task.parent_task_id) == task_id, col(Task.status) != Status.COMPLETED)
    number = (await session.execute(open_parts)).scalar_one()
    if number:
        raise Conflict(f"{number} of its parts are not completed.", extensions={"open_parts": number})
