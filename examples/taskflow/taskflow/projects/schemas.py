"""What enters and leaves about projects and their members."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import AwareDatetime, ConfigDict, model_validator

from greenroom.kit.models import Id, Input, Line, Output, Patch, Slug, Text
from taskflow.vocabulary import Gate, Role, WorkerType


class ProjectFields(Input):
    """What is said about a project and may change."""

    name: Annotated[str, Line(200)]
    description: Annotated[str, Text(10_000)] | None = None
    approval_gate: Gate = Gate.NONE


class ProjectCreate(ProjectFields):
    """A project to begin."""

    slug: Slug


class ProjectUpdate(ProjectFields, Patch):
    """What to change about a project."""


class ProjectRead(Output):
    """A project, as the API shows it."""

    id: Id
    slug: str
    name: str
    description: str | None
    approval_gate: Gate
    owner_id: str | None
    """The subject of the owner's tokens."""
    is_default: bool
    member_count: int
    task_count: int
    created_at: AwareDatetime
    updated_at: AwareDatetime


# What the validator of MemberCreate demands, as OpenAPI can say it.
_EXACTLY_ONE: Final[dict[str, Any]] = {
    "oneOf": [
        {"required": ["user_id"], "properties": {"user_id": {"type": "string"}, "agent_id": {"type": "null"}}},
        {"required": ["agent_id"], "properties": {"agent_id": {"type": "integer"}, "user_id": {"type": "null"}}},
    ],
    # Swagger UI fills this in, and else null for both.
    "examples": [{"user_id": "text", "role": "member"}],
}


class MemberCreate(Input):
    """Somebody to take into a project: exactly one of the two, a person by the subject of their tokens or an agent by its worker id."""

    model_config = ConfigDict(json_schema_extra=_EXACTLY_ONE)

    user_id: Annotated[str, Line(255)] | None = None
    agent_id: Id | None = None
    role: Literal[Role.REVIEWER, Role.MEMBER] = Role.MEMBER
    """A project has one owner already."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.user_id is None) == (self.agent_id is None):
            raise ValueError("give exactly one of user_id and agent_id")
        return self


class MemberRead(Output):
    """A worker in a project, as the API shows it."""

    id: Id
    worker_id: Id
    handle: str
    name: str
    type: WorkerType
    role: Role
    joined_at: AwareDatetime
