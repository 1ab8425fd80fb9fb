"""What TaskFlow records: every table has a trail, and what places a row is kept with each of its changes."""

from __future__ import annotations

from greenroom.kit.models import Record
from greenroom.kit.trail import Trail, Trailed
from taskflow.once import IDEMPOTENCY
from taskflow.projects.tables import Project, ProjectMember
from taskflow.tasks.tables import Task, TaskNote
from taskflow.workers.tables import Worker

__all__ = ["TRAIL", "Record"]

TRAIL = Trail(
    {
        Worker: Trailed("worker", scope=("tenant_id",)),
        Project: Trailed("project", scope=("tenant_id",)),
        ProjectMember: Trailed("project_member", scope=("project_id", "worker_id")),
        Task: Trailed("task", scope=("project_id",)),
        TaskNote: Trailed("task_note", scope=("project_id", "task_id")),
    },
    without=[IDEMPOTENCY.table],
)
