"""Who is asking, and what they are to the project or task that they ask for: one statement for both questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Path, Request
from sqlalchemy import ColumnElement, Executable, Row, and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from greenroom.kit.actors import Actor
from greenroom.kit.auth import Authenticated
from greenroom.kit.database import Reading, Session, database_of
from greenroom.kit.models import Id
from greenroom.kit.problems import Forbidden, NotFound
from greenroom.kit.trail import Context, Recorded
from greenroom.kit.web import IfMatch, Precondition
from taskflow.projects.tables import Project, ProjectMember
from taskflow.rights import Right, Standing, demand, standings
from taskflow.tasks.tables import Task
from taskflow.tenancy import tenant_of
from taskflow.vocabulary import Gate, Role, WorkerType
from taskflow.workers.first_login import first_login
from taskflow.workers.tables import Worker


@dataclass(frozen=True, slots=True)
class Me:
    """The worker that the caller is."""

    id: int
    tenant_id: str
    issuer: str
    handle: str
    type: WorkerType


@dataclass(frozen=True, slots=True)
class InProject:
    """A caller who belongs to a project."""

    me: Me
    project_id: int
    gate: Gate
    role: Role
    is_default: bool

    def demand(self, right: Right) -> None:
        """Raise ``Forbidden`` unless the caller holds the right in the project."""
        demand(right, standings(self.role))


@dataclass(frozen=True, slots=True)
class WithTask:
    """A caller who belongs to the project of a task, which is loaded and may be changed."""

    project: InProject
    task: Task
    unchanged: Precondition

    @property
    def me(self) -> Me:
        """The caller."""
        return self.project.me

    @property
    def standings(self) -> frozenset[Standing]:
        """All that the caller is to the task."""
        return standings(
            self.project.role,
            is_assignee=self.task.assignee_id == self.me.id,
            is_author=self.task.created_by_id == self.me.id,
        )

    def demand(self, right: Right) -> None:
        """Raise ``Forbidden`` unless the caller holds the right on the task, ``PreconditionFailed`` unless it is as they have seen it.

        In this order: a precondition does not count where the request would fail without it (RFC 9110, section 13.2.1).
        """
        demand(right, self.standings)
        self.unchanged.check(self.task.version)


_ME = (col(Worker.id), col(Worker.tenant_id), col(Worker.issuer), col(Worker.handle), col(Worker.type))
_PROJECT: tuple[ColumnElement[Any], ...] = (
    col(Project.id).label("project_id"),
    col(Project.approval_gate).label("gate"),
    col(ProjectMember.role).label("role"),
    col(Project.is_default).label("is_default"),
)
_IS_ME = and_(
    col(Worker.tenant_id) == bindparam("tenant"),
    col(Worker.issuer) == bindparam("issuer"),
    col(Worker.user_id) == bindparam("subject"),
)
_OF_MY_TENANT = col(Project.tenant_id) == col(Worker.tenant_id)
_MY_MEMBERSHIP = and_(col(ProjectMember.project_id) == col(Project.id), col(ProjectMember.worker_id) == col(Worker.id))

# Outer joins: a row says who the caller is even where there is no such project, and no row says that this is a first login.
_WHO = select(*_ME).where(_IS_ME)
_WHO_IN_PROJECT = (
    select(*_ME, *_PROJECT)
    .select_from(Worker)
    .outerjoin(Project, and_(col(Project.id) == bindparam("thing"), _OF_MY_TENANT))
    .outerjoin(ProjectMember, _MY_MEMBERSHIP)
    .where(_IS_ME)
)
_WHO_WITH_TASK_ID = (
    select(*_ME, *_PROJECT, col(Task.id).label("task_id"))
    .select_from(Worker)
    .outerjoin(Task, col(Task.id) == bindparam("thing"))
    .outerjoin(Project, and_(col(Project.id) == col(Task.project_id), _OF_MY_TENANT))
    .outerjoin(ProjectMember, _MY_MEMBERSHIP)
    .where(_IS_ME)
)
_WHO_WITH_TASK = _WHO_WITH_TASK_ID.add_columns(Task)


def _parameters(actor: Actor, thing: int | None = None) -> dict[str, Any]:
    parameters: dict[str, Any] = {"tenant": tenant_of(actor), "issuer": actor.issuer, "subject": actor.id}
    return parameters if thing is None else {**parameters, "thing": thing}


def _me(row: Row[Any]) -> Me:
    return Me(row.id, row.tenant_id, row.issuer, row.handle, row.type)


def _in_project(row: Row[Any], what: str) -> InProject:
    """Return what a row says; of other tenants nothing is told, not even that it exists."""
    if row.project_id is None:
        raise NotFound(f"There is no such {what}.")
    if row.role is None:
        raise Forbidden("You are not a member of this project.")
    return InProject(_me(row), row.project_id, row.gate, row.role, row.is_default)


async def _read(request: Request, connection: AsyncConnection, statement: Executable, actor: Actor, thing: int | None = None) -> Row[Any]:
    parameters = _parameters(actor, thing)
    row: Row[Any] | None = (await connection.execute(statement, parameters)).one_or_none()
    if row is None:
        async with database_of(request).begin(info={"trail": Context(actor, "first_login")}) as session:
            await first_login(session, actor)
        row = (await connection.execute(statement, parameters)).one()
    return row


async def _write(session: Session, statement: Executable, actor: Actor, thing: int | None = None) -> Row[Any]:
    parameters = _parameters(actor, thing)
    row: Row[Any] | None = (await session.execute(statement, parameters)).one_or_none()
    if row is None:
        await first_login(session, actor)
        row = (await session.execute(statement, parameters)).one()
    return row


async def _reading_me(request: Request, actor: Authenticated, connection: Reading) -> Me:
    return _me(await _read(request, connection, _WHO, actor))


async def _writing_me(actor: Authenticated, session: Recorded) -> Me:
    return _me(await _write(session, _WHO, actor))


ProjectId = Annotated[Id, Path()]
TaskId = Annotated[Id, Path()]


async def _reading_project(project_id: ProjectId, request: Request, actor: Authenticated, connection: Reading) -> InProject:
    return _in_project(await _read(request, connection, _WHO_IN_PROJECT, actor, project_id), "project")


async def _writing_project(project_id: ProjectId, actor: Authenticated, session: Recorded) -> InProject:
    return _in_project(await _write(session, _WHO_IN_PROJECT, actor, project_id), "project")


async def _reading_task(task_id: TaskId, request: Request, actor: Authenticated, connection: Reading) -> InProject:
    return _in_project(await _read(request, connection, _WHO_WITH_TASK_ID, actor, task_id), "task")


async def _writing_task(task_id: TaskId, actor: Authenticated, session: Recorded, unchanged: IfMatch) -> WithTask:
    row = await _write(session, _WHO_WITH_TASK, actor, task_id)
    return WithTask(_in_project(row, "task"), row.Task, unchanged)


ReadingMe = Annotated[Me, Depends(_reading_me)]
WritingMe = Annotated[Me, Depends(_writing_me)]
ReadingProject = Annotated[InProject, Depends(_reading_project)]
WritingProject = Annotated[InProject, Depends(_writing_project)]
ReadingTask = Annotated[InProject, Depends(_reading_task)]
WritingTask = Annotated[WithTask, Depends(_writing_task)]
