"""What enters and leaves about projects and their members."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime

from greenroom.kit.models import Id, Input, Line, Output, Patch, Slug, Text
from taskflow.vocabulary import Gate, Role, WorkerType

JoiningRole = Literal[Role.REVIEWER, Role.MEMBER]
"""A project has one owner: whoever began it."""


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


class PersonJoins(Input):
    """A person to take into a project, by the subject of their tokens; they need not have logged in yet."""

    user_id: Annotated[str, Line(255)]
    role: JoiningRole = Role.MEMBER


class AgentJoins(Input):
    """An agent to take into a project, by its worker id."""

    agent_id: Id
    role: JoiningRole = Role.MEMBER


MemberCreate = PersonJoins | AgentJoins


class MemberRead(Output):
    """A worker in a project, as the API shows it."""

    id: Id
    worker_id: Id
    handle: str
    name: str
    type: WorkerType
    role: Role
    joined_at: AwareDatetime
