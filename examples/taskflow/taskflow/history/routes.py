"""Where the past is reached."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from greenroom.kit.database import Reading
from greenroom.kit.lists import PageRequest
from taskflow.access import ProjectId, ReadingMe, TaskId
from taskflow.history import access, lists
from taskflow.history.schemas import AuditRead

router = APIRouter(prefix="/api", tags=["Audit"])
AuditPage = Annotated[PageRequest, Depends(lists.audit.page)]


@router.get("/tasks/{task_id}/audit", responses=lists.audit.responses)
async def get_task_audit(task_id: TaskId, me: ReadingMe, page: AuditPage, connection: Reading) -> list[AuditRead]:
    """List what was done to a task, also when it is gone."""
    await access.demand_reader_of_task(connection, me, task_id)
    return await lists.audit.fetch(connection, page, where=[lists.of_task(task_id)])


@router.get("/projects/{project_id}/audit", responses=lists.audit.responses)
async def get_project_audit(project_id: ProjectId, me: ReadingMe, page: AuditPage, connection: Reading) -> list[AuditRead]:
    """List what was done to a project, its members and its tasks, also when they are gone."""
    await access.demand_reader_of_project(connection, me, project_id)
    return await lists.audit.fetch(connection, page, where=[lists.of_project(project_id)])
