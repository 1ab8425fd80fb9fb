"""Who may read the past: the members, and of a project that is gone those who were its members to the end."""

from __future__ import annotations

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased
from sqlmodel import col

from greenroom.kit.problems import Forbidden, NotFound
from greenroom.kit.trail import TrailRow
from taskflow.access import Me
from taskflow.projects.tables import Project, ProjectMember


async def demand_reader_of_project(connection: AsyncConnection, me: Me, project_id: int) -> None:
    """Raise ``NotFound`` where the tenant never had the project, ``Forbidden`` where the caller is no reader of its past."""
    known = exists().where(
        col(TrailRow.entity) == "project",
        col(TrailRow.entity_id) == str(project_id),
        col(TrailRow.scope).contains({"tenant_id": me.tenant_id}),
    )
    belongs = exists().where(col(ProjectMember.project_id) == project_id, col(ProjectMember.worker_id) == me.id)
    lives = exists().where(col(Project.id) == project_id)
    # Whoever was a member to the end lost the membership in the transaction in which the project went.
    end = aliased(TrailRow)
    belonged = exists().where(
        col(TrailRow.entity) == "project_member",
        col(TrailRow.change) == "delete",
        col(TrailRow.scope).contains({"project_id": project_id, "worker_id": me.id}),
        col(TrailRow.transaction_id) == col(end.transaction_id),
        col(end.entity) == "project",
        col(end.entity_id) == str(project_id),
        col(end.change) == "delete",
    )
    row = (await connection.execute(select(known.label("known"), or_(belongs, ~lives & belonged).label("may")))).one()
    if not row.known:
        raise NotFound("There is no such project.")
    if not row.may:
        raise Forbidden("You are not a member of this project.")


async def demand_reader_of_task(connection: AsyncConnection, me: Me, task_id: int) -> None:
    """Raise as ``demand_reader_of_project`` does, for the project that the task is or was in."""
    scope = select(col(TrailRow.scope)).where(col(TrailRow.entity) == "task", col(TrailRow.entity_id) == str(task_id))
    found = (await connection.execute(scope.order_by(col(TrailRow.seq).desc()).limit(1))).scalar_one_or_none()
    if found is None:
        raise NotFound("There is no such task.")
    await demand_reader_of_project(connection, me, found["project_id"])
