"""Where tasks are reached."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from greenroom.kit.database import Reading, Session
from greenroom.kit.lists import PageRequest
from greenroom.kit.trail import Recorded
from taskflow.access import ReadingProject, ReadingTask, TaskId, WritingProject, WritingTask
from taskflow.answers import Done
from taskflow.tasks import lists, moves, service
from taskflow.tasks.schemas import (
    AssignUpdate,
    Delegation,
    Move,
    NoteRead,
    ProgressUpdate,
    Rejection,
    StatusUpdate,
    SubtaskCreate,
    TaskCreate,
    TaskListItem,
    TaskRead,
    TaskUpdate,
)
from taskflow.tasks.tables import Task

router = APIRouter(prefix="/api", tags=["Tasks"])
TaskPage = Annotated[PageRequest, Depends(lists.tasks.page)]
NotePage = Annotated[PageRequest, Depends(lists.notes.page)]


async def _shown(session: Session, task: Task) -> TaskRead:
    """Return a task as it is now, read in the transaction that has changed it."""
    await session.flush()
    return await lists.task.one(await session.connection(), task.id)


@router.get("/projects/{project_id}/tasks", responses=lists.tasks.responses)
async def list_tasks(within: ReadingProject, page: TaskPage, connection: Reading) -> list[TaskListItem]:
    """List the tasks of a project."""
    return await lists.tasks.fetch(connection, page, project_id=within.project_id)


@router.post("/projects/{project_id}/tasks", status_code=201)
async def create_task(within: WritingProject, body: TaskCreate, session: Recorded) -> TaskRead:
    """Begin a task."""
    return await service.begin(session, within, body)


@router.get("/tasks/{task_id}")
async def get_task(within: ReadingTask, task_id: TaskId, connection: Reading) -> TaskRead:
    """Show a task with its parts."""
    del within  # it has let the caller in
    return await lists.task.one(connection, task_id)


@router.put("/tasks/{task_id}")
async def update_task(held: WritingTask, body: TaskUpdate, session: Recorded) -> TaskRead:
    """Change what is given about a task; null clears what may be empty."""
    await service.change(session, held, body)
    return await _shown(session, held.task)


@router.delete("/tasks/{task_id}")
async def delete_task(held: WritingTask, session: Recorded) -> Done:
    """Delete a task that has no parts."""
    await service.remove(session, held)
    return Done()


@router.post("/tasks/{task_id}/subtasks", status_code=201)
async def create_subtask(whole: WritingTask, body: SubtaskCreate, session: Recorded) -> TaskRead:
    """Begin a part of a task."""
    return await service.begin_part(session, whole, body)


@router.patch("/tasks/{task_id}/parent")
async def move_task(held: WritingTask, body: Move, session: Recorded) -> TaskRead:
    """Make a task a part of another."""
    await service.move(session, held, body)
    return await _shown(session, held.task)


@router.patch("/tasks/{task_id}/status")
async def update_status(held: WritingTask, body: StatusUpdate, session: Recorded) -> TaskRead:
    """Bring a task into a state."""
    await moves.move_to(session, held, body.status)
    return await _shown(session, held.task)


@router.post("/tasks/{task_id}/approve")
async def approve_task(held: WritingTask, session: Recorded) -> TaskRead:
    """Accept a task that is in review."""
    await moves.approve(session, held)
    return await _shown(session, held.task)


@router.post("/tasks/{task_id}/reject")
async def reject_task(held: WritingTask, body: Rejection, session: Recorded) -> TaskRead:
    """Send a task that is in review back to work."""
    await moves.reject(session, held, body.reason)
    return await _shown(session, held.task)


@router.patch("/tasks/{task_id}/progress")
async def update_progress(held: WritingTask, body: ProgressUpdate, session: Recorded) -> TaskRead:
    """Report how far the work is."""
    await service.report_progress(session, held, body)
    return await _shown(session, held.task)


@router.patch("/tasks/{task_id}/assign")
async def assign_task(held: WritingTask, body: AssignUpdate, session: Recorded) -> TaskRead:
    """Give a task to a member of the project, or to nobody."""
    await service.assign(session, held, body.assignee_id)
    return await _shown(session, held.task)


@router.post("/tasks/{task_id}/delegate")
async def delegate_task(held: WritingTask, body: Delegation, session: Recorded) -> TaskRead:
    """Pass a task of one's own on."""
    await service.delegate(session, held, body)
    return await _shown(session, held.task)


@router.post("/tasks/{task_id}/claim")
async def claim_task(held: WritingTask, session: Recorded) -> TaskRead:
    """Take a task that nobody has."""
    await service.claim(session, held)
    return await _shown(session, held.task)


@router.get("/tasks/{task_id}/notes", responses=lists.notes.responses)
async def list_notes(within: ReadingTask, task_id: TaskId, page: NotePage, connection: Reading) -> list[NoteRead]:
    """List what workers have said about a task."""
    del within  # it has let the caller in
    return await lists.notes.fetch(connection, page, task_id=task_id)
