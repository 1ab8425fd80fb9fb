"""Where workers are reached: all of them to read, agents to change."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlmodel import col

from greenroom.kit.auth import Authenticated
from greenroom.kit.database import Reading
from greenroom.kit.lists import PageRequest
from greenroom.kit.models import Id
from greenroom.kit.trail import Recorded
from taskflow.access import ReadingMe, WritingMe
from taskflow.answers import Done
from taskflow.vocabulary import WorkerType
from taskflow.workers import lists, service
from taskflow.workers.schemas import AgentCreate, AgentUpdate, WorkerRead
from taskflow.workers.tables import Worker

router = APIRouter(prefix="/api/workers", tags=["Workers"])
WorkerPage = Annotated[PageRequest, Depends(lists.workers.page)]
_IS_AGENT = col(Worker.type) == WorkerType.AGENT


@router.get("", responses=lists.workers.responses)
async def list_workers(me: ReadingMe, page: WorkerPage, connection: Reading) -> list[WorkerRead]:
    """List the people and agents of the tenant."""
    return await lists.workers.fetch(connection, page, tenant_id=me.tenant_id)


@router.get("/me")
async def get_me(me: ReadingMe, connection: Reading) -> WorkerRead:
    """Show the worker that the caller is."""
    return await lists.workers.one(connection, me.id, tenant_id=me.tenant_id)


@router.get("/agents", tags=["Agents"], responses=lists.workers.responses)
async def list_agents(me: ReadingMe, page: WorkerPage, connection: Reading) -> list[WorkerRead]:
    """List the agents of the tenant."""
    return await lists.workers.fetch(connection, page, tenant_id=me.tenant_id, where=[_IS_AGENT])


@router.post("/agents", tags=["Agents"], status_code=201)
async def create_agent(me: WritingMe, body: AgentCreate, session: Recorded, actor: Authenticated) -> WorkerRead:
    """Register an agent."""
    agent = await service.register(session, me, body, actor.issuer)
    return WorkerRead.model_validate(agent)


@router.get("/agents/{agent_id}", tags=["Agents"])
async def get_agent(me: ReadingMe, agent_id: Id, connection: Reading) -> WorkerRead:
    """Show an agent."""
    return await lists.workers.one(connection, agent_id, tenant_id=me.tenant_id, where=[_IS_AGENT])


@router.put("/agents/{agent_id}", tags=["Agents"])
async def update_agent(me: WritingMe, agent_id: Id, body: AgentUpdate, session: Recorded, actor: Authenticated) -> WorkerRead:
    """Change what is given about an agent."""
    agent = await service.change(session, me, agent_id, body, actor.issuer)
    return WorkerRead.model_validate(agent)


@router.delete("/agents/{agent_id}", tags=["Agents"])
async def delete_agent(me: WritingMe, agent_id: Id, session: Recorded) -> Done:
    """Remove an agent that belongs to no project."""
    await service.remove(session, me, agent_id)
    return Done()
