"""What changes about projects and their members."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from greenroom.kit.actors import Actor, ActorKind
from greenroom.kit.database import Session
from greenroom.kit.models import apply
from greenroom.kit.problems import Conflict, FieldError, NotFound
from taskflow.access import InProject, Me
from taskflow.projects.schemas import MemberCreate, ProjectCreate, ProjectFields, ProjectUpdate
from taskflow.projects.tables import Project, ProjectMember
from taskflow.rights import Right
from taskflow.tasks.tables import Task
from taskflow.vocabulary import Role, WorkerType
from taskflow.workers.first_login import enrol
from taskflow.workers.tables import Worker


async def begin(session: Session, me: Me, body: ProjectCreate) -> Project:
    """Add a project that belongs to the caller."""
    project = Project(**body.model_dump(), tenant_id=me.tenant_id, owner_id=me.id)
    session.add(project)
    await session.flush()
    session.add(ProjectMember(project_id=project.id, worker_id=me.id, role=Role.OWNER))
    await session.flush()
    return project


async def change(session: Session, within: InProject, body: ProjectUpdate) -> None:
    """Change what is given about a project."""
    within.demand(Right.MANAGE)
    project = await session.get_one(Project, within.project_id)
    apply(body, project, only=ProjectFields.model_fields)
    await session.flush()


async def remove(session: Session, within: InProject, *, force: bool) -> None:
    """Remove a project, with its tasks where ``force`` says so; the trail keeps what was."""
    within.demand(Right.MANAGE)
    if within.is_default:
        raise Conflict("The default project stays.")
    tasks = (await session.execute(select(func.count()).where(col(Task.project_id) == within.project_id))).scalar_one()
    if tasks and not force:
        raise Conflict(f"The project has {tasks} tasks: delete them first, or use force=true.", extensions={"task_count": tasks})
    await session.delete(await session.get_one(Project, within.project_id))
    await session.flush()


async def take_in(session: Session, within: InProject, body: MemberCreate) -> dict[str, Any]:
    """Add a member and return it as the API shows it."""
    within.demand(Right.MANAGE)
    worker = await (_person(session, within.me, body.user_id) if body.user_id is not None else _agent(session, within.me, body.agent_id))
    member = ProjectMember(project_id=within.project_id, worker_id=worker.id, role=body.role)
    session.add(member)
    await session.flush()
    return {
        **member.model_dump(include={"id", "worker_id", "role", "joined_at"}),
        **worker.model_dump(include={"handle", "name", "type"}),
    }


async def _agent(session: Session, me: Me, agent_id: int | None) -> Worker:
    found = select(Worker).where(col(Worker.id) == agent_id, col(Worker.tenant_id) == me.tenant_id, col(Worker.type) == WorkerType.AGENT)
    agent = (await session.exec(found)).one_or_none()
    if agent is None:
        raise Conflict(errors=[FieldError("body", "/agent_id", "There is no such agent", "not_found")])
    return agent


async def _person(session: Session, me: Me, user_id: str) -> Worker:
    """Return the worker of a person, who need not have logged in yet."""
    invited = Actor(ActorKind.HUMAN, user_id, me.issuer)
    await enrol(session, me.tenant_id, invited)
    found = select(Worker).where(col(Worker.tenant_id) == me.tenant_id, col(Worker.issuer) == me.issuer, col(Worker.user_id) == user_id)
    return (await session.exec(found)).one()


async def let_go(session: Session, within: InProject, member_id: int) -> None:
    """Take a member out of a project; the tasks that were theirs are nobody's then."""
    within.demand(Right.MANAGE)
    member = await session.get(ProjectMember, member_id)
    if member is None or member.project_id != within.project_id:
        raise NotFound("There is no such member in this project.")
    if member.role is Role.OWNER:
        raise Conflict("The owner stays.")
    held = select(Task).where(col(Task.project_id) == within.project_id, col(Task.assignee_id) == member.worker_id)
    for task in (await session.exec(held)).all():
        task.assignee_id = None
    await session.delete(member)
    await session.flush()
