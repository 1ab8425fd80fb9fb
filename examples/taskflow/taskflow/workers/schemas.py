"""What enters and leaves about workers."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from greenroom.kit.models import Handle, Id, Input, Line, Output, Patch
from taskflow.vocabulary import AgentType, WorkerType

Capabilities = Annotated[list[Annotated[str, Line(100)]], Field(max_length=100)]
Subject = Annotated[str, Line(255)]


class AgentFields(Input):
    """What is said about an agent."""

    name: Annotated[str, Line(200)]
    agent_type: AgentType
    capabilities: Capabilities = Field(default=[])
    user_id: Subject | None = None
    """The subject of the tokens that the agent acts with: its OAuth client id, or its user id at the identity provider."""


class AgentCreate(AgentFields):
    """An agent to register."""

    handle: Handle


class AgentUpdate(AgentFields, Patch):
    """What to change about an agent."""


class WorkerRead(Output):
    """A worker, as the API shows it."""

    id: Id
    handle: str
    name: str
    type: WorkerType
    user_id: str | None
    agent_type: AgentType | None
    capabilities: list[str]
    created_at: AwareDatetime
