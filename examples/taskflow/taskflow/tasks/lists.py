"""What is read of tasks: each statement is derived from what the API shows."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import aliased
from sqlmodel import col

from greenroom.kit.lists import Filter, Listing, Sort, ToMany, rank
from taskflow.tasks.schemas import NoteRead, TaskListItem, TaskRead
from taskflow.tasks.tables import Task, TaskNote
from taskflow.vocabulary import Priority
from taskflow.workers.tables import Worker

_Part = aliased(Task)
_ASSIGNEE_HANDLE = select(col(Worker.handle)).where(col(Worker.id) == col(Task.assignee_id)).scalar_subquery()

tasks = Listing(
    TaskListItem,
    Task,
    columns={"assignee_handle": _ASSIGNEE_HANDLE},
    scope={"project_id": Task.project_id},
    filters={
        "status": Filter(Task.status, ("eq", "in")),
        "priority": Filter(Task.priority, ("eq", "in")),
        "assignee_id": Filter(Task.assignee_id, ("eq", "null")),
        "parent_task_id": Filter(Task.parent_task_id, ("eq", "null")),
        "created_by_id": Filter(Task.created_by_id),
        "due_date": Filter(Task.due_date, ("gte", "lt", "null")),
        "tags": Filter(Task.tags, ("contains",)),
    },
    search=(Task.title, Task.description),
    sorts={
        "created_at": Task.created_at,
        "updated_at": Task.updated_at,
        "due_date": Sort(Task.due_date, nulls="last"),
        "priority": rank(Task.priority, list(Priority)),
        "title": Task.title,
    },
    sort="-created_at",
    offset=True,
)
"""The tasks of a project."""

task = Listing(
    TaskRead,
    Task,
    columns={"assignee_handle": _ASSIGNEE_HANDLE},
    nested={"subtasks": ToMany(_Part, _Part.parent_task_id == col(Task.id), order=(_Part.id,))},
    sorts={"created_at": Task.created_at},
    sort="created_at",
)
"""A task with its parts; only ever read one at a time."""

notes = Listing(
    NoteRead,
    TaskNote,
    scope={"task_id": TaskNote.task_id},
    columns={"author_handle": select(col(Worker.handle)).where(col(Worker.id) == col(TaskNote.author_id)).scalar_subquery()},
    sorts={"created_at": TaskNote.created_at},
    sort="-created_at",
    offset=True,
)
"""The notes on a task."""
