"""What happens when somebody comes for the first time: a worker and a project of their own, once, whatever races."""

from __future__ import annotations

import re
import secrets
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from greenroom.kit.actors import Actor, ActorKind
from greenroom.kit.database import Session
from greenroom.kit.problems import Conflict
from taskflow.projects.tables import Project, ProjectMember
from taskflow.tenancy import tenant_of
from taskflow.vocabulary import Role, WorkerType
from taskflow.workers.tables import Worker

_ATTEMPTS: Final = 5
_UNFIT: Final = re.compile(r"[^a-z0-9_-]+")
_TYPES: Final = {ActorKind.HUMAN: WorkerType.HUMAN, ActorKind.AGENT: WorkerType.AGENT, ActorKind.SYSTEM: WorkerType.AGENT}


async def first_login(session: Session, actor: Actor) -> None:
    """Give the actor a worker and a default project in the session's transaction.

    An INSERT that conflicts waits for the transaction that it conflicts with, so of several first logins at once one makes the worker
    and the project, and the others find them: https://www.postgresql.org/docs/current/sql-insert.html#SQL-ON-CONFLICT.
    """
    await enrol(session, tenant_of(actor), actor)


async def enrol(session: Session, tenant: str, actor: Actor) -> int | None:
    """Add a worker with a default project and return its id; None where there is one for the actor already."""
    worker_id = await _add_worker(session, tenant, actor)
    if worker_id is not None:
        project = Project(
            tenant_id=tenant,
            slug=f"default-{worker_id}",
            name="Default",
            description="Tasks of your own",
            owner_id=worker_id,
            is_default=True,
        )
        session.add(project)
        await session.flush()
        session.add(ProjectMember(project_id=project.id, worker_id=worker_id, role=Role.OWNER))
        await session.flush()
    return worker_id


async def _add_worker(session: Session, tenant: str, actor: Actor) -> int | None:
    wanted = handle_of(actor)
    worker = Worker(
        tenant_id=tenant,
        handle=wanted,
        name=(actor.name or actor.email or actor.id)[:200],
        type=_TYPES[actor.kind],
        user_id=actor.id,
        issuer=actor.issuer,
    )
    is_actor = (col(Worker.tenant_id) == tenant, col(Worker.issuer) == actor.issuer, col(Worker.user_id) == actor.id)
    for attempt in range(_ATTEMPTS):
        handle = wanted if attempt == 0 else f"{wanted[:40]}-{secrets.token_hex(4)}"
        # No conflict target: of the two unique keys, the handle may be taken by another, the identity by ourselves.
        values = {**worker.model_dump(exclude={"id"}), "handle": handle}
        added = insert(Worker).values(**values).on_conflict_do_nothing().returning(col(Worker.id))
        worker_id = (await session.execute(added)).scalar_one_or_none()
        if worker_id is not None:
            return worker_id
        if (await session.execute(select(col(Worker.id)).where(*is_actor))).scalar_one_or_none() is not None:
            return None
    raise Conflict(f"No handle like {wanted} is free.")


def handle_of(actor: Actor) -> str:
    """Return the handle that suits an actor: of the address before its ``@``, else of the name, else of the id."""
    source = (actor.email or "").partition("@")[0] or actor.name or actor.id
    return "@" + (_UNFIT.sub("-", source.lower()).strip("-")[:48] or "worker")
