"""Where projects and their members are reached."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlmodel import col, exists

from greenroom.kit.database import Reading, Session
from greenroom.kit.lists import PageRequest
from greenroom.kit.models import Id
from greenroom.kit.trail import Recorded
from taskflow.access import ReadingMe, ReadingProject, WritingMe, WritingProject
from taskflow.answers import Done
from taskflow.projects import lists, service
from taskflow.projects.schemas import MemberCreate, MemberRead, ProjectCreate, ProjectRead, ProjectUpdate
from taskflow.projects.tables import Project, ProjectMember

router = APIRouter(prefix="/api/projects", tags=["Projects"])
ProjectPage = Annotated[PageRequest, Depends(lists.projects.page)]
MemberPage = Annotated[PageRequest, Depends(lists.members.page)]


async def _shown(session: Session, project_id: int) -> ProjectRead:
    """Return a project as it is now, read in the transaction that has changed it."""
    return await lists.projects.one(await session.connection(), project_id)


@router.get("", responses=lists.projects.responses)
async def list_projects(me: ReadingMe, page: ProjectPage, connection: Reading) -> list[ProjectRead]:
    """List the projects that the caller belongs to."""
    is_mine = exists().where(col(ProjectMember.project_id) == col(Project.id), col(ProjectMember.worker_id) == me.id)
    return await lists.projects.fetch(connection, page, where=[is_mine])


@router.post("", status_code=201)
async def create_project(me: WritingMe, body: ProjectCreate, session: Recorded) -> ProjectRead:
    """Begin a project."""
    return await _shown(session, (await service.begin(session, me, body)).id)


@router.get("/{project_id}")
async def get_project(within: ReadingProject, connection: Reading) -> ProjectRead:
    """Show a project."""
    return await lists.projects.one(connection, within.project_id)


@router.put("/{project_id}")
async def update_project(within: WritingProject, body: ProjectUpdate, session: Recorded) -> ProjectRead:
    """Change what is given about a project; null clears what may be empty."""
    await service.change(session, within, body)
    return await _shown(session, within.project_id)


@router.delete("/{project_id}")
async def delete_project(within: WritingProject, session: Recorded, *, force: bool = False) -> Done:
    """Delete a project; with its tasks where ``force`` is true."""
    await service.remove(session, within, force=force)
    return Done()


@router.get("/{project_id}/members", tags=["Members"], responses=lists.members.responses)
async def list_members(within: ReadingProject, page: MemberPage, connection: Reading) -> list[MemberRead]:
    """List the members of a project."""
    return await lists.members.fetch(connection, page, project_id=within.project_id)


@router.post("/{project_id}/members", tags=["Members"], status_code=201, response_model=MemberRead)
async def add_member(within: WritingProject, body: MemberCreate, session: Recorded) -> dict[str, Any]:
    """Take somebody into a project."""
    return await service.take_in(session, within, body)


@router.delete("/{project_id}/members/{member_id}", tags=["Members"])
async def remove_member(within: WritingProject, member_id: Id, session: Recorded) -> Done:
    """Take somebody out of a project; their tasks are nobody's then."""
    await service.let_go(session, within, member_id)
    return Done()
