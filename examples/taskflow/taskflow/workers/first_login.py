"""What happens when somebody comes for the first time: a worker and a project of their own, once, whatever races."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from greenroom.kit.actors import Actor, ActorKind
from greenroom.kit.database import Session
from taskflow.projects.tables import Project, ProjectMember
from taskflow.tenancy import tenant_of
from taskflow.vocabulary import Role, WorkerType
from taskflow.workers.tables import Worker

_UNFIT: Final = re.compile(r"[^a-z0-9_-]+")
_TYPES: Final = {ActorKind.HUMAN: WorkerType.HUMAN, ActorKind.AGENT: WorkerType.AGENT, ActorKind.SYSTEM: WorkerType.AGENT}


async def first_login(session: Session, actor: Actor) -> None:
    """Give the actor a worker and a default project in the session's transaction.

    An INSERT that conflicts waits for the transaction that it conflicts with, so of several first logins at once one makes the worker and the
    project, and the others find them: https://www.postgresql.org/docs/current/sql-insert.html#SQL-ON-CONFLICT.
    """
    tenant = tenant_of(actor)
    worker_id = await _add_worker(session, tenant, actor)
    if worker_id is None:
        return
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


async def _add_worker(session: Session, tenant: str, actor: Actor) -> int | None:
    """Return the id of a new worker; None where the actor has one."""
    wanted = handle_of(actor)
    for handle in (wanted, f"{wanted[:36]}-{await _next_number(session)}"):
        values = Worker(
            tenant_id=tenant,
            handle=handle,
            name=(actor.name or actor.email or actor.id)[:200],
            type=_TYPES[actor.kind],
            user_id=actor.id,
            issuer=actor.issuer,
        ).model_dump(exclude={"id"})
        # No conflict target: of the two unique keys, the handle may be taken by another, the identity by ourselves.
        added = insert(Worker).values(**values).on_conflict_do_nothing().returning(col(Worker.id))
        worker_id = (await session.execute(added)).scalar_one_or_none()
        if worker_id is not None:
            return worker_id
        known = select(col(Worker.id)).where(
            col(Worker.tenant_id) == tenant, col(Worker.issuer) == actor.issuer, col(Worker.user_id) == actor.id
        )
        if (await session.execute(known)).scalar_one_or_none() is not None:
            return None
    raise RuntimeError(f"no handle is free for {wanted}")  # the number is of a sequence: nobody else has it


async def _next_number(session: Session) -> int:
    """Return a number that no other handle ends with."""
    number = func.nextval(func.pg_get_serial_sequence("worker", "id"))
    return (await session.execute(select(number))).scalar_one()


def handle_of(actor: Actor) -> str:
    """Return the handle that suits an actor: of the address before its ``@``, else of the name, else of the id."""
    source = (actor.email or "").partition("@")[0] or actor.name or actor.id
    return "@" + (_UNFIT.sub("-", source.lower()).strip("-")[:48] or "worker")
