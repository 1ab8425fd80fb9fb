"""What changes about agents."""

from __future__ import annotations

from sqlmodel import col, select

from greenroom.kit.database import Session
from greenroom.kit.models import apply
from greenroom.kit.problems import Conflict, Forbidden, NotFound
from taskflow.access import Me
from taskflow.projects.tables import Project, ProjectMember
from taskflow.vocabulary import WorkerType
from taskflow.workers.schemas import AgentCreate, AgentFields, AgentUpdate
from taskflow.workers.tables import Worker


async def register(session: Session, me: Me, body: AgentCreate, issuer: str) -> Worker:
    """Add an agent, which may act at once when ``user_id`` says with which tokens of the issuer."""
    agent = Worker(
        **body.model_dump(),
        tenant_id=me.tenant_id,
        type=WorkerType.AGENT,
        issuer=issuer if body.user_id is not None else None,
        registered_by_id=me.id,
    )
    session.add(agent)
    await session.flush()
    return agent


async def mine(session: Session, me: Me, agent_id: int) -> Worker:
    """Return an agent that the caller may change: one that they have registered, or themselves."""
    found = select(Worker).where(col(Worker.id) == agent_id, col(Worker.tenant_id) == me.tenant_id, col(Worker.type) == WorkerType.AGENT)
    agent = (await session.exec(found)).one_or_none()
    if agent is None:
        raise NotFound("There is no such agent.")
    if me.id not in {agent.registered_by_id, agent.id}:
        raise Forbidden("Only the one who registered the agent may change it.")
    return agent


async def change(session: Session, me: Me, agent_id: int, body: AgentUpdate, issuer: str) -> Worker:
    """Change what is given about an agent."""
    agent = await mine(session, me, agent_id)
    given = apply(body, agent, only=AgentFields.model_fields)
    if "user_id" in given:
        agent.issuer = issuer if agent.user_id is not None else None
    await session.flush()
    return agent


async def remove(session: Session, me: Me, agent_id: int) -> None:
    """Remove an agent that belongs to no project but its own, with that one; its records in the trail stay."""
    agent = await mine(session, me, agent_id)
    own = (col(Project.owner_id) == agent.id) & col(Project.is_default)
    elsewhere = (
        select(ProjectMember)
        .join(Project, col(Project.id) == col(ProjectMember.project_id))
        .where(col(ProjectMember.worker_id) == agent.id, ~own)
    )
    if (await session.execute(select(elsewhere.exists()))).scalar_one():
        raise Conflict("The agent is a member of projects: take it out of them first.")
    for project in (await session.exec(select(Project).where(own))).all():
        await session.delete(project)
    await session.flush()
    await session.delete(agent)
    await session.flush()
