"""What is read of projects and their members."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlmodel import col

from greenroom.kit.lists import Filter, Listing
from taskflow.projects.schemas import MemberRead, ProjectRead
from taskflow.projects.tables import Project, ProjectMember
from taskflow.tasks.tables import Task
from taskflow.workers.tables import Worker

projects = Listing(
    ProjectRead,
    Project,
    columns={
        "owner_id": select(col(Worker.user_id)).where(col(Worker.id) == col(Project.owner_id)).scalar_subquery(),
        "member_count": select(func.count()).where(col(ProjectMember.project_id) == col(Project.id)).scalar_subquery(),
        "task_count": select(func.count()).where(col(Task.project_id) == col(Project.id)).scalar_subquery(),
    },
    filters={"slug": Filter(Project.slug), "is_default": Filter(Project.is_default)},
    search=(Project.name, Project.slug),
    sorts={"created_at": Project.created_at, "updated_at": Project.updated_at, "name": Project.name, "slug": Project.slug},
    sort="-created_at",
    offset=True,
)

_WORKER = select(Worker).where(col(Worker.id) == col(ProjectMember.worker_id))

members = Listing(
    MemberRead,
    ProjectMember,
    columns={
        name: _WORKER.with_only_columns(column).scalar_subquery()
        for name, column in {"handle": col(Worker.handle), "name": col(Worker.name), "type": col(Worker.type)}.items()
    },
    scope={"project_id": ProjectMember.project_id},
    filters={"role": Filter(ProjectMember.role)},
    sorts={"joined_at": ProjectMember.joined_at},
    sort="joined_at",
    offset=True,
)
