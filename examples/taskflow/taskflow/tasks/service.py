"""What changes about tasks, but for their states."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import col

from greenroom.kit.clock import now
from greenroom.kit.database import Session
from greenroom.kit.models import apply
from greenroom.kit.problems import Conflict, FieldError
from taskflow.access import InProject, WithTask
from taskflow.projects.tables import ProjectMember
from taskflow.rights import Right
from taskflow.tasks import parts
from taskflow.tasks.schemas import Delegation, Move, ProgressUpdate, SubtaskCreate, TaskCreate, TaskFields, TaskRead, TaskUpdate
from taskflow.tasks.tables import Task, TaskNote
from taskflow.vocabulary import Status
from taskflow.workers.tables import Worker


async def begin(session: Session, within: InProject, body: TaskCreate) -> TaskRead:
    """Add a task to a project."""
    within.demand(Right.CREATE)
    repeats = body.repeats
    task = Task(
        **body.model_dump(exclude={"repeats"}),
        project_id=within.project_id,
        created_by_id=within.me.id,
        is_recurring=repeats is not None,
    )
    if repeats is not None:
        task.recurrence = repeats.recurrence
        task.recurrence_trigger = repeats.trigger
        task.max_occurrences = repeats.max_occurrences
    return await _add(session, within, task)


async def begin_part(session: Session, whole: WithTask, body: SubtaskCreate) -> TaskRead:
    """Add a part to a task."""
    whole.project.demand(Right.CREATE)
    task = Task(**body.model_dump(), project_id=whole.task.project_id, parent_task_id=whole.task.id, created_by_id=whole.me.id)
    return await _add(session, whole.project, task)


async def _add(session: Session, within: InProject, task: Task) -> TaskRead:
    """Add a task and return it as the API shows it: all of it is known, so nothing is read again."""
    handle = None if task.assignee_id is None else await check_assignee(session, within.project_id, task.assignee_id)
    if task.parent_task_id is not None:
        await parts.check_parent(session, within.project_id, task.parent_task_id)
    session.add(task)
    await parts.roll_up(session, task.parent_task_id)
    return TaskRead.model_validate({**task.model_dump(), "assignee_handle": handle, "subtasks": []})


async def check_assignee(session: Session, project_id: int, worker_id: int) -> str:
    """Return the handle of a member, who stays one until this transaction ends. Raises ``Conflict`` where the worker is none."""
    member = (
        select(col(Worker.handle))
        .join(ProjectMember, col(ProjectMember.worker_id) == col(Worker.id))
        .where(col(ProjectMember.project_id) == project_id, col(Worker.id) == worker_id)
        .with_for_update(read=True, key_share=True, of=ProjectMember)
    )
    handle = (await session.execute(member)).scalar_one_or_none()
    if handle is None:
        raise Conflict(errors=[FieldError("body", "/assignee_id", "There is no such member of the project", "not_found")])
    return handle


async def change(session: Session, held: WithTask, body: TaskUpdate) -> None:
    """Change what is given about a task."""
    held.demand(Right.EDIT)
    apply(body, held.task, only=TaskFields.model_fields)
    await session.flush()


async def remove(session: Session, held: WithTask) -> None:
    """Remove a task that has no parts."""
    held.demand(Right.DELETE)
    if await parts.has_parts(session, held.task.id):
        raise Conflict("The task has parts: delete them first.")
    await session.delete(held.task)
    await parts.roll_up(session, held.task.parent_task_id)


async def move(session: Session, held: WithTask, body: Move) -> None:
    """Make a task a part of another, or one of its own."""
    held.demand(Right.EDIT)
    before, after = held.task.parent_task_id, body.parent_task_id
    if after is not None:
        await parts.check_parent(session, held.task.project_id, after, child_id=held.task.id)
    held.task.parent_task_id = after
    await parts.roll_up(session, before)
    await parts.roll_up(session, after)


async def report_progress(session: Session, held: WithTask, body: ProgressUpdate) -> None:
    """Set how far the work on a task is, with a note where one is given."""
    held.demand(Right.WORK)
    if held.task.status is not Status.IN_PROGRESS:
        raise Conflict("Progress is reported on tasks that are in progress.", extensions={"state": held.task.status})
    if await parts.has_parts(session, held.task.id):
        raise Conflict("The progress of a task with parts is that of its parts.")
    held.task.progress_percent = body.percent
    if body.note is not None:
        session.add(
            TaskNote(project_id=held.project.project_id, task_id=held.task.id, author_id=held.me.id, percent=body.percent, note=body.note)
        )
    await parts.roll_up(session, held.task.parent_task_id)


async def assign(session: Session, held: WithTask, worker_id: int | None) -> None:
    """Give a task to a member of the project, or to nobody."""
    held.demand(Right.ASSIGN)
    _demand_open(held.task)
    if worker_id is not None:
        await check_assignee(session, held.task.project_id, worker_id)
    held.task.assignee_id = worker_id
    held.task.delegated_by_id = None
    await session.flush()


async def delegate(session: Session, held: WithTask, body: Delegation) -> None:
    """Pass a task that one has on to another member, person or agent."""
    held.demand(Right.DELEGATE)
    _demand_open(held.task)
    await check_assignee(session, held.task.project_id, body.assignee_id)
    held.task.delegated_by_id = held.me.id
    held.task.assignee_id = body.assignee_id
    session.add(TaskNote(project_id=held.project.project_id, task_id=held.task.id, author_id=held.me.id, note=body.reason))
    await session.flush()


async def claim(session: Session, held: WithTask) -> None:
    """Take a task that nobody has. Of several who try at once, the version lets one through."""
    held.project.demand(Right.CLAIM)
    _demand_open(held.task)
    if held.task.assignee_id is not None:
        raise Conflict("Somebody has the task already.", extensions={"assignee_id": held.task.assignee_id})
    held.task.assignee_id = held.me.id
    held.task.updated_at = now()
    await session.flush()


def _demand_open(task: Task) -> None:
    if task.status is Status.COMPLETED:
        raise Conflict("The task is completed.", extensions={"state": task.status})
