"""What enters and leaves about tasks."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from greenroom.kit.models import Id, Input, Line, Output, Patch, Tags, Text, UtcDatetime
from taskflow.vocabulary import Priority, Recurrence, Status, Trigger

Title = Annotated[str, Line(500)]
Reason = Annotated[str, Line(500)]
Note = Annotated[str, Text(2_000)]


class TaskFields(Input):
    """What is said about a task and may change."""

    title: Title
    description: Annotated[str, Text(10_000)] | None = None
    priority: Priority = Priority.MEDIUM
    tags: Tags = Field(default=[])
    due_date: UtcDatetime | None = None
    needs_approval: bool = False


class Repetition(Input):
    """How a task repeats."""

    recurrence: Recurrence
    trigger: Trigger = Trigger.ON_COMPLETE
    max_occurrences: Annotated[int, Field(ge=1, le=1000)] | None = None


# What the validator of TaskCreate demands, as OpenAPI can say it.
_REPEATS_FROM_A_DATE: Final[dict[str, Any]] = {
    "anyOf": [
        {"properties": {"repeats": {"type": "null"}}},
        {"required": ["due_date"], "properties": {"due_date": {"type": "string"}}},
    ]
}


class TaskCreate(TaskFields):
    """A task to begin."""

    model_config = ConfigDict(json_schema_extra=_REPEATS_FROM_A_DATE)

    assignee_id: Id | None = None
    parent_task_id: Id | None = None
    repeats: Repetition | None = None

    @model_validator(mode="after")
    def _repeats_from_a_date(self) -> Self:
        if self.repeats is not None and self.due_date is None:
            raise ValueError("a task that repeats needs a due_date to repeat from")
        return self


class SubtaskCreate(TaskFields):
    """A part of a task to begin."""

    assignee_id: Id | None = None


class TaskUpdate(TaskFields, Patch):
    """What to change about a task; null clears what may be empty."""


class StatusUpdate(Input):
    """Where the task should stand."""

    status: Status


class ProgressUpdate(Input):
    """How far the work is."""

    percent: Annotated[int, Field(ge=0, le=100)]
    note: Note | None = None


class AssignUpdate(Input):
    """Who should work on it; null takes it from whoever does."""

    assignee_id: Id | None


class Delegation(Input):
    """To whom the assignee passes the task on, and why."""

    assignee_id: Id
    reason: Reason


class Move(Input):
    """The task of which it becomes a part; null makes it one of its own."""

    parent_task_id: Id | None


class Rejection(Input):
    """Why the work is not done yet."""

    reason: Reason


class TaskListItem(Output):
    """A task in a list."""

    id: Id
    title: str
    status: Status
    priority: Priority
    progress_percent: int
    assignee_id: int | None
    assignee_handle: str | None
    due_date: AwareDatetime | None
    created_at: AwareDatetime


class Subtask(Output):
    """A part of a task, as the task shows it."""

    id: Id
    title: str
    status: Status
    priority: Priority
    progress_percent: int
    assignee_id: int | None
    due_date: AwareDatetime | None


class TaskRead(Output):
    """A task, as the API shows it."""

    id: Id
    title: str
    description: str | None
    status: Status
    priority: Priority
    progress_percent: int
    tags: list[str]
    due_date: AwareDatetime | None
    needs_approval: bool
    project_id: Id
    assignee_id: int | None
    assignee_handle: str | None
    delegated_by_id: int | None
    parent_task_id: int | None
    created_by_id: Id
    started_at: AwareDatetime | None
    completed_at: AwareDatetime | None
    created_at: AwareDatetime
    updated_at: AwareDatetime
    version: int
    is_recurring: bool
    recurrence: Recurrence | None
    recurring_root_id: int | None
    subtasks: list[Subtask]


class NoteRead(Output):
    """What somebody said about a task."""

    id: Id
    author_id: Id
    author_handle: str
    percent: int | None
    note: str
    created_at: AwareDatetime
