"""What is read of the trail."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_, select
from sqlmodel import col

from greenroom.kit.lists import Filter, Listing
from greenroom.kit.trail import TrailRow
from taskflow.history.schemas import AuditRead
from taskflow.workers.tables import Worker

_HANDLE = (
    select(col(Worker.handle))
    .where(col(Worker.user_id) == col(TrailRow.actor_id), col(Worker.issuer) == col(TrailRow.actor_issuer))
    .order_by(col(Worker.id))
    .limit(1)
    .scalar_subquery()
)

audit = Listing(
    AuditRead,
    TrailRow,
    columns={
        "entity_type": col(TrailRow.entity),
        "action": col(TrailRow.operation),
        "actor_handle": _HANDLE,
        "actor_type": col(TrailRow.actor_kind),
        "details": col(TrailRow.changes),
        "created_at": col(TrailRow.at),
    },
    filters={
        "actor_id": Filter(TrailRow.actor_id),
        "actor_type": Filter(TrailRow.actor_kind),
        "action": Filter(TrailRow.operation, ("eq", "in")),
        "change": Filter(TrailRow.change),
        "entity_type": Filter(TrailRow.entity, ("eq", "in")),
        "created_at": Filter(TrailRow.at, ("gte", "lt")),
    },
    sorts={"created_at": TrailRow.at},
    sort="-created_at",
    offset=True,
)


def of_task(task_id: int) -> ColumnElement[bool]:
    """Return the condition of being about a task or its notes."""
    own = and_(col(TrailRow.entity) == "task", col(TrailRow.entity_id) == str(task_id))
    return or_(own, col(TrailRow.scope).contains({"task_id": task_id}))


def of_project(project_id: int) -> ColumnElement[bool]:
    """Return the condition of being about a project, its members or its tasks."""
    own = and_(col(TrailRow.entity) == "project", col(TrailRow.entity_id) == str(project_id))
    return or_(own, col(TrailRow.scope).contains({"project_id": project_id}))
